"""Tags and notes of the user's on speakers and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import InputError
from facedyn_app.library import operations
from facedyn_app.library.audit import write_audit
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.schema import AnnotationRow

_LONGEST_NOTE, _LONGEST_TAG = 2000, 60


@dataclass(frozen=True, slots=True)
class Annotation:
    """Tags and a note of the user's.

    Attributes:
        tags: Short words to find people and sessions by.
        note: Free text; may be empty.
    """

    tags: tuple[str, ...] = ()
    note: str = ""


def all_annotations(library: Library) -> tuple[dict[int, Annotation], dict[int, Annotation]]:
    """What is noted on speakers, and on sessions, by their numbers."""
    speakers: dict[int, Annotation] = {}
    sessions: dict[int, Annotation] = {}
    with library.transaction() as orm:
        # a library of an earlier version that may only be read has none
        is_there = inspect(orm.connection()).has_table(AnnotationRow.__tablename__)
        for row in orm.scalars(select(AnnotationRow)) if is_there else ():
            noted = Annotation(_lines(row.tags), row.note)
            if row.speaker_id is not None:
                speakers[row.speaker_id] = noted
            elif row.session_id is not None:
                sessions[row.session_id] = noted
    return speakers, sessions


def annotate(
    library: Library,
    of: str | SessionEntry,
    *,
    tags: Sequence[str] | None = None,
    note: str | None = None,
) -> Annotation:
    """Set the tags or the note of a speaker, by name, or of a session; None leaves them.

    Raises:
        InputError: There is no such speaker or session, or the text cannot be one.
    """
    with library.transaction() as orm:
        if isinstance(of, str):
            number = operations.known_speaker(orm, of).id
            row = set_annotation(orm, tags, note, speaker_id=number)
        else:
            number = operations.session_row(orm, of.id).id
            row = set_annotation(orm, tags, note, session_id=number)
        write_audit(orm, "note", f"{'speaker' if isinstance(of, str) else 'session'} {number}")
        return Annotation(_lines(row.tags), row.note)


def set_annotation(
    orm: OrmSession, tags: Sequence[str] | None, note: str | None, **of: int
) -> AnnotationRow:
    """Set the tags or the note of `speaker_id` or `session_id`; None leaves them.

    Raises:
        InputError: A text cannot be one.
    """
    row = _annotation(orm, **of)
    if tags is not None:
        row.tags = "\n".join(_checked_tags(tags))
    if note is not None:
        row.note = _checked_note(note)
    return row


def notes_of(orm: OrmSession, speaker_ids: Sequence[int]) -> Sequence[AnnotationRow]:
    """What is noted on speakers, as rows."""
    noted = select(AnnotationRow).where(AnnotationRow.speaker_id.in_(speaker_ids))
    return orm.scalars(noted).all()


def merge_annotations(orm: OrmSession, source: int, target: int) -> None:
    """Give the tags and note of one speaker to another who has their own."""
    for row in notes_of(orm, [source]):
        kept = _annotation(orm, speaker_id=target)
        kept.tags = "\n".join(dict.fromkeys([*_lines(kept.tags), *_lines(row.tags)]))
        kept.note = "\n".join(filter(None, (kept.note, row.note)))
        orm.delete(row)
    orm.flush()


def _annotation(orm: OrmSession, **of: int) -> AnnotationRow:
    row = orm.scalars(select(AnnotationRow).filter_by(**of)).first()
    if row is None:
        row = AnnotationRow(tags="", note="", **of)
        orm.add(row)
        orm.flush()
    return row


def _lines(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split("\n")))


def _checked_tags(tags: Sequence[str]) -> list[str]:
    checked = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    for tag in checked:
        if not tag.isprintable() or len(tag) > _LONGEST_TAG:
            raise InputError(
                f"{tag[:40]!r} cannot be a tag.", f"Use 1 to {_LONGEST_TAG} printable characters."
            )
    return checked


def _checked_note(note: str) -> str:
    text = note.strip()
    if len(text) > _LONGEST_NOTE or not all(c.isprintable() or c in "\n\t" for c in text):
        raise InputError(
            "This cannot be a note.", f"Use up to {_LONGEST_NOTE} characters that can be printed."
        )
    return text
