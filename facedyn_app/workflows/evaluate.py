"""Evaluation of a recognizer on sessions of a library that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np

from facedyn_app.dynamics.drift import measure_drift
from facedyn_app.errors import FacedynError, InputError
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.recognizer.accuracy import Accuracy
from facedyn_app.recognizer.calibration import TrialsOf
from facedyn_app.recognizer.evaluation import Assessment, accuracy_of, assess
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.network import GruNetwork
from facedyn_app.recognizer.split import LAST, TestSessions, parse_test_sessions
from facedyn_app.recognizer.training import train
from facedyn_app.recognizer.trials import Trials, calibrate_on, embed_trials
from facedyn_app.settings import Settings, TrainSettings
from facedyn_app.workflows.split import (
    LibrarySessions,
    Split,
    session_token,
    split_library,
    validation_trials,
)


def assess_recognizer(
    recognizer: Recognizer,
    library: Library,
    test_sessions: TestSessions | None,
    on_progress: OnProgress,
    *,
    gru_minutes: float = 0.0,
) -> Assessment:
    """Test a recognizer on a library's sessions that it was not trained on.

    Args:
        recognizer: What is tested.
        library: The sessions; those not tested are what the speakers are known by.
        test_sessions: Which are tested; None: those kept for it in training, else the last.
        on_progress: Told of every session; may raise `Cancelled`.
        gru_minutes: How long a GRU is trained on the same sessions for comparison; 0 not at all.

    Raises:
        InputError: A session to be tested has been trained on.
        TooLittleError: Too few sessions.
        MismatchError: There is no session of the recognizer's head.
    """
    split = split_of(recognizer, library, test_sessions)
    return assess_split(recognizer, library, split, on_progress, gru_minutes=gru_minutes)


def calibrate_recognizer(
    recognizer: Recognizer,
    library: Library,
    test_sessions: TestSessions | None,
    on_progress: OnProgress,
) -> Recognizer:
    """Calibrate a recognizer's probabilities on a library's sessions that it has not seen.

    Args:
        recognizer: What is calibrated; its network and back-end stay as they are.
        library: The sessions.
        test_sessions: Which are asked about; None: those kept for it in training, else the last.
        on_progress: Told of every session; may raise `Cancelled`.

    Raises:
        InputError: A session to be asked about has been trained on.
        TooLittleError: Too few sessions, or fewer than two speakers.
        MismatchError: There is no session of the recognizer's head.
    """
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


def split_of(recognizer: Recognizer, library: Library, test_sessions: TestSessions | None) -> Split:
    """How a library is divided for testing a recognizer; raises what `assess_recognizer` does."""
    kept = str(recognizer.training.get("test_sessions", LAST))
    chosen = test_sessions or parse_test_sessions(kept)
    split = split_library(library, chosen, recognizer.head_id, trained_settings(recognizer).train)
    _check_unseen(recognizer, split, library)
    return split


def assess_split(
    recognizer: Recognizer,
    library: Library,
    split: Split,
    on_progress: OnProgress,
    *,
    gru_minutes: float,
) -> Assessment:
    """As `assess_recognizer`, with the library divided already."""
    settings = trained_settings(recognizer)
    enrolled = LibrarySessions(library, split.enrolled)
    trials = Trials(enrolled, LibrarySessions(library, split.test))
    found = assess(recognizer, trials, settings.train.seed, on_progress)
    if gru_minutes <= 0.0:
        return found
    settings = replace(settings, train=replace(settings.train, budget_minutes=gru_minutes))
    gru = _gru_accuracy(library, split, trials, settings, on_progress)
    return replace(found, baselines={**found.baselines, "gru": gru})


def _gru_accuracy(
    library: Library,
    split: Split,
    trials: Trials,
    settings: Settings,
    on_progress: OnProgress,
) -> Accuracy:
    gru = train(
        LibrarySessions(library, split.train),
        validation_trials(library, split.validation),
        settings,
        device="auto",
        make_network=GruNetwork,
        on_progress=on_progress,
    )
    return accuracy_of(gru, trials, settings.train.seed, on_progress)


def drift_ratios(
    library: Library, speakers: Sequence[str], head_id: str, on_progress: OnProgress
) -> dict[str, tuple[float, float]]:
    """Drift-to-noise ratio and corrected ratio of each speaker that has one."""
    own: dict[str, list[SessionEntry]] = {}
    for entry in library.sessions():
        if entry.speaker is not None and entry.head_id == head_id:
            own.setdefault(entry.speaker, []).append(entry)
    ratios = {}
    for number, name in enumerate(speakers):
        on_progress(Progress("measuring shape drift", number, len(speakers)))
        sessions = {entry.name: library.load(entry) for entry in own.get(name, [])}
        chunks = [(session, loaded.shape_chunks) for session, loaded in sessions.items()]
        known = [loaded.shape_certainty for loaded in sessions.values()]
        try:
            drift = measure_drift(name, chunks, np.random.default_rng(0), 0, known)
        except FacedynError:
            continue
        if drift.dnr is not None and drift.dnr_corrected is not None:
            ratios[name] = (drift.dnr, drift.dnr_corrected)
    return ratios


def _check_unseen(recognizer: Recognizer, split: Split, library: Library) -> None:
    seen = set(recognizer.training.get("sessions", ()))
    n_seen = sum(session_token(entry) in seen for entry in split.test)
    if n_seen:
        raise InputError(
            f"{n_seen} of the {len(split.test)} sessions to be tested in '{library.folder}' "
            "were used to train the recognizer.",
            "Test the sessions that were kept for it: leave out '--test-sessions'.",
        )


def trained_settings(recognizer: Recognizer) -> Settings:
    """The settings that a recognizer was trained with, as far as it says so."""
    told = recognizer.training.get("settings", {})
    known = asdict(TrainSettings())
    plan = {k: v for k, v in told.items() if k in known and type(v) is type(known[k])}
    return Settings(
        features=recognizer.features, network=recognizer.sizes, train=TrainSettings(**plan)
    )
