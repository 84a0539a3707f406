"""Short work on a library, each as one function for a worker thread; no Qt in here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from facedyn_app.dynamics.quality import assess_quality
from facedyn_app.errors import InputError
from facedyn_app.gui.listing import Enrolment, ListedSession, ListedSpeaker, Listing
from facedyn_app.gui.recording import Recording
from facedyn_app.library.entries import SessionEntry, in_order
from facedyn_app.library.library import DATABASE, Library
from facedyn_app.progress import OnProgress
from facedyn_app.records import DriftReport, Session
from facedyn_app.settings import Settings
from facedyn_app.workflows.drift import drift_of


def existing_library(folder: Path) -> Library | None:
    """The library of a folder, open; None where there is none yet.

    Raises:
        InputError: There is one that cannot be used.
    """
    if not any(folder.glob(DATABASE)):
        return None
    return Library.open(folder, create=False)


def list_library(folder: Path) -> Callable[[OnProgress], Listing]:
    """Work that lists the speakers of a library; none where there is no library yet."""

    def work(_report: OnProgress) -> Listing:
        library = existing_library(folder)
        if library is None:
            return Listing(folder, ())
        with library:
            return listing_of(library)

    return work


def speaker_drift(name: str, folder: Path) -> Callable[[OnProgress], DriftReport]:
    """Work that measures the drift of one enrolled speaker."""

    def work(_report: OnProgress) -> DriftReport:
        with Library.open(folder, create=False) as library:
            return drift_of(library, name)

    return work


def enrol_recording(
    recording: Recording, enrolment: Enrolment, folder: Path
) -> Callable[[OnProgress], Listing]:
    """Work that enrols a recording; gives the library's new list."""

    def work(_report: OnProgress) -> Listing:
        with Library.open(folder) as library:
            library.enrol(enrolment.name, recording.session, enrolment.consent)
            return listing_of(library)

    return work


def date_session(key: int, day: date | None, folder: Path) -> Callable[[OnProgress], Listing]:
    """Work that says when a session was recorded; gives the library's new list."""

    def work(_report: OnProgress) -> Listing:
        with Library.open(folder, create=False) as library:
            library.date_session(_entry(library, key), day)
            return listing_of(library)

    return work


def open_session(key: int, folder: Path, settings: Settings) -> Callable[[OnProgress], Recording]:
    """Work that reads a session of a library."""

    def work(_report: OnProgress) -> Recording:
        with Library.open(folder, create=False) as library:
            entry = _entry(library, key)
            return _kept_recording(entry, library.load(entry), folder, settings)

    return work


def listing_of(library: Library) -> Listing:
    """What a library holds."""
    sessions: dict[str | None, list[ListedSession]] = {}
    for entry in in_order(library.sessions()):
        sessions.setdefault(entry.speaker, []).append(_listed(entry))
    return Listing(
        library.folder,
        tuple(
            ListedSpeaker(speaker.name, speaker.consent, tuple(sessions.get(speaker.name, ())))
            for speaker in library.speakers()
        ),
    )


def _entry(library: Library, key: int) -> SessionEntry:
    found = [entry for entry in library.sessions() if entry.id == key]
    if not found:
        raise InputError("This session is no longer in the library.", "Open the library again.")
    return found[0]


def _kept_recording(
    entry: SessionEntry, session: Session, folder: Path, settings: Settings
) -> Recording:
    owner = entry.speaker or "unknown"
    return Recording(
        key=f"{folder}#{entry.id}",
        title=f"{owner}, {entry.name}",
        session=session,
        quality=assess_quality(session, settings.trust),
    )


def _listed(entry: SessionEntry) -> ListedSession:
    recorded = entry.recorded_at
    return ListedSession(
        key=entry.id,
        name=entry.name,
        simulated=entry.simulated,
        seconds=entry.seconds,
        day=None if recorded is None else recorded.astimezone().date(),
        date_words=entry.date_words,
    )
