"""Sessions of a library: listed, dated, opened; its speakers as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import FacedynError, InputError
from facedyn_app.library.database import change_mark, is_library
from facedyn_app.library.library import Library
from facedyn_app.library.protection.held import LockedError
from facedyn_app.library.records import SessionEntry, in_order
from facedyn_app.library.work_queue import has_dead_worker
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.settings import Settings
from facedyn_app.workflows.kept import with_video
from facedyn_app.workflows.records import (
    KeptIn,
    LibrarySnapshot,
    ListedSession,
    ListedSpeaker,
    Recording,
    session_key,
)
from facedyn_app.workflows.work import QueueSnapshot, queue_of

BRIEFLY: Final = 0.2
"""How long a look at the library waits for another program, s."""


@dataclass(frozen=True, slots=True)
class Reread:
    """A library that was looked at again.

    Attributes:
        mark: Its change mark just before.
        snapshot: What it holds.
        queue: What waits there to be enrolled.
    """

    mark: object
    snapshot: LibrarySnapshot
    queue: QueueSnapshot


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


def existing_library(folder: Path) -> Library | None:
    """The library of a folder, open; None where there is none yet.

    Raises:
        InputError: There is one that cannot be used.
    """
    if not is_library(folder):
        return None
    return Library.open(folder, create=False)


def list_library(folder: Path, _on_progress: OnProgress = ignore) -> LibrarySnapshot:
    """List the speakers of a library; none where there is no library yet."""
    library = existing_library(folder)
    if library is None:
        return LibrarySnapshot(folder, ())
    with library:
        return snapshot_of(library)


def open_library(folder: Path, on_progress: OnProgress = ignore) -> LibrarySnapshot:
    """As `list_library`, for somebody to look at: the audit says so."""
    snapshot = list_library(folder, on_progress)
    if is_library(folder):
        with Library.open(folder, create=False) as library:
            library.audit.record("open", "library")
    return snapshot


def reread_library(folder: Path, mark: object, _on_progress: OnProgress) -> Reread | None:
    """List a library again where somebody has changed it, or has died working its queue.

    Args:
        folder: The library.
        mark: The change mark that was seen last.

    Returns:
        None where nothing has changed, or it cannot be read just now.

    Raises:
        LockedError: Somebody has protected it, or brought it new keys.
    """
    try:
        # read before the list: what changes in between is seen the next time
        now = change_mark(folder)
        if now == mark and not has_dead_worker(folder):
            return None
        if now is None:
            return Reread(None, LibrarySnapshot(folder, ()), QueueSnapshot(folder))
        with Library.open(folder, create=False, wait_seconds=BRIEFLY) as library:
            return Reread(now, snapshot_of(library), queue_of(library))
    except LockedError:
        raise
    except (FacedynError, OSError):  # in use, or gone this moment: it is looked at again soon
        return None


def date_listed_session(
    key: int, day: date | None, folder: Path, _on_progress: OnProgress = ignore
) -> LibrarySnapshot:
    """As `date_session`, by a session's key; return what the library holds then."""
    with Library.open(folder, create=False) as library:
        library.date_session(entry_of(library, key), day)
        return snapshot_of(library)


def open_session(
    key: int, folder: Path, settings: Settings, _on_progress: OnProgress = ignore
) -> Recording:
    """Read a session of a library, with its video where that can be found.

    Raises:
        InputError: It is not there any more, or cannot be read.
    """
    with Library.open(folder, create=False) as library:
        entry = entry_of(library, key)
        session = library.load(entry)
        library.audit.record("open", f"session {entry.id}")
        recording = Recording(
            key=session_key(folder, entry.id),
            title=f"{entry.speaker or 'unknown'}, {entry.name}",
            session=session,
            quality=assess_quality(session, settings.trust),
            kept_in=KeptIn(folder, entry.id),
        )
        return with_video(recording, library, entry)


def snapshot_of(library: Library) -> LibrarySnapshot:
    """What a library holds."""
    sessions: dict[str | None, list[ListedSession]] = {}
    for entry in in_order(library.sessions()):
        sessions.setdefault(entry.speaker, []).append(_listed(entry))
    return LibrarySnapshot(
        library.folder,
        tuple(
            ListedSpeaker(
                speaker.name,
                speaker.consent,
                tuple(sessions.get(speaker.name, ())),
                speaker.agreed,
            )
            for speaker in library.speakers()
        ),
        protected=library.keys is not None,
    )


def entry_of(library: Library, key: int) -> SessionEntry:
    """A session of a library by its key; InputError where it is not there any more."""
    found = [entry for entry in library.sessions() if entry.id == key]
    if not found:
        raise InputError("This session is no longer in the library.", "Open the library again.")
    return found[0]


def _listed(entry: SessionEntry) -> ListedSession:
    recorded = entry.recorded_at
    return ListedSession(
        key=entry.id,
        name=entry.name,
        simulated=entry.simulated,
        seconds=entry.seconds,
        sha256=entry.source_sha256,
        day=None if recorded is None else recorded.astimezone().date(),
        date_text=entry.date_words,
    )
