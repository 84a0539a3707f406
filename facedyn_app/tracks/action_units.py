"""Action units over time: OpenFace 2 and 3, and py-feat; a row a face and frame.

OpenFace 2 (Baltrusaitis et al. 2018) writes `AU01_r` .. `AU45_r`, intensities of 0 to 5, gaze and
pose, and for single pictures a table without frames and times. OpenFace 3 (Hu et al. 2025) has no
table of its own; those that are around have eight action units of 0 to 1 beside an emotion or two
angles of the gaze. Some of them number the units 1 to 8 in the order of the network's outputs.
py-feat (Cheong et al. 2023) writes action units of 0 to 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from facedyn_app.errors import unusable
from facedyn_app.headmodel.rotations import (
    FACING_DIAGONAL,
    euler_vectors,
    facing_vectors,
    look_angles,
    vector_matrices,
)
from facedyn_app.records import FloatArray, IntArray
from facedyn_app.tracks.rows import Times, counted_times, has_times, rows_by_face, stated_times
from facedyn_app.tracks.table import Column, Head, read_columns
from facedyn_app.tracks.track import FAILED, NO_FACE, UNSURE, Track

HIGHEST = 5.0
"""FACS intensities are 0 to 5."""

LEAST_CONFIDENCE = 0.7
"""Rows of less are not valid; OpenFace's own `success` asks for about as much."""

LEAST_SCORE = 0.5
"""py-feat's own threshold of its face detection."""

_UNIT = re.compile(r"au_?0*(\d{1,2})(_r)?", re.IGNORECASE)
_ONLY_SEEN = re.compile(r"au\d{1,2}_c", re.IGNORECASE)
_THIRD = ("emotion", "emotion_index", "gaze_yaw", "gaze_pitch", "yaw", "pitch")
_BY_OUTPUT = {1: 1, 2: 6, 3: 12, 4: 15, 5: 17, 6: 2, 7: 9, 8: 10}
"""OpenFace 3: action unit of each output of its network, numbered from 1."""

_POSE = ("pose_Rx", "pose_Ry", "pose_Rz")
_PLACE = ("pose_Tx", "pose_Ty", "pose_Tz")
_GAZE = tuple(f"gaze_{eye}_{axis}" for eye in (1, 0) for axis in "xyz")
"""OpenFace counts the eyes from the picture's left: eye 1 is the subject's left."""

_PYFEAT_UNIT = re.compile(r"au\d{2}", re.IGNORECASE)
_PYFEAT_MARKS = ("FaceScore", "FaceRectX", "FaceRectWidth")
_PYFEAT_ANGLES = ("Pitch", "Yaw", "Roll")
"""Degrees, taken about x, y and z in turn."""


def is_openface(head: Head) -> bool:
    """Whether a table has OpenFace's action units."""
    return any(_UNIT.fullmatch(name) or _ONLY_SEEN.fullmatch(name) for name in head.names)


def is_pyfeat(head: Head) -> bool:
    """Whether a table has py-feat's action units and face boxes."""
    units = any(_PYFEAT_UNIT.fullmatch(name) for name in head.names)
    return units and head.find(*_PYFEAT_MARKS) is not None


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """All rows of a table: names and values of the units, the other columns by name or number."""

    names: tuple[str, ...]
    values: FloatArray
    columns: Mapping[str, FloatArray]
    texts: Mapping[int, Column] = field(default_factory=dict)

    def group(self, names: tuple[str, ...], rows: IntArray) -> FloatArray | None:
        """(T, K) columns of those names; None where one is missing."""
        if not set(names) <= set(self.columns):
            return None
        return np.stack([self.columns[name][rows] for name in names], axis=1)

    def some(self, name: str, rows: IntArray) -> FloatArray | None:
        """(T,) rows of a column; None where there is none."""
        return self.columns[name][rows] if name in self.columns else None


def _measured(
    head: Head, units: Mapping[str, int], where: Mapping[str, int | None], texts: Sequence[int] = ()
) -> _Measured:
    """Read the columns of units, and those others that are found."""
    known = {name: column for name, column in where.items() if column is not None}
    numbers, words = read_columns(head, [*known.values(), *units.values()], texts)
    columns = {name: numbers[:, k] for k, name in enumerate(known)}
    return _Measured(tuple(units), numbers[:, len(known) :], columns, words)


def read_openface(head: Head, fps: float | None) -> tuple[Track, ...]:
    """The tracks of a table of OpenFace, one a face.

    Args:
        head: The table's head line.
        fps: Frame rate where the table has no times; None assumes one.

    Raises:
        InputError: The table cannot be used; the sentence says why.
    """
    units, third = _openface_units(head)
    where = {"time": head.find("timestamp"), "frame": head.find("frame")}
    where |= {"face": head.find("face_id", "face"), "success": head.find("success")}
    where |= {"confidence": head.find("confidence")}
    where |= {name: head.find(name) for name in (*_POSE, *_PLACE, *_GAZE)}
    found = _measured(head, units, where)
    faces = rows_by_face(head.path, found.columns.get("face"), len(found.values))
    version = 3 if third else 2
    return tuple(
        _openface_track(head.path, face, rows, found, version, fps) for face, rows in faces
    )


def read_pyfeat(head: Head, fps: float | None) -> tuple[Track, ...]:
    """The tracks of a table of py-feat, one a face.

    Faces are told by `Identity`; without it there is one, and no frame may have two rows.
    Its times are minutes and whole seconds, too coarse for motion: frames are counted.

    Args:
        head: The table's head line.
        fps: Frame rate; None assumes one.

    Raises:
        InputError: The table cannot be used; the sentence says why.
    """
    units = {name.upper(): k for k, name in enumerate(head.names) if _PYFEAT_UNIT.fullmatch(name)}
    where = {name: head.find(name) for name in ("frame", "FaceScore", *_PYFEAT_ANGLES)}
    identity = head.find("Identity")
    found = _measured(head, units, where, [] if identity is None else [identity])
    people = None if identity is None else _people(found.texts[identity])
    frames = found.columns.get("frame")
    if people is None and frames is not None and len(np.unique(frames)) < len(frames):
        raise unusable(
            head.path,
            "some of its frames have two faces, and it does not say whose is which",
            "Let py-feat name the identities, or keep one face.",
        )
    faces = rows_by_face(head.path, people, len(found.values))
    return tuple(_pyfeat_track(head.path, face, rows, found, fps) for face, rows in faces)


def _openface_track(
    path: Path, face: int, rows: IntArray, found: _Measured, version: int, fps: float | None
) -> Track:
    times = _openface_times(path, found, rows, fps)
    angles, place = found.group(_POSE, rows), found.group(_PLACE, rows)
    turns = None if angles is None else euler_vectors("XYZ", angles)
    confidence, success = found.some("confidence", rows), found.some("success", rows)
    reason = np.zeros(len(rows), dtype=np.uint8)
    if confidence is not None:
        reason[~(confidence >= LEAST_CONFIDENCE)] = UNSURE
    if success is not None:
        reason[~(success > 0.0)] = FAILED
    return Track(
        program=f"OpenFace {version}",
        channel_set=f"openface-{version}",
        seconds=times.seconds,
        names=found.names,
        values=found.values[rows] / (HIGHEST if version == 2 else 1.0),
        reason=reason,
        fps_assumed=times.assumed,
        confidence=confidence,
        rotation=None if turns is None else facing_vectors(turns),
        translation=None if place is None else place / 1000.0,
        gaze=_gaze(found.group(_GAZE, rows), turns),
        face=face,
        notes=(times.note,) if times.note else (),
    )


def _pyfeat_track(
    path: Path, face: int, rows: IntArray, found: _Measured, fps: float | None
) -> Track:
    times = counted_times(path, found.some("frame", rows), len(rows), fps)
    confidence, degrees = found.some("FaceScore", rows), found.group(_PYFEAT_ANGLES, rows)
    reason = np.zeros(len(rows), dtype=np.uint8)
    if confidence is not None:
        reason[~(confidence >= LEAST_SCORE)] = UNSURE
        reason[np.isnan(confidence)] = NO_FACE
    return Track(
        program="py-feat",
        channel_set="py-feat",
        seconds=times.seconds,
        names=found.names,
        values=found.values[rows],
        reason=reason,
        fps_assumed=times.assumed,
        confidence=confidence,
        rotation=None if degrees is None else euler_vectors("XYZ", np.radians(degrees)),
        face=face,
        notes=(times.note,) if times.note else (),
    )


def _openface_units(head: Head) -> tuple[dict[str, int], bool]:
    """The column of each action unit, and whether they are OpenFace 3's.

    Raises:
        InputError: There is no intensity among them, or one unit twice.
    """
    numbers: dict[int, int] = {}
    with_ending = False
    for column, name in enumerate(head.names):
        unit = _UNIT.fullmatch(name)
        if not unit:
            continue
        if int(unit[1]) in numbers:
            raise unusable(head.path, f"it has the column '{name}' twice")
        numbers[int(unit[1])] = column
        with_ending = with_ending or unit[2] is not None
    if not numbers:
        raise unusable(
            head.path,
            "it says which action units are seen ('AU01_c') and not how strongly ('AU01_r')",
            "Write the intensities, too (OpenFace: -aus).",
        )
    by_output = set(numbers) == set(_BY_OUTPUT)
    third = by_output or not with_ending or head.find(*_THIRD) is not None
    if by_output:
        numbers = {_BY_OUTPUT[number]: column for number, column in numbers.items()}
    return {f"AU{number:02d}": numbers[number] for number in sorted(numbers)}, third


def _openface_times(path: Path, found: _Measured, rows: IntArray, fps: float | None) -> Times:
    seconds = found.some("time", rows)
    if seconds is not None and has_times(seconds):
        return stated_times(path, seconds)
    return counted_times(path, found.some("frame", rows), len(rows), fps)


def _people(words: Column) -> FloatArray:
    """(T,) number of each identity, in the order of their first rows."""
    numbers: dict[object, float] = {}
    return np.array([numbers.setdefault(word, float(len(numbers))) for word in words.tolist()])


def _gaze(directions: FloatArray | None, turns: FloatArray | None) -> FloatArray | None:
    """(T, 2, 2) turns of the eyes in the head, from directions in the camera frame."""
    if directions is None or turns is None:
        return None
    seen = directions.reshape(-1, 2, 3)
    in_face = seen @ vector_matrices(turns)  # M' g: the face's own axes
    gaze: FloatArray = look_angles(FACING_DIAGONAL * in_face)
    return gaze
