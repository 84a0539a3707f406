"""Database kept as one sealed file, where there is no SQLCipher: opened in memory, written whole.

Who begins a transaction has `library.sqlite-lock` until it ends, alone, and reads the file again
where another one has changed it; a commit seals the whole database into a new file, which takes the
old one's name when it is on the disk. It takes longer the larger a library is, and no less is safe.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from facedyn_app.files import atomic_file
from facedyn_app.library.locks import lock_within
from facedyn_app.library.privacy import own_only
from facedyn_app.library.protection.sealed import SealError, seal, unseal
from facedyn_app.unfinished import give_back

LOCK_FILE: Final = "-lock"
"""Ending of the file beside the database whose lock a transaction has."""
LABEL: Final = "library.sqlite"
"""What the file is sealed as, whatever a copy of it is called."""


class SealedConnection(sqlite3.Connection):
    """A connection to the copy in memory of a sealed database; made by `connect_sealed`."""

    path: Path
    key: bytes
    wait_seconds: float
    read_only: bool
    _seen: tuple[int, int, int] | None = None
    _content: bytes = b""
    _handle: int = -1

    def take(self) -> None:
        """Begin: with the lock, and with what the file holds now.

        Raises:
            sqlite3.Error: Another program has the lock, or the file cannot be read; named as
                SQLite names what goes wrong.
        """
        if not self.read_only:
            self._lock()
        try:
            self._load()
        except OSError as error:
            self._release()
            raise _told("SQLITE_CANTOPEN", str(error)) from error
        except BaseException:
            self._release()
            raise

    def _lock(self) -> None:
        place = self.path.with_name(self.path.name + LOCK_FILE)
        try:
            if not os.access(self.path.parent, os.W_OK):
                raise PermissionError("its folder may not be written")
            handle = os.open(place, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise _told("SQLITE_CANTOPEN", str(error)) from error
        if not lock_within(handle, self.wait_seconds):
            os.close(handle)
            raise _told("SQLITE_BUSY", "database is locked")
        self._handle = handle

    def _load(self) -> None:
        seen = _state(self.path)
        if seen == self._seen:
            return
        sealed = self.path.read_bytes()
        try:
            self._content = unseal(sealed, self.key, LABEL) if sealed else b""
            if self._content:
                self.deserialize(self._content)
        except SealError as error:
            raise _told("SQLITE_NOTADB", str(error)) from error
        self.execute("PRAGMA secure_delete = ON")
        self._seen = seen

    def commit(self) -> None:
        """End well: what was changed is in the file.

        Raises:
            OutputError: It cannot be written; then it is as it was.
        """
        super().commit()
        if self._handle < 0:
            return
        try:
            content = self.serialize()
            if content != self._content:
                self._seen = None  # where the file cannot be written, it is read again
                with atomic_file(self.path) as file:
                    own_only(file)
                    file.write(seal(content, self.key, LABEL))
                self._seen, self._content = _state(self.path), content
        finally:
            self._release()

    def rollback(self) -> None:
        """End as if nothing had been."""
        super().rollback()
        self._release()

    def close(self) -> None:
        """Close the copy."""
        super().close()
        self._release()

    def _release(self) -> None:
        give_back(self._handle)
        self._handle = -1


def connect_sealed(
    path: Path, key: bytes, wait_seconds: float, *, read_only: bool
) -> SealedConnection:
    """A connection to a sealed database; an empty file is one without tables.

    Args:
        path: The file.
        key: What it is sealed under.
        wait_seconds: How long `take` waits for another program, s.
        read_only: Whether the file is only read.
    """
    made = sqlite3.connect(":memory:", factory=SealedConnection, check_same_thread=False)
    made.path, made.key = path, key
    made.wait_seconds, made.read_only = wait_seconds, read_only
    return made


def _state(path: Path) -> tuple[int, int, int]:
    """What is another value once a file was replaced."""
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns


def _told(name: str, words: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorname = name
    return error
