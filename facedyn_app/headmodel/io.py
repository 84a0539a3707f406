"""The head file: one `.npz`, format version 1, read without executing anything in it."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facedyn_app.assets import model_file, sha256_of
from facedyn_app.errors import InputError
from facedyn_app.files import atomic_file
from facedyn_app.headmodel.model import JAW, HeadModel, LandmarkEmbedding

FORMAT, VERSION = "facedyn-head", 1
_BUILT_IN = {"open-head-1": "open_head.npz"}
_SHAPES = {
    "v_template": ("V", 3),
    "faces": ("F", 3),
    "shapedirs": ("V", 3, "S"),
    "exprdirs": ("V", 3, "E"),
    "posedirs": ("V", 3, "P"),
    "J_regressor": ("J", "V"),
    "parents": ("J",),
    "weights": ("V", "J"),
    "expression_names": ("E",),
    "joint_names": ("J",),
}
_LANDMARK_SHAPES = {
    "landmark_index": ("L",),
    "landmark_face": ("L",),
    "landmark_bary": ("L", 3),
    "landmark_weight": ("L",),
}
_REGION_SHAPES = {"vertex_region": ("V",)}
_TEXTS = ("expression_names", "joint_names")
_WHOLE_NUMBERS = ("faces", "parents", "landmark_index", "landmark_face", "vertex_region")
_HINT = "Choose a head file made by facedyn, or the built-in head."

Arrays = dict[str, npt.NDArray[Any]]


def list_heads() -> tuple[str, ...]:
    """The ids of the heads that come with the program."""
    return tuple(_BUILT_IN)


def load_head(path_or_id: str | Path) -> HeadModel:
    """Read a head that is built in, or a head file of the user's.

    Args:
        path_or_id: An id of `list_heads`, or the path of a head file.

    Raises:
        InputError: There is no such head, or the file is no usable head file.
    """
    built_in = _BUILT_IN.get(str(path_or_id))
    path = model_file(built_in) if built_in else Path(path_or_id)
    if not path.is_file():
        raise InputError(
            f"There is no head '{path_or_id}': neither a built-in head nor a file.",
            f"Built in: {', '.join(list_heads())}.",
        )
    arrays = _read_arrays(path)
    meta = _check_meta(arrays, path)
    _check_arrays(arrays, path)
    return _head_from_arrays(arrays, meta, sha256_of(path))


def save_head(head: HeadModel, path: Path) -> None:
    """Write a head file, by a temporary name, so that no half-written file is left behind.

    The same head gives the same bytes.

    Raises:
        OutputError: The file cannot be written there.
    """
    meta = {
        **head.meta,
        "format": FORMAT,
        "version": VERSION,
        "head_id": head.head_id,
        "activations": head.activations,
    }
    arrays: Arrays = {
        "v_template": _float32(head.v_template),
        "faces": np.asarray(head.faces, dtype=np.int32),
        "shapedirs": _float32(head.shapedirs),
        "exprdirs": _float32(head.exprdirs),
        "posedirs": _float32(head.posedirs),
        "J_regressor": _float32(head.J_regressor),
        "parents": np.asarray(head.parents, dtype=np.int32),
        "weights": _float32(head.weights),
        "expression_names": np.asarray(head.expression_names, dtype=np.str_),
        "joint_names": np.asarray(head.joint_names, dtype=np.str_),
        "meta": np.asarray(json.dumps(meta, sort_keys=True, ensure_ascii=True)),
    }
    if head.landmarks is not None:
        arrays["landmark_index"] = np.asarray(head.landmarks.index, dtype=np.int32)
        arrays["landmark_face"] = np.asarray(head.landmarks.face, dtype=np.int32)
        arrays["landmark_bary"] = _float32(head.landmarks.bary)
        arrays["landmark_weight"] = _float32(head.landmarks.weight)
    if head.region is not None:
        arrays["vertex_region"] = np.asarray(head.region, dtype=np.uint8)
    _write_arrays(arrays, path)


def _float32(array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(array, dtype=np.float32)


def _write_arrays(arrays: Arrays, path: Path) -> None:
    """Write an npz whose bytes depend on the arrays alone: numpy's would carry the time."""
    with atomic_file(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, buffer.getvalue(), compresslevel=9)


def _read_arrays(path: Path) -> Arrays:
    try:
        # Opened here, for numpy leaves the file open when it turns out to be no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"The file '{path}' is not a head file or is damaged.", _HINT) from error


def _check_meta(arrays: Arrays, path: Path) -> Mapping[str, Any]:
    """The meta record, after checking that it is a head's and not newer than this program."""
    try:
        meta = json.loads(str(arrays["meta"]))
        form, version = meta["format"], int(meta["version"])
        complete = isinstance(meta["head_id"], str) and isinstance(meta["activations"], bool)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"The file '{path}' is not a head file: no usable 'meta'.", _HINT
        ) from error
    if form != FORMAT or not complete:
        raise InputError(f"The file '{path}' is not a head file: its format is '{form}'.", _HINT)
    if version > VERSION:
        raise InputError(
            f"The head file '{path}' has version {version}; this program reads up to {VERSION}.",
            "Install a newer version of facedyn.",
        )
    return dict(meta)


def _check_arrays(arrays: Arrays, path: Path) -> None:
    """Check presence, shapes, finiteness and that all numbers of things point somewhere.

    Raises:
        InputError: Naming the file and the array.
    """
    sizes: dict[str, int] = {}
    _check_shapes(arrays, _SHAPES, sizes, path)
    if any(name in arrays for name in _LANDMARK_SHAPES):
        _check_shapes(arrays, _LANDMARK_SHAPES, sizes, path)
    if "vertex_region" in arrays:
        _check_shapes(arrays, _REGION_SHAPES, sizes, path)
    if sizes["P"] != 9 * (sizes["J"] - 1):
        raise InputError(f"'posedirs' in '{path}' does not fit its number of joints.", _HINT)
    _check_range(arrays, "faces", 0, sizes["V"], path)
    if "landmark_face" in arrays:
        _check_range(arrays, "landmark_face", 0, sizes["F"], path)
    parents = arrays["parents"]
    if parents[0] != -1 or not np.all(
        (parents[1:] >= 0) & (parents[1:] < np.arange(1, len(parents)))
    ):
        raise InputError(f"'parents' in '{path}' is not a tree with its root first.", _HINT)
    if JAW not in arrays["joint_names"].tolist():
        raise InputError(f"The head in '{path}' has no joint named '{JAW}'.", _HINT)


def _check_shapes(
    arrays: Arrays,
    shapes: Mapping[str, tuple[str | int, ...]],
    sizes: dict[str, int],
    path: Path,
) -> None:
    """Check each array against its pattern, a letter standing for one size everywhere."""
    for name, pattern in shapes.items():
        if name not in arrays:
            raise InputError(f"The head file '{path}' lacks the array '{name}'.", _HINT)
        array = arrays[name]
        _check_kind(name, array, path)
        fits = array.ndim == len(pattern) and all(
            size == (sizes.setdefault(axis, size) if isinstance(axis, str) else axis)
            for axis, size in zip(pattern, array.shape, strict=True)
        )
        if not fits:
            raise InputError(
                f"The array '{name}' in '{path}' has the shape {array.shape}, "
                f"which does not fit the others.",
                _HINT,
            )


def _check_kind(name: str, array: npt.NDArray[Any], path: Path) -> None:
    """Check that text is text, counts are whole numbers and the rest finite numbers."""
    wanted = "U" if name in _TEXTS else "iu" if name in _WHOLE_NUMBERS else "f"
    if array.dtype.kind not in wanted:
        raise InputError(f"The array '{name}' in '{path}' has the wrong type.", _HINT)
    if wanted == "f" and not np.isfinite(array).all():
        raise InputError(f"The array '{name}' in '{path}' has values that are not numbers.", _HINT)


def _check_range(arrays: Arrays, name: str, low: int, high: int, path: Path) -> None:
    array = arrays[name]
    if array.size and (array.min() < low or array.max() >= high):
        raise InputError(f"The array '{name}' in '{path}' points past the mesh.", _HINT)


def _head_from_arrays(arrays: Arrays, meta: Mapping[str, Any], sha256: str) -> HeadModel:
    landmarks = None
    if "landmark_index" in arrays:
        landmarks = LandmarkEmbedding(
            index=arrays["landmark_index"],
            face=arrays["landmark_face"],
            bary=arrays["landmark_bary"],
            weight=arrays["landmark_weight"],
        )
    own = ("format", "version", "head_id", "activations")
    return HeadModel(
        head_id=meta["head_id"],
        v_template=arrays["v_template"],
        faces=arrays["faces"],
        shapedirs=arrays["shapedirs"],
        exprdirs=arrays["exprdirs"],
        posedirs=arrays["posedirs"],
        J_regressor=arrays["J_regressor"],
        parents=arrays["parents"],
        weights=arrays["weights"],
        expression_names=tuple(str(name) for name in arrays["expression_names"]),
        joint_names=tuple(str(name) for name in arrays["joint_names"]),
        activations=meta["activations"],
        landmarks=landmarks,
        region=arrays.get("vertex_region"),
        sha256=sha256,
        meta={key: value for key, value in meta.items() if key not in own},
    )
