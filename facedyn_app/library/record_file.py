"""Append-only file of records under names: one more is added without writing the others again.

Two files: the bytes of the records one after the other, and an index of rows of fixed length that
say where each stands. Bytes reach the disk before their row does. What a killed program leaves is
therefore bytes without a row, which the next append or erasure overwrites with zeros, or a part of
a row, which is dropped; a row whose bytes are not there or not these (CRC-32) counts as missing. An
erased record is overwritten where it stands and then loses its row. Its place stays empty, and no
file ever becomes shorter: another program may have it mapped into its memory. In a protected
library each record is sealed for its name.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from facedyn_app.files import atomic_file
from facedyn_app.library.privacy import own_only
from facedyn_app.library.protection.sealed import LibraryFiles, SealError
from facedyn_app.records import FloatArray, IntArray

ROWS, BYTES = ".rows", ".bytes"
"""Endings of the index and of the bytes."""
_ROW: Final = np.dtype([("name", "S48"), ("offset", "<i8"), ("n_bytes", "<u4"), ("crc", "<u4")])

_PIECE: Final = 2**22

Place = tuple[int, int, int]
"""Where a record begins, how many bytes it has, and their CRC-32."""


class RecordFile:
    """Records under ASCII names of at most 48 letters.

    Whoever appends or erases is the only one who does so at that time: in a library, within a
    transaction of its database.

    Args:
        path: Its path without an ending; nothing need be there.
        files: How the library's files are read and written.
        n_bytes: Of a record of which all are alike: they begin at multiples of one's length.

    Attributes:
        path: That.
        places: Where each record stands.
    """

    def __init__(self, path: Path, files: LibraryFiles, n_bytes: int | None = None) -> None:
        self.path, self._files = path, files
        self._step = 1 if n_bytes is None else files.record_size(n_bytes)
        self._rows_path = path.with_name(path.name + ROWS)
        self._bytes_path = path.with_name(path.name + BYTES)
        self.places = self._read_places()

    def __contains__(self, name: str) -> bool:
        return name in self.places

    def _sound_rows(self) -> np.ndarray[Any, Any]:
        """The rows whose bytes are there, in the order of writing."""
        try:
            content = self._rows_path.read_bytes()
            n_bytes = self._bytes_path.stat().st_size
        except OSError:  # there is none, or it is in a folder that may not be entered
            return np.zeros(0, _ROW)
        rows = np.frombuffer(content, _ROW, len(content) // _ROW.itemsize)
        there = (rows["offset"] >= 0) & (rows["offset"] + rows["n_bytes"] <= n_bytes)
        return np.asarray(rows[there])

    def _read_places(self) -> dict[str, Place]:
        rows = self._sound_rows()
        names = [name.decode("ascii", "replace") for name in rows["name"].tolist()]
        places = zip(*(rows[part].tolist() for part in ("offset", "n_bytes", "crc")), strict=True)
        return dict(zip(names, places, strict=True))

    def read(self, name: str) -> bytes | None:
        """The bytes of a record; None where there is none, or they are not those written."""
        place = self.places.get(name)
        if place is None:
            return None
        offset, n_bytes, crc = place
        try:
            with self._bytes_path.open("rb") as file:
                file.seek(offset)
                content = file.read(n_bytes)
        except OSError:
            return None
        if len(content) != n_bytes or zlib.crc32(content) != crc:
            return None
        return self._opened(name, content)

    def content(self) -> bytes:
        """What all records say, one after the other; those that cannot be read say nothing."""
        return b"".join(self.read(name) or b"" for name in self.places)

    def _opened(self, name: str, content: bytes) -> bytes | None:
        with suppress(SealError):
            return self._files.of_record(content, self._bytes_path, name)
        return None

    def matrix(self, names: Sequence[str], width: int) -> tuple[FloatArray, IntArray] | None:
        """Records that are rows of one matrix: mapped into memory, or read where they are sealed.

        Args:
            names: Some of them.
            width: D, numbers of a row.

        Returns:
            (M, D) float32 numbers, among them those of the records, and the row of each name; None
            where a record is missing, damaged or no such row.
        """
        if not names or any(name not in self.places for name in names):
            return None
        places = np.asarray([self.places[name] for name in names], dtype=np.int64)
        offset, n_bytes, crc = places.T
        length = self._files.record_size(4 * width)
        if (n_bytes != length).any() or (offset % length).any():
            return None
        rows = offset // length
        try:
            stored = np.memmap(self._bytes_path, np.uint8, "r", shape=(int(rows.max()) + 1, length))
        except (OSError, ValueError):
            return None
        if [zlib.crc32(stored[row]) for row in rows] != crc.tolist():
            return None
        if not self._files.sealed:
            return stored.view(np.float32), rows
        found = [
            self._opened(name, bytes(stored[row])) for name, row in zip(names, rows, strict=True)
        ]
        if None in found:
            return None
        plain = b"".join(one for one in found if one is not None)
        return np.frombuffer(plain, np.float32).reshape(-1, width), np.arange(len(names))

    def append(self, records: Mapping[str, bytes]) -> None:
        """Add records; one of a name that is there already takes its place.

        Raises:
            OSError: They cannot be written; those that are there stay.
        """
        self._rows_path.parent.mkdir(mode=0o700, exist_ok=True)
        rows = np.zeros(len(records), _ROW)
        with _opened(self._bytes_path) as file:
            at = -(-self._clear_tail(file) // self._step) * self._step
            file.seek(at)
            for row, (name, plain) in zip(rows, records.items(), strict=True):
                content = self._files.to_record(plain, self._bytes_path, name)
                row["name"], row["offset"] = name.encode("ascii"), at
                row["n_bytes"], row["crc"] = len(content), zlib.crc32(content)
                at += file.write(content)
            _reach_disk(file)
        rows_there = len(self._sound_rows()) > 0  # another program may have added the first ones
        with _opened(self._rows_path) as file:
            n_rows = file.seek(0, os.SEEK_END) // _ROW.itemsize if rows_there else 0
            file.truncate(n_rows * _ROW.itemsize)  # a part of a row
            file.seek(n_rows * _ROW.itemsize)
            file.write(rows.tobytes())
            _reach_disk(file)
        self.places = self._read_places()

    def _clear_tail(self, file: BinaryIO) -> int:
        """Overwrite bytes after the last row's, which a killed program has left; where all ends."""
        size = file.seek(0, os.SEEK_END)
        rows = self._sound_rows()
        last = int((rows["offset"] + rows["n_bytes"]).max(initial=0))
        file.seek(last)
        while (left := size - file.tell()) > 0:
            file.write(bytes(min(left, _PIECE)))
        return size

    def erase(self, names: Collection[str]) -> None:
        """Overwrite records with zeros, those that newer ones have replaced too, and their rows.

        Raises:
            OSError: They cannot be written.
            OutputError: Likewise.
        """
        rows = self._sound_rows()
        gone = np.isin(rows["name"], [name.encode("ascii") for name in names])
        if not self._bytes_path.exists():
            return
        with _opened(self._bytes_path) as file:
            self._clear_tail(file)
            for row in rows[gone]:
                file.seek(int(row["offset"]))
                file.write(bytes(int(row["n_bytes"])))
            _reach_disk(file)
        with atomic_file(self._rows_path) as new:
            own_only(new)
            new.write(rows[~gone].tobytes())
        self.places = self._read_places()

    def delete(self) -> None:
        """Delete both files; none is no error.

        Raises:
            OSError: They cannot be deleted.
        """
        for path in (self._rows_path, self._bytes_path):
            path.unlink(missing_ok=True)
        self.places = {}


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A file to read and write, made where there is none, readable by its owner alone."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "r+b") as file:
        yield file


def _reach_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
