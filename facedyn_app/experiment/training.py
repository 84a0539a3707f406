r"""THE EXPERIMENT ON ONE PAGE: a library is split by sessions, trained on, tested, studied.

library --split--> training sessions --train--> Recognizer
              \--> held-out speakers: choose the weights, calibrate
              \--> test sessions --assess--> headline, controls, baselines --study--> figures
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.experiment.division import (
    Division,
    LibrarySessions,
    divide,
    held_out_trials,
    session_token,
)
from facedyn_app.library.library import Library
from facedyn_app.progress import Report
from facedyn_app.recognizer.accuracy import Accuracy, measure_scores
from facedyn_app.recognizer.checkpoint import Work
from facedyn_app.recognizer.evaluation import Trials, embed_trials, score_trials
from facedyn_app.recognizer.files import check_recognizer_folder, save_recognizer
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.split import TestSessions
from facedyn_app.recognizer.training import train
from facedyn_app.settings import Settings

UNFINISHED = ".training"
"""What the folder of an unfinished training is called after the recognizer's."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How to train on a library.

    Attributes:
        test_sessions: Which sessions are kept for testing.
        head_id: Of the sessions to take; None where there is only one.
        device: "auto", "cpu" or "cuda".
        resume: Whether to go on with an unfinished training.
    """

    test_sessions: TestSessions
    head_id: str | None = None
    device: str = "auto"
    resume: bool = False


def train_recognizer(
    library: Library, out: Path, settings: Settings, plan: TrainingPlan, report: Report
) -> Recognizer:
    """Train a recognizer on a library and write it; what is unfinished is kept beside it.

    Args:
        library: The sessions.
        out: The recognizer's folder.
        settings: Features, network and training.
        plan: Split, head, device.
        report: Told of every step; may raise `Cancelled`, and then `resume` goes on.

    Raises:
        TooLittleError: Too few speakers, sessions, or valid frames.
        MismatchError: Sessions of several heads; or the unfinished training is another one.
        InputError: An unfinished training is there and is not to be gone on with, or is damaged.
        OutputError: The recognizer cannot be written there.
    """
    division = divide(library, plan.test_sessions, plan.head_id, settings.train)
    _check_enough(division, library, plan.test_sessions)
    check_recognizer_folder(out)
    work = Work(out.with_name(out.name + UNFINISHED), _identity(division, settings))
    if work.begun and not plan.resume:
        raise InputError(
            f"An unfinished training lies in '{work.folder}'.",
            "Go on with it with '--resume', or delete that folder.",
        )
    recognizer = train(
        LibrarySessions(library, division.train),
        held_out_trials(library, division.held_out),
        settings,
        device=plan.device,
        about=_about(division, plan.test_sessions),
        work=work,
        report=report,
    )
    tested = _tested(recognizer, library, division, report)
    if tested is not None:
        recognizer = replace(
            recognizer, metrics={**recognizer.metrics, "test_sessions": tested.as_json()}
        )
    if os.environ.get("RANK", "0") == "0":  # under torchrun one process writes for all
        save_recognizer(recognizer, out)
        shutil.rmtree(work.folder, ignore_errors=True)
        n_speakers = recognizer.training["n_speakers"]
        library.logbook.record("train", f"recognizer '{out.name}' on {n_speakers} speakers")
    return recognizer


def _check_enough(division: Division, library: Library, chosen: TestSessions) -> None:
    speakers = [entry.speaker for entry in division.enrolled]
    if len(set(speakers)) < 2:
        raise TooLittleError(
            f"There is only one speaker in the library '{library.folder}', '{speakers[0]}'.",
            "Training needs two or more: import or enrol others.",
        )
    if len(set(speakers)) == len(speakers):
        tested = f" beside those for testing ('{chosen}')" if division.test else ""
        raise TooLittleError(
            f"No speaker in the library '{library.folder}' has two sessions to train on{tested}.",
            "Add recordings from other days, or test none with '--test-sessions none'.",
        )


def _tested(
    recognizer: Recognizer, library: Library, division: Division, report: Report
) -> Accuracy | None:
    if not division.test:
        return None
    trials = Trials(
        LibrarySessions(library, division.enrolled), LibrarySessions(library, division.test)
    )
    embedded = embed_trials(trials, recognizer.embed, report)
    scores = score_trials(embedded, recognizer.cohort, recognizer.calibration)
    return measure_scores(scores, np.random.default_rng(0))


def _about(division: Division, chosen: TestSessions) -> dict[str, Any]:
    entries = division.enrolled
    n_simulated = sum(entry.simulated for entry in entries)
    kind = "simulated speakers" if n_simulated == len(entries) else "recordings of people"
    mixed = f", {n_simulated} of {len(entries)} sessions made" if n_simulated > 0 else ""
    return {
        "data": kind if n_simulated == len(entries) else kind + mixed,
        "test_sessions": str(chosen),
        "n_held_out_speakers": len({entry.speaker for entry in division.held_out}),
        "sessions": [session_token(entry) for entry in entries],
    }


def _identity(division: Division, settings: Settings) -> str:
    plan = {k: v for k, v in asdict(settings.train).items() if k != "budget_minutes"}
    told = {
        "train": [entry.file_name for entry in division.train],
        "held_out": [entry.file_name for entry in division.held_out],
        "settings": [asdict(settings.features), asdict(settings.network), plan],
    }
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
