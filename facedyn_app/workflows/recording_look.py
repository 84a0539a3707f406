"""What a file or folder in a folder of recordings is, by what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from facedyn_app.errors import FacedynError, InputError, unusable
from facedyn_app.library.folder_scan import STILLS, Look, LookAt
from facedyn_app.library.importers import SESSION, VIDEO, VIDEO_ENDINGS
from facedyn_app.npz import npz_names
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.workflows.recordings import SESSION_ENDING, holds_motion, track_kind

EXPECTED_TABLES: Final = frozenset({".csv", ".tsv", ".jsonl"})
"""What is taken for a measurement by its name, so that one of no known program is spoken of."""


def look_at(path: Path) -> Look:
    """What a file or folder is; a video whose name does not say so is opened.

    Raises:
        InputError: It cannot be opened, or is a table that no program writes.
        OSError: A folder cannot be read.
    """
    if path.is_dir():
        return _look_at_folder(path)
    ending = path.suffix.lower()
    if ending in VIDEO_ENDINGS:
        return Look(VIDEO)
    if ending == SESSION_ENDING:
        return _look_at_arrays(path)
    if _is_picture(path):
        return Look(
            sentence=f"'{path}' is a picture, and in no folder of numbered stills alone: they are "
            "read as a video."
        )
    program = track_kind(path)
    if program is not None:
        return Look(str(program))
    if ending in EXPECTED_TABLES:
        unknown = unusable(path, "it has no column that is known of any program")
        return Look(sentence=unknown.sentence, expected=True)
    return _look_at_unknown(path)


def counting_looks(on_progress: OnProgress) -> LookAt:
    """Looks of a search through folders, each of them reported."""
    n_looks = 0

    def look(path: Path) -> Look:
        nonlocal n_looks
        n_looks += 1
        on_progress(Progress("looking for recordings", n_looks))
        return look_at(path)

    return look


def _look_at_folder(path: Path) -> Look:
    from facedyn_app.video.stills_folder import stills_of  # slow to import

    program = track_kind(path)
    if program is not None:
        return Look(str(program))
    stills = frozenset(stills_of(path))
    if stills and not any(map(_is_recording, set(path.iterdir()) - stills)):
        return Look(STILLS, parts=stills)
    return Look()


def _is_recording(path: Path) -> bool:
    """Whether a file beside stills is a recording itself, of which they may be pictures."""
    if path.name.startswith(".") or _is_picture(path) or not path.is_file():
        return False
    try:
        return look_at(path).kind is not None
    except InputError:
        return False


def _look_at_arrays(path: Path) -> Look:
    """A session or another program's parameters; what cannot be read says so where it is read."""
    program = track_kind(path)
    if program is not None:
        return Look(str(program))
    try:
        npz_names(path)
    except ValueError:
        return Look(SESSION)
    if holds_motion(path):
        return Look(SESSION)
    return Look(sentence=unusable(path, "it holds arrays, and no motion of a face").sentence)


def _look_at_unknown(path: Path) -> Look:
    from facedyn_app.video import probe_video  # slow to import

    try:
        probe_video(path)
    except FacedynError as error:
        return Look(sentence=error.sentence)
    return Look(VIDEO)


def _is_picture(path: Path) -> bool:
    from facedyn_app.video.stills_folder import STILL_ENDINGS  # slow to import

    return path.suffix.lower() in STILL_ENDINGS
