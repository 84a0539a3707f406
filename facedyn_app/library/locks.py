"""Locks on files: held by a process that works with a folder, given back when it ends or dies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from facedyn_app.errors import InputError

if os.name == "posix":
    import fcntl

LOCK = ".lock"
"""Ending of the file beside a folder that says that it is worked with."""


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
        if not _lock(handle):
            os.close(handle)
            return None
        # whoever had it before may have removed the file after it was opened here
        if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
            return handle
        os.close(handle)


def _lock(handle: int) -> bool:
    if os.name != "posix":
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
