"""Reports to print, on sessions, speakers and libraries."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from facedyn_app.dynamics.motion_range import measure_motion_range
from facedyn_app.dynamics.session_qc import SessionQc, assess_quality, measure_session_qc
from facedyn_app.errors import FacedynError, TooLittleError
from facedyn_app.files import atomic_file, check_input_file, check_output_file
from facedyn_app.library.database import is_library
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry, SpeakerEntry
from facedyn_app.library.session_file import load_session
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import DriftReport, Quality, Session
from facedyn_app.reports.corpus_page import Member, corpus_page
from facedyn_app.reports.page import Provenance
from facedyn_app.reports.session_page import session_page
from facedyn_app.reports.speaker_page import Visit, speaker_page
from facedyn_app.settings import Settings, TrustSettings
from facedyn_app.workflows.analyse import PROGRAM
from facedyn_app.workflows.drift import DriftReading, no_drift, sessions_by_date

PrintPdf = Callable[[str, Path], None]
"""Prints a page of HTML into a PDF file."""

STAGE = "gathering for the report"
UNTRACED = "not known: the session does not say of which recording it is"


@dataclass(frozen=True, slots=True, eq=False)
class WrittenReport:
    """A report that was written.

    Attributes:
        subject: What it is on, in words.
        quality: Of the session that it is on; None for speakers.
        control: What became of its frames; None for speakers.
    """

    subject: str
    quality: Quality | None = None
    control: SessionQc | None = None


def write_report(
    session: Path | None,
    speaker: str | None,
    folder: Path,
    out: Path,
    print_pdf: PrintPdf,
    on_progress: OnProgress,
) -> WrittenReport:
    """Make a report and write it.

    Args:
        session: A session file; its speaker and consent are looked up in the library if it is
            there. None for a report on speakers.
        speaker: One speaker; None for all of the library.
        folder: The library.
        out: The file, `.html` or `.pdf`.
        print_pdf: Prints a page.
        on_progress: Called for every session of a speaker, or every speaker; may raise Cancelled.

    Raises:
        InputError: The session or library cannot be read, or there is no such speaker.
        OutputError: The file cannot be written.
        TooLittleError: There is nobody in the library, or no session of the speaker.
    """
    trust = Settings().trust
    if session is not None:
        check_input_file(session, "session file")
        check_output_file(out, inputs=(session,))
        measured = load_session(session)
        library = Library.open(folder, create=False) if is_library(folder) else None
        with library or nullcontext():
            page = report_on_session(session.name, measured, trust, library)
        quality = assess_quality(measured, trust)
        written = WrittenReport(f"session {session.name}", quality, measure_session_qc(measured))
    else:
        check_output_file(out)
        with Library.open(folder, create=False) as opened:
            if speaker is None:
                page = report_on_library(opened, trust, on_progress)
            else:
                page = report_on_speaker(opened, speaker, trust, on_progress)
        written = WrittenReport(f"library {folder}" if speaker is None else f"speaker {speaker}")
    write_page(page, out, print_pdf)
    return written


def report_on_session(
    name: str, session: Session, trust: TrustSettings, library: Library | None = None
) -> str:
    """The page of one session.

    Args:
        name: What it is called.
        session: The session.
        trust: Where "good" ends and "do not use" begins.
        library: Where its speaker and consent are looked up, by the recording's SHA-256.
    """
    speaker, consent = ("", "") if library is None else _consent_for(library, session)
    return session_page(name, session, trust, _provenance(speaker, consent))


def report_on_speaker(
    library: Library, speaker: str, trust: TrustSettings, on_progress: OnProgress = ignore
) -> str:
    """The page of one speaker's sessions, by date.

    Raises:
        InputError: There is no such speaker, or a session cannot be read.
        TooLittleError: He has no sessions.
    """
    entries = sessions_by_date(library, speaker)
    if not entries:
        raise TooLittleError(
            f"There is no session of '{speaker}' in the library '{library.folder}'.",
            "Enrol a recording first.",
        )
    visits, reading = [], DriftReading()
    for number, entry in enumerate(entries):
        on_progress(Progress(STAGE, number, len(entries)))
        session = library.load(entry)
        reading.add(entry.name, session)
        visits.append(_visit(entry, session, trust))
    consents = {known.name: known.consent for known in library.speakers()}
    found = _provenance(str(entries[0].speaker), consents[str(entries[0].speaker)])
    return speaker_page(visits, _drift(found.speaker, reading), trust, found)


def report_on_library(
    library: Library, trust: TrustSettings, on_progress: OnProgress = ignore
) -> str:
    """The page of all speakers of a library.

    Raises:
        TooLittleError: There is nobody in it.
    """
    speakers = library.speakers()
    if not speakers:
        raise TooLittleError(
            f"There is nobody in the library '{library.folder}'.", "Enrol a speaker first."
        )
    members = []
    for number, known in enumerate(speakers):
        on_progress(Progress(STAGE, number, len(speakers)))
        members.append(_member(library, known, trust))
    return corpus_page(str(library.folder), members, trust, _provenance())


def write_page(page: str, path: Path, print_pdf: PrintPdf) -> None:
    """Write a page as its file's ending says: PDF, or else HTML.

    Args:
        page: The page.
        path: The file; it appears whole or not at all.
        print_pdf: Prints a page into a PDF file.

    Raises:
        OutputError: The file cannot be written.
    """
    if path.suffix.lower() == ".pdf":
        print_pdf(page, path)
        return
    with atomic_file(path) as file:
        file.write(page.encode("utf-8", "replace"))


def _provenance(speaker: str = "", consent: str = "") -> Provenance:
    return Provenance(PROGRAM, datetime.now().astimezone(), speaker, consent)


def _consent_for(library: Library, session: Session) -> tuple[str, str]:
    """Speaker and consent of the library's session of the same face of the same recording."""
    wanted = (session.meta.get("source") or {}).get("sha256")
    if wanted is None:
        return "", UNTRACED
    entries = [
        entry
        for entry in library.sessions()
        if entry.source_sha256 == wanted
        and entry.speaker is not None
        and library.load(entry).meta.get("face", 1) == session.meta.get("face", 1)
    ]
    names = {str(entry.speaker) for entry in entries}
    if len(names) != 1:
        return "", "several speakers have this recording" if names else ""
    consents = {known.name: known.consent for known in library.speakers()}
    return (name := names.pop()), consents[name]


def _member(library: Library, known: SpeakerEntry, trust: TrustSettings) -> Member:
    entries = sessions_by_date(library, known.name)
    qualities, versions, damages = [], [], []
    reading = DriftReading()
    for entry in entries:
        try:
            session = library.load(entry)
        except FacedynError as error:
            damages.append(error)
        else:
            reading.add(entry.name, session)
            qualities.append(assess_quality(session, trust))
            versions.append(_versions(session))
    return Member(
        name=known.name,
        consent=known.consent,
        simulated=any(entry.simulated for entry in entries),
        qualities=tuple(qualities),
        drift=no_drift(known.name, damages[0]) if damages else _drift(known.name, reading),
        unread=tuple(error.sentence for error in damages),
        versions=tuple(versions),
    )


def _drift(speaker: str, reading: DriftReading) -> DriftReport:
    """The drift of sessions that are read already, or why there is none."""
    try:
        return reading.drift(speaker)
    except FacedynError as error:
        return no_drift(speaker, error)


def _versions(session: Session) -> str:
    """What made a session: the settings by the beginning of their SHA-256."""
    settings = json.dumps(session.meta.get("settings"), sort_keys=True)
    number = sha256(settings.encode()).hexdigest()[:12]
    program = session.meta.get("program", "a program not known")
    head = str(session.meta.get("head_sha256") or "not known")[:12]
    return f"{program}, head {session.head_id} ({head}), settings {number}"


def _visit(entry: SessionEntry, session: Session, trust: TrustSettings) -> Visit:
    source = entry.source_sha256[:12] if entry.source_sha256 else "not known"
    return Visit(
        name=entry.name,
        date_words=entry.date_words,
        simulated=entry.simulated,
        versions=f"{_versions(session)}, recording {source}",
        quality=assess_quality(session, trust),
        ranges=measure_motion_range(session),
    )
