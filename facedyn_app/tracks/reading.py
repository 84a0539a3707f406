"""Files of other programs: recognised by what is in them, read into tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.errors import InputError, MismatchError, unreadable, unusable
from facedyn_app.files import file_name, open_plain
from facedyn_app.numbered_stills import sha256_of_files, stills_of
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import FloatArray, Session, SourceFile
from facedyn_app.tracks.action_units import is_openface, is_pyfeat, read_openface, read_pyfeat
from facedyn_app.tracks.animation import is_animation, read_animation
from facedyn_app.tracks.bids import is_bids_motion, read_bids_motion
from facedyn_app.tracks.blendshapes import (
    is_blendshape_json,
    is_blendshapes,
    read_blendshape_json,
    read_blendshapes,
)
from facedyn_app.tracks.flame import FlameFile, flame_track
from facedyn_app.tracks.flame_files import files_of, is_flame_file, is_flame_folder, read_parameters
from facedyn_app.tracks.live_link import is_live_link, read_live_link
from facedyn_app.tracks.rows import USUAL_FPS
from facedyn_app.tracks.table import Head, read_head
from facedyn_app.tracks.track import Track, session_of

SLOWEST_FPS, FASTEST_FPS = 0.01, 10_000.0
HINT = (
    "Known are OpenFace, py-feat, Live Link Face and blendshape tables, JSON lines of blendshapes, "
    "FLAME parameters (npz, npy), and recordings of a BIDS dataset that facedyn wrote."
)
_JSON_STARTS = (b"{", b"[")


class Kind(StrEnum):
    """Whose measurement a file is."""

    OPENFACE = "openface"
    PYFEAT = "pyfeat"
    LIVE_LINK = "livelink"
    BLENDSHAPES = "blendshapes"
    BLENDSHAPE_JSON = "blendshape-json"
    FLAME = "flame"
    ANIMATION = "glb"
    BIDS = "bids"


def kind_of(path: Path) -> Kind | None:
    """Whose measurement a file or folder is, by what is in it; None for anything else.

    Raises:
        InputError: It cannot be opened, or is a table that no program writes.
    """
    if path.is_dir():
        return Kind.FLAME if is_flame_folder(path) else None
    if is_bids_motion(path):  # what it is stands in the files beside it
        return Kind.BIDS
    try:
        state = path.stat()
    except OSError as error:
        raise unreadable(path, error, "opened") from error
    return _kind_of_file(path, (state.st_ino, state.st_size, state.st_mtime_ns))


@lru_cache(4096)  # an import asks several times of each file: whether, what, by whom it is read
def _kind_of_file(path: Path, _state: tuple[int, int, int]) -> Kind | None:
    try:
        with open_plain(path) as file:
            start = file.read(16)
    except OSError as error:
        raise unreadable(path, error, "opened") from error
    if is_animation(start):
        return Kind.ANIMATION
    if is_flame_file(path, start):
        return Kind.FLAME
    if start.lstrip().startswith(_JSON_STARTS):
        return Kind.BLENDSHAPE_JSON if is_blendshape_json(path) else None
    head = read_head(path)
    return None if head is None else _kind_of_table(head)


def _kind_of_table(head: Head) -> Kind | None:
    for kind, fits in (
        (Kind.LIVE_LINK, is_live_link),
        (Kind.PYFEAT, is_pyfeat),
        (Kind.OPENFACE, is_openface),
        (Kind.BLENDSHAPES, is_blendshapes),
    ):
        if fits(head):
            return kind
    return None


def read_sessions(
    paths: Sequence[Path], fps: float | None = None, head: FlameFile | None = None
) -> tuple[Session, ...]:
    """The sessions of one recording of another program, one a face.

    Args:
        paths: Its file or folder; several are read one after the other (single pictures' tables).
        fps: Frame rate where it has no times; None assumes `USUAL_FPS`, which is said.
        head: The FLAME file that FLAME parameters belong to.

    Raises:
        InputError: A file cannot be read, is of no known program, or is damaged.
        MismatchError: The files are of several programs, or the head file has not their channels.
        TooLittleError: No row holds a measurement.
    """
    if fps is not None and not SLOWEST_FPS <= fps <= FASTEST_FPS:
        raise InputError(f"{fps:g} frames a second are no rate of a recording.")
    with np.errstate(all="ignore"):  # numbers without bounds become infinite and are left out
        tracks = _one_after_the_other([_tracks(path, fps, head) for path in paths], paths, fps)
        source = SourceFile(_name(paths), sha256_of_recording(paths))
        several = len(tracks) > 1
        return tuple(
            session_of(replace(track, face=_face_number(track) if several else None), source)
            for track in tracks
        )


def face_id(session: Session) -> int:
    """The number of a session's face in its file; sessions count faces from 1, files from 0."""
    return (session.info.face or 1) - 1


def only_session(sessions: Sequence[Session], path: Path) -> Session:
    """The one session of a recording in which one face is expected.

    Raises:
        InputError: There are several.
    """
    if len(sessions) == 1:
        return sessions[0]
    faces = ", ".join(str(face_id(session)) for session in sessions)
    raise InputError(
        f"'{path}' holds {len(sessions)} faces (face_id {faces}), and one is expected.",
        "'facedyn import --layout openface' takes each face for a person; or keep one face's rows.",
    )


def sha256_of_recording(paths: Sequence[Path], on_progress: OnProgress = ignore) -> str:
    """The sha256 of a file; of several, or of a folder's (stills too), that of theirs in order.

    Args:
        paths: The files or the folder.
        on_progress: As `files.sha256_of`.

    Raises:
        InputError: One cannot be read.
    """
    try:
        files = [file for path in paths for file in _files_of(path)]
        return sha256_of_files(files, on_progress)
    except OSError as error:
        raise unreadable(paths[0], error) from error


def _files_of(path: Path) -> list[Path]:
    if path.is_dir() and kind_of(path) is None:
        return stills_of(path)
    return files_of(path)


def _name(paths: Sequence[Path]) -> str:
    name = file_name(paths[0].absolute())
    return name if len(paths) == 1 else f"{name} and others"


def _face_number(track: Track) -> int:
    """Sessions count faces from 1, files from 0."""
    return (track.face or 0) + 1


def _tracks(path: Path, fps: float | None, head: FlameFile | None) -> tuple[Track, ...]:
    kind = kind_of(path)
    if kind is Kind.FLAME:
        found = read_parameters(path)
        return (flame_track(path, found.arrays, found.names, found.frames, fps, head),)
    if kind is Kind.BIDS:
        return (read_bids_motion(path),)
    if kind is Kind.ANIMATION:
        return read_animation(path)
    if kind is Kind.BLENDSHAPE_JSON:
        return read_blendshape_json(path, fps)
    table = None if kind is None else read_head(path)
    if table is None:
        raise unusable(path, "it has no column that is known of any program", HINT)
    if kind is Kind.LIVE_LINK:
        return read_live_link(table)
    if kind is Kind.PYFEAT:
        return read_pyfeat(table, fps)
    return read_openface(table, fps) if kind is Kind.OPENFACE else read_blendshapes(table, fps)


def _one_after_the_other(
    read: Sequence[tuple[Track, ...]], paths: Sequence[Path], fps: float | None
) -> tuple[Track, ...]:
    """The tracks of one file; those of several files, a face each, as one track.

    Raises:
        InputError: One of several files has several faces.
        MismatchError: The files have not the same channels.
    """
    if len(read) == 1:
        return read[0]
    for path, tracks in zip(paths, read, strict=True):
        if len(tracks) != 1:
            raise InputError(f"'{path}' holds {len(tracks)} faces, and one is expected.")
        if (tracks[0].channel_set, tracks[0].names) != (read[0][0].channel_set, read[0][0].names):
            raise MismatchError(
                f"'{paths[0]}' has channels of '{read[0][0].channel_set}', and '{path}' has others "
                f"('{tracks[0].channel_set}').",
                "Convert them one by one.",
            )
    return (_joined([tracks[0] for tracks in read], fps),)


def _joined(tracks: Sequence[Track], fps: float | None) -> Track:
    """Rows of tracks one after the other, a frame each: their own times start anew in each."""
    first = tracks[0]

    def together(name: str) -> Any:
        parts = [getattr(track, name) for track in tracks]
        return None if any(part is None for part in parts) else np.concatenate(parts)

    rate = fps or USUAL_FPS
    n_rows = sum(len(track.seconds) for track in tracks)
    seconds: FloatArray = np.arange(n_rows) / rate
    named = ("values", "reason", "confidence", "jaw", "rotation", "translation", "gaze", "shapes")
    joined = {name: together(name) for name in named}
    if joined["shapes"] is not None and len(joined["shapes"]) != n_rows:
        joined["shapes"] = None
    return replace(first, seconds=seconds, **joined)
