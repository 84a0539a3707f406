"""`facedyn study`: tables and figures of a recognizer on a library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.evaluate import assessment_text
from facedyn_app.cli.options import (
    GRU_HELP,
    AsJson,
    KeptTestChoice,
    LibraryFolder,
    TrainedRecognizer,
    verb_app,
)
from facedyn_app.cli.output import Outcome, answering

LikewiseGruMinutes = Annotated[
    float | None,
    typer.Option(
        "--gru-minutes", min=0.0, show_default="as long as the recognizer was", help=GRU_HELP
    ),
]

app = verb_app()


@app.command()
def study(
    recognizer: TrainedRecognizer,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="A new folder.")],
    library: LibraryFolder,
    test_sessions: KeptTestChoice = None,
    gru_minutes: LikewiseGruMinutes = None,
    as_json: AsJson = False,
) -> None:
    """Study a recognizer: accuracy against window length, sessions, shape drift; one page."""
    with answering(as_json) as answer:
        from facedyn_app.reports.study import study_facts
        from facedyn_app.workflows.study import study_on_library

        found = study_on_library(
            recognizer, library, out, test_sessions, gru_minutes, answer.on_progress
        )
        facts = {"folder": out, **found.about, **study_facts(found.study), "files": found.files}
        page = out / "index.html"
        answer.outcome = Outcome(
            facts, f"{assessment_text(found.study.assessment)}\n\nwritten: {page}"
        )
