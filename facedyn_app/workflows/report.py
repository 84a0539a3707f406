"""Reports to print, on sessions, speakers and libraries."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from facedyn_app import PROGRAM
from facedyn_app.dynamics.motion_range import measure_motion_range
from facedyn_app.dynamics.session_qc import SessionQc, assess_quality, measure_session_qc
from facedyn_app.errors import FacedynError, TooLittleError
from facedyn_app.files import atomic_file, check_input_file, check_output_file
from facedyn_app.library.audit import Speaker
from facedyn_app.library.library import Library
from facedyn_app.library.operations import checked_name
from facedyn_app.library.records import SessionEntry, SpeakerEntry
from facedyn_app.library.session_file import load_session
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import (
    NAMELESS,
    DriftReport,
    NoDrift,
    Quality,
    Session,
    without_file_name,
)
from facedyn_app.reports.clinical_pages import clinical_parts
from facedyn_app.reports.corpus_page import Member, corpus_page
from facedyn_app.reports.page import Provenance
from facedyn_app.reports.session_page import session_page
from facedyn_app.reports.speaker_page import Visit, speaker_page
from facedyn_app.settings import ClinicalSettings, TrustSettings
from facedyn_app.workflows.audit import record_use
from facedyn_app.workflows.drift import DriftReading, sessions_by_date
from facedyn_app.workflows.library import existing_library
from facedyn_app.workflows.measure import MeasureOptions, measure_recording
from facedyn_app.workflows.records import Recording

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


def report_on_session(
    source: Path | Recording,
    folder: Path,
    out: Path,
    trust: TrustSettings,
    print_pdf: PrintPdf,
    on_progress: OnProgress = ignore,
    *,
    clinical: ClinicalSettings | None = None,
    file_names: bool = True,
) -> WrittenReport:
    """Write a report on a session; its speaker and consent are looked up in the library.

    Args:
        source: The session file, or the open recording.
        folder: The library; there may be none.
        out: The file, `.html` or `.pdf`.
        trust: Where "good" ends and "do not use" begins.
        print_pdf: Prints a page.
        on_progress: Told of the reading of the head; may raise Cancelled.
        clinical: What counts as what in the section on clinical measures; None for none.
        file_names: Whether the report says names of recordings' files.

    Raises:
        InputError: The session or library cannot be read.
        OutputError: The file cannot be written.
    """
    if isinstance(source, Path):
        check_input_file(source, "session file")
        check_output_file(out, inputs=(source,))
        name, session = source.name, load_session(source)
    else:
        check_output_file(out)
        name, session = source.title, source.session
    if not file_names:
        name, session = NAMELESS, without_file_name(session)
    library = existing_library(folder)
    section = None if clinical is None else _clinical(name, session, clinical, on_progress)
    with library or nullcontext():
        page = session_report(name, session, trust, library, section)
    write_page(page, out, print_pdf)
    record_use(source if isinstance(source, Path) else source.kept_in, "report", "a page")
    quality = assess_quality(session, trust)
    return WrittenReport(f"session {name}", quality, measure_session_qc(session))


def report_on_speakers(
    speaker: str | None,
    folder: Path,
    out: Path,
    trust: TrustSettings,
    print_pdf: PrintPdf,
    on_progress: OnProgress,
    *,
    file_names: bool = True,
) -> WrittenReport:
    """Write a report on one speaker, or on all of a library.

    Args:
        speaker: One speaker; None for all of the library.
        folder: The library.
        out: The file, `.html` or `.pdf`.
        trust: Where "good" ends and where a shape drifts.
        print_pdf: Prints a page.
        on_progress: Called for every session of a speaker, or every speaker; may raise Cancelled.
        file_names: Whether the report says names of recordings' files.

    Raises:
        InputError: The library cannot be read, or there is no such speaker.
        OutputError: The file cannot be written.
        TooLittleError: There is nobody in the library, or no session of the speaker.
    """
    check_output_file(out)
    with Library.open(folder, create=False, file_names=file_names) as library:
        if speaker is None:
            page = library_report(library, trust, on_progress)
        else:
            page = speaker_report(library, speaker, trust, on_progress)
        write_page(page, out, print_pdf)
        of = "all speakers" if speaker is None else Speaker(name=checked_name(speaker))
        library.audit.record("report", of)
    return WrittenReport(f"library {folder}" if speaker is None else f"speaker {speaker}")


def session_report(
    name: str,
    session: Session,
    trust: TrustSettings,
    library: Library | None = None,
    clinical: Mapping[str, object] | None = None,
) -> str:
    """The page of one session.

    Args:
        name: What it is called.
        session: The session.
        trust: Where "good" ends and "do not use" begins.
        library: Where its speaker and consent are looked up, by the recording's SHA-256.
        clinical: The section on clinical measures; None for none.
    """
    speaker, consent = ("", "") if library is None else _consent_for(library, session)
    return session_page(name, session, trust, _provenance(speaker, consent), clinical)


def speaker_report(
    library: Library, speaker: str, trust: TrustSettings, on_progress: OnProgress = ignore
) -> str:
    """The page of one speaker's sessions, by date.

    Raises:
        InputError: There is no such speaker, or a session cannot be read.
        TooLittleError: They have no sessions.
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


def library_report(library: Library, trust: TrustSettings, on_progress: OnProgress = ignore) -> str:
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
    wanted = session.info.source_sha256
    if wanted is None:
        return "", UNTRACED
    entries = [
        entry
        for entry in library.sessions()
        if entry.source_sha256 == wanted
        and entry.speaker is not None
        and (library.load(entry).info.face or 1) == (session.info.face or 1)
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
        drift=NoDrift(known.name, damages[0].sentence) if damages else _drift(known.name, reading),
        unread=tuple(error.sentence for error in damages),
        versions=tuple(versions),
    )


def _drift(speaker: str, reading: DriftReading) -> DriftReport | NoDrift:
    """The drift of sessions that are read already, or why there is none."""
    try:
        return reading.drift(speaker)
    except FacedynError as error:
        return NoDrift(speaker, error.sentence)


def _versions(session: Session) -> str:
    """What made a session: the settings by the beginning of their SHA-256."""
    settings = json.dumps(session.info.settings, sort_keys=True)
    number = sha256(settings.encode()).hexdigest()[:12]
    program = session.info.program or "a program not known"
    head = (session.info.head_sha256 or "not known")[:12]
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


def _clinical(
    name: str, session: Session, settings: ClinicalSettings, on_progress: OnProgress
) -> Mapping[str, object]:
    """The section on clinical measures; where there are none, why."""
    try:
        measured = measure_recording(name, session, MeasureOptions(), settings, on_progress)
    except FacedynError as error:
        return {"missing": f"Not measured. {error.sentence}"}
    return clinical_parts(measured, settings)
