"""Self-test: every stage on a small scale, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from facedyn_app.errors import FacedynError
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.workflows.selftest_steps import STEPS, FailedError, Trial


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of a step.

    Attributes:
        step: Its name.
        ok: Whether it did what it should.
        seconds: How long it took, s.
        what: What it did, or why it failed.
    """

    step: str
    ok: bool
    seconds: float
    what: str


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What became of all steps.

    Attributes:
        steps: Of each step, in order.
        seconds: How long they took together, s.
    """

    steps: tuple[StepResult, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether every step did what it should."""
        return all(step.ok for step in self.steps)


def test_all_stages(on_progress: OnProgress) -> SelfTest:
    """Run every step in a temporary folder; a failed step does not stop the others.

    Args:
        on_progress: Called before each step and within the long ones; may raise Cancelled.
    """
    began = time.perf_counter()
    results = []
    with TemporaryDirectory(prefix="facedyn-selftest-", ignore_cleanup_errors=True) as folder:
        trial = Trial(Path(folder), on_progress)
        for done, (name, step) in enumerate(STEPS):
            on_progress(Progress(f"testing: {name}", done, len(STEPS)))
            results.append(run_step(name, step, trial))
    return SelfTest(tuple(results), time.perf_counter() - began)


def run_step(name: str, step: Callable[[Trial], str], trial: Trial) -> StepResult:
    """Run one step; what it raises, but for a wish to stop, is its result."""
    began = time.perf_counter()
    try:
        what, ok = step(trial), True
    except FacedynError as error:
        what, ok = str(error), False
    except FailedError as error:
        what, ok = str(error), False
    except (ArithmeticError, ImportError, LookupError, OSError, RuntimeError, ValueError) as error:
        # a fault in one stage must not hide what the others do
        what, ok = f"{type(error).__name__}: {error}", False
    return StepResult(name, ok, time.perf_counter() - began, what)
