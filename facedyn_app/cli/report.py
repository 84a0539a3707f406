"""`facedyn report`: a page on a session, a speaker or a library, as HTML or PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, FileNames, LibraryFolder, SpeakerName, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.cli.window import Window

app = verb_app()


@app.command()
def report(
    context: typer.Context,
    library: LibraryFolder,
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT.html|OUT.pdf", help="The report.")
    ],
    session: Annotated[
        Path | None,
        typer.Argument(
            metavar="SESSION",
            help="A session file; without it the report is on the library's speakers.",
            show_default=False,
        ),
    ] = None,
    speaker: SpeakerName = None,
    clinical: Annotated[
        bool,
        typer.Option(
            "--clinical",
            help="Clinical measures: of a session as a part of its report; of a speaker over time, "
            "a page of their own.",
        ),
    ] = False,
    file_names: FileNames = True,
    as_json: AsJson = False,
) -> None:
    """A report to print: on a session, on a speaker over months, or on a whole library."""
    if session is not None and speaker is not None:
        raise typer.BadParameter("name a session file or a speaker, not both")
    if clinical and session is None and speaker is None:
        raise typer.BadParameter("--clinical needs a session file or a speaker")
    if out.suffix.lower() not in (".html", ".pdf"):
        raise typer.BadParameter(f"'{out.name}' must end in .html or .pdf")
    window: Window = context.obj
    with answering(as_json) as answer:
        from facedyn_app.settings import Settings
        from facedyn_app.workflows.clinical_report import report_on_course
        from facedyn_app.workflows.report import report_on_session, report_on_speakers

        settings, print_pdf, told = Settings(), window.print_pdf, answer.on_progress
        if session is not None:
            measured = settings.clinical if clinical else None
            written = report_on_session(
                session,
                library,
                out,
                settings.trust,
                print_pdf,
                told,
                clinical=measured,
                file_names=file_names,
            )
        elif clinical and speaker is not None:
            written = report_on_course(
                speaker, library, out, settings, print_pdf, told, file_names=file_names
            )
        else:
            written = report_on_speakers(
                speaker, library, out, settings.trust, print_pdf, told, file_names=file_names
            )
        facts: dict[str, object] = {"session": session, "speaker": speaker, "file": out}
        if session is None:
            facts["library"] = library
        else:
            facts |= {"quality": written.quality, "control": written.control}
        answer.outcome = Outcome(facts, f"written: {out}, the report on {written.subject}")
