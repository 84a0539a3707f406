"""Training history: validations on held-out sessions, and how far a run has come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Validation:
    """Accuracy on the held-out sessions at a step of training.

    Attributes:
        step: After which step.
        minutes: Wall time of training until then.
        loss: Mean training loss since the last validation.
        top1_window: Share of held-out windows recognised.
        top1_session: Share of held-out sessions recognised.
        eer: Equal error rate of sessions.
        controls: Share of windows recognised under each control.
    """

    step: int
    minutes: float
    loss: float
    top1_window: float
    top1_session: float
    eer: float
    controls: Mapping[str, float]

    @property
    def regret(self) -> float:
        """Criterion of the best weights: share of windows not recognised plus equal error rate."""
        return 1.0 - self.top1_window + self.eer


@dataclass(frozen=True, slots=True)
class TrainingState:
    """Progress of a training, for display.

    Attributes:
        step: Steps done.
        planned: Steps planned by now.
        minutes: Wall time used.
        loss: Of the last step.
        validations: On the held-out sessions, so far.
        best_step: Step of the best weights so far; 0 before the first validation.
    """

    step: int
    planned: int
    minutes: float
    loss: float
    validations: tuple[Validation, ...]
    best_step: int = 0


@dataclass(slots=True)
class History:
    """Progress and validations of a training; plain values, kept in its checkpoint.

    Attributes:
        step: Steps done.
        planned: Steps planned; fewer than the most where the minutes do not suffice.
        most_steps: Steps planned at first.
        minutes: Wall time used.
        best_step: Step of the best weights.
        validations: On the held-out sessions.
        losses: Training losses since the last validation.
    """

    planned: int
    most_steps: int = 0
    step: int = 0
    minutes: float = 0.0
    best_step: int = 0
    validations: list[Validation] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with what is planned."""
        self.most_steps = self.most_steps or self.planned

    @property
    def best(self) -> float:
        """Least regret so far."""
        return min((one.regret for one in self.validations), default=math.inf)

    @property
    def validations_since_best(self) -> int:
        """Validations without improvement."""
        return sum(one.step > self.best_step for one in self.validations)
