"""Enrolment of several recordings by way of the library's queue, gone on with after a kill."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from facedyn_app.errors import FacedynError
from facedyn_app.library.library import Library
from facedyn_app.library.takes import KnownRecordingError, OthersRecordingError
from facedyn_app.library.work_rows import Hand, NewWork, WorkEnd, WorkKind, WorkState
from facedyn_app.workflows.recordings import is_video
from facedyn_app.workflows.work_details import WorkDetails

log = logging.getLogger(__name__)


class QueuedPaths:
    """The recordings of one enrolment, in the queue and reserved for this program.

    Args:
        todo: The paths that are still to be enrolled.
        ids: The numbers of the items by their paths.
        open_library: Opens the library.
        library: The library, open; None where a single recording goes without the queue.
        mark: The mark of this program as a worker.
    """

    def __init__(
        self,
        todo: Sequence[Path],
        ids: dict[Path, int],
        open_library: Callable[[], Library],
        library: Library | None = None,
        mark: str = "",
    ) -> None:
        self.todo = tuple(todo)
        self._ids, self._open = ids, open_library
        self._library, self._mark = library, mark
        self._keep = library is not None and library.file_names  # items name files
        self._begun: set[int] = set()
        self._hand: Hand | None = None

    @contextmanager
    def opened(self) -> Iterator[Library]:
        """The library; a single recording has it open no longer than it is needed."""
        if self._library is not None:
            yield self._library
            return
        with self._open() as library:
            yield library

    def begin(self, path: Path) -> bool:
        """Take a recording in hand; False where somebody has taken it off the queue."""
        self._hand = None
        # one that is named twice is refused as one that is enrolled already
        if self._library is None or self._ids[path] in self._begun:
            return True
        number = self._ids[path]
        if not self._library.work.claim(self._mark, [number]):
            log.warning(
                "Passed over: '%s' was taken off the queue, or is another program's.", path.name
            )
            return False
        self._begun.add(number)
        self._hand = Hand(self._mark, [number], [True], self._keep, set())
        return True

    @contextmanager
    def ending(self, path: Path) -> Iterator[Hand | None]:
        """What ends the recording in hand with its session; an error of the block ends it, too."""
        try:
            yield self._hand
        except FacedynError as error:
            copy = isinstance(error, KnownRecordingError)
            others = isinstance(error, OthersRecordingError)
            state = WorkState.DONE if copy and not others else WorkState.FAILED
            if self._library is not None:
                end = WorkEnd(self._ids[path], state, error.sentence)
                self._library.work.end(self._mark, [end], keep=self._keep)
            raise


@contextmanager
def queued(
    folder: Path, speaker: str, paths: Sequence[Path], details: WorkDetails
) -> Iterator[QueuedPaths]:
    """The recordings of an enrolment; several of them wait in the queue of the library.

    What a kill or Ctrl+C leaves waits there; an error takes off the queue what was not begun. Where
    an earlier enrolment was interrupted, what it has done is not done again, and that is said.

    Args:
        folder: The library; made where there is none and several recordings are enrolled.
        speaker: Whose they are.
        paths: The recordings.
        details: What is said of them.

    Raises:
        OutputError: The library cannot be written.
    """
    open_library = partial(Library.open, folder, file_names=details.options.file_names)
    if len(set(paths)) < 2:
        yield QueuedPaths(paths, {}, open_library)
        return
    with open_library() as library, library.work.working() as mark:
        works = [
            NewWork(WorkKind.FIT if is_video(path) else WorkKind.READ, speaker, path)
            for path in paths
        ]
        added = library.work.add(details.text(), works, reserved_for=mark)
        ids = dict(zip(paths, added.ids, strict=True))
        todo = list(paths)
        if added.n_waited and added.done:
            todo = [path for path in paths if ids[path] not in added.done]
            log.warning(
                "%d of the %d recordings were enrolled before an interruption; the others follow.",
                len(paths) - len(todo),
                len(paths),
            )
        try:
            yield QueuedPaths(todo, ids, open_library, library, mark)
        except FacedynError:
            library.work.withdraw(mark)
            raise
