"""`facedyn selftest`: every stage on a small scale, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from facedyn_app.cli.output import DONE, FAULT, Outcome, number, table
from facedyn_app.cli.selftest_steps import STEPS, Bench, FailedError
from facedyn_app.errors import FacedynError
from facedyn_app.progress import OnProgress, Progress


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


def test_all_stages(on_progress: OnProgress) -> Outcome:
    """Run every step in a temporary folder; a failed step does not stop the others.

    Args:
        on_progress: Called before each step and within the long ones; may raise Cancelled.
    """
    began = time.perf_counter()
    results = []
    with TemporaryDirectory(prefix="facedyn-selftest-") as folder:
        bench = Bench(Path(folder), on_progress)
        for done, (name, step) in enumerate(STEPS):
            on_progress(Progress(f"testing: {name}", done, len(STEPS)))
            results.append(_result(name, step, bench))
    seconds = time.perf_counter() - began
    ok = all(result.ok for result in results)
    facts = {"ok": ok, "seconds": seconds, "steps": results}
    return Outcome(facts, _text(results, seconds), DONE if ok else FAULT)


def _result(name: str, step: Callable[[Bench], str], bench: Bench) -> StepResult:
    began = time.perf_counter()
    try:
        what, ok = step(bench), True
    except FacedynError as error:
        what, ok = str(error), False
    except FailedError as error:
        what, ok = str(error), False
    except (ArithmeticError, ImportError, LookupError, OSError, RuntimeError, ValueError) as error:
        # a fault in one stage must not hide what the others do
        what, ok = f"{type(error).__name__}: {error}", False
    return StepResult(name, ok, time.perf_counter() - began, what)


def _text(results: list[StepResult], seconds: float) -> str:
    rows = [
        ("ok" if one.ok else "FAILED", one.step, number(one.seconds, 1), one.what)
        for one in results
    ]
    n_failed = sum(not one.ok for one in results)
    verdict = f"{n_failed} of {len(rows)} steps failed" if n_failed else "all steps are ok"
    heading = table(("", "step", "s", "what"), rows, right=(2,))
    return f"{heading}\n{verdict}, {number(seconds, 1)} s"
