"""`facedyn train`: a recognizer from a library."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from facedyn_app.cli.evaluate import accuracy_text, made_note
from facedyn_app.cli.output import Outcome
from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.split import parse_test_sessions
from facedyn_app.settings import Settings, TrainSettings
from facedyn_app.workflows.train import TrainingPlan, train_recognizer

TOLD = ("data", "n_speakers", "n_sessions", "n_held_out_speakers", "test_sessions")
COURSE = ("minutes", "steps", "planned_steps", "best_step", "device", "peak_memory_mb", "curve")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants of a training.

    Attributes:
        test_sessions: Which sessions are kept for testing, as written.
        budget_minutes: Most wall time, minutes; None for the default.
        steps: Most steps; None for the default.
        seed: Start of every random choice.
        device: "auto", "cpu" or "cuda".
        head: Head of the sessions; None where there is one.
        resume: Whether to go on with what was stopped.
        gaze: Whether the gaze is among the features.
    """

    test_sessions: str
    budget_minutes: float | None
    steps: int | None
    seed: int
    device: str
    head: str | None
    resume: bool
    gaze: bool = False

    def settings(self) -> Settings:
        """The settings of the training."""
        plain = TrainSettings()
        plan = replace(
            plain,
            seed=self.seed,
            max_steps=self.steps or plain.max_steps,
            budget_minutes=self.budget_minutes or plain.budget_minutes,
        )
        settings = Settings()
        features = replace(settings.features, gaze=self.gaze)
        return replace(settings, train=plan, features=features)


def train_on_library(folder: Path, out: Path, wish: Wish, on_progress: OnProgress) -> Outcome:
    """Train on a library's sessions and write the recognizer.

    Args:
        folder: The library.
        out: The recognizer's folder.
        wish: How.
        on_progress: Called at every step; may raise Cancelled.

    Raises:
        FacedynError: What `train_recognizer` raises; the library cannot be read.
    """
    plan = TrainingPlan(
        parse_test_sessions(wish.test_sessions), wish.head, wish.device, wish.resume
    )
    with Library.open(folder, create=False) as library:
        recognizer = train_recognizer(library, out, wish.settings(), plan, on_progress)
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
        f"{made_note(recognizer.from_simulation)} in {training['minutes']:g} min, "
        f"{training['steps']} steps, best at step {training['best_step']}",
        f"written: {out}",
    ]
    tested = recognizer.metrics.get("test_sessions")
    if tested is None:
        lines.append("no session was kept for testing: nothing is known of its accuracy")
    else:
        lines.append(accuracy_text(tested))
    return "\n".join(lines)
