"""What the user opens: videos, sessions, other programs' measurements, and folders of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.errors import InputError
from facedyn_app.gui.jobs import Job, JobQueue, Watch
from facedyn_app.library.importers import VIDEO_ENDINGS
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.workflows.recordings import (
    GLB_ENDING,
    SESSION_ENDING,
    TABLE_ENDINGS,
    Form,
    form_of,
    holds_motion,
    track_kind,
)

ENDINGS: Final = tuple(sorted(VIDEO_ENDINGS))


MEASURED_ENDINGS: Final = tuple(sorted({*TABLE_ENDINGS, SESSION_ENDING, GLB_ENDING}))


def _patterns(endings: Sequence[str]) -> str:
    return " ".join(f"*{ending}" for ending in endings)


RECORDING_FILES: Final = (
    f"Recordings ({_patterns((*ENDINGS, *MEASURED_ENDINGS))});;Videos ({_patterns(ENDINGS)});;"
    f"Sessions and other programs' tables ({_patterns(MEASURED_ENDINGS)});;All files (*)"
)


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to open.

    Attributes:
        videos: In the order in which they are to be analysed.
        measured: Session files and other programs' measurements, in their order.
    """

    videos: tuple[Path, ...]
    measured: tuple[Path, ...]


class Opening(QObject):
    """Looks on a worker thread at what files are, and for the recordings of folders.

    Args:
        queue: For short work on the disk.

    Attributes:
        videos_found: list[Path]: in the order in which they are to be analysed.
        measured_found: Path: a session file or another program's measurement.
        failed: Exception: there is nothing to open.
    """

    videos_found = Signal(object)
    measured_found = Signal(object)
    failed = Signal(object)

    def __init__(self, queue: JobQueue) -> None:
        super().__init__(queue)
        self._queue = queue

    @Slot(object)
    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open videos at once, and everything else when it has been looked at."""
        videos = [path for path in paths if path.suffix.lower() in ENDINGS and not path.is_dir()]
        if videos:
            self.videos_found.emit(videos)
        for path in paths:
            if path not in videos:
                job = Job(f"Look at: {path.name}", recordings_of(path))
                Watch(job, self._take, self.failed.emit)
                self._queue.add(job)

    def _take(self, found: Found) -> None:
        if found.videos:
            self.videos_found.emit(list(found.videos))
        for path in found.measured:
            self.measured_found.emit(path)


def recordings_of(path: Path) -> Callable[[OnProgress], Found]:
    """Work that says what a file is, or lists the recordings of a folder by their names."""
    return partial(_recordings_of, path)


def _recordings_of(path: Path, on_progress: OnProgress) -> Found:
    if path.is_dir():
        return Found((), (path,)) if track_kind(path) else _inside(path, on_progress)
    return Found((path,), ()) if form_of(path) is Form.VIDEO else Found((), (path,))


def _inside(folder: Path, on_progress: OnProgress) -> Found:
    videos: list[Path] = []
    measured: list[Path] = []
    try:
        for number, path in enumerate(folder.rglob("*")):
            if number % 100 == 0:
                on_progress(Progress("looking for recordings", len(videos) + len(measured)))
            ending = path.suffix.lower()
            if ending in ENDINGS and path.is_file():
                videos.append(path)
            elif ending in MEASURED_ENDINGS and path.is_file() and _is_measured(path):
                measured.append(path)
    except OSError as error:
        raise InputError(
            f"The folder '{folder}' cannot be read: {error.strerror}.", "Choose another folder."
        ) from error
    if not videos and not measured:
        raise InputError(
            f"There is no video in the folder '{folder}', and no other program's measurement.",
            f"Videos end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}.",
        )
    return Found(tuple(sorted(videos)), tuple(sorted(measured)))


def _is_measured(path: Path) -> bool:
    try:
        return track_kind(path) is not None or holds_motion(path)
    except InputError:
        return False
