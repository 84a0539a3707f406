"""Events of a library's sessions: kept in the session's file at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from facedyn_app.dynamics.clinical.sheets import SHEETS_KEY
from facedyn_app.dynamics.exclusion import excluded_frames
from facedyn_app.events import Event, Events, in_order
from facedyn_app.files import atomic_file
from facedyn_app.library import operations
from facedyn_app.library.audit import write_audit
from facedyn_app.library.library import Library
from facedyn_app.library.privacy import own_only
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.session_file import write_session
from facedyn_app.records import Session

PROTOCOL = "protocol"
"""Where a session says by which protocol its tasks were done or marked."""


def notes_of(session: Session) -> Mapping[str, Any]:
    """What the user notes beside the events, by key: the protocol, what was judged on sheets."""
    further = session.info.further
    return {key: further[key] for key in (PROTOCOL, SHEETS_KEY) if key in further}


def with_notes(session: Session, notes: Mapping[str, Any]) -> Session:
    """The session with these notes; itself where it has them already."""
    further = {**session.info.further, **notes}
    if further == session.info.further:
        return session
    return replace(session, info=replace(session.info, further=further))


def keep_events(
    library: Library,
    entry: SessionEntry,
    events: Sequence[Event],
    notes: Mapping[str, Any] | None = None,
) -> Session:
    """Write what the user has marked in a session, and noted beside it, into its file.

    Where other frames are excluded than before the file gets another name: embeddings that were
    kept of it by its name count no more.

    Raises:
        InputError: The session is no longer in the library, or its file is damaged.
        OutputError: The library cannot be written; the session is as it was.
    """
    while (kept := _kept(library, entry, in_order(events), notes or {})) is None:
        entry = library.entry_now(entry)
    return kept


def _kept(
    library: Library, entry: SessionEntry, events: Events, notes: Mapping[str, Any]
) -> Session | None:
    """What is written; None, and nothing, where another program has given the file another name."""
    before = library.load(entry)
    session = with_notes(replace(before, events=events), notes)
    if session.events == before.events and session.info is before.info:
        return session
    store = library.store
    if np.array_equal(excluded_frames(before), excluded_frames(session)):
        with library.transaction() as orm:
            row = operations.session_row(orm, entry.id)
            if row.file_name != entry.file_name:
                return None
            write_audit(orm, "mark", f"session {row.id}")
            orm.flush()
            path = store.path(entry.file_name)
            with atomic_file(path) as file, library.files.writing(file, path) as content:
                own_only(file)
                write_session(session, content)
        return session
    with store.placed([session], library.transaction) as (orm, (file_name,)):
        row = operations.session_row(orm, entry.id)
        if row.file_name != entry.file_name:
            return None
        row.file_name = file_name
        write_audit(orm, "mark", f"session {row.id}")
    store.delete(entry.file_name)
    return session
