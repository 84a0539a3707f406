"""Events of a library's sessions: kept in the session's file at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from facedyn_app.dynamics.exclusion import excluded_frames
from facedyn_app.events import Event, in_order
from facedyn_app.files import atomic_file
from facedyn_app.library import operations
from facedyn_app.library.library import Library
from facedyn_app.library.privacy import own_only
from facedyn_app.library.records import SessionEntry, write_audit
from facedyn_app.library.session_file import write_session
from facedyn_app.library.session_store import SessionStore
from facedyn_app.records import Session


def keep_events(library: Library, entry: SessionEntry, events: Sequence[Event]) -> Session:
    """Write what the user has marked in a session into its file.

    Where other frames are excluded than before the file gets another name: embeddings that were
    kept of it by its name count no more.

    Raises:
        InputError: The session is no longer in the library, or its file is damaged.
        OutputError: The library cannot be written; the session is as it was.
    """
    before = library.load(entry)
    session = replace(before, events=in_order(events))
    if session.events == before.events:
        return session
    store = SessionStore(library.sessions_folder)
    if np.array_equal(excluded_frames(before), excluded_frames(session)):
        with library.transaction() as orm:
            write_audit(orm, "mark", f"session {operations.session_row(orm, entry.id).id}")
            orm.flush()
            with atomic_file(store.path(entry.file_name)) as file:
                own_only(file)
                write_session(session, file)
        return session
    with store.placed([session], library.transaction) as (orm, (file_name,)):
        row = operations.session_row(orm, entry.id)
        row.file_name = file_name
        write_audit(orm, "mark", f"session {row.id}")
    store.delete(entry.file_name)
    return session
