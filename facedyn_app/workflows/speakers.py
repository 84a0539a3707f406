"""Speakers of a library: listed, renamed, merged, given sessions, tags and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.library.annotations import Annotation, all_annotations, annotate
from facedyn_app.library.library import Library
from facedyn_app.library.people import (
    Undo,
    merge_speakers,
    move_session,
    rename_speaker,
    undo_change,
)
from facedyn_app.library.records import SessionEntry, SpeakerEntry, in_order
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.workflows.library import snapshot_of
from facedyn_app.workflows.records import LibrarySnapshot


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerSummary:
    """A speaker with what is noted on them, and their sessions by date.

    Attributes:
        entry: Name and consent.
        noted: Tags and a note.
        sessions: Each session with its tags and note.
    """

    entry: SpeakerEntry
    noted: Annotation
    sessions: tuple[tuple[SessionEntry, Annotation], ...]


def list_speakers(folder: Path) -> list[SpeakerSummary]:
    """Everybody in a library, in the order of their enrolment.

    Raises:
        InputError: There is no such library.
    """
    with Library.open(folder, create=False) as library:
        of_speakers, of_sessions = all_annotations(library)
        own: dict[str | None, list[SessionEntry]] = {}
        for entry in in_order(library.sessions()):
            own.setdefault(entry.speaker, []).append(entry)
        return [
            SpeakerSummary(
                speaker,
                of_speakers.get(speaker.id, Annotation()),
                tuple(
                    (entry, of_sessions.get(entry.id, Annotation()))
                    for entry in own.get(speaker.name, ())
                ),
            )
            for speaker in library.speakers()
        ]


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerChange:
    """A speaker who was renamed, whose consent has changed, or who is two that were merged.

    Attributes:
        speaker: The speaker as they are kept now.
        undo: How to take the change back.
        snapshot: What the library holds now.
    """

    speaker: SpeakerEntry
    undo: Undo
    snapshot: LibrarySnapshot


def rename(
    folder: Path, old: str, new: str, near: bool, _on_progress: OnProgress = ignore
) -> SpeakerChange:
    """Give a speaker another name; `near` says that it may be nearly somebody's.

    Raises:
        InputError: There is no such library or speaker; the name cannot be one or is taken; or
            it is nearly somebody's and `near` does not say that this is meant.
    """
    with Library.open(folder, create=False) as library:
        return changed_speaker(library, new, rename_speaker(library, old, new, near=near))


def merge(folder: Path, source: str, into: str, _on_progress: OnProgress = ignore) -> SpeakerChange:
    """Make two speakers one, who keeps the second name.

    Raises:
        InputError: There is no such library or speaker; or both are the same, or have the same
            video.
    """
    with Library.open(folder, create=False) as library:
        return changed_speaker(library, into, merge_speakers(library, source, into))


def undo_last(folder: Path, undo: Undo, _on_progress: OnProgress = ignore) -> LibrarySnapshot:
    """Take a change back; returns what the library holds then.

    Raises:
        InputError: There is no such library; somebody in it has been forgotten or merged since, or
            a name is taken.
    """
    with Library.open(folder, create=False) as library:
        undo_change(library, undo)
        return snapshot_of(library)


def changed_speaker(library: Library, name: str, undo: Undo) -> SpeakerChange:
    """A speaker who was changed, with how to take it back and what the library holds now."""
    return SpeakerChange(library.speaker(name), undo, snapshot_of(library))


def move(folder: Path, session: str, speaker: str) -> SessionEntry:
    """Make a session, by its key or as SPEAKER/SESSION, another speaker's.

    Raises:
        InputError: There is no such library, session or speaker; or it is theirs already, or they
            have the same video.
    """
    with Library.open(folder, create=False) as library:
        entry = find_session(library, session)
        move_session(library, entry, speaker)
        return next(one for one in library.sessions() if one.id == entry.id)


def move_listed(
    folder: Path, session: str, speaker: str, _on_progress: OnProgress = ignore
) -> SpeakerChange:
    """As `move`; returns how to undo it and what the library holds then."""
    with Library.open(folder, create=False) as library:
        undo = move_session(library, find_session(library, session), speaker)
        return changed_speaker(library, speaker, undo)


def noted_on(
    folder: Path, speaker: str, session: str | None, _on_progress: OnProgress = ignore
) -> Annotation:
    """Tags and note of a speaker, or of one of their sessions.

    Raises:
        InputError: There is no such library, speaker or session.
    """
    with Library.open(folder, create=False) as library:
        of_speakers, of_sessions = all_annotations(library)
        if session is not None:
            return of_sessions.get(find_session(library, session, speaker).id, Annotation())
        return of_speakers.get(library.speaker(speaker).id, Annotation())


def note_listed(
    folder: Path,
    speaker: str,
    session: str | None,
    noted: Annotation,
    _on_progress: OnProgress = ignore,
) -> LibrarySnapshot:
    """Set tags and note as `annotate_one`; returns what the library holds then."""
    with Library.open(folder, create=False) as library:
        of = speaker if session is None else find_session(library, session, speaker)
        annotate(library, of, tags=noted.tags, note=noted.note)
        return snapshot_of(library)


def annotate_one(
    folder: Path,
    speaker: str,
    session: str | None,
    *,
    tags: Sequence[str] | None = None,
    note: str | None = None,
) -> Annotation:
    """Set tags or note of a speaker, or of one of their sessions; None leaves them.

    Raises:
        InputError: There is no such library, speaker or session; or the text cannot be one.
    """
    with Library.open(folder, create=False) as library:
        if session is None:
            return annotate(library, speaker, tags=tags, note=note)
        entry = find_session(library, session, speaker)
        return annotate(library, entry, tags=tags, note=note)


def find_session(library: Library, key: str, speaker: str | None = None) -> SessionEntry:
    """The session that a user means.

    Args:
        library: The library.
        key: Its number, its name, or SPEAKER/SESSION.
        speaker: Whose it must be; None for anybody's.

    Raises:
        InputError: There is none, or there are several of that name.
    """
    entries = library.sessions(speaker)
    numbered = [one for one in entries if str(one.id) == key.removeprefix("#")]
    found = numbered or [one for one in entries if key in (one.name, f"{one.speaker}/{one.name}")]
    if not found:
        raise InputError(
            f"There is no session '{key}' in the library '{library.folder}'.",
            "Give its number or SPEAKER/SESSION as 'facedyn speakers list' shows them.",
        )
    if len(found) > 1:
        names = ", ".join(f"#{one.id} of '{one.speaker or 'unknown'}'" for one in found)
        raise InputError(f"Several sessions are called '{key}': {names}.", "Give its number.")
    return found[0]
