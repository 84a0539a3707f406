"""Careful reading of npz files: zips of numpy arrays that a stranger may have written."""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.files import open_plain

MAX_BYTES = 2**29
"""All arrays of a file together, each number counted as one of double precision: what is read is
copied, and computed with. A session of ten hours and a FLAME file take less."""
MAX_TEXT_BYTES = 2**24
"""A text of an array, four bytes a letter."""
Opened = Callable[[Path], AbstractContextManager[BinaryIO]]
"""Opens a file to read from; what it raises is that of `open_plain`, or a ValueError."""
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_ENDING = ".npy"
_DOUBLE = 8
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# what zipfile and numpy raise on bytes that are not what they claim to be
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    LookupError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    tokenize.TokenError,
    TypeError,
    OverflowError,
    ValueError,
)


def npz_names(path: Path) -> frozenset[str]:
    """The names of the arrays in an `.npz` file, none of them unpacked.

    Raises:
        InputError: The file is missing or cannot be opened.
        ValueError: The file is no npz file or is damaged; says so, without the file's name.
    """
    names = zip_names(path)
    return frozenset(name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING))


def zip_names(path: Path) -> tuple[str, ...]:
    """The names of all that a zip holds, nothing unpacked.

    Raises:
        InputError: The file is missing or cannot be opened.
        ValueError: The file is no zip or is damaged; says so, without the file's name.
    """
    with _opened(path) as archive:
        return tuple(archive.namelist())


def read_npz(
    path: Path,
    required: Iterable[str],
    optional: Iterable[str],
    opened: Opened = open_plain,
) -> dict[str, np.ndarray[Any, Any]]:
    """The named arrays of an `.npz` file; whatever else is in it is not touched.

    No array of Python objects is read, and nothing is unpacked before its declared size has been
    compared with the file's own word and with `MAX_BYTES` for all arrays together.

    Args:
        path: The file.
        required: Arrays without which the file is refused.
        optional: Arrays that are read where they are there.
        opened: Opens the file.

    Raises:
        InputError: The file is missing or cannot be opened.
        ValueError: The file is no npz file or is damaged; says why, without the file's name.
    """
    required = tuple(required)
    with _opened(path, opened) as archive:
        members = {info.filename: info for info in archive.infolist()}
        wanted = [name for name in (*required, *optional) if f"{name}{_ENDING}" in members]
        _check_sizes([members[f"{name}{_ENDING}"] for name in wanted])
        budget = _Budget()
        for name in wanted:
            budget.check(archive, members[f"{name}{_ENDING}"])
        arrays = {name: _read_member(archive, members[f"{name}{_ENDING}"]) for name in wanted}
    missing = [name for name in required if name not in arrays]
    if missing:
        raise ValueError(f"it has no '{missing[0]}'")
    return arrays


def read_npy(path: Path) -> np.ndarray[Any, Any]:
    """The array of an `.npy` file, with the care of `read_npz`.

    Raises:
        InputError: The file is missing or cannot be opened.
        ValueError: The file is no npy file or is damaged; says why, without the file's name.
    """
    with _told(path, "npy"), open_plain(path) as file:
        n_bytes = file.seek(0, 2)
        file.seek(0)
        _Budget().take(file, path.name, n_bytes)
        file.seek(0)
        array: np.ndarray[Any, Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


@contextmanager
def _opened(path: Path, opened: Opened = open_plain) -> Iterator[zipfile.ZipFile]:
    with _told(path, "npz"), opened(path) as file, zipfile.ZipFile(file) as archive:
        yield archive


@contextmanager
def _told(path: Path, kind: str) -> Iterator[None]:
    """Say in one sentence what is wrong with a file of a kind, "npy" or "npz"."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise InputError(f"The file '{path}' cannot be opened: {reason}.") from error
    except _RefusedError:
        raise
    except _DAMAGE as error:
        raise ValueError(f"it is damaged or no {kind} file") from error


class _RefusedError(ValueError):
    """A sound file that is refused for what it holds."""


def _check_sizes(members: Iterable[zipfile.ZipInfo]) -> None:
    n_bytes = sum(info.file_size for info in members)
    if n_bytes > MAX_BYTES:
        raise _too_large(n_bytes)


def _too_large(n_bytes: int) -> _RefusedError:
    return _RefusedError(
        f"it would unpack to {n_bytes / 2**30:.1f} GiB, more than this program reads"
    )


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray[Any, Any]:
    with archive.open(info) as member:
        array: np.ndarray[Any, Any] = np.lib.format.read_array(member, allow_pickle=False)
        if member.read(1):  # also makes zipfile compare the checksum
            raise ValueError
    return array


class _Budget:
    """What the arrays of a file may take of memory, spent before one of them is unpacked."""

    def __init__(self) -> None:
        self._n_bytes = 0

    def check(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        """Look at the header of a member.

        Raises:
            ValueError: It is packed in an unusual way, or as `take`.
        """
        if info.compress_type not in _PACKINGS:
            raise ValueError
        with archive.open(info) as member:
            self.take(member, info.filename, info.file_size)

    def take(self, member: IO[bytes], name: str, n_bytes: int) -> None:
        """Check an array's header before numpy sets aside memory for what the header promises.

        Args:
            member: Where the array begins.
            name: Of the array.
            n_bytes: What header and array take together.

        Raises:
            ValueError: The array is refused, or is another one than is said.
        """
        version = np.lib.format.read_magic(member)
        if version not in _HEADERS:
            raise ValueError
        shape, _, dtype = _HEADERS[version](member)
        if dtype.hasobject:
            raise _RefusedError(f"'{name}' holds Python objects, which are never read")
        if min(shape, default=0) < 0:
            raise ValueError
        n_items = math.prod(shape)
        if member.tell() + n_items * dtype.itemsize != n_bytes:
            raise ValueError
        if dtype.kind in "US" and n_items * dtype.itemsize > MAX_TEXT_BYTES:
            raise _RefusedError(f"'{name}' holds a text of {n_bytes / 2**20:.0f} MiB")
        self._n_bytes += n_items * max(dtype.itemsize, _DOUBLE)
        if self._n_bytes > MAX_BYTES:
            raise _too_large(self._n_bytes)
