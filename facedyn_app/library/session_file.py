"""The session file, format 1: numpy arrays and a JSON string, nothing in it executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.events import Events
from facedyn_app.files import atomic_file, open_plain
from facedyn_app.library.session_meta import info_from_json, info_to_json
from facedyn_app.npz import Opened, read_npz
from facedyn_app.records import (
    INVALID_REASONS,
    LARGEST,
    BoolArray,
    ByteArray,
    FloatArray,
    Motion,
    Session,
    SessionInfo,
    ShapeCertainty,
)

Array = np.ndarray[Any, Any]

_AXES: dict[str, tuple[str, ...]] = {
    "seconds": ("T",),
    "valid": ("T",),
    "expression": ("T", "E"),
    "expression_names": ("E",),
    "jaw": ("T", "3"),
    "rotation": ("T", "3"),
    "translation": ("T", "3"),
    "shape": ("S",),
    "shape_chunks": ("C", "S"),
    "shape_chunk_seconds": ("C",),
    "error_px": ("T",),
    "face_px": ("T",),
}
_REASON, _GAZE, _REPEATED = "invalid_reason", "gaze", "repeated"
_POSTERIOR, _SCATTER = "shape_covariance", "shape_scatter"
ROUNDING = 1e-4
"""By which covariances in single precision may be off."""
_MOST: dict[str, float] = {
    "confidence": 1.0, "sharpness": 8.0, "brightness": 1.0, "left_eye_contrast": 4.0,
    "right_eye_contrast": 4.0, "light_ratio": 45.0,
}  # fmt: skip
"""The largest number that each may have in a frame; none is below 0. A Laplacian amplifies by 8;
logarithms of brightness lie within 3.8, so a ratio is less than 45."""
_MAYBE: dict[str, type[np.generic]] = {
    _REASON: np.uint8,
    _GAZE: np.float32,
    _REPEATED: np.bool_,
    **dict.fromkeys(_MOST, np.float32),
}
"""What not every session says of its frames, and as what it is kept."""
_MOTION = ("seconds", "expression", "jaw", "rotation", "translation")
"""Numbers of the motion; beside them stand whether a frame is valid, the names and the gaze."""
_ALWAYS_MEASURED = ("expression", "jaw")
_MEASURED_OR_NOT = ("rotation", "translation", "error_px", "face_px")
"""What other programs do not all measure: NaN in every frame, or in none that is valid."""
_KINDS = {"valid": "b", "expression_names": "U"}
_NUMBERS = "fiu"
_FARTHEST_S = 1e10
_SLOWEST_S = 100.0
"""Between two frames, in the middle; where they are rarer nothing is known of the motion."""
_LONGEST = {"S": 2000, "E": 20_000}
"""Shapes and expressions; heads have hundreds."""
_HINT = "Make the file again from its video with 'facedyn fit'."


def save_session(session: Session, path: Path) -> None:
    """Write a session file; it appears whole or not at all.

    Args:
        session: The session; `info.further` must be what JSON can hold.
        path: The file, usually `*.npz`; an older file there is replaced.

    Raises:
        OutputError: The file cannot be written there.
    """
    with atomic_file(path) as file:
        write_session(session, file)


def write_session(session: Session, file: BinaryIO) -> None:
    """Write a session into a file that is open."""
    motion = session.motion
    arrays = {
        name: np.asarray(getattr(motion if name in ("valid", *_MOTION) else session, name))
        for name in _AXES
        if name != "expression_names"
    }
    arrays["expression_names"] = np.array(motion.names, dtype=np.str_)
    for name, kind in _MAYBE.items():
        if (values := getattr(motion if name == _GAZE else session, name)) is not None:
            arrays[name] = np.asarray(values, kind)
    if (certainty := session.shape_certainty) is not None:
        arrays[_POSTERIOR] = np.asarray(certainty.posterior, np.float32)
        arrays[_SCATTER] = np.asarray(certainty.scatter, np.float32)
    arrays["meta"] = np.array(info_to_json(session.info, session.events))
    np.savez(file, allow_pickle=False, **arrays)


def load_session(path: Path, opened: Opened = open_plain) -> Session:
    """Read a session file and check all of it.

    Args:
        path: The file.
        opened: Opens it to read from; those of a protected library are sealed.

    Returns:
        The session: times float64, the other numbers float32; expression, jaw, rotation and
        translation NaN in frames that are not valid.

    Raises:
        InputError: The file is missing, damaged, of another kind or version, or holds what
            cannot be; the sentence names the file and the reason.
    """
    try:
        optional = (*_AXES, *_MAYBE, _POSTERIOR, _SCATTER)
        arrays = read_npz(path, required=("meta",), optional=optional, opened=opened)
        info, events = _checked_info(arrays.pop("meta"))
        _check_axes(arrays)
        return replace(_session(arrays, info), events=events)
    except ValueError as error:
        raise InputError(f"The session file '{path}' cannot be used: {error}.", _HINT) from error


def _checked_info(stored: Array) -> tuple[SessionInfo, Events]:
    if stored.dtype.kind != "U" or stored.ndim:
        raise ValueError("its 'meta' is not a text")
    return info_from_json(str(stored[()]))


def _check_axes(arrays: Mapping[str, Array]) -> None:
    """Check that every array is there, of its kind, and that equal axes have equal lengths."""
    lengths = {"3": 3}
    for name, axes in _AXES.items():
        if name not in arrays:
            raise ValueError(f"it has no '{name}'")
        array = arrays[name]
        if array.dtype.kind not in _KINDS.get(name, _NUMBERS):
            raise ValueError(f"'{name}' holds {array.dtype} values")
        if array.ndim != len(axes):
            raise ValueError(f"'{name}' has {array.ndim} axes instead of {len(axes)}")
        for axis, length in zip(axes, array.shape, strict=True):
            if lengths.setdefault(axis, length) != length:
                raise ValueError(f"'{name}' has {length} values where {lengths[axis]} are needed")
    _check_lengths(lengths)


def _check_lengths(lengths: Mapping[str, int]) -> None:
    if lengths["T"] == 0:
        raise ValueError("it has no frames")
    for axis, most in _LONGEST.items():
        if lengths[axis] > most:
            raise ValueError(f"it has {lengths[axis]:,} numbers where no head has over {most:,}")


def _session(arrays: Mapping[str, Array], info: SessionInfo) -> Session:
    valid = arrays["valid"]
    numbers = {name: _floats(arrays[name], name) for name in _AXES if name not in _KINDS}
    _check_times(numbers["seconds"], "seconds")
    _check_rate(numbers["seconds"])
    _check_times(numbers["shape_chunk_seconds"], "shape_chunk_seconds")
    for name in (*_ALWAYS_MEASURED, *_MEASURED_OR_NOT):
        values = numbers[name][valid]
        unmeasured = name in _MEASURED_OR_NOT and bool(np.isnan(values).all())
        if not unmeasured and not np.isfinite(values).all():
            raise ValueError(f"'{name}' is not finite in a frame that is marked as valid")
    if valid.any() and not np.isfinite(numbers["shape"]).all():
        raise ValueError("'shape' is not finite")
    if np.isinf(numbers["shape_chunks"]).any():
        raise ValueError("'shape_chunks' is infinite")
    for name in LARGEST.keys() & numbers.keys():
        _check_range(name, numbers[name][valid] if _AXES[name][0] == "T" else numbers[name])
    for name in _MOTION[1:]:
        numbers[name][~valid] = np.nan
    names = tuple(str(name) for name in arrays["expression_names"])
    "".join(names).encode("utf-8")  # half a letter is none, and a UnicodeError a ValueError
    if len(set(names)) != len(names):
        raise ValueError("two expression channels have the same name")
    checks: dict[str, Callable[[Array, Array], Array]] = {
        **{name: partial(_checked_measure, name) for name in _MOST},
        _REASON: _checked_reason,
        _GAZE: _checked_gaze,
        _REPEATED: _checked_repeated,
    }
    given = {name: check(arrays[name], valid) for name, check in checks.items() if name in arrays}
    motion = Motion(
        valid=valid,
        names=names,
        gaze=given.pop(_GAZE, None),
        **{name: numbers.pop(name) for name in _MOTION},
    )
    every: dict[str, Any] = {**numbers, **given}
    return Session(
        motion=motion,
        info=info,
        shape_certainty=_checked_certainty(arrays, arrays["shape"].shape[0]),
        **every,
    )


def _checked_reason(reason: Array, valid: Array) -> ByteArray:
    """Why frames are not valid."""
    if reason.dtype != np.uint8 or reason.shape != valid.shape:
        raise ValueError(f"'{_REASON}' is no byte for each frame")
    if (reason >= len(INVALID_REASONS)).any() or ((reason == 0) != valid).any():
        raise ValueError(f"'{_REASON}' does not go with 'valid'")
    return reason


def _checked_gaze(gaze: Array, valid: Array) -> FloatArray:
    """Where the eyes look."""
    if gaze.dtype.kind not in _NUMBERS or gaze.shape != (len(valid), 2, 2):
        raise ValueError(f"'{_GAZE}' is no two angles of two eyes for each frame")
    angles = _floats(gaze, _GAZE)
    if not np.isfinite(angles[valid]).all():
        raise ValueError(f"'{_GAZE}' is not finite in a frame that is marked as valid")
    _check_range(_GAZE, angles[valid])
    angles[~valid] = np.nan
    return angles


def _checked_repeated(repeated: Array, valid: Array) -> BoolArray:
    """Which pictures came twice."""
    if repeated.dtype != np.bool_ or repeated.shape != valid.shape:
        raise ValueError(f"'{_REPEATED}' is no truth value for each frame")
    return repeated


def _checked_certainty(arrays: Mapping[str, Array], n_shape: int) -> ShapeCertainty | None:
    """How sure the shape is, if the file says so.

    Sessions of earlier versions do not say by what their shape scatters within a person: it is
    taken as all that the posterior leaves, `P - P P`, that person's own included.
    """
    if _POSTERIOR not in arrays:
        return None
    posterior = _checked_covariance(arrays[_POSTERIOR], _POSTERIOR, n_shape)
    if np.linalg.eigvalsh(posterior.astype(np.float64)).min(initial=1.0) <= 0.0:
        raise ValueError(f"'{_POSTERIOR}' is not positive definite")
    if _SCATTER not in arrays:
        return ShapeCertainty.of(posterior)
    scatter = _checked_covariance(arrays[_SCATTER], _SCATTER, n_shape)
    if np.linalg.eigvalsh(scatter.astype(np.float64)).min(initial=0.0) < -ROUNDING:
        raise ValueError(f"'{_SCATTER}' is no covariance")
    return ShapeCertainty(posterior, scatter)


def _checked_covariance(covariance: Array, name: str, n_shape: int) -> FloatArray:
    if covariance.dtype.kind not in _NUMBERS or covariance.shape != (n_shape, n_shape):
        raise ValueError(f"'{name}' is no number for each two shape coefficients")
    values = _floats(covariance, name)
    if not np.isfinite(values).all() or not np.allclose(values, values.T, atol=ROUNDING):
        raise ValueError(f"'{name}' is not symmetric")
    return values


def _checked_measure(name: str, values: Array, valid: Array) -> FloatArray:
    """A number of 0 or more for each frame, not a number where it was not measured."""
    if values.dtype.kind not in _NUMBERS or values.shape != valid.shape:
        raise ValueError(f"'{name}' is no number for each frame")
    checked = _floats(values, name)
    most = _MOST[name]
    if not (np.isnan(checked) | (checked >= 0.0) & (checked <= most)).all():
        raise ValueError(f"'{name}' is not between 0 and {most:g}")
    return checked


def _floats(array: Array, name: str) -> FloatArray:
    dtype = np.float64 if name.endswith("seconds") else np.float32
    with np.errstate(over="ignore"):  # what overflows becomes infinite and is refused as such
        return np.array(array, dtype=dtype)


def _check_range(name: str, values: FloatArray) -> None:
    """Check that no number is beyond what any face has; what is not measured is not looked at."""
    if (np.abs(values) > LARGEST[name]).any():
        raise ValueError(f"'{name}' is beyond {LARGEST[name]:.4g}, which no face reaches")


def _check_times(seconds: FloatArray, name: str) -> None:
    if not np.isfinite(seconds).all():
        raise ValueError(f"'{name}' is not finite")
    if (np.abs(seconds) > _FARTHEST_S).any():
        raise ValueError(f"'{name}' is beyond any recording's times")
    if np.any(np.diff(seconds) < 0):
        raise ValueError(f"the times in '{name}' do not ascend")


def _check_rate(seconds: FloatArray) -> None:
    """Check that frames follow each other as those of a recording do."""
    step_s = float(np.median(np.diff(seconds))) if len(seconds) > 1 else 0.0
    if step_s > _SLOWEST_S:
        raise ValueError(f"it has a frame every {step_s:.4g} s only, which shows no motion")
