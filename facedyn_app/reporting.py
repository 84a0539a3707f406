"""Reports on sessions, speakers and libraries: what they need is gathered, their page is made."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from facedyn_app.analysis import PROGRAM
from facedyn_app.dynamics.quality import assess_quality
from facedyn_app.dynamics.ranges import motion_ranges
from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.files import atomic_file
from facedyn_app.library.entries import SessionEntry
from facedyn_app.library.library import Library
from facedyn_app.pipeline import drift_of, sessions_by_date
from facedyn_app.progress import Progress, Report, ignore
from facedyn_app.records import DriftReport, Session
from facedyn_app.reports.corpus_page import Member, corpus_page
from facedyn_app.reports.session_page import Provenance, session_page
from facedyn_app.reports.speaker_page import Visit, speaker_page
from facedyn_app.settings import TrustSettings

STAGE = "gathering for the report"


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
    library: Library, speaker: str, trust: TrustSettings, report: Report = ignore
) -> str:
    """The page of one speaker's sessions, by date.

    Raises:
        InputError: There is no such speaker.
        TooLittleError: He has no sessions.
    """
    entries = sessions_by_date(library, speaker)
    if not entries:
        raise TooLittleError(
            f"There is no session of '{speaker}' in the library '{library.folder}'.",
            "Enrol a recording first.",
        )
    visits = []
    for number, entry in enumerate(entries):
        report(Progress(STAGE, number, len(entries)))
        visits.append(_visit(entry, library.load(entry), trust))
    consents = {known.name: known.consent for known in library.speakers()}
    found = _provenance(str(entries[0].speaker), consents[str(entries[0].speaker)])
    return speaker_page(visits, _drift(library, speaker), trust, found)


def report_on_library(library: Library, trust: TrustSettings, report: Report = ignore) -> str:
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
        report(Progress(STAGE, number, len(speakers)))
        entries = library.sessions(known.name)
        members.append(
            Member(
                name=known.name,
                consent=known.consent,
                simulated=any(entry.simulated for entry in entries),
                qualities=tuple(assess_quality(library.load(entry), trust) for entry in entries),
                drift=_drift(library, known.name),
            )
        )
    return corpus_page(str(library.folder), members, trust, _provenance())


def write_page(page: str, path: Path, print_pdf: Callable[[str, Path], None]) -> None:
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
        file.write(page.encode("utf-8"))


def _provenance(speaker: str = "", consent: str = "") -> Provenance:
    return Provenance(PROGRAM, datetime.now().astimezone(), speaker, consent)


def _consent_for(library: Library, session: Session) -> tuple[str, str]:
    """Speaker and consent of the library's session of the same recording; empty without one."""
    wanted = (session.meta.get("source") or {}).get("sha256")
    names = [
        entry.speaker
        for entry in library.sessions()
        if wanted and entry.source_sha256 == wanted and entry.speaker is not None
    ]
    consents = {known.name: known.consent for known in library.speakers()}
    return (names[0], consents[names[0]]) if names else ("", "")


def _drift(library: Library, speaker: str) -> DriftReport | None:
    """None where his sessions are too short, or of different heads."""
    with suppress(TooLittleError, MismatchError):
        return drift_of(library, speaker)
    return None


def _visit(entry: SessionEntry, session: Session, trust: TrustSettings) -> Visit:
    settings = json.dumps(session.meta.get("settings"), sort_keys=True)
    number = sha256(settings.encode()).hexdigest()[:12]
    source = entry.source_sha256[:12] if entry.source_sha256 else "not known"
    versions = (
        f"{session.meta.get('program', 'a program not known')}, head {session.head_id}, settings "
        f"{number}, recording {source}"
    )
    return Visit(
        name=entry.name,
        date=entry.date,
        date_words=entry.date_words,
        simulated=entry.simulated,
        versions=versions,
        quality=assess_quality(session, trust),
        ranges=motion_ranges(session),
    )
