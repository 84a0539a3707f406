"""Library: a snapshot of what it holds; enrolling, dating and opening sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import FacedynError, InputError
from facedyn_app.gui.recording import Recording
from facedyn_app.library.database import change_counter, is_library
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry, in_order
from facedyn_app.progress import OnProgress
from facedyn_app.records import DriftReport, Session
from facedyn_app.settings import Settings
from facedyn_app.workflows.drift import drift_of

BRIEFLY: Final = 0.2
"""How long a look at the library waits for another program, s."""


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session of a library, as the list shows it.

    Attributes:
        key: Tells it from the library's other sessions.
        name: Its name.
        simulated: Whether it is simulated.
        seconds: Its duration, s.
        day: When it was recorded; None where that is not known.
        date_text: The same for people; in brackets when it was added where only that is known.
    """

    key: int
    name: str
    simulated: bool
    seconds: float
    day: date | None
    date_text: str


@dataclass(frozen=True, slots=True)
class ListedSpeaker:
    """An enrolled speaker, as the list shows them.

    Attributes:
        name: Their name.
        consent: The consent that is recorded; may be empty.
        sessions: Their sessions by date.
    """

    name: str
    consent: str
    sessions: tuple[ListedSession, ...]

    @property
    def simulated(self) -> bool:
        """Whether all that is known of the speaker is simulated."""
        return bool(self.sessions) and all(session.simulated for session in self.sessions)


@dataclass(frozen=True, slots=True)
class LibrarySnapshot:
    """What a library holds.

    Attributes:
        folder: The library.
        speakers: The enrolled speakers.
    """

    folder: Path
    speakers: tuple[ListedSpeaker, ...]

    @property
    def simulated_speakers(self) -> frozenset[str]:
        """Names of the speakers who are simulated."""
        return frozenset(speaker.name for speaker in self.speakers if speaker.simulated)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the user has filled in.

    Attributes:
        name: The speaker.
        consent: Who gave it, when, for what; None where it is recorded already.
    """

    name: str
    consent: str | None


def existing_library(folder: Path) -> Library | None:
    """The library of a folder, open; None where there is none yet.

    Raises:
        InputError: There is one that cannot be used.
    """
    if not is_library(folder):
        return None
    return Library.open(folder, create=False)


def list_library(folder: Path, _on_progress: OnProgress) -> LibrarySnapshot:
    """List the speakers of a library; none where there is no library yet."""
    library = existing_library(folder)
    if library is None:
        return LibrarySnapshot(folder, ())
    with library:
        return snapshot_of(library)


@dataclass(frozen=True, slots=True)
class Reread:
    """A library that was looked at again.

    Attributes:
        counter: Its change counter just before.
        snapshot: What it holds.
    """

    counter: object
    snapshot: LibrarySnapshot


def reread_library(folder: Path, counter: object, _on_progress: OnProgress) -> Reread | None:
    """List a library again where somebody has changed it, another program included.

    Args:
        folder: The library.
        counter: The change counter that was seen last.

    Returns:
        None where nothing has changed, or it cannot be read just now.
    """
    try:
        # read before the list: what changes in between is seen the next time
        now = change_counter(folder)
        if now == counter:
            return None
        if now is None:
            return Reread(None, LibrarySnapshot(folder, ()))
        with Library.open(folder, create=False, wait_seconds=BRIEFLY) as library:
            return Reread(now, snapshot_of(library))
    except (FacedynError, OSError):  # in use, or gone this moment: it is looked at again soon
        return None


def speaker_drift(name: str, folder: Path, _on_progress: OnProgress) -> DriftReport:
    """Measure the drift of one enrolled speaker."""
    with Library.open(folder, create=False) as library:
        return drift_of(library, name)


def enrol_recording(
    recording: Recording, enrolment: Enrolment, folder: Path, _on_progress: OnProgress
) -> LibrarySnapshot:
    """Enrol a recording; return the library's new list."""
    with Library.open(folder) as library:
        library.enrol(enrolment.name, recording.session, enrolment.consent)
        return snapshot_of(library)


def date_session(
    key: int, day: date | None, folder: Path, _on_progress: OnProgress
) -> LibrarySnapshot:
    """Set when a session was recorded; return the library's new list."""
    with Library.open(folder, create=False) as library:
        library.date_session(_entry(library, key), day)
        return snapshot_of(library)


def open_session(key: int, folder: Path, settings: Settings, _on_progress: OnProgress) -> Recording:
    """Read a session of a library."""
    with Library.open(folder, create=False) as library:
        entry = _entry(library, key)
        return _kept_recording(entry, library.load(entry), folder, settings)


def snapshot_of(library: Library) -> LibrarySnapshot:
    """What a library holds."""
    sessions: dict[str | None, list[ListedSession]] = {}
    for entry in in_order(library.sessions()):
        sessions.setdefault(entry.speaker, []).append(_listed(entry))
    return LibrarySnapshot(
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
        date_text=entry.date_words,
    )
