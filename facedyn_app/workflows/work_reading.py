"""Reading of queued recordings: videos fitted, measurements read, each with whose it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.library import Library
from facedyn_app.library.work_rows import WorkItem
from facedyn_app.progress import Cancelled, OnProgress, Progress
from facedyn_app.records import Session
from facedyn_app.tracks.flame import FlameFile
from facedyn_app.tracks.reading import face_id, only_session, sha256_of_recording
from facedyn_app.workflows.recordings import named_flame_file, read_kept, read_recording
from facedyn_app.workflows.work_details import WorkDetails

LOOK_S: Final = 5.0
"""While a video is fitted, whether it is still in the queue is looked at so often, s."""


class Dropped(Cancelled):
    """Raised out of `on_progress` when an item was cancelled, or its person forgotten."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadItem:
    """What an item holds.

    Attributes:
        sessions: Its sessions, each with whose it is.
        known: The number of the session that the library has of it already; then none was read.
    """

    sessions: tuple[tuple[str, Session], ...]
    known: int | None = None


class ItemReader:
    """Reads and fits what items hold; heads are read once.

    Args:
        library: The library, open.
        mark: The mark of the worker who has the items in hand.
    """

    def __init__(self, library: Library, mark: str) -> None:
        self._library, self._mark = library, mark
        self._heads: dict[str, HeadModel] = {}
        self._flames: dict[str, FlameFile] = {}

    def head(self, name: str | None, on_progress: OnProgress) -> HeadModel:
        """The head of that id or file; the default one where none is named.

        Raises:
            InputError: It cannot be read.
        """
        wanted = name or DEFAULT_HEAD
        if wanted not in self._heads:
            from facedyn_app.workflows.heads import read_ready_head  # slow to import

            self._heads[wanted] = read_ready_head(wanted, on_progress)
        return self._heads[wanted]

    def read(self, path: Path, details: WorkDetails) -> tuple[Session, ...]:
        """The sessions of what needs no fit; may run on a thread of its own.

        Raises:
            InputError: It cannot be read.
            MismatchError: It does not go with the FLAME file that is named for it.
            TooLittleError: No row holds a measurement.
        """
        name = str(details.options.head)
        flame = self._flames.get(name) or named_flame_file(details.options, [path])
        if flame is not None:
            self._flames[name] = flame
        return read_kept([path], details.options.fps, flame)

    def owned(self, item: WorkItem, details: WorkDetails, sessions: Sequence[Session]) -> ReadItem:
        """Sessions that were read, each with whose it is.

        Raises:
            InputError: There are several where one is expected.
        """
        speaker = item.what.speaker
        if not details.faces or len(sessions) == 1:
            return ReadItem(((speaker, only_session(sessions, item.what.path)),))
        # each face of a table is a person; the file counts them from 0, sessions from 1
        return ReadItem(tuple((f"{speaker} face {face_id(one)}", one) for one in sessions))

    def fit(self, item: WorkItem, details: WorkDetails, on_progress: OnProgress) -> ReadItem:
        """The session of a video, which is not fitted where the library has it of that head.

        Raises:
            Dropped: Somebody has taken the item off the queue.
            InputError: The video cannot be read.
            TooLittleError: It shows too little of a face.
        """
        from facedyn_app.video import ProbedVideo  # slow to import

        speaker, path, options = item.what.speaker, item.what.path, details.options
        told = self._while_held(item, on_progress)
        # what is no video is told before it is read whole
        probed = ProbedVideo.of(path, options.video)
        sha256 = sha256_of_recording([path], told)
        # asked anew for each: another program may have added it meanwhile, and a fit takes minutes
        head = self.head(options.head, told)
        known = self._library.session_of(speaker, sha256, head.head_id)
        if known is not None:
            return ReadItem((), known)
        session = read_recording(path, head, options, options.settings(), told, sha256, probed)
        return ReadItem(((speaker, session),))

    def _while_held(self, item: WorkItem, on_progress: OnProgress) -> OnProgress:
        """Reports that stop the work when somebody takes the item off the queue."""
        looked = time.monotonic()

        def told(progress: Progress) -> None:
            nonlocal looked
            on_progress(progress)
            if time.monotonic() - looked > LOOK_S:
                looked = time.monotonic()
                if not self._library.work.held(self._mark, [item.id]):
                    raise Dropped

        return told
