"""Records of a library: speakers and sessions; frozen, and alive after it is closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.library.consent import consents_of
from facedyn_app.library.schema import EnrolmentRow, SessionRow, SpeakerRow
from facedyn_app.records import Consent


@dataclass(frozen=True, slots=True)
class SpeakerEntry:
    """A person of the library.

    Attributes:
        id: Number in the library, never given twice.
        name: The name, unique in the library.
        consent: Who gave it, when, for what; a later one on a line of its own.
        consented_at: When the last consent was recorded.
        created_at: When the speaker was added.
        n_sessions: Sessions of the speaker.
        agreed: The consent by purpose.
    """

    id: int
    name: str
    consent: str
    consented_at: datetime
    created_at: datetime
    n_sessions: int
    agreed: Consent


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A session of the library, its numbers still on disk.

    Attributes:
        id: Number in the library, never given twice.
        name: What the user sees; unique among the speaker's sessions.
        speaker: The speaker's name, or None while unknown.
        enrolled: Whether the session stands for its speaker in the gallery.
        head_id: The head model of its coefficients.
        source_name: The video's file name, or None.
        source_sha256: The video's sha256, or None.
        recorded_at: When it was recorded, as far as is known.
        added_at: When it came into the library.
        n_frames: Frames.
        n_valid: Frames with a trusted fit.
        seconds: Duration, s.
        simulated: Whether it is simulated, not measured on a person.
        file_name: The file's name in the library's `sessions` folder.
    """

    id: int
    name: str
    speaker: str | None
    enrolled: bool
    head_id: str
    source_name: str | None
    source_sha256: str | None
    recorded_at: datetime | None
    added_at: datetime
    n_frames: int
    n_valid: int
    seconds: float
    simulated: bool
    file_name: str

    @property
    def date(self) -> datetime:
        """When it was recorded; when it was added where that is not known."""
        return self.recorded_at or self.added_at

    @property
    def date_words(self) -> str:
        """Its day here; in brackets the day of adding where only that is known."""
        day = f"{self.date.astimezone():%Y-%m-%d}"
        return day if self.recorded_at is not None else f"(added {day})"


def in_order(entries: Iterable[SessionEntry]) -> list[SessionEntry]:
    """Sessions by their dates; those of one moment in the order of adding."""
    return sorted(entries, key=lambda entry: (entry.date.timestamp(), entry.id))


def speaker_entries(orm: OrmSession, *where: ColumnElement[bool]) -> list[SpeakerEntry]:
    """The entries of speakers in the order of their enrolment.

    Args:
        orm: A transaction.
        where: Conditions on SpeakerRow; all must hold.
    """
    counted = select(SessionRow.speaker_id, func.count()).group_by(SessionRow.speaker_id)
    counts = {speaker_id: n for speaker_id, n in orm.execute(counted)}  # noqa: C416
    rows = orm.scalars(select(SpeakerRow).where(*where).order_by(SpeakerRow.id)).all()
    agreed = consents_of(orm, rows)
    return [
        SpeakerEntry(
            id=row.id,
            name=row.name,
            consent=row.consent,
            consented_at=datetime.fromisoformat(row.consented_at),
            created_at=datetime.fromisoformat(row.created_at),
            n_sessions=counts.get(row.id, 0),
            agreed=agreed[row.id],
        )
        for row in rows
    ]


def session_entries(orm: OrmSession, *where: ColumnElement[bool]) -> list[SessionEntry]:
    """The entries of sessions in the order of adding.

    Columns are read, not objects: of thousands that takes a tenth of the time.

    Args:
        orm: A transaction.
        where: Conditions on SessionRow, SpeakerRow and EnrolmentRow; all must hold.
    """
    speaker, enrolment = SpeakerRow.name.label("speaker"), EnrolmentRow.id.label("enrolment")
    query = (
        select(*SessionRow.__table__.columns, speaker, enrolment)
        .outerjoin(SpeakerRow, SpeakerRow.id == SessionRow.speaker_id)
        .outerjoin(EnrolmentRow, EnrolmentRow.session_id == SessionRow.id)
        .where(*where)
        .order_by(SessionRow.id)
    )
    return [_session_entry(row) for row in orm.execute(query)]


def changed_entry(orm: OrmSession, row: SessionRow) -> SessionEntry:
    """The entry of a session that was added or changed in this transaction."""
    orm.flush()
    return session_entries(orm, SessionRow.id == row.id)[0]


def _session_entry(row: Row[*tuple[Any, ...]]) -> SessionEntry:
    return SessionEntry(
        id=row.id,
        name=row.name,
        speaker=row.speaker,
        enrolled=row.enrolment is not None,
        head_id=row.head_id,
        source_name=row.source_name,
        source_sha256=row.source_sha256,
        recorded_at=datetime.fromisoformat(row.recorded_at) if row.recorded_at else None,
        added_at=datetime.fromisoformat(row.added_at),
        n_frames=row.n_frames,
        n_valid=row.n_valid,
        seconds=row.seconds,
        simulated=row.simulated,
        file_name=row.file_name,
    )
