"""FLAME-format files made by the tests, as Python 2 with chumpy and as Python 3 write them."""

from __future__ import annotations

import pickle
import struct
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from facedyn_app.headmodel.model import HeadModel

Arrays = dict[str, Any]
CHUMPY_ARRAYS = ("v_template", "shapedirs", "posedirs", "weights")
ROOT = 4294967295


def flame_arrays(head: HeadModel, seed: int = 0) -> Arrays:
    """A head's arrays as FLAME has them: 300 + 100 directions, all of them different."""
    rng = np.random.default_rng(seed)
    n = len(head.v_template)
    directions = 1e-4 * rng.normal(size=(n, 3, 400))
    directions[:, :, : head.n_shape] = head.shapedirs
    directions[:, :, 300 : 300 + head.n_expression] = head.exprdirs
    parents = [ROOT if parent < 0 else int(parent) for parent in head.parents]
    return {
        "v_template": np.asarray(head.v_template, np.float64),
        "f": np.asarray(head.faces, np.uint32),
        "shapedirs": directions,
        "posedirs": np.asarray(head.posedirs, np.float64),
        "J_regressor": np.asarray(head.J_regressor, np.float64),
        "kintree_table": np.array([parents, range(5)], np.uint32),
        "weights": np.asarray(head.weights, np.float64),
    }


def python2_pickle(arrays: Arrays) -> bytes:
    """The bytes that cPickle of Python 2 wrote for a FLAME model, protocol 2."""
    plain = [name for name in CHUMPY_ARRAYS if isinstance(arrays.get(name), np.ndarray)]
    items: Arrays = {name: Chumpy(arrays[name]) for name in plain}
    regressor = arrays.get("J_regressor")
    if regressor is not None:
        items["J_regressor"] = scipy.sparse.csc_matrix(regressor)
    content = {**arrays, **items, "bs_style": "lbs", "bs_type": "lrotmin", "note": "caf\u00e9"}
    return b"\x80\x02" + _python2(content) + b"."


class Chumpy:
    """A chumpy variable to write."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values


class Raw:
    """Pickle instructions to put in as they stand."""

    def __init__(self, instructions: bytes) -> None:
        self.instructions = instructions


def _python2(value: object) -> bytes:
    """Instructions that leave a value on the stack."""
    writers: list[tuple[Any, Callable[[Any], bytes]]] = [
        (Raw, lambda raw: raw.instructions),
        (str, _string),
        (bool, lambda flag: b"\x88" if flag else b"\x89"),
        (int, lambda n: b"J" + struct.pack("<i", n)),
        (type(None), lambda _: b"N"),
        (tuple, lambda values: b"(" + b"".join(map(_python2, values)) + b"t"),
        (dict, _dictionary),
        (np.ndarray, _array),
        (Chumpy, _chumpy),
        (scipy.sparse.csc_matrix, _csc),
    ]
    return next(write(value) for kind, write in writers if isinstance(value, kind))


def _string(text: str) -> bytes:
    content = text.encode("latin-1")
    if len(content) < 256:
        return b"U" + bytes([len(content)]) + content
    return b"T" + struct.pack("<i", len(content)) + content


def _dictionary(items: dict[str, object]) -> bytes:
    return b"}(" + b"".join(_string(k) + _python2(v) for k, v in items.items()) + b"u"


def _array(array: np.ndarray) -> bytes:
    code, order = array.dtype.str[1:], array.dtype.str[0]
    dtype = (
        b"cnumpy\ndtype\n" + _python2((code, 0, 1)) + b"R"
        + _python2((3, order, None, None, None, -1, -1, 0)) + b"b"
    )  # fmt: skip
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    raw = array.tobytes(order="F" if fortran else "C").decode("latin-1")
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n"
        + _python2((0,)) + _string("b") + b"tR"
        + _python2((1, array.shape, Raw(dtype), fortran, raw)) + b"b"
    )  # fmt: skip


def _chumpy(variable: Chumpy) -> bytes:
    state = {
        "x": variable.values,
        "_dirty_vars": Raw(b"c__builtin__\nset\n]\x85R"),
        "_itr": None,
        "_depends_on_deps": {},
    }
    return b"cchumpy.ch\nCh\n)\x81" + _python2(state) + b"b"


def _csc(matrix: scipy.sparse.csc_matrix) -> bytes:
    state = {
        "_shape": tuple(int(n) for n in matrix.shape),
        "maxprint": 50,
        "indices": matrix.indices,
        "indptr": matrix.indptr,
        "data": matrix.data,
        "_has_sorted_indices": True,
    }
    return b"cscipy.sparse.csc\ncsc_matrix\n)\x81" + _python2(state) + b"b"


def python3_chumpy_pickle(arrays: Arrays, protocol: int = 2) -> bytes:
    """What Python 3 writes for the same with chumpy, which is there for that moment alone."""
    chumpy, ch = types.ModuleType("chumpy"), types.ModuleType("chumpy.ch")

    class Ch:
        def __init__(self, x: np.ndarray) -> None:
            self.x, self._dirty_vars, self._itr = x, {"x"}, None

    Ch.__module__, Ch.__qualname__ = "chumpy.ch", "Ch"
    ch.Ch = Ch  # type: ignore[attr-defined]
    sys.modules.update({"chumpy": chumpy, "chumpy.ch": ch})
    try:
        content = {**arrays, **{name: Ch(arrays[name]) for name in CHUMPY_ARRAYS}}
        content["J_regressor"] = scipy.sparse.csc_matrix(arrays["J_regressor"])
        return pickle.dumps(content, protocol=protocol)
    finally:
        del sys.modules["chumpy"], sys.modules["chumpy.ch"]


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
