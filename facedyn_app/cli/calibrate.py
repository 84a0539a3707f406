"""`facedyn calibrate`: probabilities of a recognizer, from real trials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import BUILT_IN_NAME, AsJson, KeptTestChoice, LibraryFolder, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.errors import InputError

app = verb_app()


@app.command()
def calibrate(
    recognizer: Annotated[
        Path,
        typer.Argument(
            metavar="RECOGNIZER", help="The folder of a trained recognizer, or 'built-in'."
        ),
    ],
    library: LibraryFolder,
    test_sessions: KeptTestChoice = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="RECOGNIZER",
            show_default="the same folder",
            help="Where the calibrated recognizer goes.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Calibrate a recognizer's probabilities on a library's sessions that it has not seen."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.calibrate import calibrate_on_library

        source = None if str(recognizer) == BUILT_IN_NAME else recognizer
        if out is None and source is None:
            raise InputError(
                "The built-in recognizer cannot be changed.", "Name a folder for it with -o."
            )
        place = out or recognizer
        calibrated = calibrate_on_library(source, library, place, test_sessions, answer.on_progress)
        calibration = calibrated.calibration
        facts = {
            "recognizer": place,
            "library": library,
            "calibrated_on": calibration.made_on,
            "trials": calibration.trials.value,
            "weight": calibration.weight,
            "duration": calibration.duration,
            "offset": calibration.offset,
        }
        answer.outcome = Outcome(facts, f"calibrated on {calibration.made_on}; written: {place}")
