"""Schema of the library's database: versions, tables, and the check of a file against them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import Connection, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from facedyn_app.library.audit_chain import chain_existing
from facedyn_app.library.columns import (
    DamagedError,
    SoundFlag,
    SoundPath,
    SoundReal,
    SoundText,
    SoundTime,
    SoundWhole,
    UncertainSignature,
    UncertainTime,
)
from facedyn_app.records import FloatArray

MOST_NAMED = 500
"""Rows that one statement names; of more, all are read, or some after the others."""
Statement = str | Callable[[Connection], None]
_COLUMNS = "SELECT name, type, [notnull], pk FROM pragma_table_info(?) ORDER BY cid"
READABLE_SCHEMA = 1
"""The oldest version that can be read as it is: what came later took a table away and
added one that may be missing."""
MIGRATIONS: tuple[tuple[Statement, ...], ...] = (
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
    (
        "CREATE TABLE IF NOT EXISTS audit_chain (line_id INTEGER PRIMARY KEY, "
        "previous TEXT NOT NULL, salt TEXT NOT NULL, what_sha256 TEXT NOT NULL, "
        "facts TEXT NOT NULL, hash TEXT NOT NULL)",
        chain_existing,
    ),
    (
        "CREATE TABLE IF NOT EXISTS consents (id INTEGER PRIMARY KEY AUTOINCREMENT, "
        "speaker_id INTEGER NOT NULL REFERENCES speakers (id), purpose TEXT NOT NULL, "
        "given_at TEXT NOT NULL, until TEXT, withdrawn_at TEXT, given_by TEXT NOT NULL, "
        "UNIQUE (speaker_id, purpose))",
    ),
    (
        "CREATE TABLE IF NOT EXISTS work_orders (id INTEGER PRIMARY KEY AUTOINCREMENT, "
        "details TEXT NOT NULL, added_at TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS work (id INTEGER PRIMARY KEY AUTOINCREMENT, "
        "order_id INTEGER NOT NULL REFERENCES work_orders (id), kind TEXT NOT NULL, "
        "speaker TEXT NOT NULL, path TEXT NOT NULL, name TEXT, day TEXT, n_bytes INTEGER, "
        "modified INTEGER, state TEXT NOT NULL, reason TEXT NOT NULL, tries INTEGER NOT NULL, "
        "owner TEXT, worker TEXT, session_id INTEGER REFERENCES sessions (id), "
        "changed_at TEXT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS work_by_state ON work (state, id)",
        "CREATE INDEX IF NOT EXISTS work_by_order ON work (order_id)",
        "CREATE INDEX IF NOT EXISTS work_by_session ON work (session_id)",
    ),
)
"""The statements that bring an empty file to version 1, that to version 2, and so on.

Where SQL does not suffice, a function stands among them. A step that has been released is never
changed: libraries out there have taken it.
"""


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


class ConsentRow(Base):
    """A speaker's consent to one purpose; who has none of these rows gave it as text."""

    __tablename__ = "consents"
    id: Mapped[int] = mapped_column(primary_key=True)
    speaker_id: Mapped[int] = mapped_column(ForeignKey("speakers.id"))
    purpose: Mapped[str]
    given_at: Mapped[str] = mapped_column(SoundTime)
    until: Mapped[str | None] = mapped_column(SoundTime)
    withdrawn_at: Mapped[str | None] = mapped_column(SoundTime)
    given_by: Mapped[str]


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


class WorkOrderRow(Base):
    """What was said of recordings that were put into the queue together, as JSON."""

    __tablename__ = "work_orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    details: Mapped[str]
    added_at: Mapped[str] = mapped_column(SoundTime)


class WorkRow(Base):
    """A recording in the queue (`library.work_queue`); its size in bytes, its change in µs."""

    __tablename__ = "work"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("work_orders.id"))
    kind: Mapped[str]
    speaker: Mapped[str]
    path: Mapped[str] = mapped_column(SoundPath)
    name: Mapped[str | None]
    day: Mapped[str | None] = mapped_column(SoundTime)
    n_bytes: Mapped[int | None]
    modified: Mapped[int | None]
    state: Mapped[str]
    reason: Mapped[str]
    tries: Mapped[int]
    owner: Mapped[str | None]
    worker: Mapped[str | None]
    session_id: Mapped[int | None] = mapped_column(ForeignKey("sessions.id"))
    changed_at: Mapped[str] = mapped_column(SoundTime)


class AuditRow(Base):
    """Who did what when; speakers are in the text by their numbers."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[str] = mapped_column(SoundTime)
    who: Mapped[str]
    action: Mapped[str]
    what: Mapped[str]


class AuditChainRow(Base):
    """What chains a line of the audit to the one before (`library.audit_chain`)."""

    __tablename__ = "audit_chain"
    line_id: Mapped[int] = mapped_column(primary_key=True)
    previous: Mapped[str]
    salt: Mapped[str]
    what_sha256: Mapped[str]
    facts: Mapped[str]
    hash: Mapped[str]


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


def check_schema(connection: Connection) -> None:
    """Make sure that a database has the tables of a library, and nothing that acts by itself.

    Raises:
        DamagedError: Somebody else has changed it.
    """
    things = "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')"
    for kind, name in connection.exec_driver_sql(things):
        raise DamagedError(f"it holds the {kind} {str(name)[:40]!r}, which no library has")
    for table, columns in _columns_made().items():
        if _rows(connection.exec_driver_sql(_COLUMNS, (table,))) != columns:
            raise DamagedError(f"its table '{table}' is missing or has other columns")
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise DamagedError("a row of it speaks of one that is not there")


@cache
def _columns_made() -> dict[str, tuple[tuple[Any, ...], ...]]:
    """The columns of each table as the migrations make them."""
    connection = sqlite3.connect(":memory:")
    try:
        for statement in (one for step in MIGRATIONS for one in step):
            if isinstance(statement, str):
                connection.execute(statement)
        return {name: _rows(connection.execute(_COLUMNS, (name,))) for name in Base.metadata.tables}
    finally:
        connection.close()


def _rows(found: Iterable[Any]) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(row) for row in found)
