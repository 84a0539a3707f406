"""Events of a recording: kept with its session, exchanged with tables and ELAN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from facedyn_app.dynamics.clinical.sheets import Judged, with_sheet
from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import InputError, unusable
from facedyn_app.events import Event, Events, check_number, in_order
from facedyn_app.library.library import Library
from facedyn_app.library.session_events import PROTOCOL, keep_events, notes_of, with_notes
from facedyn_app.library.session_file import load_session, save_session
from facedyn_app.path_checks import check_input_file, check_output_file
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import Session
from facedyn_app.reports import elan
from facedyn_app.reports.elan import read_elan, write_elan
from facedyn_app.reports.event_table import read_event_table, write_event_table
from facedyn_app.settings import TrustSettings
from facedyn_app.workflows.library import entry_of
from facedyn_app.workflows.records import KeptIn, Recording

ENDINGS: Final = (".csv", elan.ENDING)
"""Of the files that events are exchanged by."""


@dataclass(frozen=True, slots=True, eq=False)
class ImportedEvents:
    """Events that were brought into a session.

    Attributes:
        session: The session with them.
        n_before: How many it had.
        n_read: How many were in the file.
    """

    session: Session
    n_before: int
    n_read: int


def marked(recording: Recording, events: Sequence[Event], trust: TrustSettings) -> Recording:
    """A recording with these events, its quality that of the frames that they leave."""
    session = replace(recording.session, events=in_order(events))
    return replace(recording, session=session, quality=assess_quality(session, trust))


def with_protocol(recording: Recording, protocol: Mapping[str, Any]) -> Recording:
    """A recording whose session says by which protocol its tasks were done or marked.

    Args:
        recording: The recording.
        protocol: As `protocol_to_json` gives it.
    """
    return replace(recording, session=with_notes(recording.session, {PROTOCOL: protocol}))


def with_judged(recording: Recording, sheet: str, judged: Judged) -> Recording:
    """A recording whose session keeps what was judged on a grading sheet, by its key."""
    return replace(recording, session=with_sheet(recording.session, sheet, judged))


def keep_marked(kept_in: KeptIn, marked_in: Session, _on_progress: OnProgress = ignore) -> None:
    """Write a recording's events, protocol and sheets to where its session is kept.

    Args:
        kept_in: Where that is.
        marked_in: The session as it is open; no more of it is written.

    Raises:
        InputError: The session is not there any more, or damaged.
        OutputError: It cannot be written there.
    """
    if kept_in.key is None:
        kept = replace(load_session(kept_in.path), events=marked_in.events)
        save_session(with_notes(kept, notes_of(marked_in)), kept_in.path)
        return
    with Library.open(kept_in.path, create=False) as library:
        entry = entry_of(library, kept_in.key)
        keep_events(library, entry, marked_in.events, notes_of(marked_in))


def list_events(session_path: Path) -> Events:
    """The events of a session file.

    Raises:
        InputError: It cannot be read.
    """
    check_input_file(session_path, "session file")
    return load_session(session_path).events


def read_events(path: Path, _on_progress: OnProgress = ignore) -> Events:
    """The events in a CSV table or an ELAN file.

    Raises:
        InputError: It is neither, or cannot be read.
    """
    check_input_file(path, "file of events")
    _check_ending(path)
    return read_elan(path) if path.suffix.lower() == elan.ENDING else read_event_table(path)


def export_events(
    source: Path | Session,
    out: Path,
    _on_progress: OnProgress = ignore,
    *,
    file_names: bool = True,
) -> Events:
    """Write a session's events as a CSV table or for ELAN, by the file's ending.

    Args:
        source: The session, or its file.
        out: The file.
        file_names: Whether ELAN's file says the name of the recording's.

    Raises:
        InputError: The session cannot be read, or the ending is of neither.
        OutputError: The file cannot be written.
    """
    _check_ending(out)
    if isinstance(source, Path):
        check_input_file(source, "session file")
    check_output_file(out, inputs=[source] if isinstance(source, Path) else [])
    session = load_session(source) if isinstance(source, Path) else source
    if out.suffix.lower() == elan.ENDING:
        write_elan(session.events, out, session.info.source_name if file_names else None)
    else:
        write_event_table(session.events, out)
    return session.events


def import_events(session_path: Path, path: Path, *, add: bool = False) -> ImportedEvents:
    """Bring the events of a table or an ELAN file into a session file.

    Args:
        session_path: The session file, which is written anew.
        path: The events.
        add: Whether those that it has stay; else the new ones take their place.

    Raises:
        InputError: A file cannot be read or used, or there are too many events.
        OutputError: The session file cannot be written.
    """
    check_input_file(session_path, "session file")
    read = read_events(path)
    before = load_session(session_path)
    events = in_order({*before.events, *read}) if add else read
    try:
        check_number(len(events))
    except ValueError as error:
        raise unusable(path, f"with these events {error}") from error
    session = replace(before, events=events)
    save_session(session, session_path)
    return ImportedEvents(session, len(before.events), len(read))


def _check_ending(path: Path) -> None:
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            f"'{path.name}' is no file of events by its name.",
            f"Its name must end in {' or '.join(ENDINGS)}.",
        )
