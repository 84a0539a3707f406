"""Enrolment of a speaker with recordings, by consent."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import FacedynError, InputError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.database import is_library
from facedyn_app.library.library import Library
from facedyn_app.library.names import check_near
from facedyn_app.library.operations import checked_name, missing_consent
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.takes import KnownRecordingError, OthersRecordingError, check_new
from facedyn_app.library.videos import remember_video
from facedyn_app.library.work_rows import Hand
from facedyn_app.path_checks import check_output_folder, naming
from facedyn_app.progress import Cancelled, OnProgress, ignore
from facedyn_app.records import Consent, ConsentTerms, Quality, Session
from facedyn_app.tracks.reading import sha256_of_recording
from facedyn_app.workflows.heads import read_ready_head
from facedyn_app.workflows.library import snapshot_of
from facedyn_app.workflows.options import FitOptions, ImportStatement
from facedyn_app.workflows.queued_enrolment import queued
from facedyn_app.workflows.recordings import (
    check_before_reading,
    check_recording,
    is_video,
    numbered,
    read_recording,
)
from facedyn_app.workflows.records import LibrarySnapshot
from facedyn_app.workflows.work_details import WorkDetails

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Who is enrolled, by whose consent.

    Attributes:
        name: The speaker.
        consent: Who gave it, when, for what; None, or empty, where it is recorded already.
        near: Whether a new name may be nearly another speaker's.
        again: Whether a recording may be enrolled that the library has already.
        terms: What the consent is for, and until when; None for what the text says.
    """

    name: str
    consent: str | None
    near: bool = False
    again: bool = False
    terms: ConsentTerms | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EnrolledRecordings:
    """The sessions that a speaker has been enrolled with.

    Attributes:
        speaker: The speaker's name.
        consent: As it is on record now.
        agreed: The same by purpose.
        sessions: Each new session with its quality.
        notes: What was assumed, chosen or left out in reading each of them, sentences.
        copies: Recordings that the speaker has already, and why each is one.
    """

    speaker: str
    consent: str
    agreed: Consent
    sessions: tuple[tuple[SessionEntry, Quality], ...]
    notes: tuple[tuple[str, ...], ...] = ()
    copies: tuple[tuple[Path, str], ...] = ()


def enrol_recordings(
    who: Enrolment,
    paths: Sequence[Path],
    folder: Path,
    options: FitOptions,
    on_progress: OnProgress,
) -> EnrolledRecordings:
    """Enrol a speaker with recordings, one after the other.

    A copy of a recording that the speaker has already is passed over.

    Consent, names of files and the library's folder are checked before anything is analysed.

    Args:
        who: Who, by whose consent.
        paths: Videos and session files.
        folder: The library; made with the first recording where there is none.
        options: How videos are analysed.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        ConsentError: There is none, or it has ended.
        NearNameError: The name is new, but nearly another speaker's.
        OthersRecordingError: A recording is another speaker's.
        KnownRecordingError: All are copies of what the speaker has.
        InputError: A recording cannot be read or is enrolled already; names the file.
        OutputError: The library cannot be written.
        TooLittleError: A video shows too little of a face.
    """
    name, known = checked_name(who.name), _check_enrolment(who, folder)
    check = check_recording if len(paths) > 1 else check_before_reading
    probed = {path: check(path, options) for path in paths}
    consent = who.consent or ""
    statement = ImportStatement(consent, near=who.near, again=who.again, terms=who.terms)
    added: list[tuple[SessionEntry, Quality]] = []
    notes: list[tuple[str, ...]] = []
    copies: dict[Path, KnownRecordingError] = {}
    work = WorkDetails(statement, options)
    with _earlier_ones_told(name, added), queued(folder, name, paths, work) as queue:
        settings = options.settings()
        with_videos = any(map(is_video, queue.todo))
        head = read_ready_head(options.head or DEFAULT_HEAD, on_progress) if with_videos else None
        sha256s = _check_not_known(name, queue.todo, known, head, on_progress)
        for number, path in enumerate(queue.todo, start=1):
            if not queue.begin(path):
                continue
            within = numbered(on_progress, path, number, len(queue.todo))
            try:
                with queue.ending(path) as hand:
                    session = read_recording(
                        path, head, options, settings, within, sha256s.get(path), probed[path]
                    )
                    with queue.opened() as library:
                        entry = _enrol_read(session, path, who, library, within, hand)
            except KnownRecordingError as error:
                if isinstance(error, OthersRecordingError):
                    raise _others(error, path, len(paths)) from error
                log.warning("Passed over: '%s': %s", path.name, error.sentence)
                copies[path] = error
                continue
            added.append((entry, assess_quality(session, settings.trust)))
            notes.append(session.info.notes)
        if added:
            with queue.opened() as library:
                speaker = library.speaker(name)
            passed_over = tuple((path, error.sentence) for path, error in copies.items())
            return EnrolledRecordings(
                speaker.name,
                speaker.consent,
                speaker.agreed,
                tuple(added),
                tuple(notes),
                passed_over,
            )
    if copies:
        raise next(iter(copies.values()))
    raise InputError(f"The recordings of '{name}' were taken off the queue.")


def _others(error: OthersRecordingError, path: Path, n_paths: int) -> OthersRecordingError:
    """The same, with the recording's name where there are several."""
    named = f"'{path}': " if n_paths > 1 else ""
    return OthersRecordingError(f"{named}{error.sentence}", error.hint)


def _enrol_read(
    session: Session,
    path: Path,
    who: Enrolment,
    library: Library,
    on_progress: OnProgress,
    hand: Hand | None,
) -> SessionEntry:
    """Enrol a speaker with a recording that has been read and measured; ends its queue's item."""
    if not who.again:
        check_new(library, checked_name(who.name), session, on_progress)
    with naming(path):
        entry = library.enrol(who.name, session, who.consent, terms=who.terms, hand=hand)
    if is_video(path):
        remember_video(library, entry, path)
    return entry


@dataclass(frozen=True, slots=True, eq=False)
class EnrolledSession:
    """A session that was enrolled: its key, and what the library holds then."""

    key: int
    snapshot: LibrarySnapshot


def enrol_session(
    session: Session,
    enrolment: Enrolment,
    folder: Path,
    on_progress: OnProgress = ignore,
    *,
    video: Path | None = None,
    file_names: bool = True,
) -> EnrolledSession:
    """Enrol a speaker with a session.

    Args:
        session: The session.
        enrolment: Who, by whose consent.
        folder: The library; made where there is none.
        on_progress: Called several times a second; may raise Cancelled.
        video: Where its video is; None where it has none.
        file_names: Whether names of files, and their folders, may be kept.

    Raises:
        ConsentError: There is none.
        NearNameError: The name is new, but nearly another speaker's, and nobody said it is meant.
        KnownRecordingError: The library has the recording, and nobody said it is meant again.
        InputError: The session is enrolled already.
        OutputError: The library cannot be written.
    """
    name = checked_name(enrolment.name)
    with Library.open(folder, file_names=file_names) as library:
        library.check_consent(name, enrolment.consent, enrolment.terms)
        if not enrolment.near:
            check_near(name, [speaker.name for speaker in library.speakers()])
        if not enrolment.again:
            check_new(library, name, session, on_progress)
        entry = library.enrol(name, session, enrolment.consent, terms=enrolment.terms)
        if video is not None:
            remember_video(library, entry, video)
        return EnrolledSession(entry.id, snapshot_of(library))


def _check_enrolment(who: Enrolment, folder: Path) -> tuple[SessionEntry, ...]:
    """Check the name and consent; the sessions that the speaker has."""
    name = checked_name(who.name)
    if not is_library(folder):
        if not (who.consent or "").strip():
            raise missing_consent(who.name)
        check_output_folder(folder)
        return ()
    with Library.open(folder, create=False) as library:
        if not who.near:
            check_near(name, [speaker.name for speaker in library.speakers()])
        library.check_consent(name, who.consent, who.terms)
        return tuple(entry for entry in library.sessions() if entry.speaker == name)


def _check_not_known(
    name: str,
    paths: Sequence[Path],
    known: Sequence[SessionEntry],
    head: HeadModel | None,
    on_progress: OnProgress,
) -> dict[Path, str]:
    """Check that none of the recordings is the speaker's already; large ones take long.

    A video is theirs where it was measured with `head`, the one that would be fitted.

    Returns:
        The SHA-256 of those that have been looked into for that.
    """
    sha256s = {
        path: sha256_of_recording([path], on_progress) for path in paths if known and path.exists()
    }
    for path, sha256 in sha256s.items():
        fitted = None if head is None or not is_video(path) else head.head_id
        for entry in known:
            if entry.source_sha256 == sha256 and fitted in (None, entry.head_id):
                raise InputError(
                    f"'{path}' is already among the sessions of '{name}', as '{entry.name}'.",
                    "Use another recording; the same one twice would only repeat itself.",
                )
    return sha256s


@contextmanager
def _earlier_ones_told(name: str, added: list[tuple[SessionEntry, Quality]]) -> Iterator[None]:
    """Say what is enrolled already when the work ends before its end."""
    try:
        yield
    except (FacedynError, Cancelled, KeyboardInterrupt):
        if added:
            names = ", ".join(f"'{entry.name}'" for entry, _ in added)
            log.warning("Enrolled for '%s' before that, and kept: %s.", name, names)
        raise
