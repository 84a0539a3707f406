"""The training of the window: it has a thread of its own and goes on when its dialog is closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import Final, Literal

from PySide6.QtCore import QObject, Signal

from facedyn_app.gui.jobs import Job, JobQueue, Watch
from facedyn_app.gui.status_line import duration_words
from facedyn_app.gui.training.recognizers import Entries
from facedyn_app.gui.training.work import TrainingOrder, train_ordered
from facedyn_app.progress import Progress
from facedyn_app.recognizer.history import TrainingState

MOST_POINTS: Final = 4000


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
class Training:
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
    def words(self) -> str:
        """How far it is, in a line."""
        parts = [f"Training “{self.order.name}”"]
        if self.phase == "ending":
            return f"{parts[0]} · keeping the best so far …"
        share = self.progress.share
        if self.progress.partial is None:
            parts.append(self.progress.stage)
        if share is not None:
            parts.append(f"{100 * share:.0f} %")
        if self.seconds_left is not None:
            parts.append(f"{duration_words(self.seconds_left)} left")
        return " · ".join(parts)


class TrainFlows(QObject):
    """One training at a time.

    Attributes:
        queue: The thread of the training.
        training: The one that runs or has run last; None before the first.
        changed: The training has come further, or ended.
        trained: tuple[RecognizerEntry, ...]: there is a new recognizer.
    """

    changed = Signal()
    trained = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.queue = JobQueue(self)
        self.training: Training | None = None
        self._enough = Event()

    @property
    def running(self) -> bool:
        """Whether a training is at work."""
        return self.training is not None and self.training.running

    def shut_down(self) -> None:
        """Stop, keeping what is needed to go on, and wait."""
        self.queue.shut_down()

    def start(self, order: TrainingOrder) -> None:
        """Begin a training; nothing where one is at work."""
        if self.running:
            return
        self._enough = Event()
        training = self.training = Training(order)
        job = Job(f"Train {order.name}", train_ordered(order, self._enough))
        Watch(
            job,
            partial(self._take_result, training),
            partial(self._take_error, training),
            partial(self._take_progress, training),
            partial(self._end, training, "stopped"),
        )
        self.queue.add(job)
        self.changed.emit()

    def end_with_best(self) -> None:
        """End the training; the best so far becomes the recognizer."""
        if self.training is not None and self.training.phase == "running":
            self.training.phase = "ending"
            self._enough.set()
            self.changed.emit()

    def stop(self) -> None:
        """End the training without a recognizer; it can go on another time."""
        if self.queue.current is not None:
            self.queue.cancel(self.queue.current)

    def clear(self) -> None:
        """Forget a training that has ended."""
        if not self.running:
            self.training = None
            self.changed.emit()

    def _take_progress(self, training: Training, batch: tuple[Progress, ...]) -> None:
        for progress in batch:
            if isinstance(progress.partial, TrainingState):
                training.state = progress.partial
                training.curve.add(progress.partial.step, progress.partial.loss)
        training.progress = batch[-1]
        self.changed.emit()

    def _take_result(self, training: Training, entries: Entries) -> None:
        self._end(training, "done")
        self.trained.emit(entries)

    def _take_error(self, training: Training, error: Exception) -> None:
        training.error = error
        self._end(training, "failed")

    def _end(self, training: Training, phase: Literal["done", "stopped", "failed"]) -> None:
        training.phase = phase
        self.changed.emit()
