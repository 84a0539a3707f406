"""`facedyn evaluate`: how good a recognizer is, and what it must be compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facedyn_app.cli.options import (
    GRU_HELP,
    AsJson,
    KeptTestChoice,
    LibraryFolder,
    TrainedRecognizer,
    verb_app,
)
from facedyn_app.cli.output import Outcome, answering, simulated_note
from facedyn_app.formatting import counted, number, table
from facedyn_app.reports.study_columns import spoken

if TYPE_CHECKING:
    from facedyn_app.recognizer.accuracy import Accuracy
    from facedyn_app.recognizer.evaluation import Assessment
    from facedyn_app.recognizer.lead import Lead

SHORT = ("top1_window", "top5_window", "top1_session", "eer")

GruMinutes = Annotated[float, typer.Option("--gru-minutes", min=0.0, help=GRU_HELP)]

app = verb_app()


@app.command()
def evaluate(
    recognizer: TrainedRecognizer,
    library: LibraryFolder,
    test_sessions: KeptTestChoice = None,
    gru_minutes: GruMinutes = 0.0,
    as_json: AsJson = False,
) -> None:
    """Test a recognizer on sessions it was not trained on, beside controls and baselines."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.evaluate import evaluate_on_library

        found = evaluate_on_library(
            recognizer, library, test_sessions, gru_minutes, answer.on_progress
        )
        facts = {
            "recognizer": recognizer,
            "library": library,
            "head_id": found.recognizer.head_id,
            **assessment_facts(found.assessment),
        }
        answer.outcome = Outcome(facts, assessment_text(found.assessment))


def assessment_facts(found: Assessment) -> dict[str, Any]:
    """The result for scripts: all measures, and the short ones of what it is compared with."""
    return {
        "simulated": found.simulated,
        **found.accuracy.as_json(),
        "parts": {name: _short(one) for name, one in found.parts.items()},
        "controls": {name: _short(one) for name, one in found.controls.items()},
        "baselines": {name: _short(one) for name, one in found.baselines.items()},
        "over_descriptors_b": {name: one.as_json() for name, one in found.lead.items()},
    }


def assessment_text(found: Assessment) -> str:
    """The result for people: headline, then a table of parts, baselines and controls."""
    facts = found.accuracy.as_json()
    rows = [
        [spoken(name), *(_percent(one.as_json(), key) for key in SHORT)]
        for name, one in found.compared.items()
    ]
    head = ["", *(f"{spoken(key)} %" for key in SHORT)]
    told = table(head, rows, right=(1, 2, 3, 4))
    return "\n\n".join([accuracy_text(facts, found.simulated), told, lead_text(found.lead)])


def lead_text(found: Mapping[str, Lead]) -> str:
    """The recognizer's measures less those of descriptors B, and whether chance explains them."""
    told = [
        f"{spoken(name)} {100 * one.difference:+.1f} % "
        f"({100 * one.interval[0]:+.1f} to {100 * one.interval[1]:+.1f})"
        for name, one in found.items()
    ]
    return (
        f"recognizer less descriptors B, the same people drawn for both: {', '.join(told)}; "
        "an interval with 0 in it is no difference that these people show"
    )


def accuracy_text(facts: Mapping[str, Any], simulated: bool = False) -> str:
    """The headline: how often right, between what bounds, and how often by chance."""
    low, high = (100.0 * x for x in facts["intervals"]["top1_window"])
    return (
        f"tested on {counted(facts['n_probes'], 'session')}, "
        f"{counted(facts['n_speakers'], 'speaker')}"
        f"{simulated_note(simulated)}: {100 * facts['top1_window']:.1f} % of windows right "
        f"(90 % interval {low:.1f} to {high:.1f}), {100 * facts['top1_session']:.1f} % of "
        f"sessions; chance {100 * facts['chance_uniform']:.2f} %, always the most frequent speaker "
        f"{100 * facts['chance_majority']:.2f} %"
    )


def _short(one: Accuracy) -> dict[str, Any]:
    facts = one.as_json()
    intervals = {key: facts["intervals"][key] for key in SHORT}
    return {**{key: facts[key] for key in SHORT}, "intervals": intervals}


def _percent(facts: Mapping[str, Any], key: str) -> str:
    low, high = facts["intervals"][key]
    return f"{number(100 * facts[key], 1)} ({number(100 * low, 1)} to {number(100 * high, 1)})"
