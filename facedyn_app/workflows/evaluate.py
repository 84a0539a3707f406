"""Evaluation of a recognizer on sessions of a library that it was not trained on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress
from facedyn_app.recognizer.accuracy import Accuracy
from facedyn_app.recognizer.evaluation import Assessment, accuracy_of, assess
from facedyn_app.recognizer.files import load_recognizer
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.network import GruNetwork
from facedyn_app.recognizer.split import LAST, TestSessions, parse_test_sessions
from facedyn_app.recognizer.training import train
from facedyn_app.recognizer.trials import Trials
from facedyn_app.settings import Settings, TrainSettings
from facedyn_app.workflows.split import (
    LibrarySessions,
    Split,
    session_token,
    split_library,
    validation_trials,
)


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedRecognizer:
    """A recognizer and how it did on a library."""

    recognizer: Recognizer
    assessment: Assessment


def evaluate_on_library(
    recognizer_folder: Path,
    folder: Path,
    test_sessions: str | None,
    gru_minutes: float,
    on_progress: OnProgress,
) -> EvaluatedRecognizer:
    """Test a recognizer on the sessions of a library's folder that it was not trained on.

    Args:
        recognizer_folder: The recognizer.
        folder: The library.
        test_sessions: Which sessions are tested, as written; None for those kept for it in
            training, else the last. The others are what the speakers are known by.
        gru_minutes: How long a GRU is trained for comparison, minutes; 0 not at all.
        on_progress: Called at every session; may raise Cancelled.

    Raises:
        FacedynError: What `assess_recognizer` raises; recognizer or library cannot be read.
    """
    chosen = None if test_sessions is None else parse_test_sessions(test_sessions)
    with Library.open(folder, create=False) as library:
        recognizer = load_recognizer(recognizer_folder, library.files)
        found = assess_recognizer(recognizer, library, chosen, on_progress, gru_minutes=gru_minutes)
        library.audit.record("evaluate", f"recognizer '{recognizer_folder.name}'")
    return EvaluatedRecognizer(recognizer, found)


def assess_recognizer(
    recognizer: Recognizer,
    library: Library,
    test_sessions: TestSessions | None,
    on_progress: OnProgress,
    *,
    gru_minutes: float = 0.0,
) -> Assessment:
    """As `evaluate_on_library`, of what is open already.

    Raises:
        InputError: A session to be tested has been trained on.
        TooLittleError: Too few sessions.
        MismatchError: There is no session of the recognizer's head.
    """
    split = split_of(recognizer, library, test_sessions)
    return assess_split(recognizer, library, split, on_progress, gru_minutes=gru_minutes)


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
