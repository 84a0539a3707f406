"""Calibration of a recognizer's probabilities, from trials on sessions it has not seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress
from facedyn_app.recognizer.files import (
    check_recognizer_folder,
    default_recognizer,
    load_recognizer,
    save_recognizer,
)
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.scoring import TrialsOf
from facedyn_app.recognizer.split import TestSessions, parse_test_sessions
from facedyn_app.recognizer.trials import Trials, calibrate_on, embed_trials
from facedyn_app.workflows.evaluate import split_of
from facedyn_app.workflows.split import LibrarySessions, session_token


def calibrate_on_library(
    source: Path | None, folder: Path, out: Path, test_sessions: str | None, on_progress: OnProgress
) -> Recognizer:
    """Calibrate a recognizer on a library's sessions that it has not seen, and write it.

    Args:
        source: The recognizer; None for the built-in one.
        folder: The library.
        out: Where the calibrated recognizer goes; may be `source`.
        test_sessions: Which sessions are asked about, as written; None for those kept in training.
        on_progress: Called at every session; may raise Cancelled.

    Raises:
        InputError: Recognizer or library cannot be read; a session to be asked about has been
            trained on.
        TooLittleError: Too few sessions, or fewer than two speakers.
        MismatchError: There is no session of the recognizer's head.
        OutputError: The recognizer cannot be written.
    """
    chosen = None if test_sessions is None else parse_test_sessions(test_sessions)
    check_recognizer_folder(out)
    with Library.open(folder, create=False) as library:
        files = library.files
        recognizer = default_recognizer() if source is None else load_recognizer(source, files)
        calibrated = _calibrated(recognizer, library, chosen, on_progress)
        save_recognizer(calibrated, out, files)
        library.audit.record("calibrate", f"recognizer '{out.name}'")
    return calibrated


def _calibrated(
    recognizer: Recognizer,
    library: Library,
    test_sessions: TestSessions | None,
    on_progress: OnProgress,
) -> Recognizer:
    """The recognizer with another calibration; its network and back-end stay as they are."""
    split = split_of(recognizer, library, test_sessions)
    enrolled = LibrarySessions(library, split.enrolled)
    trials = Trials(enrolled, LibrarySessions(library, split.test))
    embedded = embed_trials(trials, recognizer.embed, on_progress)
    entries = (*split.enrolled, *split.test)
    simulated = any(entry.simulated for entry in entries)
    kind = TrialsOf.SIMULATED if simulated else TrialsOf.PEOPLE
    seen = set(recognizer.training.get("sessions", ()))
    trained = {entry.speaker for entry in split.enrolled if session_token(entry) in seen}
    of_these = f", {len(trained)} of whom trained it" if trained else ""
    space = recognizer.space(embedded.gallery)
    calibration = calibrate_on(embedded, space, kind, f"{kind}{of_these}")
    return replace(recognizer, calibration=calibration)
