"""Files that a user names, read without waiting for them and written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from facedyn_app.errors import InputError, OutputError
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.unfinished import sweep_folder, unfinished_file, unfinished_folder

_WRITABLE = "Choose a folder that exists, that you may write to and that has room."
_PIECE = 2**22
"""Bytes of a file that are read at a time; a slow disk gives them in a fifth of a second."""


@contextmanager
def open_plain(path: Path) -> Iterator[io.BufferedReader]:
    """A file to read from that a user has named; a pipe or a device is refused, never waited for.

    Raises:
        InputError: It is there but no ordinary file.
        OSError: It cannot be opened, or is a folder.
    """

    def without_waiting(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))

    with open(path, "rb", opener=without_waiting) as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode) or _is_the_systems(file.fileno(), state.st_size):
            raise InputError(f"'{path}' is no ordinary file.", "Choose another file.")
        yield file


def _is_the_systems(handle: int, size: int) -> bool:
    """Whether what is called an ordinary file, as /proc/kmsg is, is made up by the system.

    Its size is 0, and it gives something all the same, or nothing yet and is waited for.
    """
    if size or not hasattr(os, "pread"):
        return False
    try:
        return bool(os.pread(handle, 1, 0))
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno == errno.ESPIPE:
            return True
        raise


def sha256_of(path: Path, on_progress: OnProgress = ignore) -> str:
    """The sha256 of a file, as hex digits, read in pieces.

    Args:
        path: The file.
        on_progress: Told of every piece, in MiB; may raise Cancelled.

    Raises:
        InputError: It is no ordinary file.
        OSError: The file cannot be read.
    """
    digest, done = hashlib.sha256(), 0
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        total = size >> 20
        # as small as the file: zeroing it is what small ones cost most
        piece = memoryview(bytearray(max(1, min(_PIECE, size))))
        while n_bytes := file.readinto(piece):
            digest.update(piece[:n_bytes])
            done += n_bytes
            on_progress(Progress("reading the whole file", done >> 20, total))
    return digest.hexdigest()


def read_plain(path: Path, most_bytes: int) -> bytes:
    """The content of a file that a user has named, of so many bytes at most.

    Raises:
        InputError: It is no ordinary file, or is larger.
        OSError: It cannot be opened or read, or is a folder.
    """
    with open_plain(path) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise InputError(
            f"'{path}' is larger than {most_bytes / 2**20:.4g} MiB, more than is read.",
            "Choose another file.",
        )
    return content


def file_name(path: Path) -> str:
    r"""The name of a file as it is kept and shown: bytes that are no UTF-8 as `\xNN`."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def is_special(path: Path) -> bool:
    """Whether a device, a pipe or a folder has a file's place.

    One look tells: another process may remove the file between a first and a second.
    """
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:  # none there, or out of reach, which whoever opens it is told
        return False


def files_below(folder: Path) -> Iterator[Path]:
    """The files of a folder and of those in it, in the order of their names; links are none.

    What another program takes away meanwhile is passed over.
    """
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            with suppress(OSError):
                if stat.S_ISREG(path.lstat().st_mode):
                    yield path


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes its name only when the block ends well.

    The bytes go to a hidden name in the same folder, reach the disk, and are then renamed over
    `path`; on any failure, a cancel included, nothing is left behind and an older file at `path`
    stays as it was.

    Raises:
        OutputError: The file cannot be written there, or stands for a device or a folder, which
            a rename would do away with.
    """
    if is_special(path):
        raise OutputError(f"'{path}' is no ordinary file.", "Choose another name.")
    try:
        with unfinished_file(path) as (temporary, file):
            yield file
            file.flush()
            os.fsync(file.fileno())
            file.close()
            temporary.replace(path)
            sync_folder(path.parent)
    except OSError as error:
        raise unwritable("file", path, error) from error


@contextmanager
def atomic_text(path: Path, encoding: str = "utf-8") -> Iterator[TextIO]:
    """An `atomic_file` for text, its line ends written as they are given.

    Raises:
        OutputError: As `atomic_file`.
    """
    with atomic_file(path) as file:
        text = io.TextIOWrapper(file, encoding=encoding, newline="")
        yield text
        text.detach()  # writes what is left, and does not close the file


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A new folder to put files into, which takes its name only when the block ends well.

    On any failure, a cancel included, nothing is left behind.

    Args:
        path: The folder: none yet, or an empty one; the folders above it are made where needed.

    Raises:
        OutputError: It cannot be written there, is a file, or holds something already.
    """
    try:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            what = "holds something already" if path.is_dir() else "is a file"
            raise OutputError(f"'{path}' {what}.", "Choose another name for the folder.")
        sweep_folder(path.absolute().parent)
        with unfinished_folder(path) as unfinished:
            yield unfinished
            if path.exists():
                path.rmdir()  # empty; Windows renames over no folder
            unfinished.rename(path)
    except OSError as error:
        raise OutputError(
            f"The folder '{path}' cannot be written: {error.strerror or error}.",
            "Choose a place that you may write to and that has room.",
        ) from error


def unwritable(what: str, path: Path, error: OSError) -> OutputError:
    """The error for a "file" or "folder" that cannot be written."""
    reason = error.strerror or str(error)
    return OutputError(f"The {what} '{path}' cannot be written: {reason}.", _WRITABLE)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, as a rename is only then; Windows has no such call.

    Raises:
        OSError: It cannot be done.
    """
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
