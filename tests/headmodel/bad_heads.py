"""Files that are no heads, each under a name for what is wrong with it.

A file that could run something would leave a `canary` beside it.
"""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import scipy.sparse

from facedyn_app.headmodel.model import HeadModel
from tests.headmodel.flame_files import Arrays, Raw, flame_arrays, python2_pickle

CANARY = "canary"


@dataclass(frozen=True)
class Made:
    """What a bad file is made from.

    Attributes:
        path: Where it is to be.
        arrays: Of a sound FLAME file; may be changed.
    """

    path: Path
    arrays: Arrays

    @property
    def canary(self) -> Path:
        return self.path.parent / CANARY


Maker = Callable[[Made], None]


def make_bad(name: str, folder: Path, head: HeadModel) -> Path:
    """Make the bad file of that name in a folder; its ending tells nothing."""
    path = folder / "given_head"
    BAD[name](Made(path, flame_arrays(head)))
    return path


# Calls: a sound file but for one more item, whose making would run something.


def _call(called: str, argument: Callable[[Path], str], made: Made) -> None:
    """`called(argument)` in a file of Python 2."""
    module, name = called.rsplit(".", 1)
    text = argument(made.canary).encode("latin-1")
    call = b"c" + f"{module}\n{name}\n".encode() + b"(T" + struct.pack("<i", len(text)) + text
    _with(call + b"tR", made)


def _with(instructions: bytes, made: Made) -> None:
    """A sound file of Python 2 with one more item made by those instructions, before the rest."""
    made.path.write_bytes(python2_pickle({"extra": Raw(instructions), **made.arrays}))


def _only(instructions: bytes, made: Made) -> None:
    made.path.write_bytes(instructions)


def _touch(canary: Path) -> str:
    return f"touch '{canary}'"


def _open(canary: Path) -> str:
    return f"open({str(canary)!r}, 'w')"


def _path(canary: Path) -> str:
    return str(canary)


CALLED = {
    "os.system": _touch,
    "posix.system": _touch,
    "nt.system": _touch,
    "os.popen": _touch,
    "os.mkdir": _path,
    "pty.spawn": _touch,
    "subprocess.Popen": _touch,
    "subprocess.check_output": _touch,
    "subprocess.getoutput": _touch,
    "commands.getoutput": _touch,
    "builtins.eval": _open,
    "builtins.exec": _open,
    "__builtin__.eval": _open,
    "__builtin__.execfile": _path,
    "__builtin__.apply": _open,
    "__builtin__.getattr": _open,
    "builtins.getattr": _open,
    "builtins.__import__": lambda _: "os",
    "builtins.open": _path,
    "builtins.compile": _open,
    "builtins.type": _open,
    "importlib.import_module": lambda _: "os",
    "runpy.run_path": _path,
    "pathlib.Path": _path,
    "functools.partial": _open,
    "operator.methodcaller": _open,
    "operator.attrgetter": lambda _: "system",
    "timeit.timeit": _open,
    "code.interact": _open,
    "cProfile.run": _open,
    "pickle.loads": _touch,
    "marshal.loads": _touch,
    "types.CodeType": _touch,
    "torch.load": _path,
    "numpy.load": _path,
    "numpy.memmap": _path,
    "numpy.f2py.compile": _open,
    "numpy.testing._private.utils.runstring": _open,
    "numpy.core.multiarray.fromfile": _path,
    "numpy.core.multiarray.set_string_function": _open,
    "numpy._core.multiarray.scalar.__class__": _open,
    "numpy.ndarray.tofile": _path,
    "scipy.sparse.csc.csc_matrix.__init__": _open,
    "scipy.sparse.load_npz": _path,
    "scipy.sparse._csc.os": _open,
    "_codecs.decode": _open,
    "_codecs.register": _open,
    "codecs.encode": _open,
    "copy_reg.add_extension": _open,
    "chumpy.ch.Ch.__init__": _open,
    "chumpy.ch.concatenate": _open,
    "chumpy.reordering.Select": _open,
    "collections.OrderedDict.update": _open,
    "webbrowser.open": _path,
}
"""What is called, and with what; the last dot parts module and name."""

_SYSTEM = b"cos\nsystem\n"
_SET = b"c__builtin__\nset\n"


def _stack_global(module: str, name: str) -> bytes:
    def text(value: str) -> bytes:
        return b"\x8c" + bytes([len(value)]) + value.encode()

    return text(module) + text(name) + b"\x93"


def _nested(made: Made, n: int = 150_000) -> None:
    """A key so deep that to hash it would end the program."""
    made.path.write_bytes(b"\x80\x02}" + b")" + b"\x85" * n + b"K\x01s.")


def _doubling_key(made: Made) -> None:
    """A key that would take years to hash: each tuple holds the one before twice."""
    made.path.write_bytes(b"\x80\x02})" + b"2\x86" * 90 + b"K\x01s.")


def _large_file(made: Made) -> None:
    """A file of holes: it takes no room on the disk."""
    with made.path.open("wb") as file:
        file.write(b"\x80\x02")
        file.truncate(2**30)


INSTRUCTIONS: dict[str, Maker] = {
    "old instance": partial(_with, b"(U\x04trueios\nsystem\n"),
    "object of a class": partial(_with, b"(" + _SYSTEM + b"U\x04trueo"),
    "old instance of a set": partial(_with, b"(i__builtin__\nset\n"),
    "persistent id": partial(_with, b"Psomewhere\n"),
    "binary persistent id": partial(_with, b"U\x04someQ"),
    "extension 1": partial(_with, b"\x82\x01"),
    "extension 2": partial(_with, b"\x83\x01\x00"),
    "extension 4": partial(_with, b"\x84\x01\x00\x00\x00"),
    "out-of-band buffer": partial(_with, b"\x97"),
    "call by name on the stack": partial(_with, _stack_global("os", "system") + b"U\x04true\x85R"),
    "dotted name on the stack": partial(_with, _stack_global("numpy", "ndarray.tofile")),
    "name that is no text": partial(_with, b"K\x01K\x02\x93"),
    "made by new with keywords": partial(_with, b"cnumpy\nndarray\n)}\x92"),
    "change of a class": partial(_with, b"cnumpy\nndarray\n}U\x01xU\x01ysb"),
    "change of a list": partial(_with, b"]}U\x01xU\x01ysb"),
    "second state": partial(_with, _SET + b")R}b}b"),
    "call of text": partial(_with, b"U\x06system)R"),
    "call of a call": partial(_with, _SET + b")R)R"),
    "call with a list": partial(_with, _SET + b"]R"),
    "name with colours": partial(_with, b"cos\x1b[31m\nsystem\n"),
    "name without end": partial(_only, b"\x80\x02cos"),
    "name of great length": partial(_with, b"c" + b"o" * 5000 + b"\nsystem\n"),
    "memo at a great place": partial(_only, b"\x80\x02}r\xff\xff\xff\xff0K\x01."),
    "memo that is not there": partial(_only, b"\x80\x02h\x07."),
    "great length": partial(_only, b"\x80\x02T\xff\xff\xff\x7fabc."),
    "greater length": partial(_only, b"\x80\x05\x8e" + b"\xff" * 7 + b"\x7fabc."),
    "great bytearray": partial(_only, b"\x80\x05\x96" + b"\xff" * 7 + b"\x7fabc."),
    "great frame": partial(_only, b"\x80\x04\x95" + b"\xff" * 7 + b"\x7fabc."),
    "negative length": partial(_only, b"\x80\x02T\xff\xff\xff\xffabc."),
    "great number": partial(_only, b"\x80\x02I" + b"9" * 100_000 + b"\n."),
    "nothing on the stack": partial(_only, b"\x80\x02."),
    "no mark": partial(_only, b"\x80\x02tu."),
    "unknown instruction": partial(_only, b"\x80\x02\xff."),
    "only a start": partial(_only, b"\x80"),
    "too many instructions": partial(_only, b"\x80\x02" + b"N0" * 150_000 + b"."),
    "deep key": _nested,
    "doubling key": _doubling_key,
    "list as a key": partial(_only, b"\x80\x02}]K\x01s."),
    "no dictionary": partial(_only, pickle.dumps([1, 2, 3], 2)),
    "a dictionary of numbers": partial(_only, pickle.dumps({"v_template": 1, "f": 2}, 2)),
    "a whole GiB": _large_file,
}


def _cut(share: float, made: Made) -> None:
    whole = python2_pickle(made.arrays)
    made.path.write_bytes(whole[: int(share * len(whole))])


def _cut_end(made: Made) -> None:
    made.path.write_bytes(python2_pickle(made.arrays)[:-1])


# Arrays: the file is a sound pickle, or npz, of arrays that are no head.


def _changed(name: str, change: Callable[[np.ndarray], object] | None, made: Made) -> None:
    _dump(name, change, made)
    made.path.write_bytes(pickle.dumps(made.arrays, 4))


def _changed_npz(name: str, change: Callable[[np.ndarray], object] | None, made: Made) -> None:
    _dump(name, change, made)
    with made.path.open("wb") as file:
        np.savez(file, **made.arrays)


def _dump(name: str, change: Callable[[np.ndarray], object] | None, made: Made) -> None:
    if change is None:
        del made.arrays[name]
    else:
        made.arrays[name] = change(made.arrays[name])


def _put(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.copy()
    changed.flat[-1] = value
    return changed


def _sparse(state: dict[str, object], array: np.ndarray) -> object:
    matrix = scipy.sparse.csc_matrix(array)
    matrix.__dict__.update(state)
    return matrix


NAMES = ("v_template", "f", "shapedirs", "posedirs", "J_regressor", "kintree_table", "weights")
FLOATS = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights")
CHANGES: dict[str, tuple[str, Callable[[np.ndarray], object] | None]] = {
    **{f"without {name}": (name, None) for name in NAMES},
    **{f"{name} too short": (name, lambda a: a[:-1]) for name in NAMES if name != "f"},
    **{f"{name} too narrow": (name, lambda a: a[..., :-1]) for name in NAMES},
    **{f"{name} with one more axis": (name, lambda a: a[None]) for name in NAMES},
    **{f"{name} of text": (name, lambda a: a.astype(str)) for name in NAMES},
    **{f"{name} of objects": (name, lambda a: a.astype(object)) for name in NAMES},
    **{f"{name} with NaN": (name, partial(_put, value=np.nan)) for name in FLOATS},
    **{f"{name} infinite": (name, partial(_put, value=-np.inf)) for name in FLOATS},
    "whole-numbered v_template": ("v_template", lambda a: a.astype(int)),
    "complex shapedirs": ("shapedirs", lambda a: a * 1j),
    "f of numbers with a point": ("f", lambda a: a.astype(float)),
    "f past the vertices": ("f", partial(_put, value=62)),
    "f below 0": ("f", lambda a: _put(a.astype(np.int64), -1)),
    "f of no triangles": ("f", lambda a: a[:0]),
    "weights that do not sum to 1": ("weights", lambda a: 1.1 * a),
    "joints that are no means": ("J_regressor", lambda a: 0.5 * a),
    "joints in a ring": ("kintree_table", lambda a: _put_at(a, (0, 1), 4)),
    "joints without a root": ("kintree_table", lambda a: _put_at(a, (0, 0), 0)),
    "joints with a parent past all": ("kintree_table", lambda a: _put_at(a, (0, 4), 99)),
    "joints numbered anew": ("kintree_table", lambda a: a[:, ::-1]),
    "centimetres": ("v_template", lambda a: 100 * a),
    "millimetres": ("v_template", lambda a: 1000 * a),
    "a point": ("v_template", lambda a: 0 * a),
    "upside down": ("v_template", lambda a: a * [1, -1, 1]),
    "mirrored": ("v_template", lambda a: a * [-1, 1, 1]),
    "z up": ("v_template", lambda a: a[:, [0, 2, 1]] * [1, -1, 1]),
    "enormous v_template": ("v_template", partial(_put, value=1e308)),
    "enormous shapedirs": ("shapedirs", partial(_put, value=-1e300)),
    "enormous posedirs": ("posedirs", partial(_put, value=1e3)),
    "enormous weights": ("weights", lambda a: 1e308 * np.ones_like(a)),
    "enormous J_regressor": ("J_regressor", lambda a: 1e308 * np.ones_like(a)),
    "150 directions": ("shapedirs", lambda a: a[:, :, :150]),
}


def _put_at(array: np.ndarray, place: tuple[int, int], value: int) -> np.ndarray:
    changed = array.copy()
    changed[place] = value
    return changed


SPARSE_CHANGES: dict[str, dict[str, object]] = {
    "sparse of great shape": {"_shape": (10**9, 10**9)},
    "sparse of greater shape": {"_shape": (10**30, 5)},
    "sparse of negative shape": {"_shape": (-5, 62)},
    "sparse of one size": {"_shape": (5,)},
    "sparse with places outside": {"indices": np.full(310, 7, np.int32)},
    "sparse with places below 0": {"indices": np.full(310, -1, np.int32)},
    "sparse with too few places": {"indices": np.zeros(3, np.int32)},
    "sparse with an index that falls": {"indptr": np.arange(63, dtype=np.int32)[::-1].copy()},
    "sparse with an index past its end": {"indptr": np.arange(63, dtype=np.int32) * 10**6},
    "sparse with no index": {"indptr": None},
    "sparse with text": {"data": np.array(["one"] * 310)},
}


def _wrong_array(instructions: bytes, made: Made) -> None:
    """A sound file whose template is made by those instructions."""
    made.path.write_bytes(python2_pickle({"v_template": Raw(instructions)}))


def _made_array(shape: str, dtype: str, raw: bytes) -> bytes:
    """An array as Python 3 writes it for Python 2."""
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01"
        + shape.encode("latin-1") + b"cnumpy\ndtype\n(U" + bytes([len(dtype)]) + dtype.encode()
        + b"K\x00K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" + raw + b"tb"
    )  # fmt: skip


ARRAY_INSTRUCTIONS = {
    "array of great shape": _made_array("(I1000000000000\nK\x03t", "f8", b"U\x08" + bytes(8)),
    "array of wrong length": _made_array("(K\x04K\x03t", "f8", b"U\x08" + bytes(8)),
    "array of overflowing shape": _made_array(
        "(I4294967296\nI4294967296\nt", "f8", b"U\x08" + bytes(8)
    ),
    "array of negative shape": _made_array("(I-1\nI-1\nt", "f8", b"U\x08" + bytes(8)),
    "array of objects from a list": _made_array("(K\x01t", "O8", b"]" + _SYSTEM + b"a"),
    "array of objects": _made_array("(K\x01t", "O8", b"]K\x01a"),
    "array of records": _made_array("(K\x01t", "V8", b"U\x08" + bytes(8)),
    "array of an unheard-of type": _made_array("(K\x01t", "f16", b"U\x10" + bytes(16)),
    "array of a type with a formula": _made_array("(K\x01t", "f8,f8", b"U\x10" + bytes(16)),
    "array without content": _made_array("(K\x01t", "f8", b"N"),
    "array with a long text": _made_array("(K\x01t", "f8", b"X\x06\x00\x00\x00\xe2\x82\xacabc"),
    "array in another coding": _made_array(
        "(K\x01t", "f8", b"c_codecs\nencode\n(U\x08abcdefghU\x05rot13tR"
    ),
    "array without a state": b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n)U\x01btR",
    "variable without values": b"cchumpy.ch\nCh\n)\x81}U\x04_itrNsb",
    "variable of itself": b"cchumpy.ch\nCh\n)\x81q\x01}U\x01xh\x01sb",
    "a class for an array": b"cnumpy\nndarray\n",
}


def _npz_of(made: Made, *, packing: int = zipfile.ZIP_DEFLATED, **members: bytes) -> None:
    """An npz of the sound arrays, some of them other bytes."""
    with zipfile.ZipFile(made.path, "w", packing) as archive:
        for name, array in made.arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(f"{name}.npy", members.get(name, buffer.getvalue()))


def _npz_lying(shape: str, made: Made) -> None:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(80)
    _npz_of(made, v_template=content)


def _npz_larger_than_it_says(made: Made) -> None:
    """A directory that says 4 GiB for one array."""
    _npz_of(made)
    with zipfile.ZipFile(made.path) as archive:
        info = archive.getinfo("shapedirs.npy")
    content = bytearray(made.path.read_bytes())
    at = content.rindex(struct.pack("<L", info.file_size), 0, content.rindex(b"shapedirs.npy"))
    content[at : at + 4] = struct.pack("<L", 2**32 - 2)
    made.path.write_bytes(bytes(content))


def _npz_smaller_than_it_is(made: Made) -> None:
    """An array of zeros that unpacks to a thousand times what the directory says."""
    _npz_of(made, v_template=bytes(10**7))
    content = bytearray(made.path.read_bytes())
    at = content.rindex(struct.pack("<L", 10**7), 0, content.rindex(b"v_template.npy"))
    content[at : at + 4] = struct.pack("<L", 10**4)
    made.path.write_bytes(bytes(content))


def _npz_flipped(made: Made) -> None:
    _npz_of(made, packing=zipfile.ZIP_STORED)
    content = bytearray(made.path.read_bytes())
    content[content.index(b"shapedirs.npy") + 5000] ^= 1
    made.path.write_bytes(bytes(content))


def _npz_cut(made: Made) -> None:
    _npz_of(made)
    made.path.write_bytes(made.path.read_bytes()[: made.path.stat().st_size // 2])


def _zip(members: dict[str, bytes], made: Made) -> None:
    with zipfile.ZipFile(made.path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _pickle_in_npz(made: Made) -> None:
    """What np.load would unpickle where that is allowed."""
    call = b"\x80\x02" + _SYSTEM + f"(S\"touch '{made.canary}'\"\ntR.".encode()
    _npz_of(made, J_regressor=call)


def _folder(made: Made) -> None:
    made.path.mkdir()


def _folder_of_a_mesh(made: Made) -> None:
    made.path.mkdir()
    (made.path / "mesh.obj").write_text("v 0 0 0\n", encoding="utf-8")


def _loop(made: Made) -> None:
    made.path.symlink_to(made.path)


def _pipe(made: Made) -> None:
    os.mkfifo(made.path)


def _device(made: Made) -> None:
    made.path.symlink_to("/dev/zero")


def _unreadable(made: Made) -> None:
    made.path.write_bytes(python2_pickle(made.arrays))
    made.path.chmod(0)


def _link_to_nothing(made: Made) -> None:
    made.path.symlink_to(made.path.with_name("gone"))


FILES: dict[str, Maker] = {
    "empty": partial(_only, b""),
    "text": partial(_only, b"No head, but a line of text.\n"),
    "text that begins like a pickle": partial(_only, b"column one\ncolumn two\n1 2 3\n"),
    "text in brackets": partial(_only, b"(see the other file)\n"),
    "JSON": partial(_only, b'{"v_template": [[0, 0, 0]]}\n'),
    "random bytes": partial(_only, np.random.default_rng(0).bytes(5000)),
    "random bytes after a start": partial(_only, b"\x80\x02" + np.random.default_rng(1).bytes(999)),
    "zeros": partial(_only, bytes(4096)),
    "packed with gzip": partial(_only, gzip.compress(b"\x80\x02}.")),
    "one numpy array": partial(_only, b"\x93NUMPY\x01\x00" + bytes(90)),
    "a zip without arrays": partial(_zip, {"readme.txt": b"text"}),
    "a zip of nothing": partial(_zip, {}),
    "a zip with a text called an array": partial(_zip, {"v_template.npy": b"text"}),
    "npz with a header of great shape": partial(_npz_lying, "(1000000000000, 3)"),
    "npz with a header of other shape": partial(_npz_lying, "(4, 3)"),
    "npz with a header of negative shape": partial(_npz_lying, "(-10,)"),
    "npz that unpacks to 4 GiB": _npz_larger_than_it_says,
    "npz that unpacks to more than it says": _npz_smaller_than_it_is,
    "npz with a flipped bit": _npz_flipped,
    "npz cut in half": _npz_cut,
    "npz packed otherwise": partial(_npz_of, packing=zipfile.ZIP_BZIP2),
    "npz with a pickle in it": _pickle_in_npz,
    "a folder": _folder,
    "a folder of another mesh": _folder_of_a_mesh,
    "a link in a loop": _loop,
    "a link to nothing": _link_to_nothing,
    "a pipe": _pipe,
    "a device": _device,
    "unreadable": _unreadable,
}


def _sparse_change(state: dict[str, object], made: Made) -> None:
    _changed("J_regressor", partial(_sparse, state), made)


BAD: dict[str, Maker] = {
    **{f"calls {called}": partial(_call, called, argument) for called, argument in CALLED.items()},
    **INSTRUCTIONS,
    **{f"cut at {share}": partial(_cut, share) for share in (0.001, 0.01, 0.1, 0.5, 0.9, 0.999)},
    "without its end": _cut_end,
    **{f"{name} (pickle)": partial(_changed, *change) for name, change in CHANGES.items()},
    **{f"{name} (npz)": partial(_changed_npz, *change) for name, change in CHANGES.items()},
    **{name: partial(_sparse_change, state) for name, state in SPARSE_CHANGES.items()},
    **{name: partial(_wrong_array, made) for name, made in ARRAY_INSTRUCTIONS.items()},
    **FILES,
}
