"""Rows of numbers that are too many for memory, in a temporary file."""

from __future__ import annotations

import os
import weakref
from tempfile import TemporaryFile, gettempdir
from threading import Lock

import numpy as np

from facedyn_app.errors import OutputError
from facedyn_app.records import FloatArray, IntArray


class RowFile:
    """Rows of float32, added at the end and read by number, from any thread.

    The file has no name where the system allows that, and goes with this object or with the
    process, in whatever way that ends.

    Args:
        width: Numbers in a row.

    Raises:
        OutputError: The system's folder for temporary files cannot be written.
    """

    def __init__(self, width: int) -> None:
        self._width, self._n_rows, self._lock = width, 0, Lock()
        try:
            # without a buffer, closing has nothing left to write that could fail
            self._file = TemporaryFile(buffering=0, prefix="facedyn-")  # noqa: SIM115  # see above
        except OSError as error:
            raise _unwritable(error) from error
        weakref.finalize(self, self._file.close)

    def add(self, row: FloatArray) -> int:
        """Write a row (width,) and give its number, from 0.

        Raises:
            OutputError: There is no room left.
        """
        left = memoryview(row.astype(np.float32).tobytes())
        with self._lock:
            try:
                self._file.seek(4 * self._width * self._n_rows)
                while left:
                    left = left[self._file.write(left) :]
            except OSError as error:
                raise _unwritable(error) from error
            self._n_rows += 1
            return self._n_rows - 1

    def read(self, rows: IntArray) -> FloatArray:
        """The rows (N, width) of some numbers (N,)."""
        values = np.empty((len(rows), self._width), dtype=np.float32)
        with self._lock:
            for row, value in zip(rows.tolist(), values, strict=True):
                self._file.seek(4 * self._width * row)
                value[:] = np.frombuffer(self._file.read(4 * self._width), dtype=np.float32)
        return values


def _unwritable(error: OSError) -> OutputError:
    reason = error.strerror or os.strerror(error.errno or 0)
    return OutputError(
        f"The folder for temporary files, '{gettempdir()}', cannot be written: {reason}.",
        "Make room there (8 MB for a minute of each face), or name another folder in TMPDIR.",
    )
