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
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

if os.name == "posix":
    import fcntl

UNFINISHED: Final = ".part"
"""Ending of what is not whole yet; a film's own ending follows."""
SET_ASIDE: Final = ".old"
"""Ending of a folder that is being replaced, until the new one stands in its place."""
STALE_SECONDS: Final = 24 * 3600.0
"""Where no lock tells, what was left half done is taken for given up after this time, s."""
_OWN = re.compile(r"\.(?P<name>.+)\.facedyn-[0-9a-f]{12}(?P<kind>\.part|\.old)(\.\w{1,5})?", re.S)
_TEMPORARY = re.compile(r"facedyn-[a-z]+-[0-9a-f]{12}\.part")
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
        self._lock = os.dup(handle) if os.name == "posix" else -1
        self.file: BinaryIO = os.fdopen(handle, "wb")

    def release(self) -> None:
        """Close it, and hold it no more; a second call does nothing."""
        with suppress(OSError):
            self.file.close()
        if self._lock >= 0:
            os.close(self._lock)
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
    with _new_folder(lambda: hidden_name(path), 0o777) as folder:
        yield folder


@contextmanager
def temporary_folder(what: str) -> Iterator[Path]:
    """A folder for temporary files, readable by its owner alone, held until the block ends.

    Args:
        what: What for, a word of small letters.

    Raises:
        OSError: It cannot be made.
    """
    place = Path(tempfile.gettempdir())
    name = f"facedyn-{what}-"
    with _new_folder(lambda: place / f"{name}{secrets.token_hex(6)}{UNFINISHED}", 0o700) as folder:
        yield folder


@contextmanager
def _new_folder(name: Callable[[], Path], mode: int) -> Iterator[Path]:
    def make(folder: Path) -> int:
        folder.mkdir(mode)
        return os.open(folder, os.O_RDONLY) if os.name == "posix" else -1

    folder, lock = _made(name, make)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock >= 0:
            os.close(lock)


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
        if handle < 0 or (_locked(handle) is not False and _is_at(handle, path)):
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
    lock = os.open(path, os.O_RDONLY | os.O_NONBLOCK) if os.name == "posix" else -1
    try:
        if lock >= 0:
            _locked(lock)
        path.rename(aside)
        try:
            new.rename(path)
        except OSError:
            aside.rename(path)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    finally:
        if lock >= 0:
            os.close(lock)


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


def sweep_folder(folder: Path, keep: Callable[[Path], bool] = lambda _: False) -> list[Path]:
    """Delete what killed programs have left half done in a folder; gives what has gone.

    What cannot be deleted stays, as does what another process holds.

    Args:
        folder: Whose files and folders are looked at; what is not named by this module stays.
        keep: Told of each that is given up, before it goes; True where it has dealt with it.
    """
    swept = []
    for path in _own_in(folder):
        if path.name.endswith(SET_ASIDE):
            restore_folder(path.with_name(str(final_name(path.name))))
        if _swept(path, keep):
            swept.append(path)
    return swept


def sweep_temporary() -> list[Path]:
    """Delete folders for temporary files that killed programs have left; gives what has gone."""
    place = Path(tempfile.gettempdir())
    there = sorted(path for path in _entries(place) if _TEMPORARY.fullmatch(path.name))
    return [path for path in there if _swept(path, lambda _: False)]


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


def _swept(path: Path, keep: Callable[[Path], bool]) -> bool:
    with suppress(OSError), _given_up(path) as given_up:
        if given_up and not keep(path):
            delete(path)
            return True
    return False


def _own_in(folder: Path) -> list[Path]:
    return sorted(path for path in _entries(folder) if _OWN.fullmatch(path.name))


def _entries(folder: Path) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            yield folder / entry.name


@contextmanager
def _given_up(path: Path) -> Iterator[bool]:
    """Whether nobody holds a file or folder; if so, it is held while the block runs.

    Raises:
        OSError: It is gone, or may not be opened.
    """
    kind = path.lstat().st_mode
    if os.name != "posix" or not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        yield is_stale(path)
        return
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        locked = _locked(handle)
        if locked is None:
            yield is_stale(path)
        else:
            yield locked and _is_at(handle, path)
    finally:
        os.close(handle)


def _locked(handle: int) -> bool | None:
    """Lock an open file or folder; False where another process has it, None without locks."""
    if os.name != "posix":
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return None
    return True


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except OSError:
        return False
