"""`facedyn bench landmarks`, `fit` and `memory`: what they find, as text and as facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.bench.fit_speed import measure_fit_speed
from facedyn_app.bench.landmark_speed import measure_landmark_speed
from facedyn_app.bench.memory import measure_memory
from facedyn_app.bench.speed import Speed
from facedyn_app.cli.output import NONE, Outcome, number, table
from facedyn_app.files import check_output_folder
from facedyn_app.progress import OnProgress
from facedyn_app.settings import Settings
from facedyn_app.workflows.heads import quiet_drawing, ready_head

_SPEED_HEADS = ("way", "device", "frames", "frames/s", "program is x times", "cost above least %")


_MEMORY_HEADS = ("minutes", "frames", "gathered/MiB", "fitted/MiB")


def bench_fit(*, quick: bool, on_progress: OnProgress) -> Outcome:
    """Measure the speed of the fit, 478 landmarks, 100 shapes and 50 expressions.

    Args:
        quick: Whether only a few seconds are fitted.
        on_progress: Told of every part; may raise Cancelled.
    """
    settings = Settings()
    found = measure_fit_speed(
        ready_head(DEFAULT_HEAD), settings.fit, quick=quick, on_progress=on_progress
    )
    return _speeds(found, settings)


def bench_landmarks(folder: Path, *, quick: bool, on_progress: OnProgress) -> Outcome:
    """Measure the speed of following a face at 640x360.

    Args:
        folder: Where rendered videos are kept.
        quick: Whether only a few seconds are followed.
        on_progress: Told of every part; may raise Cancelled.

    Raises:
        OutputError: The folder cannot be written.
    """
    quiet_drawing()
    check_output_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    head = ready_head(DEFAULT_HEAD)
    return _speeds(
        measure_landmark_speed(head, folder, quick=quick, on_progress=on_progress), Settings()
    )


def bench_memory(minutes: Sequence[float], on_progress: OnProgress) -> Outcome:
    """Measure the memory that long recordings take.

    Args:
        minutes: Their lengths.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        InputError: This system does not tell.
        OutputError: There is no room for temporary files.
    """
    before, found = measure_memory(ready_head(DEFAULT_HEAD), Settings().fit, minutes, on_progress)
    rows = [
        (
            f"{one.minutes:g}",
            str(one.n_frames),
            number(one.collected_mib, 0),
            number(one.fitted_mib, 0),
        )
        for one in found
    ]
    text = table(_MEMORY_HEADS, rows, right=(0, 1, 2, 3))
    text += f"\npeak of resident memory so far; {before:.0f} MiB before the first"
    return Outcome({"before_mib": before, "recordings": [asdict(one) for one in found]}, text)


def _speeds(found: Sequence[Speed], settings: Settings) -> Outcome:
    """Frames a second of each way, and how many times as fast the program's best is."""
    best = max(one.frames_per_second for one in found if one.own)
    rows = [
        (
            one.what,
            one.device,
            str(one.n_frames),
            _rate(one.frames_per_second),
            NONE if one.own else _rate(best / one.frames_per_second),
            number(one.excess_percent),
        )
        for one in found
    ]
    text = table(_SPEED_HEADS, rows, right=(2, 3, 4, 5))
    ways = [{**asdict(one), "frames_per_second": one.frames_per_second} for one in found]
    return Outcome({"settings": asdict(settings), "ways": ways}, text)


def _rate(value: float) -> str:
    return number(value, 0 if value >= 10 else 2)
