"""Worker on a cluster: an actor that follows faces, fits them, or both, in a process of its own."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass

from facedyn_app.errors import MismatchError
from facedyn_app.library.corpus_items import CorpusItem
from facedyn_app.progress import ignore
from facedyn_app.workflows.corpus_worker import CorpusJob, CorpusWorker, Failure
from facedyn_app.workflows.records import FollowedVideo


@dataclass(frozen=True, slots=True)
class Hello:
    """What a worker says when it is ready.

    Attributes:
        place: Its machine.
        mismatch: How its program differs from that of who asks, sentence and hint; empty where
            it does not.
    """

    place: str
    mismatch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """What a worker says of a piece of work, beside its result.

    Attributes:
        seconds: What it took, s.
        failure: Why there is no result; None where there is one.
    """

    seconds: float
    failure: Failure | None = None


class CorpusActor:
    """Works on items, one call after the other.

    Args:
        job: What all items have in common.
    """

    def __init__(self, job: CorpusJob) -> None:
        self._job = job
        self._worker: CorpusWorker | None = None

    def hello(self) -> Hello:
        """Get ready."""
        try:
            self._worker = CorpusWorker(self._job)
        except MismatchError as error:
            return Hello(platform.node(), (error.sentence, error.hint))
        return Hello(platform.node())

    def follow(self, item: CorpusItem) -> tuple[Note, FollowedVideo | None]:
        """Follow the faces of an item's recording."""
        began = time.perf_counter()
        found = self._ready.follow(item, ignore)
        seconds = time.perf_counter() - began
        if isinstance(found, Failure):
            return Note(seconds, found), None
        return Note(seconds), found

    def fit(self, items: list[CorpusItem], *followed: FollowedVideo) -> list[tuple[Note, bytes]]:
        """Fit the faces of several items, each by itself: its digits do not depend on the others.

        Args:
            items: The items.
            followed: Their recordings, followed.
        """
        results: list[tuple[Note, bytes]] = []
        for item, video in zip(items, followed, strict=True):
            began = time.perf_counter()
            found = self._ready.fit(item, video, ignore)
            seconds = time.perf_counter() - began
            if isinstance(found, Failure):
                results.append((Note(seconds, found), b""))
            else:
                results.append((Note(seconds), found))
        return results

    @property
    def _ready(self) -> CorpusWorker:
        if self._worker is None:
            raise RuntimeError("an actor is asked for work before it is ready")
        return self._worker
