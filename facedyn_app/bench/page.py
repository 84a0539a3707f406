"""The benchmark page: the machine, medians of speeds with their ratios, and how costs grow."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

import torch

from facedyn_app import PROGRAM
from facedyn_app.bench.fit_speed import measure_fit_speed
from facedyn_app.bench.growth import Growth
from facedyn_app.bench.scale import QUICK, TASKS, Sizes, measure_scale
from facedyn_app.bench.speed import measure_forward
from facedyn_app.fit_settings import FitSettings
from facedyn_app.formatting import number
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.reports.page import Provenance, render_page
from facedyn_app.settings import NetworkSettings

REPEATS, WINDOWS = 5, 64


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast something is, the median of some repeats.

    Attributes:
        what: The task.
        way: How it is done, and where.
        unit: Such as "frames/s".
        value: The median.
        ratio: Of the program's own way to this one; 1 for itself.
    """

    what: str
    way: str
    unit: str
    value: float
    ratio: float


def machine_facts() -> list[tuple[str, str]]:
    """What the benchmarks run on, as rows of name and text."""
    memory = ""
    with suppress(OSError, ValueError, AttributeError):
        n_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        memory = f"{n_bytes / 2**30:.0f} GiB"
    gpus = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())]
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "not known"
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} CPUs, {torch.get_num_threads()} threads"),
        ("memory", memory or "not known"),
        ("GPU", ", ".join(gpus) or "none"),
        ("system", f"{platform.system()} {platform.release()}, Python {platform.python_version()}"),
        ("torch", torch.__version__),
        ("load when begun", load),
    ]


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def measure_rates(
    head: HeadModel, *, quick: bool, on_progress: OnProgress = ignore
) -> Iterator[Rate]:
    """Speed of the fit and of the recognizer's network beside what else there is.

    Args:
        head: The head, its landmarks placed.
        quick: Whether each is measured once and briefly.
        on_progress: Told of the progress; may raise Cancelled.
    """
    n = 1 if quick else REPEATS
    runs = [
        measure_fit_speed(head, FitSettings(), quick=quick, on_progress=on_progress)
        for _ in range(n)
    ]
    ways = [
        (one[0], median(run.frames_per_second for run in one)) for one in zip(*runs, strict=True)
    ]
    best = max(rate for way, rate in ways if way.own)
    for way, rate in ways:
        yield Rate("fit", f"{way.what}, {way.device}", "frames/s", rate, best / rate)
    devices = ["cpu", *(f"cuda:{k}" for k in range(torch.cuda.device_count()))]
    for device in devices:
        on_progress(Progress(f"the network on {device}", 0))
        found = [
            measure_forward(NetworkSettings(), n_windows=WINDOWS, device=device, n_repeats=1)
            for _ in range(n)
        ]
        own = median(one.network for one in found)
        yield Rate("embedding", f"the program, {device}", "windows/s", own, 1.0)
        for words, rate in (
            ("torch encoder on its steps", median(one.transformer for one in found)),
            ("torch encoder on all frames", median(one.full_rate for one in found)),
        ):
            yield Rate("embedding", f"{words}, {device}", "windows/s", rate, own / rate)


def measure_all(
    head: HeadModel, *, quick: bool, on_progress: OnProgress = ignore
) -> tuple[list[Rate], list[Growth]]:
    """All that the page shows.

    Args:
        head: The head, its landmarks placed.
        quick: Whether each is measured once and briefly.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        InputError: This system does not tell how much memory is taken.
        OutputError: There is no room for temporary files.
    """
    rates = list(measure_rates(head, quick=quick, on_progress=on_progress))
    return rates, list(measure_scale(QUICK if quick else Sizes(), tuple(TASKS), on_progress))


def benchmark_page(
    machine: Sequence[tuple[str, str]],
    rates: Sequence[Rate],
    growths: Sequence[Growth],
) -> str:
    """The page as HTML."""
    most = {one.what: max(r.value for r in rates if r.what == one.what) for one in rates}
    return render_page(
        "bench",
        title="Benchmarks of facedyn",
        facts=[*machine, Provenance(PROGRAM, datetime.now().astimezone()).written],
        rates=[
            (
                one.what,
                one.way,
                f"{number(one.value, 0 if one.value >= 10 else 2)} {one.unit}",
                "" if one.ratio == 1.0 else f"{number(one.ratio, 1)} x",
                f"{100 * one.value / most[one.what]:.0f}",
            )
            for one in rates
        ],
        growths=[
            {
                "task": one.task,
                "cost": one.cost_name,
                "size": one.size_name,
                "points": [
                    (f"{size:.6g}", f"{cost:.3g}", f"{100 * cost / max(one.costs):.1f}")
                    for size, cost in zip(one.sizes, one.costs, strict=True)
                ],
                "words": f"exponent {one.exponent:.2f}, {one.words}; "
                f"medians of {one.n_repeats}; the last is {one.ratio:.3g} x the first",
            }
            for one in growths
        ],
    )
