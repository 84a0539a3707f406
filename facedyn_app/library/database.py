"""The library's SQLite file, encrypted or not: opening, transactions, waits, errors in words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic, time_ns
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import FacedynError, InputError, OutputError
from facedyn_app.files import is_special
from facedyn_app.library.columns import DamagedError
from facedyn_app.library.protection.drivers import Driver, driver_of
from facedyn_app.library.protection.keys import LibraryKeys
from facedyn_app.library.schema import MIGRATIONS, READABLE_SCHEMA, check_schema

DATABASE = "library.sqlite"
"""Name of the file in a library's folder."""
_JOURNAL = "-journal"
_BESIDE = (_JOURNAL, "-wal", "-shm")
"""Endings of the files that SQLite keeps beside a database while it writes."""
_PRAGMAS = (
    "foreign_keys = ON",
    "secure_delete = ON",
    "synchronous = FULL",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "temp_store = MEMORY",
)
SILENT_SECONDS = 1.0
"""A wait for another program that takes longer is said, s; SQLite waits so long by itself."""

_TICK_NS = 2_500_000_000
"""The clocks of file systems tick no more slowly, ns; that of FAT takes 2 s."""

log = logging.getLogger(__name__)

_WRITING, _READING = "BEGIN IMMEDIATE", "BEGIN"
# the write lock at once: a reader that turns writer midway can be refused without waiting

Begin = Callable[[Connection], None]


class ReadOnlyError(OutputError):
    """The library may be read and not written."""


def is_library(folder: Path) -> bool:
    """Whether there is a library in a folder.

    Raises:
        InputError: The folder cannot be opened.
    """
    try:
        return (folder / DATABASE).is_file()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"The library '{folder}' cannot be opened: {reason}.", "Check its name."
        ) from error


def open_database(path: Path, wait_seconds: float, keys: LibraryKeys | None = None) -> Engine:
    """Open the library's database, made or brought to the present schema where needed.

    One that may not be written is opened for reading, as it is.

    Args:
        path: The file.
        wait_seconds: How long a transaction waits for another program's, s.
        keys: Of a protected library.

    Raises:
        InputError: The file is no library, is damaged, was written by a newer version of the
            program, or is in use by another one.
        OutputError: There is none and none can be made, or the disk is full.
    """
    _check_plain(path)
    driver = driver_of(keys)
    try:
        return _opened(driver, path, wait_seconds, _migrate, read_only=False)
    except ReadOnlyError:
        if not path.is_file():
            raise
    try:
        return _opened(driver, path, wait_seconds, _check_readable, read_only=True)
    except ReadOnlyError as error:
        raise InputError(
            f"The library '{path.parent}' cannot be read.",
            "Ask for the right to read its files. If a program was stopped while it wrote there, "
            "open the library once where it can be written.",
        ) from error


def _opened(
    driver: Driver,
    path: Path,
    wait_seconds: float,
    check: Callable[[Connection, Path], None],
    *,
    read_only: bool,
) -> Engine:
    """An engine, after the file has passed `check`."""
    engine = create_engine(
        "sqlite://",
        module=driver.module,
        creator=lambda: driver.connect(path, wait_seconds, read_only=read_only),
        poolclass=QueuePool,
    )
    begin = partial(driver.begin, statement=_READING if read_only else _WRITING)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _waiting(begin, wait_seconds))
    try:
        with errors_in_words(path), engine.begin() as connection:
            check(connection, path)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _waiting(begin: Begin, wait_seconds: float) -> Begin:
    """A beginning of transactions that waits for other programs, and says so after a second.

    Args:
        begin: Begins one, or raises what SQLite says.
        wait_seconds: How long is waited, s; what SQLite says is raised then.
    """

    def wait(connection: Connection) -> None:
        until = monotonic() + wait_seconds
        _let_wait(connection, min(wait_seconds, SILENT_SECONDS))
        busy = _refusal(begin, connection)
        if busy is not None and monotonic() < until:
            log.warning("Waiting for another program that writes to the library.")
        while busy is not None:
            if monotonic() >= until:
                raise busy
            busy = _refusal(begin, connection)
        _let_wait(connection, wait_seconds)  # the end of the transaction may have to wait as well

    return wait


def _let_wait(connection: Connection, seconds: float) -> None:
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(1000 * seconds)}")


def _refusal(begin: Begin, connection: Connection) -> OperationalError | None:
    """Begin a transaction; what SQLite says where another program writes."""
    try:
        begin(connection)
    except OperationalError as error:
        if not str(getattr(error.orig, "sqlite_errorname", "")).startswith("SQLITE_BUSY"):
            raise
        return error
    return None


def change_mark(folder: Path) -> tuple[int, ...] | None:
    """What is another value after every change of a library, whoever made it; None without one.

    It is the file's number, size and time. The file is not opened: closing it would give back the
    locks that other threads' transactions have on it ("How To Corrupt An SQLite Database File",
    2.2), and another program could write beside them. What was changed a moment ago may be changed
    again in the same tick of the file system's clock, and is marked anew until that is past.

    Raises:
        OSError: It cannot be read.
    """
    try:
        state = (folder / DATABASE).stat()
    except FileNotFoundError:
        return None
    now = time_ns()
    moment = now if abs(now - state.st_mtime_ns) < _TICK_NS else 0
    return state.st_ino, state.st_size, state.st_mtime_ns, moment


@contextmanager
def transaction(engine: Engine, path: Path) -> Iterator[OrmSession]:
    """All or nothing: what is done in the block is kept if it ends well and undone otherwise."""
    with errors_in_words(path), OrmSession(engine) as orm, orm.begin():
        yield orm


def compact(engine: Engine, path: Path) -> None:
    """Write the database anew, so that nothing deleted stays in its unused pages."""
    with errors_in_words(path):
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("VACUUM")
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except engine.dialect.loaded_dbapi.DatabaseError as error:
            raise _in_words(error, path) from error
        finally:
            connection.close()


@contextmanager
def errors_in_words(path: Path) -> Iterator[None]:
    """Turn what the database raises in the block into sentences for the user."""
    try:
        yield
    except (IntegrityError, ProgrammingError):
        raise  # a fault of this program, nothing that the user could act on
    except DatabaseError as error:
        raise _in_words(error.orig, path) from error
    except (DamagedError, UnicodeDecodeError) as error:
        reason = str(error) if isinstance(error, DamagedError) else "its texts are no UTF-8"
        raise _damaged(path, reason) from error


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    raw: Any = connection
    raw.isolation_level = None  # transactions begin where _begin says, DDL included
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _check_readable(connection: Connection, path: Path) -> None:
    version = _version(connection, path)
    if version < READABLE_SCHEMA:
        raise InputError(f"The file '{path}' is no facedyn library.", "Choose another folder.")
    if version == len(MIGRATIONS):
        check_schema(connection)


def _version(connection: Connection, path: Path) -> int:
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if version > len(MIGRATIONS):
        raise InputError(
            f"The library '{path.parent}' was written by a newer version of facedyn "
            f"(schema {version}; this one knows up to {len(MIGRATIONS)}).",
            "Update the program.",
        )
    return version


def _migrate(connection: Connection, path: Path) -> None:
    version = _version(connection, path)
    for step, statements in enumerate(MIGRATIONS[version:], version + 1):
        for statement in statements:
            if isinstance(statement, str):
                connection.exec_driver_sql(statement)
            else:
                statement(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {step}")
    check_schema(connection)
    if path.with_name(f"{path.name}{_JOURNAL}").exists():
        # SQLite rolls back no journal whose writer was killed before it was whole, and leaves it
        # there, with what the pages held, until somebody writes
        connection.exec_driver_sql(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _check_plain(path: Path) -> None:
    """A pipe in the database's place would be waited for, an emptied file taken for a new library.

    Raises:
        InputError: Something else than a file is there, or one that has lost all.
    """
    for beside in _BESIDE:
        other = path.with_name(f"{path.name}{beside}")
        if is_special(other):
            raise _damaged(path, f"'{other.name}' beside it is no ordinary file")
    if not path.exists():
        return
    if is_special(path):
        raise _damaged(path, "it is no ordinary file")
    if not path.stat().st_size and any((path.parent / "sessions").glob("*.npz")):
        raise _damaged(path, "it is empty, and sessions lie beside it")


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(
        f"The file '{path}' is no facedyn library or is damaged: {reason}.",
        "Choose another folder, or put back a copy of the library.",
    )


def _in_words(error: object, path: Path) -> FacedynError:
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return InputError(
            f"The library '{path.parent}' is in use by another program.",
            "Wait until that has finished, or close it, and try again.",
        )
    unwritable = ("SQLITE_READONLY", "SQLITE_CANTOPEN")
    if name.startswith((*unwritable, "SQLITE_FULL", "SQLITE_IOERR")):
        kind = ReadOnlyError if name.startswith(unwritable) else OutputError
        return kind(
            f"The library '{path.parent}' cannot be written: {error}.",
            "Choose a folder that you may write to and that has room.",
        )
    return _damaged(path, str(error))
