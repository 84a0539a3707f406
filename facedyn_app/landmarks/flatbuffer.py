"""A small reader of FlatBuffers, the container of `.tflite` files; nothing in a file is executed.

The layout is that of the FlatBuffers internals document: a table begins with the distance back to
its vtable, which holds for every field its distance from the table, 0 where the field is left out;
strings, vectors and tables are reached by distances forward.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt


class Table:
    """A table in a buffer; fields are asked for by their number in the schema.

    Every reading raises struct.error or ValueError where the buffer ends before what it points to.

    Args:
        buffer: The whole file.
        position: Where the table begins, bytes.
    """

    def __init__(self, buffer: bytes, position: int) -> None:
        self._buffer = buffer
        self._position = position
        self._vtable = position - self._read("i", position)
        self._size = self._read("H", self._vtable)

    @classmethod
    def root(cls, buffer: bytes) -> Table:
        """The table that the file begins with."""
        return cls(buffer, struct.unpack_from("<I", buffer, 0)[0])

    def number(self, field: int, kind: str, default: int = 0) -> int:
        """A whole number; `kind` is its letter in the struct module ("b", "i", "I", ...)."""
        offset = self._offset(field)
        return self._read(kind, self._position + offset) if offset else default

    def table(self, field: int) -> Table | None:
        """A table, or None where it is left out."""
        place = self._place(field)
        return None if place is None else Table(self._buffer, place)

    def tables(self, field: int) -> list[Table]:
        """A vector of tables; empty where it is left out."""
        place = self._place(field)
        if place is None:
            return []
        first, n = place + 4, self._read("I", place)
        starts = range(first, first + 4 * min(n, len(self._buffer)), 4)
        return [Table(self._buffer, start + self._read("I", start)) for start in starts]

    def array(self, field: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A vector of numbers; empty where it is left out."""
        place = self._place(field)
        if place is None:
            return np.zeros(0, dtype=dtype)
        return np.frombuffer(self._buffer, dtype, self._read("I", place), place + 4)

    def _offset(self, field: int) -> int:
        entry = 4 + 2 * field
        return self._read("H", self._vtable + entry) if entry < self._size else 0

    def _place(self, field: int) -> int | None:
        offset = self._offset(field)
        if not offset:
            return None
        start = self._position + offset
        return start + self._read("I", start)

    def _read(self, kind: str, position: int) -> int:
        if position < 0:
            raise ValueError("a flatbuffer points before its beginning")
        return int(struct.unpack_from("<" + kind, self._buffer, position)[0])
