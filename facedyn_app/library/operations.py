"""Operations on the library's rows: names, consent, whose session is whose, and forgetting."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import PurePath

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.dynamics.same_take import take_signature, take_tracks
from facedyn_app.errors import ConsentError, InputError
from facedyn_app.formatting import shown
from facedyn_app.library.audit import Speaker, TakenOut, take_out, write_audit
from facedyn_app.library.consent import add_consent, check_in_force, delete_consents, new_consent
from facedyn_app.library.names import Erasure
from facedyn_app.library.schema import (
    AnnotationRow,
    EnrolmentRow,
    SessionRow,
    SpeakerRow,
    TakeRow,
    VideoRow,
    in_utc,
    now,
)
from facedyn_app.library.visit_dates import FIRST_DAY, NOON
from facedyn_app.library.work_rows import delete_work
from facedyn_app.records import ConsentTerms, Session

_LONGEST_NAME = 200


def checked_name(name: str) -> str:
    """A speaker's name without blanks around it, its letters in their composed form.

    Raises:
        InputError: The name is empty, too long or holds control characters.
    """
    checked = unicodedata.normalize("NFC", name).strip()
    if not checked or len(checked) > _LONGEST_NAME or not checked.isprintable():
        raise InputError(
            f"{name[:40]!r} cannot be the name of a speaker.",
            f"Use 1 to {_LONGEST_NAME} printable characters.",
        )
    return checked


def find_speaker(orm: OrmSession, name: str) -> SpeakerRow | None:
    """The speaker of that name, if there is one."""
    return orm.scalars(select(SpeakerRow).where(SpeakerRow.name == checked_name(name))).first()


def known_speaker(orm: OrmSession, name: str) -> SpeakerRow:
    """The speaker of that name.

    Raises:
        InputError: There is none.
    """
    row = find_speaker(orm, name)
    if row is None:
        raise InputError(f"There is no speaker '{name}' in the library.", "Check the spelling.")
    return row


def check_consent(
    orm: OrmSession, name: str, consent: str | None, terms: ConsentTerms | None = None
) -> SpeakerRow | None:
    """Check that a consent is given, or on record for the speaker and in force.

    Returns:
        The speaker of that name, if there is one.

    Raises:
        ConsentError: Neither is the case.
        InputError: The name cannot be one.
    """
    row, text = find_speaker(orm, name), (consent or "").strip()
    if row is None and not text:
        raise missing_consent(name)
    if row is not None and not (terms is not None and _is_new_text(row, text)):
        check_in_force(orm, row)
    return row


def missing_consent(name: str) -> ConsentError:
    """The error for a new speaker without consent."""
    return ConsentError(
        f"No consent is given for '{name}', so nothing is enrolled.",
        "Say who gave it, when and for what, for example: "
        "'given by the person in writing on 3 May 2025, for the speech study'.",
    )


def consenting_speaker(
    orm: OrmSession, name: str, consent: str | None, terms: ConsentTerms | None = None
) -> SpeakerRow:
    """The speaker of that name, added if new, with the consent on record.

    A text that is on record already is the same consent, said again: it changes nothing, so that
    an import that is run again gives back nothing that was withdrawn.

    Raises:
        ConsentError: No consent is given, and none is on record and in force.
        InputError: The name cannot be one.
    """
    row = check_consent(orm, name, consent, terms)
    text, time = (consent or "").strip(), now()
    if row is None:
        row = SpeakerRow(name=checked_name(name), consent=text, consented_at=time, created_at=time)
        orm.add(row)
        orm.flush()
        if terms is not None:
            new_consent(orm, row, terms)
    elif add_consent_text(row, text) and terms is not None:
        add_consent(orm, row, terms)
    orm.flush()
    return row


def add_consent_text(row: SpeakerRow, text: str) -> bool:
    """Put a consent in words on record beside the others; whether it was not there already."""
    if not _is_new_text(row, text.strip()):
        return False
    row.consent, row.consented_at = f"{row.consent}\n{text.strip()}", now()
    return True


def _is_new_text(row: SpeakerRow, text: str) -> bool:
    return bool(text) and text not in row.consent.split("\n")


def session_row(orm: OrmSession, session_id: int) -> SessionRow:
    """The session of that number.

    Raises:
        InputError: It is no longer in the library.
    """
    row = orm.get(SessionRow, session_id)
    if row is None:
        raise InputError("This session is no longer in the library.")
    return row


def session_row_of(session: Session, file_name: str, name: str | None) -> SessionRow:
    """The row of a session whose speaker is unknown as yet; it is not added."""
    info = session.info
    return SessionRow(
        name=shown(name or PurePath(info.source_name or "session").stem).strip() or "session",
        file_name=file_name,
        source_name=info.source_name,
        source_sha256=info.source_sha256,
        head_id=session.head_id,
        recorded_at=None if info.recorded_at is None else in_utc(info.recorded_at),
        added_at=now(),
        n_frames=len(session.motion.seconds),
        n_valid=int(session.motion.valid.sum()),
        seconds=_duration(session),
        simulated=session.simulated,
    )


def new_session(orm: OrmSession, session: Session, file_name: str, name: str | None) -> SessionRow:
    """Add the row of a session whose speaker is unknown as yet, and the signature of its motion."""
    row = session_row_of(session, file_name, name)
    orm.add(row)
    orm.flush()
    orm.add(TakeRow(session_id=row.id, signature=take_signature(take_tracks(session))))
    orm.flush()
    return row


def date_row(orm: OrmSession, row: SessionRow, day: date | None) -> None:
    """Say on which day a session was recorded, or that it is not known.

    Raises:
        InputError: There was no such day yet, or no video.
    """
    if day is not None and not FIRST_DAY <= day <= date.today():
        raise InputError(
            f"The session '{row.name}' cannot have been recorded on {day}.",
            f"Give a day from {FIRST_DAY} to today.",
        )
    row.recorded_at = None if day is None else in_utc(datetime.combine(day, NOON))
    write_audit(orm, "date", f"session {row.id}")
    orm.flush()


def session_of(
    orm: OrmSession, speaker: SpeakerRow, sha256: str | None, head_id: str
) -> int | None:
    """The number of a speaker's session of a recording and a head, if there is one."""
    if sha256 is None:
        return None
    query = select(SessionRow.id).where(
        SessionRow.speaker_id == speaker.id,
        SessionRow.source_sha256 == sha256,
        SessionRow.head_id == head_id,
    )
    return orm.scalars(query).first()


def assign(orm: OrmSession, row: SessionRow, speaker: SpeakerRow) -> None:
    """Make a session one of the speaker's, under a name that none of their others has.

    Raises:
        InputError: It is another speaker's, or the same video is among their sessions already.
    """
    if row.speaker_id == speaker.id:
        return
    if row.speaker_id is not None:
        raise InputError(f"The session '{row.name}' belongs to another speaker.")
    query = select(SessionRow).where(SessionRow.speaker_id == speaker.id)
    own_session(row, speaker, orm.scalars(query).all())
    orm.flush()


def of_same(row: SessionRow, sha256: str | None, head_id: str) -> bool:
    """Whether a session is of a recording, by its content, and of a head."""
    return sha256 is not None and (row.source_sha256, row.head_id) == (sha256, head_id)


def own_session(row: SessionRow, speaker: SpeakerRow, others: Sequence[SessionRow]) -> None:
    """Make a session of nobody one of a speaker whose `others` are known, as `assign`.

    The same video measured with another head is another session: only sessions of one head are
    compared.

    Raises:
        InputError: The same video is among their sessions of the head already.
    """
    for other in others:
        if of_same(other, row.source_sha256, row.head_id):
            raise InputError(
                f"The video '{row.source_name}' is already among the sessions of "
                f"'{speaker.name}', as '{other.name}'.",
                "Use another recording; the same one twice would only repeat itself.",
            )
    row.name = _free_name(row.name, {other.name for other in others})
    row.speaker_id = speaker.id


def enrol_row(orm: OrmSession, row: SessionRow, speaker: SpeakerRow) -> None:
    """Let a session stand for its speaker in the gallery.

    Raises:
        InputError: It does already, is another speaker's, or repeats a video of theirs.
    """
    assign(orm, row, speaker)
    taken = orm.scalars(select(EnrolmentRow).where(EnrolmentRow.session_id == row.id)).first()
    if taken is not None:
        raise InputError(f"The session '{row.name}' of '{speaker.name}' is already enrolled.")
    orm.add(EnrolmentRow(speaker_id=speaker.id, session_id=row.id, enrolled_at=now()))
    write_audit(orm, "enrol", Speaker(speaker.id), f", session {row.id}")
    orm.flush()
    orm.refresh(row)


def enrolled_files(orm: OrmSession) -> list[list[str]]:
    """The files of the sessions enrolled for each speaker with each head, in their order."""
    query = (
        select(EnrolmentRow.speaker_id, SessionRow.head_id, SessionRow.file_name)
        .join(SessionRow, SessionRow.id == EnrolmentRow.session_id)
        .order_by(SessionRow.id)
    )
    found: dict[tuple[int, str], list[str]] = {}
    for speaker, head, file_name in orm.execute(query):
        found.setdefault((speaker, head), []).append(file_name)
    return list(found.values())


def delete_session_rows(orm: OrmSession, row: SessionRow) -> None:
    """Delete a session, its enrolment, what is noted on it, its video's place and queue's item."""
    delete_work(orm, session=row.id)
    orm.execute(delete(TakeRow).where(TakeRow.session_id == row.id))
    orm.execute(delete(VideoRow).where(VideoRow.session_id == row.id))
    orm.execute(delete(AnnotationRow).where(AnnotationRow.session_id == row.id))
    orm.execute(delete(EnrolmentRow).where(EnrolmentRow.session_id == row.id))
    orm.delete(row)
    orm.flush()


def delete_speaker_row(
    orm: OrmSession, speaker: SpeakerRow, erasure: Erasure | None
) -> list[TakenOut]:
    """Delete a speaker without sessions, and what the audit trail says of them.

    The trail keeps its lines, with a number in place of the name.

    Args:
        orm: A transaction.
        speaker: The speaker.
        erasure: What is taken out; None takes out the name.

    Returns:
        The lines whose texts were changed.
    """
    others = orm.scalars(select(SpeakerRow.name).where(SpeakerRow.id != speaker.id)).all()
    erasure = erasure or Erasure(speaker.name, f"forgotten speaker {speaker.id}", others)
    taken_out = take_out(orm, erasure.apply)
    delete_work(orm, erasure=erasure)
    delete_consents(orm, speaker.id)
    orm.execute(delete(AnnotationRow).where(AnnotationRow.speaker_id == speaker.id))
    orm.execute(delete(EnrolmentRow).where(EnrolmentRow.speaker_id == speaker.id))
    orm.delete(speaker)
    orm.flush()
    return taken_out


def _free_name(name: str, taken: set[str]) -> str:
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free


def _duration(session: Session) -> float:
    """From the first frame to the end of the last, s."""
    if len(session.motion.seconds) < 2:
        return 0.0
    steps = np.diff(session.motion.seconds)
    return float(session.motion.seconds[-1] - session.motion.seconds[0] + np.median(steps))
