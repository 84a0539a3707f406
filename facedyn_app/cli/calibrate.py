"""`facedyn calibrate`: probabilities of a recognizer, from real trials."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.cli.output import Outcome
from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress
from facedyn_app.recognizer.files import (
    check_recognizer_folder,
    default_recognizer,
    load_recognizer,
    save_recognizer,
)
from facedyn_app.recognizer.split import parse_test_sessions
from facedyn_app.workflows.evaluate import calibrate_recognizer


def calibrate_on_library(
    source: Path | None, folder: Path, out: Path, test_sessions: str | None, on_progress: OnProgress
) -> Outcome:
    """Calibrate a recognizer on a library's sessions that it has not seen, and write it.

    Args:
        source: The recognizer; None for the built-in one.
        folder: The library.
        out: Where the calibrated recognizer goes; may be `source`.
        test_sessions: Which sessions are asked about, as written; None for those kept in training.
        on_progress: Called at every session; may raise Cancelled.

    Raises:
        FacedynError: What `calibrate_recognizer` raises; recognizer or library cannot be read.
        OutputError: The recognizer cannot be written.
    """
    recognizer = default_recognizer() if source is None else load_recognizer(source)
    chosen = None if test_sessions is None else parse_test_sessions(test_sessions)
    check_recognizer_folder(out)
    with Library.open(folder, create=False) as library:
        calibrated = calibrate_recognizer(recognizer, library, chosen, on_progress)
        save_recognizer(calibrated, out)
        library.audit.record("calibrate", f"recognizer '{out.name}'")
    calibration = calibrated.calibration
    facts = {
        "recognizer": out,
        "library": folder,
        "calibrated_on": calibration.made_on,
        "trials": calibration.trials.value,
        "weight": calibration.weight,
        "duration": calibration.duration,
        "offset": calibration.offset,
    }
    return Outcome(facts, f"calibrated on {calibration.made_on}; written: {out}")
