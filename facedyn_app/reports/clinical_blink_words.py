"""Blinks in words: a row a closure of the eyes, and what they come to, left beside right."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.blink_pairs import Blink, BlinkSummary
from facedyn_app.dynamics.clinical.blinks import EyeClosure
from facedyn_app.dynamics.clinical.change import rate_interval
from facedyn_app.dynamics.clinical.measures import ASPECT, SIDES
from facedyn_app.dynamics.clinical.session import ClinicalMeasures
from facedyn_app.formatting import number
from facedyn_app.records import FloatArray
from facedyn_app.reports.clinical_words import WordedRow

BLINK_HEADS = (
    "", "At (s)", "What", "Depth, left / right (%)", "Narrowing (mm)", "Eye aspect ratio",
    "Duration (ms)", "Left later by (ms)",
)  # fmt: skip
BLINK_NOTE = (
    "Left / right. Depth: share of the way from the eye's own opening to its full closure; eye "
    "aspect ratio: at the deepest moment."
)
NO_EYE, NO_HEAD, ONE_EYE = "not this eye", "no head, no mm", "one eye alone"


def blink_rows(found: ClinicalMeasures, seconds: FloatArray) -> list[WordedRow]:
    """A row a closure of the eyes, under `BLINK_HEADS`.

    Args:
        found: What was measured.
        seconds: (T,) times of the recording's frames, s.
    """
    aspect = found.traces.get(ASPECT)
    return [
        _blink(place, blink, aspect, seconds) for place, blink in enumerate(found.blinks, start=1)
    ]


def blink_facts(found: ClinicalMeasures, settings: ClinicalSettings) -> list[tuple[str, str]]:
    """What the blinks of a recording come to; one row with the reason where nothing is known."""
    summary, rate = found.blink_summary, rate_interval(found, settings)
    if summary is None or rate is None:
        return [("Blinks", f"not counted: {_reason(found.reasons, 'blinks')}")]
    partial = summary.n - summary.n_complete
    reasons = [text for name, text in found.reasons.items() if name.endswith(" eye")]
    n_apart = f"{summary.n_long} long closures, {summary.n_forced} forced ones"
    return [
        (
            "Blinks",
            f"{summary.n} in {summary.seconds:.0f} s: {rate.value:.1f} a minute "
            f"({rate.low:.1f} to {rate.high:.1f}); apart from them {n_apart}",
        ),
        ("Complete", f"{summary.n_complete} complete, {partial} partial, {summary.n_one_eye} of "
         "one eye alone"),
        ("Complete, left / right", _both(summary.complete_share, 100.0, "% of the eye's blinks")),
        (
            "Between blinks (median)",
            _between(summary),
        ),
        (
            "Left eye later by (median)",
            _or_few(summary.delay_median, f"{number(1000 * summary.delay_median, 0, '+')} ms"),
        ),
        ("Closing, left / right", _both(summary.closing, 1000.0, "ms")),
        ("Opening, left / right", _both(summary.opening, 1000.0, "ms")),
        ("Duration, left / right", _both(summary.duration, 1000.0, "ms")),
        ("Depth, left / right", _both(summary.depth, 100.0, "% of the way to full closure")),
        *(("Not measured", text) for text in reasons),
    ]  # fmt: skip


def _blink(place: int, blink: Blink, aspect: FloatArray | None, seconds: FloatArray) -> WordedRow:
    eyes = (blink.left, blink.right)

    def both(of: Callable[[int, EyeClosure], str]) -> str:
        return " / ".join(NO_EYE if one is None else of(k, one) for k, one in enumerate(eyes))

    def ratio(side: int, eye: EyeClosure) -> str:
        at = int(np.abs(seconds - eye.deepest).argmin())
        return number(math.nan if aspect is None else float(aspect[at, side]), 2)

    cells = (
        str(place),
        f"{blink.moment:.2f}",
        f"{blink.kind}, {_extent(blink)}",
        both(lambda _, eye: number(100.0 * eye.depth, 0)),
        NO_HEAD if aspect is None else both(lambda _, eye: number(eye.depth_open, 1)),
        NO_HEAD if aspect is None else both(ratio),
        both(lambda _, eye: number(1000.0 * eye.duration, 0)),
        ONE_EYE if None in eyes else number(1000.0 * blink.delay, 0, "+"),
    )
    grey = tuple(k for k, text in enumerate(cells) if text in (NO_HEAD, ONE_EYE))
    return WordedRow(cells, grey, blink.moment)


def _extent(blink: Blink) -> str:
    """Complete or partial, and of which eye where they differ."""
    if blink.complete:
        return "complete"
    partial = [
        side
        for side, one in zip(SIDES, (blink.left, blink.right), strict=True)
        if one is not None and not one.complete
    ]
    return "partial" if len(partial) == len(blink.sides) else f"partial on the {partial[0]}"


def _reason(reasons: Mapping[str, str], name: str) -> str:
    return reasons.get(name, "") or "the eyes were not seen"


def _both(values: tuple[float, float], factor: float, unit: str) -> str:
    left, right = (number(factor * value, 0) for value in values)
    return f"{left} / {right} {unit}"


def _between(summary: BlinkSummary) -> str:
    """Median time between blinks, and its spread where there are enough."""
    median = _or_few(summary.interval_median, f"{number(summary.interval_median)} s")
    if not math.isfinite(summary.interval_iqr):
        return median
    return f"{median}, interquartile range {number(summary.interval_iqr)} s"


def _or_few(value: float, text: str) -> str:
    return text if math.isfinite(value) else "too few blinks"
