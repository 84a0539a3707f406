"""What the user opens: videos as they are, folders by the videos in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.errors import InputError
from facedyn_app.gui.jobs import Job, JobQueue, Watch
from facedyn_app.library.importers import VIDEO_ENDINGS
from facedyn_app.progress import Progress, Report

ENDINGS: Final = tuple(sorted(VIDEO_ENDINGS))
VIDEO_FILES: Final = f"Videos ({' '.join('*' + end for end in ENDINGS)});;All files (*)"


class Opening(QObject):
    """Looks for the videos of folders on a worker thread.

    Args:
        queue: For short work on the disk.

    Attributes:
        videos_found: list[Path]: in the order in which they are to be analysed.
        failed: Exception: there is nothing to open.
    """

    videos_found = Signal(object)
    failed = Signal(object)

    def __init__(self, queue: JobQueue) -> None:
        super().__init__(queue)
        self._queue = queue

    @Slot(object)
    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open files at once, and the videos of folders when they are found."""
        files = [path for path in paths if not path.is_dir()]
        if files:
            self.videos_found.emit(files)
        for folder in paths:
            if folder.is_dir():
                job = Job(f"Look for videos: {folder.name}", videos_of(folder))
                Watch(job, self.videos_found.emit, self.failed.emit)
                self._queue.add(job)


def videos_of(folder: Path) -> Callable[[Report], list[Path]]:
    """Work that lists the videos of a folder and of the folders in it, by their names."""
    return partial(_videos_of, folder)


def _videos_of(folder: Path, report: Report) -> list[Path]:
    found: list[Path] = []
    try:
        for number, path in enumerate(folder.rglob("*")):
            if number % 100 == 0:
                report(Progress("looking for videos", len(found)))
            if path.suffix.lower() in ENDINGS and path.is_file():
                found.append(path)
    except OSError as error:
        raise InputError(
            f"The folder '{folder}' cannot be read: {error.strerror}.", "Choose another folder."
        ) from error
    if not found:
        raise InputError(
            f"There is no video in the folder '{folder}'.",
            f"Videos end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}.",
        )
    return sorted(found)
