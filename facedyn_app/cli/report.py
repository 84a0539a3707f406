"""`facedyn report`: a page on a session, a speaker or a library, as HTML or PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, LibraryFolder, SpeakerName, verb_app
from facedyn_app.cli.output import Outcome, run_verb
from facedyn_app.cli.window import PrintPdf, Window
from facedyn_app.progress import OnProgress

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
    as_json: AsJson = False,
) -> None:
    """A report to print: on a session, on a speaker over months, or on a whole library."""
    if session is not None and speaker is not None:
        raise typer.BadParameter("name a session file or a speaker, not both")
    if out.suffix.lower() not in (".html", ".pdf"):
        raise typer.BadParameter(f"'{out.name}' must end in .html or .pdf")
    window: Window = context.obj
    arguments = session, speaker, library, out, window.print_pdf
    run_verb(_report, *arguments, as_json=as_json)


def _report(
    session: Path | None,
    speaker: str | None,
    folder: Path,
    out: Path,
    print_pdf: PrintPdf,
    on_progress: OnProgress,
) -> Outcome:
    from facedyn_app.workflows.report import write_report

    written = write_report(session, speaker, folder, out, print_pdf, on_progress)
    facts: dict[str, object] = {"session": session, "speaker": speaker, "file": out}
    if session is None:
        facts["library"] = folder
    else:
        facts |= {"quality": written.quality, "control": written.control}
    return Outcome(facts, f"written: {out}, the report on {written.subject}")
