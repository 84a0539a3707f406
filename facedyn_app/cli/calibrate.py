"""`facedyn calibrate`: probabilities of a recognizer, from real trials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import (
    BUILT_IN_NAME,
    AsJson,
    KeptTestChoice,
    LibraryFolder,
    verb_app,
)
from facedyn_app.cli.output import Outcome, run_verb
from facedyn_app.errors import InputError
from facedyn_app.progress import OnProgress

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
    run_verb(_calibrate, recognizer, library, test_sessions, out, as_json=as_json)


def _calibrate(
    recognizer: Path,
    library: Path,
    test_sessions: str | None,
    out: Path | None,
    on_progress: OnProgress,
) -> Outcome:
    from facedyn_app.workflows.calibrate import calibrate_on_library

    source = None if str(recognizer) == BUILT_IN_NAME else recognizer
    if out is None and source is None:
        raise InputError(
            "The built-in recognizer cannot be changed.", "Name a folder for it with -o."
        )
    place = out or recognizer
    calibrated = calibrate_on_library(source, library, place, test_sessions, on_progress)
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
    return Outcome(facts, f"calibrated on {calibration.made_on}; written: {place}")
