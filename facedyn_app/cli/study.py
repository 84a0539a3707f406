"""`facedyn study`: tables and figures of a recognizer on a library."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.assets import sha256_of
from facedyn_app.cli.evaluate import assessment_text
from facedyn_app.cli.output import Outcome
from facedyn_app.files import atomic_folder
from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress
from facedyn_app.recognizer.files import WEIGHTS, load_recognizer
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.split import parse_test_sessions
from facedyn_app.reports.study import study_facts, write_study
from facedyn_app.workflows.analyse import PROGRAM
from facedyn_app.workflows.study import study_recognizer


def study_on_library(
    recognizer_folder: Path,
    folder: Path,
    out: Path,
    test_sessions: str | None,
    gru_minutes: float | None,
    on_progress: OnProgress,
) -> Outcome:
    """Study a recognizer on a library and write tables, figures and a page.

    Args:
        recognizer_folder: The recognizer.
        folder: The library.
        out: A new folder, or an empty one.
        test_sessions: Which sessions are tested, as written; None for those kept in training.
        gru_minutes: How long a GRU is trained for comparison, minutes; None as long as the
            recognizer was.
        on_progress: Called at every session; may raise Cancelled.

    Raises:
        FacedynError: What `study_recognizer` raises; something cannot be read or written.
    """
    recognizer = load_recognizer(recognizer_folder)
    about = _about(recognizer, recognizer_folder, folder)
    chosen = None if test_sessions is None else parse_test_sessions(test_sessions)
    with atomic_folder(out) as place, Library.open(folder, create=False) as library:
        study = study_recognizer(recognizer, library, chosen, on_progress, gru_minutes=gru_minutes)
        files = write_study(study, about, place, on_progress)
        library.audit.record("study", f"recognizer '{recognizer_folder.name}'")
    facts = {"folder": out, **about, **study_facts(study), "files": files}
    page = out / "index.html"
    return Outcome(facts, f"{assessment_text(study.assessment)}\n\nwritten: {page}")


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
