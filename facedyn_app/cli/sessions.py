"""`facedyn sessions`: what a library holds of whom and when, and when a session was recorded."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from facedyn_app.cli.output import Outcome, number, table
from facedyn_app.errors import InputError
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry, in_order


def list_sessions(folder: Path, speaker: str | None) -> Outcome:
    """The sessions of one speaker or of all, each speaker's by their dates.

    Raises:
        InputError: There is no such library or speaker.
    """
    with Library.open(folder, create=False) as library:
        entries = in_order(library.sessions(speaker))
    entries.sort(key=lambda entry: entry.speaker or "")
    head = ("speaker", "session", "recorded", "length/s", "head", "")
    text = table(head, [_cells(entry) for entry in entries], right=(3,))
    return Outcome({"library": folder, "sessions": [_facts(entry) for entry in entries]}, text)


def date_named_session(folder: Path, speaker: str, name: str, day: date | None) -> Outcome:
    """Say on which day a session was recorded; None where that is not known.

    Raises:
        InputError: There is no such library, speaker or session, or the day is still to come.
        OutputError: The library cannot be written.
    """
    with Library.open(folder, create=False) as library:
        own = {entry.name: entry for entry in library.sessions(speaker)}
        if name not in own:
            raise InputError(
                f"'{speaker}' has no session '{name}'.",
                f"The sessions are {', '.join(repr(known) for known in own)}.",
            )
        entry = library.date_session(own[name], day)
    return Outcome(_facts(entry), f"{entry.speaker}, {entry.name}: {entry.date_words}")


def _facts(entry: SessionEntry) -> dict[str, object]:
    recorded = entry.recorded_at
    return {
        "speaker": entry.speaker,
        "name": entry.name,
        "recorded_at": None if recorded is None else recorded.isoformat(),
        "added_at": entry.added_at.isoformat(),
        "seconds": entry.seconds,
        "head_id": entry.head_id,
        "simulated": entry.simulated,
    }


def _cells(entry: SessionEntry) -> list[str]:
    made = "simulated" if entry.simulated else ""
    speaker = entry.speaker or "unknown"
    return [speaker, entry.name, entry.date_words, number(entry.seconds, 1), entry.head_id, made]
