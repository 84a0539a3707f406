"""Recordings as the user names them: videos, session files, other programs' measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from facedyn_app.errors import FacedynError, InputError
from facedyn_app.library.importers import VIDEO_ENDINGS
from facedyn_app.library.session_file import load_session
from facedyn_app.npz import npz_names
from facedyn_app.records import Session
from facedyn_app.tracks.flame import FlameFile
from facedyn_app.tracks.reading import Kind, kind_of, only_session, read_sessions
from facedyn_app.tracks.reading import sha256_of_recording as sha256_of_recording

SESSION_ENDING, GLB_ENDING = ".npz", ".glb"
TABLE_ENDINGS = frozenset({".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".npy", ".pkl"})
"""What is a table by its name, so that the sentence on one that is unknown speaks of tables."""


class Form(StrEnum):
    """What a recording is."""

    VIDEO = "video"
    SESSION = "session"
    TRACK = "track"


def form_of(path: Path) -> Form:
    """What a recording is, by what is in it; the unknown passes for what its name says."""
    ending = path.suffix.lower()
    if ending in VIDEO_ENDINGS:
        return Form.VIDEO
    try:
        is_track = track_kind(path) is not None
    except InputError:  # said where it is read
        is_track = False
    if is_track or ending in TABLE_ENDINGS:
        return Form.TRACK
    return Form.SESSION if ending == SESSION_ENDING else Form.VIDEO


def track_kind(path: Path) -> Kind | None:
    """Whose measurement a file or folder is; None for a video, a session file, anything else.

    Raises:
        InputError: It cannot be opened, or is a table that no program writes.
    """
    if path.suffix.lower() in VIDEO_ENDINGS:
        return None
    if path.suffix.lower() == SESSION_ENDING and path.is_file() and _has_meta(path):
        return None
    return kind_of(path)


def _has_meta(path: Path) -> bool:
    try:
        return "meta" in npz_names(path)
    except ValueError:
        return False


def read_kept(
    paths: Sequence[Path], fps: float | None = None, flame: FlameFile | None = None
) -> tuple[Session, ...]:
    """The sessions of a recording that needs no fit, one a face; each knows where it is from.

    Args:
        paths: A session file, or the files of another program's measurement.
        fps: Frame rate where a measurement has no times.
        flame: The FLAME file that FLAME parameters belong to.

    Raises:
        InputError: A file cannot be read or is damaged.
        MismatchError: The files do not go together, or not with the FLAME file.
        TooLittleError: No row holds a measurement.
    """
    if len(paths) > 1 or form_of(paths[0]) is Form.TRACK:
        return read_sessions(paths, fps, flame)
    session = load_session(paths[0])
    if session.meta.get("source"):
        return (session,)
    # a made session comes from no video: the file itself says which one it is
    source = {"name": paths[0].name, "sha256": sha256_of_recording(paths)}
    return (replace(session, meta={**session.meta, "source": source}),)


def read_one_kept(path: Path, fps: float | None, flame: FlameFile | None) -> Session:
    """As `read_kept`, of a recording in which one face is expected.

    Raises:
        InputError: It has several faces, or what `read_kept` raises.
    """
    return only_session(read_kept([path], fps, flame), path)


def holds_motion(path: Path) -> bool:
    """Whether an npz file is a session or parameters, not a head; what cannot be told is none."""
    try:
        names = npz_names(path)
    except (ValueError, FacedynError):
        return False
    return {"seconds", "expression"} <= names or track_kind(path) is not None
