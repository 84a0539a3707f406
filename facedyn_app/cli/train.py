"""`facedyn train`: a recognizer from a library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.evaluate import accuracy_text
from facedyn_app.cli.options import AsJson, Device, DeviceName, LibraryFolder, verb_app
from facedyn_app.cli.output import Outcome, run_verb, simulated_note
from facedyn_app.progress import OnProgress
from facedyn_app.workflows.options import TrainOptions

if TYPE_CHECKING:
    from facedyn_app.recognizer.model import Recognizer

TOLD = ("data", "n_speakers", "n_sessions", "n_held_out_speakers", "test_sessions")
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
    options = TrainOptions(test_sessions, budget_minutes, steps, seed, device, head, resume, gaze)
    run_verb(_train, library, out, options, as_json=as_json)


def _train(folder: Path, out: Path, options: TrainOptions, on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.train import train_on_library

    recognizer = train_on_library(folder, out, options, on_progress)
    training = recognizer.training
    facts = {
        "recognizer": out,
        "library": folder,
        "head_id": recognizer.head_id,
        "simulated": recognizer.from_simulation,
        **{name: training.get(name) for name in (*TOLD, *COURSE)},
        "settings": training["settings"],
        "metrics": recognizer.metrics,
    }
    return Outcome(facts, _text(recognizer, out))


def _text(recognizer: Recognizer, out: Path) -> str:
    training = recognizer.training
    lines = [
        f"trained on {training['n_sessions']} sessions of {training['n_speakers']} speakers"
        f"{simulated_note(recognizer.from_simulation)} in {training['minutes']:g} min, "
        f"{training['steps']} steps, best at step {training['best_step']}",
        f"written: {out}",
    ]
    tested = recognizer.metrics.get("test_sessions")
    if tested is None:
        lines.append("no session was kept for testing: nothing is known of its accuracy")
    else:
        lines.append(accuracy_text(tested))
    return "\n".join(lines)
