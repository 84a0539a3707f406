"""`facedyn evaluate`: how good a recognizer is, and what it must be compared with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facedyn_app.cli.output import Outcome, number, table
from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress
from facedyn_app.recognizer.accuracy import Accuracy
from facedyn_app.recognizer.evaluation import Assessment
from facedyn_app.recognizer.files import load_recognizer
from facedyn_app.recognizer.split import parse_test_sessions
from facedyn_app.workflows.evaluate import assess_recognizer

SHORT = ("top1_window", "top5_window", "top1_session", "eer")


def evaluate_on_library(
    recognizer_folder: Path,
    folder: Path,
    test_sessions: str | None,
    gru_minutes: float,
    on_progress: OnProgress,
) -> Outcome:
    """Test a recognizer on a library's sessions that it was not trained on.

    Args:
        recognizer_folder: The recognizer.
        folder: The library.
        test_sessions: Which sessions are tested, as written; None for those kept in training.
        gru_minutes: How long a GRU is trained for comparison, minutes; 0 not at all.
        on_progress: Called at every session; may raise Cancelled.

    Raises:
        FacedynError: What `assess_recognizer` raises; recognizer or library cannot be read.
    """
    recognizer = load_recognizer(recognizer_folder)
    chosen = None if test_sessions is None else parse_test_sessions(test_sessions)
    with Library.open(folder, create=False) as library:
        found = assess_recognizer(recognizer, library, chosen, on_progress, gru_minutes=gru_minutes)
        library.audit.record("evaluate", f"recognizer '{recognizer_folder.name}'")
    facts = {
        "recognizer": recognizer_folder,
        "library": folder,
        "head_id": recognizer.head_id,
        **assessment_facts(found),
    }
    return Outcome(facts, assessment_text(found))


def assessment_facts(found: Assessment) -> dict[str, Any]:
    """The result for scripts: all measures, and the short ones of what it is compared with."""
    return {
        "simulated": found.simulated,
        **found.accuracy.as_json(),
        "parts": {name: _short(one) for name, one in found.parts.items()},
        "controls": {name: _short(one) for name, one in found.controls.items()},
        "baselines": {name: _short(one) for name, one in found.baselines.items()},
    }


def assessment_text(found: Assessment) -> str:
    """The result for people: headline, then a table of parts, baselines and controls."""
    facts = found.accuracy.as_json()
    rows = [
        [name.replace("_", " "), *(_percent(one.as_json(), key) for key in SHORT)]
        for name, one in found.compared.items()
    ]
    head = ["", *(key.replace("_", " ") + " %" for key in SHORT)]
    return f"{accuracy_text(facts, found.simulated)}\n\n{table(head, rows, right=(1, 2, 3, 4))}"


def accuracy_text(facts: Mapping[str, Any], simulated: bool = False) -> str:
    """The headline: how often right, between what bounds, and how often by chance."""
    low, high = (100.0 * x for x in facts["intervals"]["top1_window"])
    return (
        f"tested on {facts['n_probes']} sessions, {facts['n_speakers']} speakers"
        f"{made_note(simulated)}: {100 * facts['top1_window']:.1f} % of windows right "
        f"(90 % interval {low:.1f} to {high:.1f}), {100 * facts['top1_session']:.1f} % of "
        f"sessions; chance {100 * facts['chance_uniform']:.2f} %, always the most frequent speaker "
        f"{100 * facts['chance_majority']:.2f} %"
    )


def made_note(simulated: bool) -> str:
    """What is said of made speakers wherever their results stand."""
    return " (simulated)" if simulated else ""


def _short(one: Accuracy) -> dict[str, Any]:
    facts = one.as_json()
    intervals = {key: facts["intervals"][key] for key in SHORT}
    return {**{key: facts[key] for key in SHORT}, "intervals": intervals}


def _percent(facts: Mapping[str, Any], key: str) -> str:
    low, high = facts["intervals"][key]
    return f"{number(100 * facts[key], 1)} ({number(100 * low, 1)} to {number(100 * high, 1)})"
