"""Content of files and folders: which kind of recording each is, by what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from facedyn_app.errors import FacedynError, InputError, unusable
from facedyn_app.library.folder_scan import STILLS, Content, ContentOf
from facedyn_app.library.importers import SESSION, VIDEO, VIDEO_ENDINGS
from facedyn_app.npz import npz_names
from facedyn_app.numbered_stills import STILL_ENDINGS, stills_of
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.tracks.bids import is_beside_motion
from facedyn_app.workflows.recordings import SESSION_ENDING, holds_motion, track_kind

EXPECTED_TABLES: Final = frozenset({".csv", ".tsv", ".jsonl"})
"""What is taken for a measurement by its name, so that one of no known program is spoken of."""


def content_of(path: Path) -> Content:
    """What a file or folder is; a video whose name does not say so is opened.

    Raises:
        InputError: It cannot be opened, or is a table that no program writes.
        OSError: A folder cannot be read.
    """
    if path.is_dir():
        return _folder_content(path)
    ending = path.suffix.lower()
    if ending in VIDEO_ENDINGS:
        return Content(VIDEO)
    if ending == SESSION_ENDING:
        return _array_content(path)
    if _is_picture(path):
        return Content(
            sentence=f"'{path}' is a picture, and in no folder of numbered stills alone: they are "
            "read as a video."
        )
    program = track_kind(path)
    if program is not None:
        return Content(str(program))
    if is_beside_motion(path):
        return Content()  # it is read with the motion, not passed over
    if ending in EXPECTED_TABLES:
        unknown = unusable(path, "it has no column that is known of any program")
        return Content(sentence=unknown.sentence, expected=True)
    return _unknown_content(path)


def content_with_progress(on_progress: OnProgress) -> ContentOf:
    """`content_of` for a search through folders, every call reported."""
    n_calls = 0

    def reported(path: Path) -> Content:
        nonlocal n_calls
        n_calls += 1
        on_progress(Progress("looking for recordings", n_calls))
        return content_of(path)

    return reported


def _folder_content(path: Path) -> Content:
    program = track_kind(path)
    if program is not None:
        return Content(str(program))
    stills = frozenset(stills_of(path))
    if stills and not any(map(_is_recording, set(path.iterdir()) - stills)):
        return Content(STILLS, parts=stills)
    return Content()


def _is_recording(path: Path) -> bool:
    """Whether a file beside stills is a recording itself, of which they may be pictures."""
    if path.name.startswith(".") or _is_picture(path) or not path.is_file():
        return False
    try:
        return content_of(path).kind is not None
    except InputError:
        return False


def _array_content(path: Path) -> Content:
    """A session or another program's parameters; what cannot be read says so where it is read."""
    program = track_kind(path)
    if program is not None:
        return Content(str(program))
    try:
        npz_names(path)
    except ValueError:
        return Content(SESSION)
    if holds_motion(path):
        return Content(SESSION)
    return Content(sentence=unusable(path, "it holds arrays, and no motion of a face").sentence)


def _unknown_content(path: Path) -> Content:
    from facedyn_app.video import probe_video  # slow to import

    try:
        probe_video(path)
    except FacedynError as error:
        return Content(sentence=error.sentence)
    return Content(VIDEO)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in STILL_ENDINGS
