"""Engines that work on the items of a corpus: what they give back, and what they try again."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from facedyn_app.library.corpus_items import CorpusItem
from facedyn_app.workflows.corpus_worker import CorpusJob, Failure

MOST_TRIES: Final = 3
"""Times that an item is begun whose worker dies of it, or whose machine fails."""
WAIT_SECONDS: Final = 0.15
"""An engine says that often that it still works, s."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemOutcome:
    """What has become of an item.

    Attributes:
        item: The item.
        content: Its session file; empty where it has failed.
        reason: Why it has failed; empty where it has not.
        seconds: That workers took for it the last time, s.
        tries: How often it was begun.
        place: The machine.
    """

    item: CorpusItem
    content: bytes = b""
    reason: str = ""
    seconds: float = 0.0
    tries: int = 1
    place: str = ""


Outcomes = Generator[ItemOutcome | None, None, None]
"""Each item once, in any order; None in between, that the caller may show progress or stop."""


class Engine(AbstractContextManager["Engine"], Protocol):
    """Works on items with several workers; a context manager.

    Attributes:
        words: What it is, for people.
    """

    words: str

    def device(self, wanted: str) -> str:
        """Where it computes the fit, "cpu" or "cuda".

        Args:
            wanted: "auto", "cpu" or "cuda".

        Raises:
            InputError: It has no such device.
        """

    def run(self, items: Sequence[CorpusItem], job: CorpusJob) -> Outcomes:
        """Work on items; closed early, it stops its workers.

        Raises:
            MismatchError: A worker has another version of the program.
            InputError: No worker can be started.
        """


class ItemQueue:
    """Items that wait, and those that are begun; none is lost, and none given out twice.

    Args:
        items: All of them.
    """

    def __init__(self, items: Sequence[CorpusItem]) -> None:
        self._waiting = deque(items)
        self._n_left = len(items)
        self._tries: dict[str, int] = defaultdict(int)
        self._failed_on: dict[str, set[str]] = defaultdict(set)

    @property
    def n_left(self) -> int:
        """Items that are neither done nor given up."""
        return self._n_left

    def __bool__(self) -> bool:
        """Whether an item waits."""
        return bool(self._waiting)

    def was_tried(self, item: CorpusItem) -> bool:
        """Whether an item was begun before and not ended."""
        return self._tries[item.name] > 1

    def take(self, place: str) -> CorpusItem:
        """The next item for a place, one that has not failed there if there is any; it is begun.

        Raises:
            IndexError: None waits.
        """
        new = (k for k, one in enumerate(self._waiting) if place not in self._failed_on[one.name])
        k = next(new, 0)
        item = self._waiting[k]
        del self._waiting[k]
        self._tries[item.name] += 1
        return item

    def done(self, item: CorpusItem, content: bytes, seconds: float, place: str) -> ItemOutcome:
        """An item that is begun is done."""
        self._n_left -= 1
        return ItemOutcome(item, content, "", seconds, self._tries[item.name], place)

    def failed(
        self, item: CorpusItem, failure: Failure, seconds: float, place: str
    ) -> ItemOutcome | None:
        """An item that is begun has failed.

        Returns:
            Its outcome; None where it is tried again, after the others.
        """
        n_tries = self._tries[item.name]
        if failure.of_place and n_tries < MOST_TRIES:
            self._failed_on[item.name].add(place)
            self._waiting.append(item)
            return None
        self._n_left -= 1
        again = f" It was tried {n_tries} times." if n_tries > 1 else ""
        return ItemOutcome(item, b"", failure.reason + again, seconds, n_tries, place)
