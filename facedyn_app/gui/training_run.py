"""Training under way: what is ordered, how far it is, the curve of its losses."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from facedyn_app.gui.formatting import duration_text, percent
from facedyn_app.progress import Progress
from facedyn_app.recognizer.history import TrainingState
from facedyn_app.settings import Settings
from facedyn_app.workflows.train import TrainingPlan

MOST_POINTS: Final = 4000


@dataclass(frozen=True, slots=True, eq=False)
class TrainingOrder:
    """A training as it is to be done.

    Attributes:
        name: Name of the new recognizer.
        folder: The library.
        plan: Which sessions, how they are divided, and where it is computed.
        settings: Features, network, training, threads.
    """

    name: str
    folder: Path
    plan: TrainingPlan
    settings: Settings


class LossCurve:
    """The losses of a training, thinned out evenly where they get too many to draw."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.losses: list[float] = []
        self._stride = 1

    def add(self, step: int, loss: float) -> None:
        """Add the loss of a step."""
        if step % self._stride:
            return
        self.steps.append(step)
        self.losses.append(loss)
        if len(self.steps) > MOST_POINTS:
            self._stride *= 2
            kept = [k for k, step in enumerate(self.steps) if step % self._stride == 0]
            self.steps = [self.steps[k] for k in kept]
            self.losses = [self.losses[k] for k in kept]


@dataclass(slots=True, eq=False)
class TrainingRun:
    """A training that runs or has run; changed in the GUI thread only.

    Attributes:
        order: What is done.
        phase: How it stands.
        progress: The newest report.
        state: The newest state of the optimisation; None before its first step.
        curve: The losses so far.
        error: What it has failed with.
    """

    order: TrainingOrder
    phase: Literal["running", "ending", "done", "stopped", "failed"] = "running"
    progress: Progress = field(default_factory=lambda: Progress("waiting", 0))
    state: TrainingState | None = None
    curve: LossCurve = field(default_factory=LossCurve)
    error: Exception | None = None

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self.phase in ("running", "ending")

    @property
    def seconds_left(self) -> float | None:
        """Time left, s, as far as it can be told."""
        state = self.state
        if state is None or self.progress.partial is None or not state.step:
            return None
        minutes = state.minutes / state.step * (state.planned - state.step)
        budget = self.order.settings.train.budget_minutes - state.minutes
        return 60.0 * max(0.0, min(minutes, budget))

    @property
    def text(self) -> str:
        """How far it is, in a line."""
        parts = [f"Training “{self.order.name}”"]
        if self.phase == "ending":
            return f"{parts[0]} · keeping the best so far …"
        share = self.progress.share
        if self.progress.partial is None:
            parts.append(self.progress.stage)
        if share is not None:
            parts.append(percent(share))
        if self.seconds_left is not None:
            parts.append(f"{duration_text(self.seconds_left)} left")
        return " · ".join(parts)
