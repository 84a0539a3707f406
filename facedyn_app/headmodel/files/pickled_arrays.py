"""Arrays out of what a pickle describes: numpy's, scipy's sparse matrices, chumpy's variables.

Each is put together here from its bytes, with every number checked; no code of the libraries
that wrote the file takes part. All arrays together may hold no more bytes than the file has.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeGuard

import numpy as np
import numpy.typing as npt

from facedyn_app.errors import InputError
from facedyn_app.files import open_plain
from facedyn_app.headmodel.files.restricted_pickle import (
    CHUMPY,
    DTYPE,
    ENCODE,
    FROM_BUFFER,
    RECONSTRUCT,
    SCALAR,
    SPARSE,
    Call,
    RefusedError,
    describe,
)
from facedyn_app.records import FloatArray, IntArray

MAX_BYTES = 2**29
"""A FLAME file has 53 MB."""
_NUMBERS = re.compile(r"[<>=|]?(b1|[iu][1248]|f[248])")
_MAX_AXES = 4
_ORDERS: dict[str, Literal["<", ">", "="]] = {"<": "<", ">": ">", "=": "=", "|": "="}

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class SparseMatrix:
    """A matrix of which only the entries that are not 0 are listed.

    Attributes:
        shape: Rows and columns.
        rows: (N,) row of each entry, within the shape.
        columns: (N,) column of each entry, within the shape.
        values: (N,) entries; those at the same place add up.
    """

    shape: tuple[int, int]
    rows: IntArray
    columns: IntArray
    values: FloatArray

    def dense(self) -> FloatArray:
        """The whole matrix. Look at `shape` before: it says how much memory that takes."""
        whole = np.zeros(self.shape, dtype=self.values.dtype)
        np.add.at(whole, (self.rows, self.columns), self.values)
        return whole


def read_pickled(
    path: Path, names: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, Array | SparseMatrix]:
    """The named arrays of a pickled dictionary, nothing in the file executed.

    Args:
        path: The file.
        names: Arrays without which it is refused.
        optional: Arrays that are read where they are there.

    Raises:
        InputError: The file is missing or cannot be opened.
        ValueError: The file is no such pickle, is damaged, lacks an array or holds what is
            refused; says why, without the file's name.
    """
    try:
        with open_plain(path) as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise RefusedError(f"it is larger than {MAX_BYTES >> 20} MiB, far more than FLAME")
            content = file.read()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise InputError(f"The file '{path}' cannot be opened: {reason}.") from error
    stored = describe(content)
    if not isinstance(stored, dict):
        raise ValueError("it holds no dictionary of arrays")  # noqa: TRY004 (of the file)
    maker = _Maker(len(content))
    found = {}
    for name in names:
        if name not in stored:
            raise ValueError(f"it has no '{name}'")
        found[name] = maker.named(name, stored[name])
    found |= {name: maker.named(name, stored[name]) for name in optional if name in stored}
    return found


class _Maker:
    """Makes arrays from descriptions until the file's size is used up."""

    def __init__(self, n_bytes: int) -> None:
        self._left = n_bytes
        self._made: dict[int, Array] = {}  # by the address of a description, which is kept alive

    def named(self, name: str, described: object) -> Array | SparseMatrix:
        try:
            if isinstance(described, Call) and described.kind in SPARSE:
                return self._sparse(described)
            if _is_call(described, CHUMPY):
                described = _chumpy_values(described)
            return self._array(described)
        except RefusedError as error:
            raise ValueError(f"its '{name}' {error}") from error
        except (TypeError, LookupError, ValueError, OverflowError) as error:
            raise ValueError(f"its '{name}' is no sound array") from error

    def _array(self, described: object) -> Array:
        if id(described) in self._made:
            return self._made[id(described)]
        if _is_call(described, FROM_BUFFER):
            array = self._from_buffer(*described.args)
        elif _is_call(described, RECONSTRUCT) and isinstance(described.state, tuple):
            _, shape, dtype, fortran, raw = described.state
            array = self._filled(raw, _dtype(dtype), self._shape(shape), fortran=bool(fortran))
        else:
            raise RefusedError("is no array of numbers")
        self._made[id(described)] = array
        return array

    def _from_buffer(
        self, raw: object, dtype: object, shape: object, order: object, axes: object = None
    ) -> Array:
        """An array of pickle protocol 5; of order "K" it is stored with its axes moved."""
        if order not in ("C", "F", "K"):
            raise ValueError
        array = self._filled(raw, _dtype(dtype), self._shape(shape), fortran=order == "F")
        return array if axes is None else array.transpose(self._shape(axes))

    def _filled(
        self, raw: object, dtype: np.dtype[Any], shape: tuple[int, ...], *, fortran: bool = False
    ) -> Array:
        content = _bytes(raw)
        if len(content) != math.prod(shape) * dtype.itemsize:
            raise RefusedError(
                f"holds {len(content)} bytes, which are no {dtype.name} array of shape {shape}"
            )
        self._left -= len(content)
        if self._left < 0:
            raise RefusedError("would take more memory than the file has bytes")
        # a bytearray, so that the array can be written to
        array = np.frombuffer(content, dtype=dtype)
        shaped = array.reshape(shape, order="F" if fortran else "C")
        return shaped.astype(dtype.newbyteorder("="), copy=False)

    def _shape(self, described: object) -> tuple[int, ...]:
        sizes = tuple(self._whole(size) for size in _tuple(described))
        if len(sizes) > _MAX_AXES or any(not 0 <= size < 2**32 for size in sizes):
            raise RefusedError("has a shape that no array of a head has")
        return sizes

    def _whole(self, described: object) -> int:
        if _is_call(described, SCALAR):
            dtype, raw = described.args
            described = self._filled(raw, _dtype(dtype), ()).item()
        if not isinstance(described, int):
            raise TypeError
        return described

    def _sparse(self, described: Call) -> SparseMatrix:
        state = described.state
        if not isinstance(state, dict):
            raise TypeError
        shape = self._shape(state.get("_shape", state.get("shape")))
        n_rows, n_columns = shape
        values = self._vector(state, "data", "f")
        if described.kind == "coo":
            pairs = state["coords"] if "coords" in state else (state["row"], state["col"])
            rows, columns = (self._vector({"at": at}, "at", "iu") for at in _tuple(pairs))
        else:
            by_column = described.kind == "csc"
            inner = self._vector(state, "indices", "iu")
            outer = self._outer(state, n_columns if by_column else n_rows, len(inner))
            rows, columns = (inner, outer) if by_column else (outer, inner)
        if not len(values) == len(rows) == len(columns):
            raise RefusedError("is a sparse matrix with as many places as it has no entries for")
        if not (_within(rows, n_rows) and _within(columns, n_columns)):
            raise RefusedError("is a sparse matrix with entries outside of it")
        return SparseMatrix((n_rows, n_columns), rows, columns, values)

    def _outer(self, state: Mapping[object, object], n: int, n_entries: int) -> IntArray:
        """(N,) the compressed axis of each entry, from where each of its n lines begins."""
        begins = self._vector(state, "indptr", "iu").astype(np.int64)
        steps = np.diff(begins)
        sound = len(begins) == n + 1 and begins[0] == 0 and begins[-1] == n_entries
        if not sound or np.any(steps < 0):
            raise RefusedError("is a sparse matrix whose index does not ascend to its end")
        return np.repeat(np.arange(n), steps)

    def _vector(self, state: Mapping[object, object], name: str, kinds: str) -> Array:
        array = self._array(state[name])
        if array.ndim != 1 or array.dtype.kind not in kinds:
            raise TypeError
        return array


def _is_call(described: object, kind: str) -> TypeGuard[Call]:
    return isinstance(described, Call) and described.kind == kind


def _chumpy_values(described: Call) -> object:
    """The array of a chumpy variable: its state's `x`."""
    if not isinstance(described.state, dict) or "x" not in described.state:
        raise RefusedError("is a chumpy variable without its values")
    return described.state["x"]


def _tuple(described: object) -> tuple[object, ...]:
    if not isinstance(described, tuple):
        raise TypeError
    return described


def _within(places: IntArray, n: int) -> bool:
    return not len(places) or bool(places.min() >= 0 and places.max() < n)


def _dtype(described: object) -> np.dtype[Any]:
    """The type of an array's numbers; anything but numbers is refused."""
    if not _is_call(described, DTYPE):
        raise TypeError
    code = bytes(_bytes(described.args[0])).decode("latin-1")
    if code.lstrip("<>=|").startswith("O"):
        raise RefusedError("holds Python objects, which are never read")
    if not _NUMBERS.fullmatch(code):
        raise RefusedError("holds no numbers")
    dtype = np.dtype(code)
    if described.state is None:
        return dtype
    order = bytes(_bytes(_tuple(described.state)[1])).decode("latin-1")
    return dtype.newbyteorder(_ORDERS[order])


def _bytes(described: object) -> bytearray:
    """The bytes of a string: Python 2's, Python 3's, or Python 3's for readers in Python 2."""
    if _is_call(described, ENCODE):
        text, coding = described.args
        if coding not in ("latin1", "latin-1"):
            raise ValueError
        described = text
    if isinstance(described, str):
        return bytearray(described, "latin-1")
    if isinstance(described, bytes | bytearray):
        return bytearray(described)
    raise TypeError
