"""Locks on files: held by a process that works with a folder, given back when it ends or dies.

A folder that is worked with alone has a file beside it that says so. What several may have at once,
or one alone, such as a library's files under their present keys, is a lock on the folder itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from facedyn_app.errors import InputError

if os.name == "posix":
    import fcntl

LOCK = ".lock"
"""Ending of the file beside a folder that says that it is worked with."""
_POLL_SECONDS: Final = 0.02


@contextmanager
def holding(folder: Path, taken: str) -> Iterator[None]:
    """The right to work with a folder, alone, while the block runs.

    Args:
        folder: The folder; it need not be there.
        taken: The sentence where another process has the right.

    Raises:
        InputError: Another process has it.
        OSError: The file that stands for it cannot be made.
    """
    path = folder.with_name(f".{folder.name}{LOCK}")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _locked(path)
    if handle is None:
        raise InputError(taken, "Wait until that has ended, or stop it.")
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(handle)


def in_use(folder: Path) -> bool:
    """Whether another process works with a folder."""
    try:
        with holding(folder, ""):
            return False
    except InputError:
        return True
    except OSError:
        return False


def _locked(path: Path) -> int | None:
    """A handle of the file, locked; None where another process has it."""
    while True:
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        if not locked(handle):
            os.close(handle)
            return None
        # whoever had it before may have removed the file after it was opened here
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        os.close(handle)


def locked(handle: int, *, shared: bool = False) -> bool:
    """Lock an open file, alone or with others that share it; whether that was possible at once."""
    if os.name != "posix":
        return True
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def lock_folder(folder: Path, wait_seconds: float, *, shared: bool) -> int | None:
    """A handle that has a folder's lock until it is closed; None where others have it.

    Where the folder cannot be opened, or the system has no such locks, it is a handle of nothing,
    -1.

    Args:
        folder: The folder.
        wait_seconds: How long others are waited for, s.
        shared: Whether others may share it.
    """
    if os.name != "posix":
        return -1
    try:  # a pipe in its place would be waited for
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return -1
    until = time.monotonic() + wait_seconds
    while not locked(handle, shared=shared):
        if time.monotonic() >= until:
            os.close(handle)
            return None
        time.sleep(_POLL_SECONDS)
    return handle


def unlock_folder(handle: int) -> None:
    """Give a folder's lock back."""
    if handle >= 0:
        os.close(handle)
