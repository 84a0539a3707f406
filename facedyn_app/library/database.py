"""The library's SQLite file: its tables, its schema's history, its errors in words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine, ForeignKey, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import FacedynError, InputError, OutputError
from facedyn_app.library.columns import (
    DamagedError,
    SoundFlag,
    SoundReal,
    SoundText,
    SoundTime,
    SoundWhole,
    UncertainSignature,
    UncertainTime,
    check_schema,
)
from facedyn_app.library.waiting import waiting
from facedyn_app.records import FloatArray

DATABASE = "library.sqlite"
"""Name of the file in a library's folder."""
_BESIDE = ("-journal", "-wal", "-shm")
"""Endings of the files that SQLite keeps beside a database while it writes."""
_PRAGMAS = (
    "foreign_keys = ON",
    "secure_delete = ON",
    "synchronous = FULL",
    "trusted_schema = OFF",
    "cell_size_check = ON",
)
READABLE_SCHEMA = 1
"""The oldest version that can be read as it is: what came later took a table away and
added one that may be missing."""
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE speakers (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, "
        "consent TEXT NOT NULL, consented_at TEXT NOT NULL, created_at TEXT NOT NULL)",
        "CREATE TABLE sessions (id INTEGER PRIMARY KEY AUTOINCREMENT, "
        "speaker_id INTEGER REFERENCES speakers (id), name TEXT NOT NULL, "
        "file_name TEXT NOT NULL UNIQUE, source_name TEXT, source_sha256 TEXT, "
        "head_id TEXT NOT NULL, recorded_at TEXT, added_at TEXT NOT NULL, "
        "n_frames INTEGER NOT NULL, n_valid INTEGER NOT NULL, seconds REAL NOT NULL, "
        "simulated INTEGER NOT NULL)",
        "CREATE INDEX sessions_by_speaker ON sessions (speaker_id)",
        "CREATE TABLE enrolments (id INTEGER PRIMARY KEY AUTOINCREMENT, "
        "speaker_id INTEGER NOT NULL REFERENCES speakers (id), "
        "session_id INTEGER NOT NULL UNIQUE REFERENCES sessions (id), enrolled_at TEXT NOT NULL)",
        "CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, "
        "session_id INTEGER REFERENCES sessions (id), kind TEXT NOT NULL, at TEXT NOT NULL, "
        "settings TEXT NOT NULL, result TEXT NOT NULL)",
        "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, "
        "who TEXT NOT NULL, action TEXT NOT NULL, what TEXT NOT NULL)",
        "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    ),
    ("DROP TABLE IF EXISTS runs",),
    (
        "CREATE TABLE IF NOT EXISTS annotations (id INTEGER PRIMARY KEY AUTOINCREMENT, "
        "speaker_id INTEGER UNIQUE REFERENCES speakers (id), "
        "session_id INTEGER UNIQUE REFERENCES sessions (id), "
        "tags TEXT NOT NULL, note TEXT NOT NULL)",
    ),
    (
        "CREATE TABLE IF NOT EXISTS takes (session_id INTEGER PRIMARY KEY "
        "REFERENCES sessions (id), signature TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS videos (session_id INTEGER PRIMARY KEY "
        "REFERENCES sessions (id), path TEXT NOT NULL, n_bytes INTEGER NOT NULL)",
    ),
)
"""The statements that bring an empty file to version 1, that to version 2, and so on.

A step that has been released is never changed: libraries out there have taken it.
"""


class ReadOnlyError(OutputError):
    """The library may be read and not written."""


class Base(DeclarativeBase):
    """The tables; times are ISO 8601 texts in UTC."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: SoundText,
        int: SoundWhole,
        float: SoundReal,
        bool: SoundFlag,
    }


class SpeakerRow(Base):
    """A person, with the consent without which there is no row."""

    __tablename__ = "speakers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    consent: Mapped[str]
    consented_at: Mapped[str] = mapped_column(SoundTime)
    created_at: Mapped[str] = mapped_column(SoundTime)


class SessionRow(Base):
    """A session file; its speaker is NULL while unknown."""

    __tablename__ = "sessions"
    id: Mapped[int] = mapped_column(primary_key=True)
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("speakers.id"))
    name: Mapped[str]
    file_name: Mapped[str] = mapped_column(unique=True)
    source_name: Mapped[str | None]
    source_sha256: Mapped[str | None]
    head_id: Mapped[str]
    recorded_at: Mapped[str | None] = mapped_column(UncertainTime)
    added_at: Mapped[str] = mapped_column(SoundTime)
    n_frames: Mapped[int]
    n_valid: Mapped[int]
    seconds: Mapped[float]
    simulated: Mapped[bool]
    speaker: Mapped[SpeakerRow | None] = relationship()
    enrolment: Mapped[EnrolmentRow | None] = relationship(viewonly=True)


class EnrolmentRow(Base):
    """That a session stands for its speaker in the gallery."""

    __tablename__ = "enrolments"
    id: Mapped[int] = mapped_column(primary_key=True)
    speaker_id: Mapped[int] = mapped_column(ForeignKey("speakers.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), unique=True)
    enrolled_at: Mapped[str] = mapped_column(SoundTime)


class AnnotationRow(Base):
    """Tags and a note of the user's on a speaker or a session; tags are lines."""

    __tablename__ = "annotations"
    id: Mapped[int] = mapped_column(primary_key=True)
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("speakers.id"), unique=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("sessions.id"), unique=True)
    tags: Mapped[str]
    note: Mapped[str]


class TakeRow(Base):
    """The signature of a session's motion, by which copies of its recording are looked for."""

    __tablename__ = "takes"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    signature: Mapped[FloatArray | None] = mapped_column(UncertainSignature, nullable=False)


class VideoRow(Base):
    """Where the video of a session was last seen, and its size in bytes."""

    __tablename__ = "videos"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    path: Mapped[str]
    n_bytes: Mapped[int]


class AuditRow(Base):
    """Who did what when."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[str] = mapped_column(SoundTime)
    who: Mapped[str]
    action: Mapped[str]
    what: Mapped[str]


class SettingRow(Base):
    """A choice that belongs to the library, such as its active recognizer."""

    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


def now() -> str:
    """The present time as the database keeps it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def in_utc(when: datetime) -> str:
    """A time as the database keeps it; one without a zone is taken for the zone here."""
    return when.astimezone(UTC).isoformat()


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


def open_database(path: Path, wait_seconds: float) -> Engine:
    """Open the library's database, made or brought to the present schema where needed.

    One that may not be written is opened for reading, as it is.

    Args:
        path: The file.
        wait_seconds: How long a transaction waits for another program's, s.

    Raises:
        InputError: The file is no library, is damaged, was written by a newer version of the
            program, or is in use by another one.
        OutputError: There is none and none can be made, or the disk is full.
    """
    _check_plain(path)
    url = URL.create("sqlite", database=str(path))
    try:
        return _opened(url, path, wait_seconds, _begin_writing, _migrate)
    except ReadOnlyError:
        if not path.is_file():
            raise
    query = {"mode": "ro", "uri": "true"}
    url = URL.create("sqlite", database=path.absolute().as_uri(), query=query)
    try:
        return _opened(url, path, wait_seconds, _begin_reading, _check_readable)
    except ReadOnlyError as error:
        raise InputError(
            f"The library '{path.parent}' cannot be read.",
            "Ask for the right to read its files. If a program was stopped while it wrote there, "
            "open the library once where it can be written.",
        ) from error


def _opened(
    url: URL,
    path: Path,
    wait_seconds: float,
    begin: Callable[[Connection], None],
    check: Callable[[Connection, Path], None],
) -> Engine:
    """An engine whose transactions begin with `begin`, after the file has passed `check`."""
    engine = create_engine(url, connect_args={"timeout": wait_seconds})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", waiting(begin, wait_seconds))
    try:
        with errors_in_words(path), engine.begin() as connection:
            check(connection, path)
    except BaseException:
        engine.dispose()
        raise
    return engine


def change_counter(folder: Path) -> tuple[int, bytes] | None:
    """What is another value after every change of a library, whoever made it; None without one.

    It is the file's number and the change counter in its header (SQLite's file format, bytes 24 to
    27), for which neither a lock nor a connection is needed.

    Raises:
        OSError: It cannot be read.
    """
    try:
        with (folder / DATABASE).open("rb") as file:
            return os.fstat(file.fileno()).st_ino, file.read(28)[24:]
    except FileNotFoundError:
        return None


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
        except sqlite3.DatabaseError as error:
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


def _begin_writing(connection: Connection) -> None:
    # the write lock at once: a reader that turns writer midway can be refused without waiting
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _check_readable(connection: Connection, path: Path) -> None:
    version = _version(connection, path)
    if version < READABLE_SCHEMA:
        raise InputError(f"The file '{path}' is no facedyn library.", "Choose another folder.")
    if version == len(MIGRATIONS):
        check_schema(connection, MIGRATIONS, Base.metadata.tables)


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
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA user_version = {step}")
    check_schema(connection, MIGRATIONS, Base.metadata.tables)


def _check_plain(path: Path) -> None:
    """A pipe in the database's place would be waited for, an emptied file taken for a new library.

    Raises:
        InputError: Something else than a file is there, or one that has lost all.
    """
    for beside in _BESIDE:
        other = path.with_name(f"{path.name}{beside}")
        if other.exists() and not other.is_file():
            raise _damaged(path, f"'{other.name}' beside it is no ordinary file")
    if not path.exists():
        return
    if not path.is_file():
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
