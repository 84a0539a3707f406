"""Recordings in files and folders: videos, sessions, other programs' measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facedyn_app.errors import InputError
from facedyn_app.library.importers import SESSION_ENDING, VIDEO_ENDINGS
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.workflows.recordings import (
    GLB_ENDING,
    TABLE_ENDINGS,
    Form,
    form_of,
    holds_motion,
    track_kind,
)

VIDEOS: Final = tuple(sorted(VIDEO_ENDINGS))
MEASURED: Final = tuple(sorted({*TABLE_ENDINGS, SESSION_ENDING, GLB_ENDING}))


def _patterns(endings: Sequence[str]) -> str:
    return " ".join(f"*{ending}" for ending in endings)


RECORDING_FILES: Final = (
    f"Recordings ({_patterns((*VIDEOS, *MEASURED))});;Videos ({_patterns(VIDEOS)});;"
    f"Sessions and other programs' tables ({_patterns(MEASURED)});;All files (*)"
)
"""The kinds of files to choose from, as Qt's file dialog takes them."""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to open.

    Attributes:
        videos: In the order in which they are to be analysed.
        measured: Session files and other programs' measurements, in their order.
    """

    videos: tuple[Path, ...]
    measured: tuple[Path, ...]


def find_recordings(path: Path, on_progress: OnProgress) -> Found:
    """Say what a file is, or list the recordings of a folder by their names."""
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
            if ending in VIDEOS and path.is_file():
                videos.append(path)
            elif ending in MEASURED and path.is_file() and _is_measured(path):
                measured.append(path)
    except OSError as error:
        raise InputError(
            f"The folder '{folder}' cannot be read: {error.strerror}.", "Choose another folder."
        ) from error
    if not videos and not measured:
        raise InputError(
            f"There is no video in the folder '{folder}', and no other program's measurement.",
            f"Videos end in {', '.join(VIDEOS[:-1])} or {VIDEOS[-1]}.",
        )
    return Found(tuple(sorted(videos)), tuple(sorted(measured)))


def _is_measured(path: Path) -> bool:
    try:
        return track_kind(path) is not None or holds_motion(path)
    except InputError:
        return False
