"""The verb `report` and its options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, LibraryFolder, SpeakerName
from facedyn_app.cli.output import Outcome, run_verb
from facedyn_app.progress import OnProgress

PrintPdf = Callable[[str, Path], None]
"""Prints a page of HTML into a PDF file."""


def make_report(print_pdf: PrintPdf) -> Callable[..., None]:
    """The verb; printing needs Qt, which the command line does not know."""

    def report(
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

        def work(on_progress: OnProgress) -> Outcome:
            from facedyn_app.cli.report import write_report

            return write_report(session, speaker, library, out, print_pdf, on_progress)

        run_verb(work, as_json=as_json)

    return report
