"""Enrolment of many new sessions in one transaction, with few statements for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.dynamics.same_take import take_signature, take_tracks
from facedyn_app.library.audit import Speaker, write_audit_lines
from facedyn_app.library.operations import (
    consenting_speaker,
    of_same,
    own_session,
    session_row_of,
)
from facedyn_app.library.schema import EnrolmentRow, SessionRow, SpeakerRow, TakeRow, now
from facedyn_app.records import ConsentTerms, FloatArray, Session


@dataclass(frozen=True, slots=True, eq=False)
class NewSession:
    """A session that a library has not, for a speaker whom it may have.

    Attributes:
        speaker: The speaker's name.
        session: The session.
        name: What to call it; the video's name without its ending where None.
        signature: Of its motion, from `take_signature`; None where it is not computed yet.
    """

    speaker: str
    session: Session
    name: str | None = None
    signature: FloatArray | None = None


def enrol_sessions(
    orm: OrmSession,
    new: Sequence[NewSession],
    file_names: Sequence[str],
    consent: str | None,
    terms: ConsentTerms | None,
    held: Sequence[bool],
) -> list[tuple[SessionRow | None, bool]]:
    """Enrol speakers with new sessions.

    Args:
        orm: A transaction.
        new: The sessions.
        file_names: Of their files.
        consent: Of all of them, as in `Library.enrol`.
        terms: Likewise.
        held: Whether each is to be enrolled.

    Returns:
        Of each the row of the speaker's session of that recording, and whether it is new; None
        where it was not to be enrolled.

    Raises:
        ConsentError: A speaker has no consent in force.
        InputError: A name cannot be one.
    """
    speakers: dict[str, SpeakerRow] = {}
    own: dict[int, list[SessionRow]] = {}
    rows: list[tuple[SessionRow | None, bool]] = []
    for one, file_name, wanted in zip(new, file_names, held, strict=True):
        if not wanted:
            rows.append((None, False))
            continue
        speaker = speakers.get(one.speaker)
        if speaker is None:
            speaker = consenting_speaker(orm, one.speaker, consent, terms)
            speakers[one.speaker] = speaker
        if speaker.id not in own:
            own[speaker.id] = _sessions_of(orm, speaker)
        others = own[speaker.id]
        row = _known(others, one.session)
        if row is not None:
            rows.append((row, False))
            continue
        row = session_row_of(one.session, file_name, one.name)
        own_session(row, speaker, others)
        others.append(row)
        rows.append((row, True))
    _add(orm, [(one, row) for one, (row, is_new) in zip(new, rows, strict=True) if row and is_new])
    return rows


def _known(rows: Sequence[SessionRow], session: Session) -> SessionRow | None:
    """The row of a session's recording and head, where it is among some."""
    sha256 = session.info.source_sha256
    return next((row for row in rows if of_same(row, sha256, session.head_id)), None)


def _sessions_of(orm: OrmSession, speaker: SpeakerRow) -> list[SessionRow]:
    return list(orm.scalars(select(SessionRow).where(SessionRow.speaker_id == speaker.id)))


def _add(orm: OrmSession, new: Sequence[tuple[NewSession, SessionRow]]) -> None:
    """Add rows, the signatures of their motion, their enrolments and the lines of the audit."""
    orm.add_all(row for _, row in new)
    orm.flush()
    time = now()
    for one, row in new:
        signature = one.signature
        if signature is None:
            signature = take_signature(take_tracks(one.session))
        orm.add(TakeRow(session_id=row.id, signature=signature))
        orm.add(EnrolmentRow(speaker_id=row.speaker_id, session_id=row.id, enrolled_at=time))
    write_audit_lines(
        orm, "enrol", [(Speaker(row.speaker_id), f", session {row.id}") for _, row in new]
    )
