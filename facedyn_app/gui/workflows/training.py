"""Training of a recognizer: what there is to train on, what is ordered, how far a run is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final, Literal

from facedyn_app.device import use_threads
from facedyn_app.gui.formatting import duration_text, percent
from facedyn_app.gui.workflows.library import existing_library
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import RecognizerEntry, list_recognizers
from facedyn_app.library.records import SessionEntry
from facedyn_app.progress import OnProgress, Progress, StopEarly
from facedyn_app.recognizer.checkpoint import CheckpointDir
from facedyn_app.recognizer.history import TrainingState
from facedyn_app.settings import Settings
from facedyn_app.workflows.train import UNFINISHED, TrainingPlan, train_recognizer

_NAME: Final = re.compile(r"[^\W.][^/\\:*?\"<>|\x00-\x1f]{0,99}")
FIRST_NAME: Final = "recognizer"
MOST_POINTS: Final = 4000


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a library has to train on.

    Attributes:
        folder: The library.
        sessions: Its sessions that have a speaker.
        taken: Names that its recognizers have.
        unfinished: Names of trainings that were stopped and can go on.
    """

    folder: Path
    sessions: tuple[SessionEntry, ...] = ()
    taken: frozenset[str] = frozenset()
    unfinished: frozenset[str] = frozenset()

    def free_name(self) -> str:
        """A name for a new recognizer; that of an unfinished training where there is one."""
        if self.unfinished:
            return min(self.unfinished)
        n_most = len(self.taken) + 1
        names = [FIRST_NAME, *(f"{FIRST_NAME} {n}" for n in range(2, n_most + 2))]
        return next(name for name in names if name not in self.taken)

    def name_error(self, name: str) -> str:
        """What is wrong with a name for a new recognizer; empty where nothing is."""
        if not name:
            return "Give the recognizer a name."
        if not _NAME.fullmatch(name) or name.endswith((UNFINISHED, " ", ".")):
            return 'A name begins with a letter or a digit and has none of / \\ : * ? " < > |'
        if name in self.taken:
            return "There is a recognizer of this name already."
        return ""


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


def read_material(folder: Path, _on_progress: OnProgress) -> Material:
    """Read what a library has to train on; nothing where there is no library yet."""
    library = existing_library(folder)
    if library is None:
        return Material(folder)
    with library:
        place = library.recognizers_folder
        names = [path.name for path in place.iterdir() if not path.name.startswith(".")]
        unfinished = [
            name.removesuffix(UNFINISHED)
            for name in names
            if name.endswith(UNFINISHED) and CheckpointDir(place / name, "").begun
        ]
        return Material(
            folder,
            tuple(entry for entry in library.sessions() if entry.speaker is not None),
            frozenset(name for name in names if not name.endswith(UNFINISHED)),
            frozenset(unfinished),
        )


def train_ordered(
    order: TrainingOrder, enough: Event, on_progress: OnProgress
) -> tuple[RecognizerEntry, ...]:
    """Train a recognizer into its library; return the library's recognizers.

    Args:
        order: What is to be done.
        enough: Once it is set, the best so far becomes the result.
        on_progress: Called several times a second; may raise Cancelled.
    """

    def told(progress: Progress) -> None:
        on_progress(progress)
        if enough.is_set() and isinstance(progress.partial, TrainingState):
            raise StopEarly

    use_threads(order.settings.machine.threads)
    with Library.open(order.folder, create=False) as library:
        out = library.recognizers_folder / order.name
        train_recognizer(library, out, order.settings, order.plan, told)
        return list_recognizers(library)
