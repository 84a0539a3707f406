"""`facedyn verify`: one recording against one speaker who is enrolled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.fit_options import USUAL, with_fit_options
from facedyn_app.cli.options import AsJson, ChosenRecognizer, LibraryFolder, verb_app
from facedyn_app.cli.output import Outcome, answering, simulated_note
from facedyn_app.workflows.options import FitOptions

app = verb_app()


@app.command()
@with_fit_options("other_head", *USUAL)
def verify(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    recording: Annotated[Path, typer.Argument(metavar="RECORDING")],
    library: LibraryFolder,
    recognizer: ChosenRecognizer = None,
    *,
    options: FitOptions,
    as_json: AsJson = False,
) -> None:
    """Is it this speaker? Same, not the same, or cannot be told."""
    with answering(as_json) as answer:
        from facedyn_app.cli.formatting import verification_facts, verification_text
        from facedyn_app.records import NAMELESS
        from facedyn_app.workflows.verify import verify_recording

        session, found = verify_recording(
            name, recording, library, recognizer, options, answer.on_progress
        )
        facts = {
            "recording": recording if options.file_names else NAMELESS,
            **verification_facts(found),
            "simulated": session.simulated,
        }
        note = simulated_note(session.simulated)
        title = recording.name if options.file_names else NAMELESS
        answer.outcome = Outcome(facts, f"{title}{note} and {name}: {verification_text(found)}")
