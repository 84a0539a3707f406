"""OpenFace 2 and 3: action unit intensities, gaze and pose, a row a frame.

OpenFace 2 (Baltrusaitis et al. 2018) writes `AU01_r` .. `AU45_r`, intensities of 0 to 5, and for
single pictures a table without frames and times. OpenFace 3 (Hu et al. 2025) has no table of its
own; those that are around have eight action units of 0 to 1 beside an emotion or two angles of the
gaze. Some of them number the units 1 to 8 in the order of the network's outputs.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.headmodel.rotations import (
    FACING_DIAGONAL,
    euler_vectors,
    facing_vectors,
    look_angles,
    vector_matrices,
)
from facedyn_app.records import ByteArray, FloatArray, IntArray
from facedyn_app.tracks.faces import rows_by_face
from facedyn_app.tracks.table import Head, read_columns
from facedyn_app.tracks.times import Times, counted_times, has_times, stated_times
from facedyn_app.tracks.track import FAILED, UNSURE, Track

HIGHEST = 5.0
"""FACS intensities are 0 to 5."""

LEAST_CONFIDENCE = 0.7
"""Rows of less are not valid; OpenFace's own `success` asks for about as much."""

_UNIT = re.compile(r"au_?0*(\d{1,2})(_r)?", re.IGNORECASE)
_ONLY_SEEN = re.compile(r"au\d{1,2}_c", re.IGNORECASE)
_THIRD = ("emotion", "emotion_index", "gaze_yaw", "gaze_pitch", "yaw", "pitch")
_BY_OUTPUT = {1: 1, 2: 6, 3: 12, 4: 15, 5: 17, 6: 2, 7: 9, 8: 10}
"""OpenFace 3: action unit of each output of its network, numbered from 1."""

_POSE = ("pose_Rx", "pose_Ry", "pose_Rz")
_PLACE = ("pose_Tx", "pose_Ty", "pose_Tz")
_GAZE = tuple(f"gaze_{eye}_{axis}" for eye in (1, 0) for axis in "xyz")
"""OpenFace counts the eyes from the picture's left: eye 1 is the subject's left."""


def is_openface(head: Head) -> bool:
    """Whether a table has OpenFace's action units."""
    return any(_UNIT.fullmatch(name) or _ONLY_SEEN.fullmatch(name) for name in head.names)


def read_openface(head: Head, fps: float | None) -> tuple[Track, ...]:
    """The tracks of a table, one a face.

    Args:
        head: The table's head line.
        fps: Frame rate where the table has no times; None assumes one.

    Raises:
        InputError: The table cannot be used; the sentence says why.
    """
    units, third = _units(head)
    where = {"time": head.find("timestamp"), "frame": head.find("frame")}
    where |= {"face": head.find("face_id", "face"), "success": head.find("success")}
    where |= {"confidence": head.find("confidence")}
    for group in (_POSE, _PLACE, _GAZE):
        where |= {name: head.find(name) for name in group}
    known = {name: column for name, column in where.items() if column is not None}
    numbers, _ = read_columns(head, [*known.values(), *units.values()])
    columns = {name: numbers[:, k] for k, name in enumerate(known)}
    values = numbers[:, len(known) :] / (1.0 if third else HIGHEST)
    faces = rows_by_face(head.path, columns.get("face"), len(numbers))
    return tuple(
        _track(head.path, face, rows, _Measured(tuple(units), values, columns, third), fps)
        for face, rows in faces
    )


class _Measured:
    """All rows of a table: names and values of the units, the other columns by name."""

    def __init__(
        self,
        names: tuple[str, ...],
        values: FloatArray,
        columns: dict[str, FloatArray],
        third: bool,
    ) -> None:
        self.names, self.values, self.columns, self.third = names, values, columns, third

    def group(self, names: tuple[str, ...], rows: IntArray) -> FloatArray | None:
        """(T, K) columns of those names; None where one is missing."""
        if not set(names) <= set(self.columns):
            return None
        return np.stack([self.columns[name][rows] for name in names], axis=1)


def _track(path: Path, face: int, rows: IntArray, found: _Measured, fps: float | None) -> Track:
    times = _times(path, found, rows, fps)
    angles, place = found.group(_POSE, rows), found.group(_PLACE, rows)
    turns = None if angles is None else euler_vectors("XYZ", angles)
    confidence = found.columns.get("confidence")
    confidence = None if confidence is None else confidence[rows]
    version = 3 if found.third else 2
    return Track(
        program=f"OpenFace {version}",
        channel_set=f"openface-{version}",
        seconds=times.seconds,
        names=found.names,
        values=found.values[rows],
        reason=_reasons(found, rows, confidence),
        fps_assumed=times.assumed,
        confidence=confidence,
        rotation=None if turns is None else facing_vectors(turns),
        translation=None if place is None else place / 1000.0,
        gaze=_gaze(found.group(_GAZE, rows), turns),
        face=face,
        notes=(times.note,) if times.note else (),
    )


def _units(head: Head) -> tuple[dict[str, int], bool]:
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
            raise InputError(f"'{head.path}' cannot be used: it has the column '{name}' twice.")
        numbers[int(unit[1])] = column
        with_ending = with_ending or unit[2] is not None
    if not numbers:
        raise InputError(
            f"'{head.path}' cannot be used: it says which action units are seen ('AU01_c') and "
            "not how strongly ('AU01_r').",
            "Write the intensities, too (OpenFace: -aus).",
        )
    by_output = set(numbers) == set(_BY_OUTPUT)
    third = by_output or not with_ending or head.find(*_THIRD) is not None
    if by_output:
        numbers = {_BY_OUTPUT[number]: column for number, column in numbers.items()}
    return {f"AU{number:02d}": numbers[number] for number in sorted(numbers)}, third


def _times(path: Path, found: _Measured, rows: IntArray, fps: float | None) -> Times:
    seconds, frames = found.columns.get("time"), found.columns.get("frame")
    if seconds is not None and has_times(seconds[rows]):
        return stated_times(path, seconds[rows])
    return counted_times(path, None if frames is None else frames[rows], len(rows), fps)


def _reasons(found: _Measured, rows: IntArray, confidence: FloatArray | None) -> ByteArray:
    reason = np.zeros(len(rows), dtype=np.uint8)
    if confidence is not None:
        reason[~(confidence >= LEAST_CONFIDENCE)] = UNSURE
    success = found.columns.get("success")
    if success is not None:
        reason[~(success[rows] > 0.0)] = FAILED
    return reason


def _gaze(directions: FloatArray | None, turns: FloatArray | None) -> FloatArray | None:
    """(T, 2, 2) turns of the eyes in the head, from directions in the camera frame."""
    if directions is None or turns is None:
        return None
    seen = directions.reshape(-1, 2, 3)
    in_face = seen @ vector_matrices(turns)  # M' g: the face's own axes
    gaze: FloatArray = look_angles(FACING_DIAGONAL * in_face)
    return gaze
