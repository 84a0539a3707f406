"""A study on disk: JSON and CSV for programs, figures, and one page to read."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.progress import OnProgress, Progress
from facedyn_app.recognizer import metrics
from facedyn_app.recognizer.accuracy import Accuracy
from facedyn_app.recognizer.study import Point, Study
from facedyn_app.reports.cells import safe_cell
from facedyn_app.reports.code_book import write_code_book
from facedyn_app.reports.page import render_page
from facedyn_app.reports.study_columns import MEASURES, STUDY_TABLES, spoken
from facedyn_app.reports.study_figures import FIGURES, write_figures

PAGE_MEASURES = (
    "top1_window",
    "top5_window",
    "top1_session",
    "mrr",
    "dir_far1",
    "dir_far10",
    "eer",
)
CODE_BOOK_FILE = "codebook.csv"
LONGEST_DET = 500
"""Points of the DET curve that are written."""


def write_study(
    study: Study, about: Mapping[str, Any], folder: Path, on_progress: OnProgress
) -> list[str]:
    """Write a study's files.

    Args:
        study: What was found.
        about: What it was found on and with, plain values, in the order to be read.
        folder: An empty folder (`files.atomic_folder`).
        on_progress: Told of every figure; may raise `Cancelled`.

    Returns:
        The names of the files.
    """
    n_drawn = 0

    def step() -> None:
        nonlocal n_drawn
        on_progress(Progress("drawing", n_drawn, len(FIGURES)))
        n_drawn += 1

    facts = {"about": dict(about), **study_facts(study)}
    text = json.dumps(facts, indent=2, allow_nan=False) + "\n"
    (folder / "study.json").write_text(text, encoding="utf-8")
    for name, rows in _tables(study).items():
        head = [column.name for column in STUDY_TABLES[name]]
        _write_csv(folder / f"{name}.csv", [head, *rows])
    described = {f"{name}.csv": columns for name, columns in STUDY_TABLES.items()}
    write_code_book(described, folder / CODE_BOOK_FILE)
    drawn = write_figures(study, folder, step)
    (folder / "index.html").write_text(study_page(study, about, drawn, folder), encoding="utf-8")
    return sorted(path.name for path in folder.iterdir())


def study_facts(study: Study) -> dict[str, Any]:
    """All numbers of a study but the curves of single comparisons, as JSON can hold them."""
    found = study.assessment
    return {
        "simulated": found.simulated,
        **found.accuracy.as_json(),
        "parts": {name: one.as_json() for name, one in found.parts.items()},
        "controls": {name: one.as_json() for name, one in found.controls.items()},
        "baselines": {name: one.as_json() for name, one in found.baselines.items()},
        "by_window_length": [_point(point, "window_s") for point in study.by_length],
        "by_sessions": [_point(point, "sessions") for point in study.by_sessions],
        "drift": {
            "n_speakers": len(study.drift.speakers),
            **{
                name: None if one is None else asdict(one)
                for name, one in study.drift.correlations.items()
            },
        },
    }


def study_page(
    study: Study, about: Mapping[str, Any], drawn: Sequence[tuple[str, str]], place: Path
) -> str:
    """The page of a study, its figures within it.

    Args:
        study: What was found.
        about: What it was found on and with.
        drawn: Name and title of each figure.
        place: Where the figures are.
    """
    found = study.assessment
    speakers = "simulated speakers" if found.simulated else "speakers"
    return render_page(
        "study",
        title=f"Recognition by facial motion: {found.accuracy.n_speakers} {speakers}",
        headline=_headline(found.accuracy, speakers),
        measures=["", *(f"{spoken(key)} %" for key in PAGE_MEASURES)],
        compared=[
            [spoken(name), *(_share_text(one, key) for key in PAGE_MEASURES)]
            for name, one in found.compared.items()
        ],
        figures=[(name, title, _svg(place / f"{name}.svg")) for name, title in drawn],
        about=about.items(),
    )


def _headline(accuracy: Accuracy, speakers: str) -> str:
    right, session = 100 * accuracy.top1_window, 100 * accuracy.top1_session
    low, high = (100 * bound for bound in accuracy.intervals["top1_window"])
    uniform, majority = 100 * accuracy.chance_uniform, 100 * accuracy.chance_majority
    return (
        f"{right:.1f} % of {accuracy.n_windows} windows are given to the right one of "
        f"{accuracy.n_speakers} {speakers} (90 % interval {low:.1f} to {high:.1f} %), and "
        f"{session:.1f} % of {accuracy.n_probes} sessions. By chance it would be {uniform:.2f} %, "
        f"or {majority:.2f} % by always naming the most frequent one: the windows' share is "
        f"{accuracy.lift_uniform:.3g} and {accuracy.lift_majority:.3g} times that."
    )


def _share_text(accuracy: Accuracy, key: str) -> str:
    low, high = accuracy.intervals[key]
    return f"{100 * getattr(accuracy, key):.1f} ({100 * low:.1f} to {100 * high:.1f})"


def _svg(path: Path) -> str:
    """A figure as it stands within a page: without what comes before its element."""
    text = path.read_text(encoding="utf-8")
    return text[text.index("<svg") :]


def _point(point: Point, name: str) -> dict[str, Any]:
    return {name: point.x, **point.accuracy.as_json()}


def _tables(study: Study) -> dict[str, Iterable[Sequence[object]]]:
    found, drift = study.assessment, study.drift
    named = found.compared
    points = {"window_length": study.by_length, "sessions": study.by_sessions}
    scores = found.scores
    ranks = [metrics.ranks(v, o) for v, o in _probes_and_windows(study)]
    curves = [metrics.cmc(rank, len(scores.names)) for rank in ranks]
    thresholds, refused, accepted = metrics.error_rates(
        *metrics.own_and_others(scores.probes, scores.own)
    )
    few = np.unique(np.linspace(0, len(thresholds) - 2, LONGEST_DET).round().astype(int))
    return {
        "accuracy": [[name, *_row(one)] for name, one in named.items()],
        **{
            name: [[point.x, *_row(point.accuracy)] for point in curve]
            for name, curve in points.items()
        },
        "drift": zip(drift.speakers, drift.accuracy, drift.dnr, drift.dnr_corrected, strict=True),
        "cmc": zip(range(1, len(scores.names) + 1), *curves, strict=True),
        "det": zip(thresholds[few], refused[few], accepted[few], strict=True),
    }


def _probes_and_windows(study: Study) -> list[tuple[Any, Any]]:
    scores = study.assessment.scores
    return [(scores.probes, scores.own), (scores.windows, scores.window_own)]


def _row(accuracy: Accuracy) -> list[object]:
    row: list[object] = []
    for key in (column.name for column in MEASURES):
        low, high = accuracy.intervals.get(key, (math.nan, math.nan))
        row += [getattr(accuracy, key), low, high]
    return row


def _write_csv(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for row in rows:
            writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    return safe_cell(value) if isinstance(value, str) else "" if value is None else value
