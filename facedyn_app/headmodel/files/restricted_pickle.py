"""A reader of pickles as descriptions: nothing that they name is imported, called or built.

Modules have moved since these files were first written: Python 2's and 3's names, numpy's and
scipy's old and new ones are all known.

A pickle is a program for a small stack machine whose instructions may import and call anything.
This machine knows the same instructions, but what a file wants called is only written down
(`Call`), and only for the few names that a FLAME file needs; any other name ends the reading.
`pickled_arrays` makes arrays out of the descriptions. Nothing is set aside on the file's word:
every string is cut from the file itself, and the number of instructions is bounded. Python's own
Unpickler is no substitute, whatever its `find_class` allows: it hashes any key that a file makes,
which ends the process or never ends, consults the registry of extensions, and has no such bound.
"""

from __future__ import annotations

import codecs
import io
import pickletools
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

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


MAX_STEPS = 200_000
_INSTRUCTIONS = {step.code: step for step in pickletools.opcodes}
_CONSTANTS: dict[str, object] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = frozenset(
    (
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"),
        *("BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    )
)
_EMPTY: dict[str, Callable[[], object]] = {
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": list,  # never needed: kept as a list, so that nothing is hashed
}
_LENGTHS = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_DAMAGE = (LookupError, TypeError, EOFError, OverflowError, ValueError, struct.error)


class RefusedError(ValueError):
    """A pickle that is refused for what it holds; the reason, without the file's name."""


@dataclass(frozen=True, slots=True, eq=False)
class Allowed:
    """One of the few names that a FLAME file may mention.

    Attributes:
        kind: What it stands for, such as RECONSTRUCT.
    """

    kind: str


@dataclass(slots=True, eq=False)
class Call:
    """What the file wants made: by what, of what, and with which state. Nothing is made.

    Attributes:
        kind: What it would be made by, such as RECONSTRUCT.
        args: What it would be made of.
        state: What it would be filled with; None before it is known.
    """

    kind: str
    args: tuple[object, ...]
    state: object = None


def describe(content: bytes) -> object:
    """What a pickle describes: plain values, lists, dictionaries, and calls not made.

    Strings of Python 2 are read as Latin-1, so that each character is a byte of the file.

    Args:
        content: The whole pickle.

    Raises:
        RefusedError: It mentions something that no FLAME file needs; names it.
        ValueError: It is no pickle, or is damaged or cut off.
    """
    try:
        return _Machine(content).run()
    except RefusedError:
        raise
    except _DAMAGE as error:
        raise ValueError("it is damaged, cut off or no FLAME file") from error


class _Machine:
    """The stack machine that a pickle is written for, with nothing to call."""

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)
        self._stack: list[object] = []
        self._below: list[list[object]] = []
        self._memo: dict[int, object] = {}
        self._steps: dict[str, Callable[[], None]] = {
            "MARK": self._mark,
            "POP": self._drop,
            "POP_MARK": lambda: self._since_mark().clear(),
            "DUP": lambda: self._stack.append(self._stack[-1]),
            "LIST": lambda: self._push(self._since_mark()),
            "TUPLE": lambda: self._push(tuple(self._since_mark())),
            "DICT": lambda: self._push(_filled({}, self._since_mark())),
            "FROZENSET": lambda: self._push(self._since_mark()),
            "APPEND": lambda: self._extend([self._stack.pop()]),
            "APPENDS": lambda: self._extend(self._since_mark()),
            "ADDITEMS": lambda: self._extend(self._since_mark()),
            "SETITEM": lambda: self._set_items(self._pop_many(2)),
            "SETITEMS": lambda: self._set_items(self._since_mark()),
            "MEMOIZE": lambda: self._remember(len(self._memo)),
            "STACK_GLOBAL": lambda: self._push(_allowed(*self._pop_many(2))),
            "REDUCE": self._call,
            "NEWOBJ": self._call,
            "BUILD": self._build,
        }

    def run(self) -> object:
        for _ in range(MAX_STEPS):
            code = self._stream.read(1).decode("latin-1")
            step = _INSTRUCTIONS[code]
            if step.name == "STOP":
                return self._stack.pop()
            self._do(step.name, self._argument(step))
        raise RefusedError(f"it has more than {MAX_STEPS} parts, far more than a FLAME file")

    def _argument(self, step: pickletools.OpcodeInfo) -> object:
        if step.name == "STRING":  # pickletools takes ASCII alone
            text = self._stream.readline().removesuffix(b"\n")
            if text[:1] not in (b"'", b'"') or text[-1:] != text[:1] or not _is_repr(text[1:-1]):
                raise ValueError
            return codecs.escape_decode(text[1:-1])[0].decode("latin-1")
        return step.arg.reader(self._stream) if step.arg else None

    def _do(self, name: str, argument: object) -> None:
        if name in _LITERALS or name == "STRING":
            self._push(argument)
        elif name in _CONSTANTS:
            self._push(_CONSTANTS[name])
        elif name in _EMPTY:
            self._push(_EMPTY[name]())
        elif name in _LENGTHS:
            self._push(tuple(self._pop_many(_LENGTHS[name])))
        elif name in self._steps:
            self._steps[name]()
        else:
            self._do_with(name, argument)

    def _do_with(self, name: str, argument: object) -> None:
        """The steps that carry an argument which is no value, and those that are refused."""
        if name in ("PUT", "BINPUT", "LONG_BINPUT") and isinstance(argument, int):
            self._remember(argument)
        elif name in ("GET", "BINGET", "LONG_BINGET") and isinstance(argument, int):
            self._push(self._memo[argument])
        elif name in ("GLOBAL", "INST"):
            allowed = _allowed(*str(argument).split(" ", 1))
            if name == "INST":
                raise _not_needed("an instance of an old kind")
            self._push(allowed)
        elif name not in ("PROTO", "FRAME"):
            raise _not_needed(f"the pickle instruction {name}")

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _mark(self) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _drop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._since_mark()

    def _since_mark(self) -> list[object]:
        values, self._stack = self._stack, self._below.pop()
        return values

    def _pop_many(self, n: int) -> list[object]:
        values = self._stack[-n:]
        if len(values) < n:
            raise IndexError
        del self._stack[-n:]
        return values

    def _remember(self, key: int) -> None:
        self._memo[key] = self._stack[-1]

    def _extend(self, values: list[object]) -> None:
        target = self._stack[-1]
        if not isinstance(target, list):
            raise TypeError
        target.extend(values)

    def _set_items(self, values: list[object]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict):
            raise TypeError
        _filled(target, values)

    def _call(self) -> None:
        what, args = self._pop_many(2)
        if not isinstance(what, Allowed) or not isinstance(args, tuple):
            raise _not_needed("a call of something made in the file")
        if what.kind == ORDERED and not args:
            self._push({})
        elif what.kind == MAKE_OBJECT and args and isinstance(args[0], Allowed):
            self._push(Call(args[0].kind, ()))  # how the oldest pickles make anything
        else:
            self._push(Call(what.kind, args))

    def _build(self) -> None:
        target, state = self._pop_many(2)
        if not isinstance(target, Call) or target.state is not None:
            raise _not_needed("a change of something that is no array")
        target.state = state
        self._push(target)


def _is_repr(text: bytes) -> bool:
    """Whether a string has the escapes that Python 2 writes, and none other."""
    return re.fullmatch(rb"(?s:[^\\]++|\\(?:[\\'\"tnr]|x[0-9a-f]{2}))*+", text) is not None


def _allowed(module: object, name: object) -> Allowed:
    if isinstance(module, str) and isinstance(name, str) and (module, name) in KINDS:
        return Allowed(KINDS[module, name])
    raise _not_needed(f"'{_shown(module)}.{_shown(name)}'")


def _not_needed(what: str) -> RefusedError:
    return RefusedError(
        f"{what} is not something that a FLAME file needs, so the file was not opened further"
    )


def _shown(value: object) -> str:
    """A name from the file, safe to show: one line, no control characters, not too long."""
    text = value if isinstance(value, str) else type(value).__name__
    return text[:60].encode("unicode_escape").decode("ascii")


def _filled(target: dict[object, object], values: list[object]) -> dict[object, object]:
    """Put keys and values, in turns, into a dictionary; keys are plain, so hashing is quick."""
    keys = values[0::2]
    if not all(isinstance(key, str | bytes | int | float | None) for key in keys):
        raise TypeError
    target.update(zip(keys, values[1::2], strict=True))
    return target
