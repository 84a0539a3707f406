"""`facedyn report`: a page on a session, a speaker or a library, as HTML or PDF."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.cli.output import Outcome
from facedyn_app.cli.people import open_library
from facedyn_app.cli.report_verb import PrintPdf
from facedyn_app.dynamics.session_qc import assess_quality, measure_session_qc
from facedyn_app.library.database import is_library
from facedyn_app.library.session_file import load_session
from facedyn_app.progress import OnProgress
from facedyn_app.settings import Settings
from facedyn_app.workflows.path_checks import check_input_file, check_output_file
from facedyn_app.workflows.report import (
    report_on_library,
    report_on_session,
    report_on_speaker,
    write_page,
)


def write_report(
    session: Path | None,
    speaker: str | None,
    folder: Path,
    out: Path,
    print_pdf: PrintPdf,
    on_progress: OnProgress,
) -> Outcome:
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
    facts: dict[str, object] = {"session": session, "speaker": speaker, "file": out}
    if session is not None:
        check_input_file(session, "session file")
        check_output_file(out, inputs=(session,))
        measured = load_session(session)
        if is_library(folder):
            with open_library(folder) as library:
                page = report_on_session(session.name, measured, trust, library)
        else:
            page = report_on_session(session.name, measured, trust)
        what = f"session {session.name}"
        facts["quality"] = assess_quality(measured, trust)
        facts["control"] = measure_session_qc(measured)
    else:
        check_output_file(out)
        with open_library(folder) as library:
            if speaker is None:
                page = report_on_library(library, trust, on_progress)
            else:
                page = report_on_speaker(library, speaker, trust, on_progress)
        what = f"library {folder}" if speaker is None else f"speaker {speaker}"
        facts["library"] = folder
    write_page(page, out, print_pdf)
    return Outcome(facts, f"written: {out}, the report on {what}")
