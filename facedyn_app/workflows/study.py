"""Study of a recognizer: everything that the paper's tables and figures show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app import PROGRAM
from facedyn_app.dynamics.drift import measure_drift
from facedyn_app.dynamics.exclusion import without_excluded
from facedyn_app.errors import FacedynError
from facedyn_app.files import atomic_folder, sha256_of
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.recognizer.files import WEIGHTS, load_recognizer
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.split import TestSessions, parse_test_sessions
from facedyn_app.recognizer.study import (
    Study,
    accuracy_by_length,
    accuracy_by_sessions,
    relate_to_drift,
)
from facedyn_app.reports.study import write_study
from facedyn_app.workflows.evaluate import assess_split, split_of
from facedyn_app.workflows.split import LibrarySessions


@dataclass(frozen=True, slots=True, eq=False)
class StudiedRecognizer:
    """A study that was written.

    Attributes:
        study: What was found.
        about: What it was found on: recognizer, library, versions.
        files: Names of the files in its folder.
    """

    study: Study
    about: Mapping[str, object]
    files: tuple[str, ...]


def study_on_library(
    recognizer_folder: Path,
    folder: Path,
    out: Path,
    test_sessions: str | None,
    gru_minutes: float | None,
    on_progress: OnProgress,
) -> StudiedRecognizer:
    """Study a recognizer on a library and write tables, figures and a page.

    Args:
        recognizer_folder: The recognizer.
        folder: The library.
        out: A new folder, or an empty one.
        test_sessions: Which sessions are tested, as written; None for those kept in training.
        gru_minutes: How long a GRU is trained for comparison, minutes; None as long as the
            recognizer was, 0 not at all.
        on_progress: Called at every session; may raise Cancelled.

    Raises:
        FacedynError: What `assess_recognizer` raises; something cannot be read or written.
    """
    chosen = None if test_sessions is None else parse_test_sessions(test_sessions)
    with atomic_folder(out) as place, Library.open(folder, create=False) as library:
        recognizer = load_recognizer(recognizer_folder, library.files)
        about = _about(recognizer, recognizer_folder, folder)
        study = _study(recognizer, library, chosen, gru_minutes, on_progress)
        files = write_study(study, about, place, on_progress)
        library.audit.record("study", f"recognizer '{recognizer_folder.name}'")
    return StudiedRecognizer(study, about, tuple(files))


def _study(
    recognizer: Recognizer,
    library: Library,
    test_sessions: TestSessions | None,
    gru_minutes: float | None,
    on_progress: OnProgress,
) -> Study:
    """A recognizer tested on a library in every respect."""
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
        chunks = [(key, without_excluded(one).shape_chunks) for key, one in sessions.items()]
        known = [loaded.shape_certainty for loaded in sessions.values()]
        try:
            drift = measure_drift(name, chunks, np.random.default_rng(0), 0, known)
        except FacedynError:
            continue
        if drift.dnr is not None and drift.dnr_corrected is not None:
            ratios[name] = (drift.dnr, drift.dnr_corrected)
    return ratios


def _about(recognizer: Recognizer, recognizer_folder: Path, library: Path) -> dict[str, object]:
    training = recognizer.training
    return {
        "recognizer": recognizer_folder.name,
        "recognizer_sha256": sha256_of(recognizer_folder / WEIGHTS),
        "library": library.name,
        "head_id": recognizer.head_id,
        "trained_on": str(training.get("data", "unknown")),
        "training_speakers": training.get("n_speakers"),
        "training_minutes": training.get("minutes"),
        "test_sessions": training.get("test_sessions", "last"),
        "window_s": recognizer.features.window_s,
        "program": PROGRAM,
    }
