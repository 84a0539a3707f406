"""Drivers of the library's database: SQLite as it is, SQLCipher, or one sealed file in memory."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from facedyn_app.errors import InputError
from facedyn_app.library.protection.key_file import SEALED, SQLCIPHER
from facedyn_app.library.protection.keys import LibraryKeys
from facedyn_app.library.protection.sealed_database import SealedConnection, connect_sealed

log = logging.getLogger(__name__)

MOST_SILENT_SECONDS = 1.0
"""A beginning of a sealed transaction waits so long by itself, s; whoever begins it, longer."""


class Driver(Protocol):
    """How a library's database is opened."""

    @property
    def module(self) -> Any:
        """The module of the database interface (PEP 249) whose errors are raised."""

    def connect(self, path: Path, wait_seconds: float, *, read_only: bool) -> Any:
        """A connection to a database file."""

    def begin(self, connection: Connection, statement: str) -> None:
        """Begin a transaction by a statement."""


class PlainDriver:
    """SQLite, nothing encrypted."""

    module: Any = sqlite3

    def connect(self, path: Path, wait_seconds: float, *, read_only: bool) -> Any:
        """A connection to a database file."""
        return _connected(self.module, path, wait_seconds, read_only=read_only)

    def begin(self, connection: Connection, statement: str) -> None:
        """Begin a transaction by a statement."""
        connection.exec_driver_sql(statement)


class CipherDriver(PlainDriver):
    """SQLCipher, every page encrypted.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self.module = import_module("sqlcipher3.dbapi2")
        self._key = key

    def connect(self, path: Path, wait_seconds: float, *, read_only: bool) -> Any:
        """A connection to a database file."""
        connection = super().connect(path, wait_seconds, read_only=read_only)
        connection.execute(f"PRAGMA key = \"x'{self._key.hex()}'\"")
        return connection


class SealedDriver:
    """A sealed file, opened in memory.

    Args:
        key: 32 bytes.
    """

    module: Any = sqlite3

    def __init__(self, key: bytes) -> None:
        self._key = key

    def connect(self, path: Path, wait_seconds: float, *, read_only: bool) -> SealedConnection:
        """A connection to a database file."""
        wait = min(wait_seconds, MOST_SILENT_SECONDS)
        return connect_sealed(path, self._key, wait, read_only=read_only)

    def begin(self, connection: Connection, statement: str) -> None:
        """Begin a transaction by a statement, once the file's lock is had."""
        raw: Any = connection.connection.driver_connection
        try:
            raw.take()
        except sqlite3.Error as error:
            raise OperationalError(statement, None, error) from error
        connection.exec_driver_sql(statement)


def driver_of(keys: LibraryKeys | None) -> Driver:
    """The driver of a library with these keys; None where it is not protected.

    Raises:
        InputError: The database is kept by SQLCipher, which this installation lacks.
    """
    if keys is None:
        return PlainDriver()
    if keys.kind == SEALED:
        return SealedDriver(keys.database)
    if not has_sqlcipher():
        raise InputError(
            "The library's database is kept by SQLCipher, which this installation lacks.",
            "Install the package 'sqlcipher3', or open the library where it is.",
        )
    return CipherDriver(keys.database)


@contextmanager
def reading(path: Path, keys: LibraryKeys | None, wait_seconds: float = 0.0) -> Iterator[Any]:
    """A connection to a database file, to read from.

    Args:
        path: The file.
        keys: Of a protected library.
        wait_seconds: How long another program that writes it is waited for, s.

    Raises:
        InputError: As `driver_of`.
        Exception: What its module raises.
    """
    with closing(driver_of(keys).connect(path, wait_seconds, read_only=True)) as connection:
        if isinstance(connection, SealedConnection):
            connection.take()
        yield connection


def has_sqlcipher() -> bool:
    """Whether this installation has SQLCipher; not every platform has a wheel of it."""
    try:
        import_module("sqlcipher3.dbapi2")
    except ImportError:
        return False
    return True


def usual_database() -> str:
    """How databases are kept where nothing else is said: by SQLCipher where that is there."""
    if has_sqlcipher():
        return SQLCIPHER
    log.warning("There is no SQLCipher here: the database is encrypted as one file, by AES-GCM.")
    return SEALED


def _connected(module: Any, path: Path, wait_seconds: float, *, read_only: bool) -> Any:
    place = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    return module.connect(place, uri=True, timeout=wait_seconds, check_same_thread=False)
