"""Unfinished files and folders: hidden until they are whole, held by the process that writes them.

Whether another process still writes one is told by an advisory lock (flock), which ends with its
holder however that dies. Where a system has no such locks, age decides.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

POSIX: Final = os.name == "posix"
if POSIX:
    import fcntl

UNFINISHED: Final = ".part"
"""Ending of what is not whole yet; a film's own ending follows."""
SET_ASIDE: Final = ".old"
"""Ending of a folder that is being replaced, until the new one stands in its place."""
STALE_SECONDS: Final = 24 * 3600.0
"""Where no lock tells, what was left half done is taken for given up after this time, s."""
_OWN = re.compile(r"\.(?P<name>.+)\.facedyn-[0-9a-f]{12}(?P<kind>\.part|\.old)(\.\w{1,5})?", re.S)
_LONGEST = 200


def final_name(name: str) -> str | None:
    """The name that an unfinished file or folder is to have; None for any other's name."""
    own = _OWN.fullmatch(name)
    return None if own is None else own["name"]


def hidden_name(path: Path, ending: str = UNFINISHED) -> Path:
    """A name of its own beside a path, for what is not whole yet or is being replaced."""
    while len(os.fsencode(name := path.name)) > _LONGEST:
        path = path.with_name(name[:-1])
    return path.with_name(f".{name}.facedyn-{secrets.token_hex(6)}{ending}")


class UnfinishedFile:
    """A new file with a hidden name beside a path, held by this process until it is released.

    Attributes:
        path: Its hidden name.
        file: To write to; closed before it is renamed.

    Args:
        path: The name that it is to have.
        mode: Who may read and write it, as in `os.open`.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, path: Path, mode: int = 0o666) -> None:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        self.path, handle = _made(lambda: hidden_name(path), lambda new: os.open(new, flags, mode))
        # an open file cannot be renamed where there are no locks
        self._lock = os.dup(handle) if POSIX else -1
        self.file: BinaryIO = os.fdopen(handle, "wb")

    def release(self) -> None:
        """Close it, and hold it no more; a second call does nothing."""
        with suppress(OSError):
            self.file.close()
        give_back(self._lock)
        self._lock = -1

    def discard(self) -> None:
        """Delete it where it still has its hidden name, and release it."""
        with suppress(OSError):
            self.file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.release()


@contextmanager
def unfinished_file(path: Path, mode: int = 0o666) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file with a hidden name beside a path, held until the block ends, and then gone.

    Args:
        path: The name that it is to have; the block renames it.
        mode: Who may read and write it, as in `os.open`.

    Raises:
        OSError: It cannot be made.
    """
    new = UnfinishedFile(path, mode)
    try:
        yield new.path, new.file
    finally:
        new.discard()


@contextmanager
def unfinished_folder(path: Path) -> Iterator[Path]:
    """A new folder with a hidden name beside a path, held until the block ends, and then gone.

    Raises:
        OSError: It cannot be made.
    """
    path = path.absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_folder(lambda: hidden_name(path)) as folder:
        yield folder


@contextmanager
def new_folder(name: Callable[[], Path], mode: int = 0o777) -> Iterator[Path]:
    """A new folder, held until the block ends, and then gone where it still has its name.

    Args:
        name: Gives names until one is free.
        mode: Who may read and write it, as in `os.mkdir`.

    Raises:
        OSError: It cannot be made.
    """

    def make(folder: Path) -> int:
        folder.mkdir(mode)
        return handle_of(folder)

    folder, lock = _made(name, make)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        give_back(lock)


def _made(name: Callable[[], Path], make: Callable[[Path], int]) -> tuple[Path, int]:
    """What was made under a new name, and a handle that holds it."""
    while True:
        path = name()
        try:
            handle = make(path)
        except FileNotFoundError:
            if path.parent.is_dir():  # swept between its making and its opening
                continue
            raise
        if handle < 0 or (try_lock(handle) is not False and is_at(handle, path)):
            return path, handle
        os.close(handle)  # swept before it was held


def replace_folder(new: Path, path: Path) -> None:
    """Put a whole folder in a path's place; what stood there is set aside until that is done.

    A kill leaves one of the two: `restore_folder` takes what was set aside back.

    Raises:
        OSError: It cannot be renamed; what stood there is back.
    """
    if not path.exists():
        new.rename(path)
        return
    aside = hidden_name(path, SET_ASIDE)
    lock = handle_of(path)
    try:
        try_lock(lock)
        path.rename(aside)
        try:
            new.rename(path)
        except OSError:
            aside.rename(path)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    finally:
        give_back(lock)


def folder_mark(folder: Path) -> tuple[int, int] | None:
    """What is another value once another folder stands in a folder's place; None for none."""
    try:
        state = folder.stat()
    except OSError:
        return None
    return state.st_ino, state.st_ctime_ns


def restore_folder(path: Path) -> None:
    """Take back a folder that was set aside by a program that was killed before it was replaced."""
    if path.exists():
        return
    for aside in _own_in(path.parent):
        if aside.name.endswith(SET_ASIDE) and final_name(aside.name) == path.name:
            with suppress(OSError), _given_up(aside) as given_up:
                if given_up and not path.exists():
                    aside.rename(path)


def sweep_folder(
    folder: Path,
    keep: Callable[[Path], bool] = lambda _: False,
    own: re.Pattern[str] = _OWN,
) -> list[Path]:
    """Delete what killed programs have left half done in a folder; gives what has gone.

    What cannot be deleted stays, as does what another process holds.

    Args:
        folder: Whose files and folders are looked at.
        keep: Told of each that is given up, before it goes; True where it has dealt with it.
        own: Names that are looked at: those that this module gives.
    """
    swept = []
    for path in _own_in(folder, own):
        if path.name.endswith(SET_ASIDE):
            restore_folder(path.with_name(str(final_name(path.name))))
        with suppress(OSError), _given_up(path) as given_up:
            if given_up and not keep(path):
                delete(path)
                swept.append(path)
    return swept


def is_given_up(path: Path) -> bool:
    """Whether nobody holds an unfinished file or folder any more, or it is gone."""
    try:
        with _given_up(path) as given_up:
            return given_up
    except OSError:
        return not path.exists()


def is_stale(path: Path) -> bool:
    """Whether something has not been changed for a day; OSError where it is gone."""
    return time.time() - path.lstat().st_mtime > STALE_SECONDS


def delete(path: Path) -> None:
    """Delete a file, a link or a folder with what is in it; OSError where that is impossible."""
    if stat.S_ISDIR(path.lstat().st_mode):
        shutil.rmtree(path)
    else:
        path.unlink()


def _own_in(folder: Path, own: re.Pattern[str] = _OWN) -> list[Path]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return sorted(folder / name for name in names if own.fullmatch(name))


@contextmanager
def _given_up(path: Path) -> Iterator[bool]:
    """Whether nobody holds a file or folder; if so, it is held while the block runs.

    Raises:
        OSError: It is gone, or may not be opened.
    """
    kind = path.lstat().st_mode
    if not POSIX or not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        yield is_stale(path)
        return
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        locked = try_lock(handle)
        yield is_stale(path) if locked is None else locked and is_at(handle, path)
    finally:
        os.close(handle)


def handle_of(folder: Path) -> int:
    """A handle of a folder by which it can be locked; of nothing, -1, without such locks.

    A pipe in its place is not waited for.
    """
    return os.open(folder, os.O_RDONLY | os.O_NONBLOCK) if POSIX else -1


def give_back(handle: int) -> None:
    """Close a handle, and so give its lock back."""
    if handle >= 0:
        os.close(handle)


def try_lock(handle: int, *, shared: bool = False) -> bool | None:
    """Lock a file or folder by a handle of it, alone or with others that share it.

    Returns:
        False where another process has it, None where there are no such locks.
    """
    if not POSIX or handle < 0:
        return None
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return None
    return True


def is_at(handle: int, path: Path) -> bool:
    """Whether a handle is of what lies at a path now; another process may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except OSError:
        return False
