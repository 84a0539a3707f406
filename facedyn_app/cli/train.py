"""`facedyn train`: a recognizer from a library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.evaluate import accuracy_text
from facedyn_app.cli.options import AsJson, Device, DeviceName, LibraryFolder, verb_app
from facedyn_app.cli.output import Outcome, answering, simulated_note
from facedyn_app.formatting import counted, left_out_text
from facedyn_app.settings import Settings

if TYPE_CHECKING:
    from facedyn_app.recognizer.model import Recognizer

TOLD = ("data", "n_speakers", "n_sessions", "n_held_out_speakers", "test_sessions", "left_out")
COURSE = ("minutes", "steps", "planned_steps", "best_step", "device", "peak_memory_mb", "curve")
TestChoice = Annotated[
    str,
    typer.Option(
        "--test-sessions",
        metavar="last|none|N,…",
        help="Which sessions of each speaker are kept for testing, counted from 1.",
    ),
]
HeadOfSessions = Annotated[
    str | None,
    typer.Option(
        "--head", metavar="ID", show_default="the only one", help="The head of the sessions."
    ),
]

app = verb_app()


@app.command()
def train(
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="RECOGNIZER", help="The new folder.")
    ],
    library: LibraryFolder,
    test_sessions: TestChoice = "last",
    budget_minutes: Annotated[
        float | None,
        typer.Option(min=0.01, show_default="45", help="Most wall time, minutes."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, show_default="the default", help="Most training steps.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Start of every random choice.")] = 0,
    device: DeviceName = Device.AUTO,
    head: HeadOfSessions = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a training that was stopped.")
    ] = False,
    gaze: Annotated[
        bool, typer.Option("--gaze", help="Let it learn from the turns of the eyes, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train a recognizer on the speakers of a library, and test it on sessions kept apart."""
    with answering(as_json) as answer:
        from facedyn_app.recognizer.split import parse_test_sessions
        from facedyn_app.workflows.train import (
            TrainingPlan,
            is_first_process,
            train_on_library,
        )

        plan = TrainingPlan(parse_test_sessions(test_sessions), head, device, resume)
        settings = _settings(seed, steps, budget_minutes, gaze)
        recognizer = train_on_library(library, out, settings, plan, answer.on_progress)
        facts = {"recognizer": out, "library": library, **_facts(recognizer)}
        answer.outcome = Outcome(facts, _text(recognizer, out))
        answer.silent = not is_first_process()


def _settings(seed: int, steps: int | None, budget_minutes: float | None, gaze: bool) -> Settings:
    plain = Settings()
    training = replace(
        plain.train,
        seed=seed,
        max_steps=steps or plain.train.max_steps,
        budget_minutes=budget_minutes or plain.train.budget_minutes,
    )
    return replace(plain, train=training, features=replace(plain.features, gaze=gaze))


def _facts(recognizer: Recognizer) -> dict[str, object]:
    training = recognizer.training
    return {
        "head_id": recognizer.head_id,
        "simulated": recognizer.from_simulation,
        **{name: training.get(name) for name in (*TOLD, *COURSE)},
        "settings": training["settings"],
        "metrics": recognizer.metrics,
    }


def _text(recognizer: Recognizer, out: Path) -> str:
    training = recognizer.training
    lines = [
        f"trained on {counted(training['n_sessions'], 'session')} of "
        f"{counted(training['n_speakers'], 'speaker')}"
        f"{simulated_note(recognizer.from_simulation)} in {training['minutes']:g} min, "
        f"{training['steps']} steps, best at step {training['best_step']}",
        f"written: {out}",
    ]
    if training["left_out"]:
        lines.insert(1, f"channels left out: {left_out_text(training['left_out'])}")
    tested = recognizer.metrics.get("test_sessions")
    if tested is None:
        lines.append("no session was kept for testing: nothing is known of its accuracy")
    else:
        lines.append(accuracy_text(tested))
    return "\n".join(lines)
