"""Reports to print, on sessions, speakers and libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.dynamics.session_qc import SessionQc, assess_quality, measure_session_qc
from facedyn_app.errors import FacedynError
from facedyn_app.files import atomic_file
from facedyn_app.library.audit import Speaker
from facedyn_app.library.library import Library
from facedyn_app.library.operations import checked_name
from facedyn_app.library.session_file import load_session
from facedyn_app.path_checks import check_input_file, check_output_file
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import NAMELESS, Quality, Session, without_file_name
from facedyn_app.reports.clinical_pages import clinical_parts
from facedyn_app.settings import ClinicalSettings, TrustSettings
from facedyn_app.workflows.audit import record_use
from facedyn_app.workflows.library import existing_library
from facedyn_app.workflows.measure import MeasureOptions, measure_recording
from facedyn_app.workflows.records import Recording
from facedyn_app.workflows.report_pages import library_report, session_report, speaker_report

PrintPdf = Callable[[str, Path], None]
"""Prints a page of HTML into a PDF file."""


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


def _clinical(
    name: str, session: Session, settings: ClinicalSettings, on_progress: OnProgress
) -> Mapping[str, object]:
    """The section on clinical measures; where there are none, why."""
    try:
        measured = measure_recording(name, session, MeasureOptions(), settings, on_progress)
    except FacedynError as error:
        return {"missing": f"Not measured. {error.sentence}"}
    return clinical_parts(measured, settings)
