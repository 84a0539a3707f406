"""`facedyn bench window`: how long its user waits for the window while it works."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from facedyn_app.bench.window import AIM_MS, WindowTiming
from facedyn_app.cli.output import Outcome, number, table
from facedyn_app.cli.window import MeasureWindow, check_display
from facedyn_app.progress import OnProgress

_SHARES = {"median": 0.5, "99 %": 0.99, "worst": 1.0}
HEAD = (
    "meanwhile",
    *(f"gap, {name} (ms)" for name in _SHARES),
    "own, worst (ms)",
    "in long gaps (%)",
    "shown/s",
    "load",
)


def bench_window(measure: MeasureWindow, seconds: float, on_progress: OnProgress) -> Outcome:
    """Time the beats of the GUI thread's heart beside one, two and three kinds of work.

    Args:
        measure: Opens and times the window.
        seconds: How long each mixture of work is measured, s.
        on_progress: Told what is measured; may raise Cancelled.

    Raises:
        InputError: There is no display.
    """
    check_display()
    with TemporaryDirectory() as folder:
        found = measure(Path(folder), seconds, on_progress)
    facts = {"aim_ms": AIM_MS, "cpus": os.cpu_count(), "mixtures": [_facts(one) for one in found]}
    text = (
        f"{table(HEAD, [_row(one) for one in found], right=tuple(range(1, len(HEAD))))}\n"
        f"the heart beats every {found[0].interval_ms:g} ms; a gap is long above {AIM_MS:g} ms; "
        "own: CPU time of the window's thread in a gap; "
        f"{os.cpu_count()} CPUs, whose load is the last column"
    )
    return Outcome(facts, text)


def _facts(timing: WindowTiming) -> dict[str, object]:
    return {
        "work": timing.work,
        "seconds": timing.seconds,
        "gap_ms": {name: timing.gap(share) for name, share in _SHARES.items()},
        "own_ms": {name: timing.own(share) for name, share in _SHARES.items()},
        "waited_percent": timing.waited_percent,
        "n_shown": timing.n_shown,
        "n_fitted": timing.n_fitted,
        "n_steps": timing.n_steps,
        "load": timing.load,
    }


def _row(timing: WindowTiming) -> tuple[str, ...]:
    gaps = (number(timing.gap(share), 1) for share in _SHARES.values())
    shown = number(timing.n_shown / timing.seconds, 1)
    rest = (number(timing.own(1.0), 1), number(timing.waited_percent, 1), shown)
    return (timing.work, *gaps, *rest, number(timing.load, 1))
