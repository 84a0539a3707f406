"""FLAME files (Li et al. 2017), as its owners ship them or as an npz of the same arrays.

The files are not the program's to give away: users bring their own. Official ones are pickles
that Python 2 wrote; FLAME 2023 Open and re-saved ones may be newer. An npz conversion has the same
arrays by the same names, in metres: a model in other units is refused rather than guessed at,
since its directions may or may not have been scaled with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facedyn_app.files import sha256_of
from facedyn_app.headmodel.files.head_arrays import (
    WHOLE_NUMBERS,
    Pattern,
    check_range,
    check_rows_sum_to_one,
    check_shapes,
    check_tree,
)
from facedyn_app.headmodel.files.pickled_arrays import SparseMatrix, read_pickled
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.npz import read_npz
from facedyn_app.records import FloatArray, IntArray

N_SHAPE, N_EXPRESSION = 300, 100
JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")
FLAME_ARRAYS: Mapping[str, Pattern] = {
    "v_template": ("V", 3),
    "f": ("F", 3),
    "shapedirs": ("V", 3, N_SHAPE + N_EXPRESSION),
    "posedirs": ("V", 3, 9 * (len(JOINTS) - 1)),
    "J_regressor": (len(JOINTS), "V"),
    "kintree_table": (2, len(JOINTS)),
    "weights": ("V", len(JOINTS)),
}
"""The arrays of a FLAME file and their shapes: V vertices, F triangles."""

_KINDS = {"f": WHOLE_NUMBERS, "kintree_table": WHOLE_NUMBERS}
_LEAST_M, _MOST_M = 0.1, 0.6
_MOST_MOVE_M = 1.0
_LEAST_VERTICES = 4
_NO_PARENT = (-1, 2**32 - 1, 2**64 - 1)
_VERSIONS = {
    "efcd14cc4a69f3a3d9af8ded80146b5b6b50df3bd74cf69108213b144eba725b": "2020",
}
"""sha256 of `generic_model.pkl` as projects that check it give it; of others none is known."""
_VERSION_IN_NAME = re.compile(r"(?<!\d)(2017|2019|2020|2023)(?!\d)[ _-]?(open)?", re.IGNORECASE)
_UNKNOWN = "unknown version"
_OPEN_LICENCE = "CC-BY-4.0"
_LICENCE = "as agreed at registration with its owners (flame.is.tue.mpg.de)"

Arrays = Mapping[str, npt.NDArray[Any]]


def read_flame_pickle(path: Path) -> HeadModel:
    """Read an official FLAME file, or one saved again; nothing in it is executed.

    Raises:
        InputError: The file cannot be opened.
        ValueError: It is no FLAME file, is damaged or holds what cannot be; says why, without
            the file's name.
    """
    stored = read_pickled(path, FLAME_ARRAYS)
    return _head({name: _dense(name, array) for name, array in stored.items()}, path)


def read_flame_npz(path: Path) -> HeadModel:
    """Read an npz with the arrays of a FLAME file.

    Raises:
        InputError: The file cannot be opened.
        ValueError: It is no FLAME file, is damaged or holds what cannot be; says why, without
            the file's name.
    """
    return _head(read_npz(path, FLAME_ARRAYS, ()), path)


def _dense(name: str, array: npt.NDArray[Any] | SparseMatrix) -> npt.NDArray[Any]:
    if not isinstance(array, SparseMatrix):
        return array
    # a sparse matrix says itself how large it is, and a small file may say anything
    if name != "J_regressor" or array.shape[0] != len(JOINTS) or array.shape[1] > 2**24:
        raise ValueError(f"its '{name}' is a sparse matrix of shape {array.shape}")
    return array.dense()


def _head(arrays: Arrays, path: Path) -> HeadModel:
    """Check the arrays and put them together; floating point numbers keep their precision."""
    sizes: dict[str, int] = {}
    check_shapes(arrays, FLAME_ARRAYS, sizes, _KINDS)
    if sizes["V"] < _LEAST_VERTICES or sizes["F"] == 0:
        raise ValueError("its mesh is empty")
    check_range(arrays, "f", sizes["V"])
    check_rows_sum_to_one(arrays, "weights")
    check_rows_sum_to_one(arrays, "J_regressor")
    parents = _parents(arrays["kintree_table"])
    numbers = {name: _floats(arrays[name]) for name in FLAME_ARRAYS if name not in _KINDS}
    _check_size(numbers)
    _check_axes(numbers["J_regressor"] @ numbers["v_template"])
    sha256 = sha256_of(path)
    return HeadModel(
        head_id=f"flame{_VERSIONS.get(sha256, '')}-{sha256[:8]}",
        v_template=numbers["v_template"],
        faces=arrays["f"].astype(np.int32),
        shapedirs=np.ascontiguousarray(numbers["shapedirs"][:, :, :N_SHAPE]),
        exprdirs=np.ascontiguousarray(numbers["shapedirs"][:, :, N_SHAPE:]),
        posedirs=numbers["posedirs"],
        J_regressor=numbers["J_regressor"],
        parents=parents,
        weights=numbers["weights"],
        expression_names=tuple(f"expression_{number:03d}" for number in range(N_EXPRESSION)),
        joint_names=JOINTS,
        activations=False,
        sha256=sha256,
        meta=_meta(path.name, path.absolute().parent.name, sha256),
    )


def _floats(array: npt.NDArray[Any]) -> FloatArray:
    """Single or double precision as in the file, half as single; rows in order, native bytes."""
    wanted = np.promote_types(array.dtype.newbyteorder("="), np.float32)
    return np.ascontiguousarray(array, dtype=wanted)


def _parents(table: npt.NDArray[Any]) -> IntArray:
    """(J,) parents, -1 for the root, from rows of parents and of joint numbers."""
    if table[1].tolist() != list(range(len(JOINTS))):
        raise ValueError("its 'kintree_table' does not number the joints from 0")
    given = table[0].tolist()
    parents = np.array([-1 if n in _NO_PARENT else min(n, len(JOINTS)) for n in given], np.int32)
    check_tree("kintree_table", parents)
    return parents


def _check_size(numbers: Mapping[str, FloatArray]) -> None:
    """Check that the head has a head's size, and that no direction moves it out of the room."""
    with np.errstate(over="ignore"):  # what overflows is too large as well
        size = float(np.ptp(numbers["v_template"], axis=0).max())
    if not _LEAST_M <= size <= _MOST_M:
        raise ValueError(
            f"its head would be {size:.3g} m large; FLAME's numbers are metres "
            "(vertices and directions all in one unit)"
        )
    for name in ("shapedirs", "posedirs"):
        furthest = float(np.abs(numbers[name]).max())
        if furthest > _MOST_MOVE_M:
            raise ValueError(f"its '{name}' would move vertices by {furthest:.3g} m")


def _check_axes(joints: FloatArray) -> None:
    """Check that y is up, z out of the face and x to the subject's left, by neck and eyes."""
    neck, left, right = joints[1], joints[3], joints[4]
    eyes = (left + right) / 2
    if not (left[0] > right[0] and eyes[1] > neck[1] and eyes[2] > neck[2]):
        raise ValueError("its eyes are not where FLAME's are: the axes are not FLAME's")


def _meta(name: str, folder: str, sha256: str) -> Mapping[str, Any]:
    """What is known of a file: its version by its bytes, else by its own or its folder's name."""
    version = _VERSIONS.get(sha256, "")
    licence = _LICENCE
    if not version:
        found = _VERSION_IN_NAME.search(name) or _VERSION_IN_NAME.search(folder)
        if found:
            is_open = found[2] is not None
            version = f"{found[1]}{' Open' if is_open else ''}, by its name"
            licence = f"{_OPEN_LICENCE}, if it is what its name says" if is_open else _LICENCE
    return {
        "family": "FLAME",
        "version": version or _UNKNOWN,
        "licence": licence,
        "origin": f"the user's file {name}; FLAME, Max Planck Institute for Intelligent Systems",
        "simulated": False,
    }
