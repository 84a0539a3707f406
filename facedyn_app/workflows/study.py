"""Study of a recognizer: everything that the paper's tables and figures show."""

from __future__ import annotations

import numpy as np

from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.split import TestSessions
from facedyn_app.recognizer.study import (
    Study,
    accuracy_by_length,
    accuracy_by_sessions,
    relate_to_drift,
)
from facedyn_app.workflows.evaluate import assess_split, drift_ratios, split_of
from facedyn_app.workflows.split import LibrarySessions


def study_recognizer(
    recognizer: Recognizer,
    library: Library,
    test_sessions: TestSessions | None,
    on_progress: OnProgress,
    *,
    gru_minutes: float | None = None,
) -> Study:
    """Test a recognizer on a library in every respect.

    Args:
        recognizer: What is studied.
        library: The sessions.
        test_sessions: Which are tested; None: those kept for it in training, else the last.
        on_progress: Told of every session; may raise `Cancelled`.
        gru_minutes: How long a GRU is trained for comparison; None as long as the recognizer
            was, 0 not at all.

    Raises:
        FacedynError: What `assess_recognizer` raises.
    """
    minutes = recognizer.training.get("minutes", 0.0) if gru_minutes is None else gru_minutes
    split = split_of(recognizer, library, test_sessions)
    assessment = assess_split(recognizer, library, split, on_progress, gru_minutes=float(minutes))
    probes = LibrarySessions(library, split.test)
    gallery = assessment.trials.gallery
    ratios = drift_ratios(library, list(gallery), split.head_id, on_progress)
    return Study(
        assessment=assessment,
        by_length=accuracy_by_length(recognizer, gallery, probes, on_progress),
        by_sessions=accuracy_by_sessions(
            recognizer.space(assessment.trials.gallery), assessment.trials
        ),
        drift=relate_to_drift(assessment.scores, ratios, np.random.default_rng(0)),
    )
