"""Sessions and recognizers of a library: listed, dated, chosen, brought in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.library.entries import SessionEntry, in_order
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import (
    BUILT_IN,
    RecognizerEntry,
    activate_recognizer,
    add_recognizer,
    list_recognizers,
)


def list_sessions(folder: Path, speaker: str | None) -> list[SessionEntry]:
    """The sessions of one speaker or of all, each speaker's by their dates.

    Raises:
        InputError: There is no such library or speaker.
    """
    with Library.open(folder, create=False) as library:
        entries = in_order(library.sessions(speaker))
    return sorted(entries, key=lambda entry: entry.speaker or "")


def date_session(folder: Path, speaker: str, name: str, day: date | None) -> SessionEntry:
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
        return library.date_session(own[name], day)


def recognizers_of(folder: Path) -> tuple[RecognizerEntry, ...]:
    """The recognizers of a library, the built-in one first.

    Raises:
        InputError: The library cannot be read.
    """
    with Library.open(folder, create=False) as library:
        return list_recognizers(library)


def use_recognizer(folder: Path, name: str | None) -> None:
    """Let a recognizer of a library answer from now on; None for the built-in one.

    Raises:
        InputError: It is missing or damaged, or the library cannot be read.
        MismatchError: It reads another head than the library's sessions.
    """
    with Library.open(folder, create=False) as library:
        activate_recognizer(library, name or BUILT_IN)


def bring_in_recognizer(folder: Path, source: Path) -> str:
    """Add a recognizer that was made elsewhere to a library; gives its name there.

    Raises:
        InputError: It or the library cannot be read, or one of its name is there already.
        MismatchError: It reads another head than the library's sessions.
        OutputError: The library cannot be written.
    """
    with Library.open(folder, create=False) as library:
        return add_recognizer(library, source)
