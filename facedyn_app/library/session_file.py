"""The session file, format 1: numpy arrays and a JSON string, nothing in it executed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.files import atomic_file
from facedyn_app.npz import read_npz
from facedyn_app.records import INVALID_REASONS, ByteArray, FloatArray, Session

FORMAT = "facedyn-session"
VERSION = 1

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
_REASON, _GAZE, _CONFIDENCE = "invalid_reason", "gaze", "confidence"
_PER_FRAME = ("expression", "jaw", "rotation", "translation", "error_px", "face_px")
_KINDS = {"valid": "b", "expression_names": "U"}
_NUMBERS = "fiu"
_HINT = "Make the file again from its video with 'facedyn fit'."


def save_session(session: Session, path: Path) -> None:
    """Write a session file; it appears whole or not at all.

    Args:
        session: The session; its `meta` must be what JSON can hold.
        path: The file, usually `*.npz`; an older file there is replaced.

    Raises:
        OutputError: The file cannot be written there.
    """
    meta = {**session.meta, "format": FORMAT, "version": VERSION}
    arrays = {name: np.asarray(getattr(session, name)) for name in _AXES}
    arrays["expression_names"] = np.array(session.expression_names, dtype=np.str_)
    if session.invalid_reason is not None:
        arrays[_REASON] = np.asarray(session.invalid_reason, np.uint8)
    if session.gaze is not None:
        arrays[_GAZE] = np.asarray(session.gaze, np.float32)
    if session.confidence is not None:
        arrays[_CONFIDENCE] = np.asarray(session.confidence, np.float32)
    arrays["meta"] = np.array(json.dumps(meta, allow_nan=False))
    with atomic_file(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_session(path: Path) -> Session:
    """Read a session file and check all of it.

    Returns:
        The session: times float64, the other numbers float32; expression, jaw, rotation and
        translation NaN in frames that are not valid; `meta` without `format` and `version`.

    Raises:
        InputError: The file is missing, damaged, of another kind or version, or holds what
            cannot be; the sentence names the file and the reason.
    """
    try:
        arrays = read_npz(path, required=("meta",), optional=(*_AXES, _REASON, _GAZE, _CONFIDENCE))
        meta = _checked_meta(arrays.pop("meta"))
        _check_axes(arrays)
        return _session(arrays, meta)
    except ValueError as error:
        raise InputError(f"The session file '{path}' cannot be used: {error}.", _HINT) from error


def _checked_meta(stored: np.ndarray[Any, Any]) -> dict[str, Any]:
    if stored.dtype.kind != "U" or stored.ndim:
        raise ValueError("its 'meta' is not a text")
    try:
        meta = json.loads(str(stored[()]))
    except (ValueError, RecursionError) as error:
        raise ValueError("its 'meta' is not JSON") from error
    if not isinstance(meta, dict) or meta.pop("format", None) != FORMAT:
        raise ValueError("it is no facedyn session")
    version = meta.pop("version", None)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError("it does not say its format's version")
    if version > VERSION:
        raise ValueError(
            f"it has session format {version} and this program reads up to {VERSION}; "
            "a newer facedyn is needed"
        )
    _check_meta_values(meta)
    return meta


def _check_meta_values(meta: Mapping[str, Any]) -> None:
    head_id, sha256 = meta.get("head_id"), meta.get("head_sha256")
    if not isinstance(head_id, str) or not head_id or not isinstance(sha256, str | None):
        raise ValueError("its 'meta' does not name the head model and its sha256")
    fps = meta.get("fps", 1.0)
    if not isinstance(fps, int | float) or isinstance(fps, bool) or not 0 < fps < 1e6:
        raise ValueError("the frame rate in its 'meta' is not a positive number")
    source = meta.get("source")
    if source is not None and not _is_source(source):
        raise ValueError("the source in its 'meta' has no name and sha256")


def _is_source(source: object) -> bool:
    return (
        isinstance(source, dict)
        and isinstance(source.get("name"), str)
        and isinstance(source.get("sha256"), str | None)
    )


def _check_axes(arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
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
    if lengths["T"] == 0:
        raise ValueError("it has no frames")


def _session(arrays: Mapping[str, np.ndarray[Any, Any]], meta: Mapping[str, Any]) -> Session:
    valid = arrays["valid"]
    numbers = {name: _floats(arrays[name], name) for name in _AXES if name not in _KINDS}
    _check_times(numbers["seconds"], "seconds")
    _check_times(numbers["shape_chunk_seconds"], "shape_chunk_seconds")
    for name in _PER_FRAME:
        if not np.isfinite(numbers[name][valid]).all():
            raise ValueError(f"'{name}' is not finite in a frame that is marked as valid")
    if valid.any() and not np.isfinite(numbers["shape"]).all():
        raise ValueError("'shape' is not finite")
    if np.isinf(numbers["shape_chunks"]).any():
        raise ValueError("'shape_chunks' is infinite")
    for name in ("expression", "jaw", "rotation", "translation"):
        numbers[name][~valid] = np.nan
    names = tuple(str(name) for name in arrays["expression_names"])
    if len(set(names)) != len(names):
        raise ValueError("two expression channels have the same name")
    return Session(
        valid=valid,
        expression_names=names,
        meta=meta,
        invalid_reason=_checked_reason(arrays.get(_REASON), valid),
        gaze=_checked_gaze(arrays.get(_GAZE), valid),
        confidence=_checked_confidence(arrays.get(_CONFIDENCE), len(valid)),
        **numbers,
    )


def _checked_reason(
    reason: np.ndarray[Any, Any] | None, valid: np.ndarray[Any, Any]
) -> ByteArray | None:
    """Why frames are not valid, if the file says so."""
    if reason is None:
        return None
    if reason.dtype != np.uint8 or reason.shape != valid.shape:
        raise ValueError(f"'{_REASON}' is no byte for each frame")
    if (reason >= len(INVALID_REASONS)).any() or ((reason == 0) != valid).any():
        raise ValueError(f"'{_REASON}' does not go with 'valid'")
    return reason


def _checked_gaze(
    gaze: np.ndarray[Any, Any] | None, valid: np.ndarray[Any, Any]
) -> FloatArray | None:
    """Where the eyes look, if the file says so."""
    if gaze is None:
        return None
    if gaze.dtype.kind not in _NUMBERS or gaze.shape != (len(valid), 2, 2):
        raise ValueError(f"'{_GAZE}' is no two angles of two eyes for each frame")
    angles = _floats(gaze, _GAZE)
    if not np.isfinite(angles[valid]).all():
        raise ValueError(f"'{_GAZE}' is not finite in a frame that is marked as valid")
    angles[~valid] = np.nan
    return angles


def _checked_confidence(
    confidence: np.ndarray[Any, Any] | None, n_frames: int
) -> FloatArray | None:
    """How surely there is a face, if the file says so."""
    if confidence is None:
        return None
    if confidence.dtype.kind not in _NUMBERS or confidence.shape != (n_frames,):
        raise ValueError(f"'{_CONFIDENCE}' is no number for each frame")
    checked = _floats(confidence, _CONFIDENCE)
    if not ((checked >= 0.0) & (checked <= 1.0)).all():
        raise ValueError(f"'{_CONFIDENCE}' is not between 0 and 1")
    return checked


def _floats(array: np.ndarray[Any, Any], name: str) -> FloatArray:
    dtype = np.float64 if name.endswith("seconds") else np.float32
    with np.errstate(over="ignore"):  # what overflows becomes infinite and is refused as such
        return np.array(array, dtype=dtype)


def _check_times(seconds: FloatArray, name: str) -> None:
    if not np.isfinite(seconds).all():
        raise ValueError(f"'{name}' is not finite")
    if np.any(np.diff(seconds) < 0):
        raise ValueError(f"the times in '{name}' do not ascend")
