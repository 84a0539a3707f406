"""FLAME parameters over time: SMIRK, EMOCA and DECA, VHAP and GaussianAvatars, metrical-tracker.

All have the coefficients of one head under names of their own. Expression and shape are standard
deviations, as in FLAME; turns come as rotation vectors (3 numbers), as two rows of a matrix
(6; metrical-tracker) or as matrices (9). DECA's `pose` is the head's turn and the jaw's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facedyn_app.errors import MismatchError, unusable
from facedyn_app.headmodel.channel_sets import flame_set
from facedyn_app.headmodel.rotations import (
    FACING_DIAGONAL,
    look_angles,
    matrix_vectors,
    sixd_matrices,
    vector_matrices,
)
from facedyn_app.records import ByteArray, FloatArray
from facedyn_app.tracks.rows import Times, counted_times, stated_times
from facedyn_app.tracks.track import FAILED, Track

EXPRESSION = ("expr", "exp", "expression", "expression_params", "exp_params", "expcode", "exp_code")
SHAPE = ("shape", "shape_params", "shapecode", "shape_code", "betas")
POSE = ("pose", "pose_params", "posecode", "pose_code")
JAW = ("jaw_pose", "jaw", "jaw_params", "jaw_code")
ROTATION = ("rotation", "global_rotation", "global_orient", "global_pose")
NECK = ("neck_pose", "neck", "neck_params")
EYES = ("eyes_pose", "eye_pose", "eyes", "eye_pose_params")
LIDS = ("eyelid_params", "eyelids", "eyelid")
TRANSLATION = ("translation", "transl", "trans")
SECONDS = ("seconds", "timestamps", "timestamp", "time")
FPS = ("fps",)
VALID, SIMULATED = ("valid",), ("simulated",)
KNOWN = (
    *EXPRESSION,
    *SHAPE,
    *POSE,
    *JAW,
    *ROTATION,
    *NECK,
    *EYES,
    *LIDS,
    *TRANSLATION,
    *SECONDS,
    *FPS,
    *VALID,
    *SIMULATED,
)
"""All names that are read; whatever else is in a file is not touched."""

LID_NAMES = ("eyelid_left", "eyelid_right")
MOST_EXPRESSIONS, MOST_SHAPES = 100, 300
PROGRAMS = (
    ("eyelid_params", "SMIRK"),
    ("static_offset", "VHAP"),
    ("eyes_pose", "VHAP"),
    ("eyelids", "metrical-tracker"),
    ("detailcode", "EMOCA or DECA"),
    ("detail", "EMOCA or DECA"),
    ("pose", "EMOCA or DECA"),
)
"""Which program has an array of that name."""

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class FlameFile:
    """The user's FLAME file that parameters belong to.

    Attributes:
        sha256: Of the file.
        n_shape: Shapes that it has.
        n_expression: Expressions that it has.
    """

    sha256: str
    n_shape: int
    n_expression: int


def is_flame(names: Iterable[str]) -> bool:
    """Whether arrays of these names are FLAME parameters: expressions, and jaw, pose or shape."""
    found = set(names)
    others = (*JAW, *POSE, *SHAPE, *ROTATION)
    return not found.isdisjoint(EXPRESSION) and not found.isdisjoint(others)


def flame_track(
    path: Path,
    arrays: Arrays,
    all_names: Iterable[str],
    frames: FloatArray | None,
    fps: float | None,
    head: FlameFile | None,
) -> Track:
    """The track of FLAME parameters.

    Args:
        path: The file or folder, for sentences.
        arrays: Those of `KNOWN` that are there, a row a frame; or one row for all.
        all_names: Names of all arrays of the file, which tell the program.
        frames: (T,) frame numbers, where the files of a folder have them.
        fps: Frame rate where the file has no times; None assumes one.
        head: The FLAME file that they belong to; None where the user names none.

    Raises:
        InputError: The arrays do not go together, or are none of FLAME's.
        MismatchError: The FLAME file has fewer directions.
    """
    expression = _table(path, arrays, EXPRESSION)
    if expression is None:
        raise unusable(path, "it has no expression coefficients")
    n_rows = len(expression)
    values, names = _channels(path, arrays, expression)
    shapes = _table(path, arrays, SHAPE, n_rows, alone=True)
    n_shape = 0 if shapes is None else shapes.shape[1]
    _check_widths(path, expression.shape[1], n_shape, head)
    times = _times(path, arrays, frames, n_rows, fps)
    rotation, jaw = _rotation_and_jaw(path, arrays, n_rows)
    place = _table(path, arrays, TRANSLATION, n_rows, width=3)
    sha256 = None if head is None else head.sha256
    return Track(
        program=_program(all_names),
        channel_set=flame_set(n_shape, expression.shape[1], sha256),
        seconds=times.seconds,
        names=names,
        values=values,
        reason=_reasons(arrays, n_rows),
        fps_assumed=times.assumed,
        jaw=jaw,
        rotation=rotation,
        translation=None if place is None else place * FACING_DIAGONAL,
        gaze=_gaze(path, arrays, n_rows),
        shapes=shapes,
        head_sha256=sha256,
        simulated=bool(np.any(arrays.get(SIMULATED[0], False))),
        notes=_notes(times, head),
    )


def _reasons(arrays: Arrays, n_rows: int) -> ByteArray:
    """(T,) uint8: which frames the file says to be none, where it does."""
    valid = arrays.get(VALID[0])
    reason = np.zeros(n_rows, dtype=np.uint8)
    if valid is not None and valid.dtype.kind == "b" and valid.shape == (n_rows,):
        reason[~valid] = FAILED
    return reason


def _notes(times: Times, head: FlameFile | None) -> tuple[str, ...]:
    notes = [times.note] if times.note else []
    if head is None:
        notes.append(
            "The FLAME file is not named (--head FILE), so that the session is not drawn and goes "
            "with others without one only."
        )
    return tuple(notes)


def _program(names: Iterable[str]) -> str:
    found = set(names)
    return next((program for name, program in PROGRAMS if name in found), "a FLAME tracker")


def _channels(
    path: Path, arrays: Arrays, expression: FloatArray
) -> tuple[FloatArray, tuple[str, ...]]:
    """Expressions under the names that a FLAME head gives them, then the lids."""
    names = tuple(f"expression_{number:03d}" for number in range(expression.shape[1]))
    lids = _table(path, arrays, LIDS, len(expression), width=2)
    if lids is None:
        return expression, names
    return np.concatenate([expression, lids], axis=1), (*names, *LID_NAMES)


def _check_widths(path: Path, n_expression: int, n_shape: int, head: FlameFile | None) -> None:
    most_shape = MOST_SHAPES if head is None else head.n_shape
    most_expression = MOST_EXPRESSIONS if head is None else head.n_expression
    if n_expression <= most_expression and n_shape <= most_shape:
        return
    if head is None:
        raise unusable(
            path,
            f"it has {n_shape} shapes and {n_expression} expressions, and "
            f"FLAME has {most_shape} and {most_expression}",
        )
    raise MismatchError(
        f"'{path}' has {n_shape} shapes and {n_expression} expressions, and the head file has "
        f"{most_shape} and {most_expression}.",
        "Name the FLAME file that its program used.",
    )


def _table(
    path: Path,
    arrays: Arrays,
    names: tuple[str, ...],
    n_rows: int | None = None,
    width: int | None = None,
    *,
    alone: bool = False,
) -> FloatArray | None:
    """(T, K) numbers of the first array that there is; one row stands for all, unless `alone`."""
    name = next((one for one in names if one in arrays), None)
    if name is None:
        return None
    array = arrays[name]
    if array.dtype.kind not in "fiu" or not 0 < array.ndim <= 4 or not array.size:
        raise unusable(path, f"its '{name}' is no table of numbers")
    n = 1 if array.ndim == 1 else len(array)
    rows = array.reshape(n, -1).astype(np.float64)
    if n_rows not in (None, n) and n != 1:
        raise unusable(path, f"its '{name}' has {n} rows where its expressions have {n_rows}")
    if width not in (None, rows.shape[1]):
        raise unusable(path, f"its '{name}' has {rows.shape[1]} numbers a frame instead of {width}")
    return rows if n_rows is None or alone else np.broadcast_to(rows, (n_rows, rows.shape[1]))


def _times(
    path: Path, arrays: Arrays, frames: FloatArray | None, n_rows: int, fps: float | None
) -> Times:
    seconds = next((arrays[name] for name in SECONDS if name in arrays), None)
    if seconds is not None and seconds.size == n_rows and seconds.dtype.kind in "fiu":
        return stated_times(path, seconds.reshape(-1).astype(np.float64))
    stated = arrays.get(FPS[0])
    if fps is None and stated is not None and stated.size == 1 and stated.dtype.kind in "fiu":
        own = float(stated.reshape(-1)[0])
        fps = own if math.isfinite(own) and own > 0.0 else None
    return counted_times(path, frames, n_rows, fps)


def _matrices(path: Path, name: str, columns: FloatArray) -> FloatArray:
    """(T, 3, 3) turns of columns in any of the forms."""
    width = columns.shape[1]
    if width == 3:
        return vector_matrices(columns)
    if width == 6:
        return sixd_matrices(columns)
    if width == 9:
        return columns.reshape(-1, 3, 3)
    raise unusable(path, f"its {name} has {width} numbers a frame, which are no turn")


def _vectors(path: Path, name: str, columns: FloatArray) -> FloatArray:
    """(T, 3) rotation vectors of columns in any of the forms; vectors stay as they are."""
    if columns.shape[1] == 3:
        return columns
    return matrix_vectors(_matrices(path, name, columns))


def _rotation_and_jaw(
    path: Path, arrays: Arrays, n_rows: int
) -> tuple[FloatArray | None, FloatArray | None]:
    """(T, 3) turns of the head, the neck's put behind it, and of the jaw; None for what is not."""
    rotation = _table(path, arrays, ROTATION, n_rows)
    neck = _table(path, arrays, NECK, n_rows)
    jaw = _table(path, arrays, JAW, n_rows)
    pose = _table(path, arrays, POSE, n_rows)
    if pose is not None:
        rotation = pose[:, :3] if rotation is None else rotation
        parts = {6: (None, pose[:, 3:6]), 15: (pose[:, 3:6], pose[:, 6:9])}
        own_neck, own_jaw = parts.get(pose.shape[1], (None, None))
        neck = own_neck if neck is None else neck
        jaw = own_jaw if jaw is None else jaw
    if rotation is not None:
        rotation = _vectors(path, "rotation", rotation)
        if neck is not None and np.any(neck):
            both = vector_matrices(rotation) @ _matrices(path, "neck", neck)
            rotation = matrix_vectors(both)
    return rotation, None if jaw is None else _vectors(path, "jaw", jaw)


def _gaze(path: Path, arrays: Arrays, n_rows: int) -> FloatArray | None:
    """(T, 2, 2) where the eyes' turns, the subject's left eye's first, take their line of sight."""
    eyes = _table(path, arrays, EYES, n_rows)
    if eyes is None:
        return None
    if eyes.shape[1] % 2:
        raise unusable(path, "its eyes are no two turns a frame")
    half = eyes.shape[1] // 2
    sides = (eyes[:, :half], eyes[:, half:])
    ahead = [_matrices(path, "eyes", side)[:, :, 2] for side in sides]
    return look_angles(np.stack(ahead, axis=1))
