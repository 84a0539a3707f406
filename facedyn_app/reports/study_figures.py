"""The figures of a study, drawn without a window: PNG to look at, SVG to print."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import norm

from facedyn_app.recognizer import metrics
from facedyn_app.recognizer.accuracy import Accuracy
from facedyn_app.recognizer.study import Point, Study
from facedyn_app.reports.page import BLUE, DPI, GREEN, GREY, ORANGE, new_figure
from facedyn_app.reports.study_columns import spoken

INCHES = (5.6, 3.8)
ERROR_TICKS = (0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
RANK_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)

Draw = Callable[[Axes, Study], None]


def write_figures(study: Study, folder: Path, step: Callable[[], None]) -> list[tuple[str, str]]:
    """Draw every figure that the study has numbers for.

    Args:
        study: What was found.
        folder: Where the files go.
        step: Called before each figure; may raise `Cancelled`.

    Returns:
        Name of the files, without ending, and title of each figure.
    """
    drawn = []
    for name, (title, draw) in FIGURES.items():
        step()
        if _has_numbers(name, study):
            _write(study, title, draw, folder / name)
            drawn.append((name, title))
    return drawn


def _has_numbers(name: str, study: Study) -> bool:
    wanted = {
        "window_length": len(study.by_length),
        "sessions": len(study.by_sessions),
        "drift": len(study.drift.speakers),
    }
    return wanted.get(name, 1) > 0


def _write(study: Study, title: str, draw: Draw, path: Path) -> None:
    with new_figure(INCHES) as figure:
        axes = figure.add_subplot()
        draw(axes, study)
        simulated = " (simulated speakers)" if study.assessment.simulated else ""
        axes.set_title(title + simulated, fontsize=10, loc="left")
        figure.savefig(path.with_suffix(".png"), dpi=DPI)
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})


def _compare(axes: Axes, study: Study) -> None:
    found = study.assessment
    groups = [
        ({"recognizer": found.accuracy}, BLUE),
        (found.parts, BLUE),
        (found.baselines, GREEN),
        (found.controls, ORANGE),
    ]
    labels: list[str] = []
    for group, colour in groups:
        for name, accuracy in group.items():
            low, high = accuracy.intervals["top1_window"]
            value, at = accuracy.top1_window, len(labels)
            axes.barh(at, 100 * value, color=colour, height=0.65)
            sides = [[max(0.0, value - low)], [max(0.0, high - value)]]
            axes.errorbar(
                100 * value, at, xerr=100 * np.asarray(sides), color="black", capsize=2, lw=1
            )
            labels.append(spoken(name))
    axes.axvline(100 * found.accuracy.chance_uniform, color=GREY, ls="--", lw=1)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set_xlim(left=0)
    axes.set_xlabel("windows whose speaker is first, %; dashed: chance")


def _by_length(axes: Axes, study: Study) -> None:
    _curve(axes, study.by_length, study.assessment.accuracy, "top1_window")
    axes.set_xscale("log")
    ticks = [point.x for point in study.by_length]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("length of a window, s")
    axes.set_ylabel("windows whose speaker is first, %")


def _by_sessions(axes: Axes, study: Study) -> None:
    _curve(axes, study.by_sessions, study.assessment.accuracy, "top1_window")
    axes.set_xticks([point.x for point in study.by_sessions])
    axes.set_xlabel("sessions that a speaker is known by")
    axes.set_ylabel("windows whose speaker is first, %")


def _curve(axes: Axes, points: Sequence[Point], whole: Accuracy, key: str) -> None:
    x = [point.x for point in points]
    y = [100 * getattr(point.accuracy, key) for point in points]
    bounds = 100 * np.asarray([point.accuracy.intervals[key] for point in points])
    axes.fill_between(x, bounds[:, 0], bounds[:, 1], color=BLUE, alpha=0.2, lw=0)
    axes.plot(x, y, "o-", color=BLUE, label="recognizer, 90 % interval")
    axes.axhline(100 * whole.chance_uniform, color=GREY, ls="--", lw=1, label="chance")
    axes.set_ylim(0, max(10.0, 1.1 * float(bounds.max())))
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.08))


def _drift(axes: Axes, study: Study) -> None:
    drift = study.drift
    axes.plot(drift.dnr, 100 * drift.accuracy, "o", color=BLUE, alpha=0.6, ms=4)
    axes.set_xlabel("drift-to-noise ratio of the head shape (DNR)")
    axes.set_ylabel("windows of a speaker recognised, %")
    found = drift.correlations["spearman_dnr"]
    if found is not None:
        low, high = found.interval
        text = (
            f"Spearman {found.value:.2f} ({low:.2f} to {high:.2f}), "
            f"p = {found.p_value:.2g}, {found.n} speakers"
        )
        axes.set_xlabel(f"{axes.get_xlabel()}\n{text}")


def _cmc(axes: Axes, study: Study) -> None:
    scores = study.assessment.scores
    n = len(scores.names)
    for label, values, own, colour in (
        ("whole sessions", scores.probes, scores.own, BLUE),
        ("single windows", scores.windows, scores.window_own, ORANGE),
    ):
        share = metrics.cmc(metrics.ranks(values, own), n)
        axes.plot(np.arange(1, n + 1), 100 * share, color=colour, label=label)
    axes.plot(np.arange(1, n + 1), 100 * np.arange(1, n + 1) / n, "--", color=GREY, label="chance")
    axes.set_xscale("log")
    ticks = [tick for tick in RANK_TICKS if tick <= n]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlim(1, n)
    axes.set_ylim(0, 101)
    axes.set_xlabel("rank")
    axes.set_ylabel("speaker within that rank, %")
    axes.legend(loc="lower right")


def _det(axes: Axes, study: Study) -> None:
    scores = study.assessment.scores
    for label, values, own, colour in (
        ("whole sessions", scores.probes, scores.own, BLUE),
        ("single windows", scores.windows, scores.window_own, ORANGE),
    ):
        _, refused, accepted = metrics.error_rates(*metrics.own_and_others(values, own))
        inside = (refused > 0) & (refused < 1) & (accepted > 0) & (accepted < 1)
        axes.plot(norm.ppf(accepted[inside]), norm.ppf(refused[inside]), color=colour, label=label)
    ends = norm.ppf([ERROR_TICKS[0], ERROR_TICKS[-1]])
    axes.plot(ends, ends, ":", color=GREY, lw=1, label="equal errors")
    labels = [f"{100 * tick:g}" for tick in ERROR_TICKS]
    axes.set_xticks(norm.ppf(ERROR_TICKS), labels)
    axes.set_yticks(norm.ppf(ERROR_TICKS), labels)
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    axes.set_xlabel("strangers accepted, %")
    axes.set_ylabel("own speaker refused, %")
    axes.legend(loc="upper right")


FIGURES: Mapping[str, tuple[str, Draw]] = {
    "comparison": ("Recognizer, parts, baselines and controls", _compare),
    "window_length": ("Accuracy against window length", _by_length),
    "sessions": ("Accuracy against sessions enrolled", _by_sessions),
    "drift": ("Accuracy against shape drift", _drift),
    "cmc": ("Cumulative match characteristic", _cmc),
    "det": ("Detection error trade-off", _det),
}
"""Title and drawing of each figure, by the name of its files."""
