"""Allow-list of names that a FLAME file in a pickle may mention, and what each stands for.

Modules have moved since these files were first written: Python 2's and 3's names, numpy's and
scipy's old and new ones are all known.
"""

from __future__ import annotations

NDARRAY, DTYPE, RECONSTRUCT = "ndarray", "dtype", "reconstruct"
SCALAR, FROM_BUFFER, ENCODE = "scalar", "from buffer", "encode"
CHUMPY, MAKE_OBJECT, OBJECT = "chumpy", "make object", "object"
SET, ORDERED = "set", "ordered"
SPARSE = ("csc", "csr", "coo")

_BUILT_IN = {"object": OBJECT, "set": SET, "frozenset": SET}
_NUMPY = {
    ("multiarray", "_reconstruct"): RECONSTRUCT,
    ("multiarray", "scalar"): SCALAR,
    ("numeric", "_frombuffer"): FROM_BUFFER,
}

KINDS: dict[tuple[str, str], str] = {
    ("numpy", "ndarray"): NDARRAY,
    ("numpy", "dtype"): DTYPE,
    ("_codecs", "encode"): ENCODE,
    ("chumpy", "Ch"): CHUMPY,
    ("chumpy.ch", "Ch"): CHUMPY,
    ("collections", "OrderedDict"): ORDERED,
    ("copy_reg", "_reconstructor"): MAKE_OBJECT,
    ("copyreg", "_reconstructor"): MAKE_OBJECT,
    **{
        (module, name): kind
        for module in ("__builtin__", "builtins")
        for name, kind in _BUILT_IN.items()
    },
    **{
        (f"numpy.{core}.{module}", name): kind
        for core in ("core", "_core")
        for (module, name), kind in _NUMPY.items()
    },
    **{
        (f"scipy.sparse.{prefix}{kind}", f"{kind}_{form}"): kind
        for kind in SPARSE
        for prefix in ("", "_")
        for form in ("matrix", "array")
    },
}
"""Module and name, as a pickle mentions them, to what they stand for."""
