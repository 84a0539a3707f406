"""Changes to who is in a library: speakers renamed and merged, sessions moved; undone.

A change that can be undone gives back the rows as they were before it. They are kept in memory
alone, by whoever offers to undo, and are of no use once somebody in them has been forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import InputError
from facedyn_app.library import operations
from facedyn_app.library.annotations import merge_annotations, notes_of
from facedyn_app.library.audit import TakenOut, put_back, take_out, write_audit
from facedyn_app.library.consent import consent_of, delete_consents, merge_consents, set_consent
from facedyn_app.library.library import Library
from facedyn_app.library.names import Erasure, check_near
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.schema import (
    AnnotationRow,
    Base,
    ConsentRow,
    EnrolmentRow,
    SessionRow,
    SpeakerRow,
)
from facedyn_app.library.work_rows import rename_work
from facedyn_app.records import Purpose


@dataclass(frozen=True, slots=True, eq=False)
class Undo:
    """What a change has replaced.

    Attributes:
        what: The change in a few words, such as "rename".
        speakers: The speakers' rows.
        sessions: Whose the sessions were, and their names, by number.
        notes: Rows of what is noted on the speakers.
        consents: Rows of their consents by purpose.
        lines: Lines of the audit trail whose texts it has changed.
        lost: The speaker who was merged into another; None where nobody was.
    """

    what: str
    speakers: tuple[dict[str, Any], ...]
    sessions: dict[int, tuple[int | None, str]]
    notes: tuple[dict[str, Any], ...]
    consents: tuple[dict[str, Any], ...]
    lines: list[TakenOut]
    lost: int | None = None


def rename_speaker(library: Library, old: str, new: str, *, near: bool = False) -> Undo:
    """Give a speaker another name, in the audit trail as well.

    Args:
        library: The library.
        old: The name.
        new: The name from now on.
        near: Whether the new name may be nearly somebody else's.

    Raises:
        InputError: There is no such speaker, or the name cannot be one or is another's.
    """
    name = operations.checked_name(new)
    with library.transaction() as orm:
        row = operations.known_speaker(orm, old)
        others = [one for one in orm.scalars(select(SpeakerRow.name)) if one != row.name]
        if name in others:
            raise InputError(
                f"There is a speaker '{name}' in the library already.",
                "Choose another name; or merge the two if they are one person.",
            )
        if not near:
            check_near(name, others)
        undo = _snapshot(orm, "rename", [row], lost=None)
        undo.lines.extend(take_out(orm, Erasure(row.name, name, others).rename))
        rename_work(orm, row.name, name)
        row.name = name
        write_audit(orm, "rename", f"speaker {row.id}", taken_out=undo.lines)
    return undo


def merge_speakers(library: Library, source: str, into: str) -> Undo:
    """Make two speakers one: sessions, consent, tags and notes of the first go to the second.

    From then on the consent holds for what both of them have consented to.

    Raises:
        InputError: There is no such speaker, both are the same, or both have the same video.
    """
    with library.transaction() as orm:
        row, target = (operations.known_speaker(orm, name) for name in (source, into))
        if row.id == target.id:
            raise InputError(f"'{source}' and '{into}' are the same speaker.")
        undo = _snapshot(orm, "merge", [row, target], lost=row.id)
        own = orm.scalars(select(SessionRow).where(SessionRow.speaker_id == row.id)).all()
        for session in own:
            _give(orm, session, target)
        lines = [*target.consent.split("\n"), *row.consent.split("\n")]
        target.consent = "\n".join(dict.fromkeys(lines))
        merge_annotations(orm, row.id, target.id)
        merge_consents(orm, row, target)
        everybody = orm.scalars(select(SpeakerRow.name)).all()
        undo.lines.extend(take_out(orm, Erasure(row.name, target.name, everybody).rename))
        rename_work(orm, row.name, target.name)
        write_audit(
            orm,
            "merge",
            f"speaker {row.id} into {target.id}, {len(own)} sessions",
            taken_out=undo.lines,
            merged=(row.id, target.id),
        )
        orm.delete(row)
    return undo


def move_session(library: Library, entry: SessionEntry, speaker: str) -> Undo:
    """Make a session another speaker's; it is enrolled for them if it was enrolled.

    Raises:
        InputError: There is no such session or speaker, it is theirs already, or they have the
            same video.
    """
    with library.transaction() as orm:
        row = operations.session_row(orm, entry.id)
        target = operations.known_speaker(orm, speaker)
        if row.speaker_id == target.id:
            raise InputError(f"The session '{row.name}' is one of '{target.name}' already.")
        owner = orm.get(SpeakerRow, row.speaker_id) if row.speaker_id is not None else None
        undo = _snapshot(orm, "move", [one for one in (owner, target) if one], lost=None)
        undo.sessions.setdefault(row.id, (row.speaker_id, row.name))
        _give(orm, row, target)
        write_audit(orm, "move", f"session {row.id} to speaker {target.id}")
    return undo


def change_consent(
    library: Library,
    name: str,
    wanted: Mapping[Purpose, date | None],
    *,
    given_by: str = "",
    text: str = "",
) -> Undo:
    """Say what a speaker's consent holds for from now on; what else has held is withdrawn.

    Where recognition is withdrawn, the templates that were kept to compare with go at once.

    Args:
        library: The library.
        name: The speaker.
        wanted: The purposes, each with its last day, None without an end.
        given_by: Who gives what is given now; may be empty.
        text: A consent in words, put on record beside the others; empty for none.

    Raises:
        InputError: There is no such speaker, a day has passed, or a text cannot be one.
        OutputError: The templates cannot be deleted; then nothing is changed.
    """
    with library.transaction() as orm:
        row = operations.known_speaker(orm, name)
        undo = _snapshot(orm, "change of consent", [row], lost=None)
        if Purpose.RECOGNITION not in wanted:
            own = select(SessionRow.file_name).where(SessionRow.speaker_id == row.id)
            library.erase_embeddings(orm, orm.scalars(own).all())
        operations.add_consent_text(row, text)
        set_consent(orm, row, wanted, given_by)
        write_audit(orm, "consent", f"speaker {row.id}: {consent_of(orm, row).words()}")
    return undo


def undo_change(library: Library, undo: Undo) -> None:
    """Put the rows back as they were before a change; sessions deleted since stay deleted.

    Raises:
        InputError: Somebody in it has been forgotten or merged since, or a name is taken.
    """
    ids = [values["id"] for values in undo.speakers]
    with library.transaction() as orm:
        for values in undo.speakers:
            _check_undo(orm, undo, values["id"], values["name"])
            called = orm.get(SpeakerRow, values["id"])
            if called is not None:
                rename_work(orm, called.name, values["name"])
            orm.merge(SpeakerRow(**values))
            orm.flush()
        for number, (speaker_id, name) in undo.sessions.items():
            session = orm.get(SessionRow, number)
            if session is not None:
                session.name, session.speaker_id = name, speaker_id
                _enrol_for(orm, number, speaker_id)
        orm.execute(delete(AnnotationRow).where(AnnotationRow.speaker_id.in_(ids)))
        for values in undo.notes:
            orm.merge(AnnotationRow(**values))
        put_back(orm, undo.lines)
        delete_consents(orm, *ids)
        for values in undo.consents:
            orm.merge(ConsentRow(**values))
        write_audit(orm, "undo", undo.what)


def _check_undo(orm: OrmSession, undo: Undo, number: int, name: str) -> None:
    if orm.get(SpeakerRow, number) is None and number != undo.lost:
        raise InputError(f"The {undo.what} cannot be undone: a speaker in it is no longer there.")
    named = operations.find_speaker(orm, name)
    if named is not None and named.id != number:
        raise InputError(f"The {undo.what} cannot be undone: '{name}' is there again.")


def _snapshot(orm: OrmSession, what: str, speakers: Sequence[SpeakerRow], lost: int | None) -> Undo:
    ids = [speaker.id for speaker in speakers]
    own = orm.scalars(select(SessionRow).where(SessionRow.speaker_id.in_(ids))).all()
    agreed = select(ConsentRow).where(ConsentRow.speaker_id.in_(ids))
    return Undo(
        what,
        tuple(_values(speaker) for speaker in speakers),
        {row.id: (row.speaker_id, row.name) for row in own},
        tuple(_values(note) for note in notes_of(orm, ids)),
        tuple(_values(one) for one in orm.scalars(agreed)),
        [],
        lost,
    )


def _values(row: Base) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


def _give(orm: OrmSession, session: SessionRow, speaker: SpeakerRow) -> None:
    session.speaker_id = None
    operations.assign(orm, session, speaker)
    _enrol_for(orm, session.id, speaker.id)


def _enrol_for(orm: OrmSession, session_id: int, speaker_id: int | None) -> None:
    enrolled = select(EnrolmentRow).where(EnrolmentRow.session_id == session_id)
    row = orm.scalars(enrolled).first()
    if row is not None and speaker_id is None:
        orm.execute(delete(EnrolmentRow).where(EnrolmentRow.id == row.id))
    elif row is not None and speaker_id is not None:
        row.speaker_id = speaker_id
    orm.flush()
