"""Clinical measures over time in words: a quantity a row, the sessions by date, the change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.asymmetry import Interval
from facedyn_app.dynamics.clinical.change import (
    BLINK_RATE,
    RATE,
    Change,
    Quantity,
    comparison_doubts,
    session_values,
)
from facedyn_app.dynamics.clinical.how_fitted import how_fitted
from facedyn_app.dynamics.clinical.light import light_ratio, light_words
from facedyn_app.dynamics.clinical.measures import BY_NAME, FISSURE
from facedyn_app.dynamics.clinical.session import REST_LEVEL
from facedyn_app.formatting import number
from facedyn_app.records import Quality
from facedyn_app.reports.clinical_rows import MeasuredSession
from facedyn_app.reports.clinical_words import (
    NO_GRADE,
    WordedRow,
    capital,
    in_task,
    interval_text,
    missing_reason,
)

NO_CHANGE = "no change that can be told"
DONE_ONCE = "not known: done once"
LEAST_SHOWN = 0.1
MOST_VISITS = 3
"""Sessions that a sheet of paper has room for."""
CHANGE_NOTE = (
    "A change is told where its interval leaves out 0 and it is larger than the smallest that can "
    "be told, which comes from the sessions' halves, and of tasks from their repeats. Seat, light "
    "and camera of another day are not in it: take it for a lower bound. What is said and done "
    "makes ranges, and a rest that was assumed, differ: compare tasks."
)


@dataclass(frozen=True, slots=True, eq=False)
class ClinicalVisit:
    """One session of a person, measured.

    Attributes:
        name: What it is called.
        date_words: When it was recorded, or added where that is not known, which they say.
        measured: What was measured.
        quality: Of the measurement.
    """

    name: str
    date_words: str
    measured: MeasuredSession
    quality: Quality

    @property
    def label(self) -> str:
        """Date and name."""
        return f"{self.date_words} · {self.name}" if self.date_words else self.name


def course_heads(visits: Sequence[ClinicalVisit]) -> tuple[str, ...]:
    """Heads of the columns under which `course_rows` go."""
    return (
        "Measure", "Of", *(visit.label for visit in visits),
        *("Change", "Smallest told", "Unit"),
    )  # fmt: skip


def course_rows(
    visits: Sequence[ClinicalVisit], changes: Sequence[Change], settings: ClinicalSettings
) -> list[WordedRow]:
    """A row a quantity that any of the sessions has.

    Args:
        visits: By date.
        changes: From the session before to the session after.
        settings: Coverage of the intervals.
    """
    values = [session_values(visit.measured.measures, settings) for visit in visits]
    by_quantity = {one.quantity: one for one in changes}
    reasons = [missing_reason(visit.measured.measures) for visit in visits]
    return [
        _row(quantity, [each.get(quantity) for each in values], reasons, by_quantity.get(quantity))
        for quantity in dict.fromkeys(key for each in values for key in each)
    ]


def main_rows(rows: Sequence[WordedRow], changes: Sequence[Change]) -> list[WordedRow]:
    """Of all rows those for a sheet of paper: tasks, lids at rest, blinks, and what has changed."""
    titles = {
        quantity_titles(one.quantity) for one in changes if one.told or _is_main(one.quantity)
    }
    return [row for row in rows if row.cells[:2] in titles]


def visit_facts(visits: Sequence[ClinicalVisit]) -> list[WordedRow]:
    """Of each session what is known of it, under `FACT_HEADS`."""
    rows = [
        (
            visit.date_words or "date not known",
            visit.name,
            visit.quality.verdict,
            _scale(visit.measured),
            "marked" if visit.measured.measures.rest_marked else "assumed",
            f"{visit.measured.measures.fps:.3g}",
            how_fitted(visit.measured.session) or "not known",
            light_words(light_ratio(visit.measured.session)),
        )
        for visit in visits
    ]
    return [WordedRow(cells) for cells in rows]


FACT_HEADS = (
    "Date", "Session", "Measurement", "Distance of pupils", "Rest", "Frames a second", "Fitted to",
    "Light",
)  # fmt: skip


def course_note(settings: ClinicalSettings) -> str:
    """What the tables' cells are, in sentences."""
    coverage = f"In brackets the {100.0 * settings.confidence:g} % interval."
    return f"{NO_GRADE} {coverage} {CHANGE_NOTE}"


def course_doubts(visits: Sequence[ClinicalVisit]) -> list[str]:
    """Why a change between sessions may be none of the person's, in sentences."""
    return comparison_doubts([visit.measured.session for visit in visits])


def on_paper(visits: Sequence[ClinicalVisit], before: int, after: int) -> list[ClinicalVisit]:
    """At most so many sessions as a sheet has room for, the two that are compared among them."""
    places = [before, after, *(k for k in range(len(visits)) if k not in (before, after))]
    return [visits[k] for k in sorted(places[:MOST_VISITS])]


def _row(
    quantity: Quantity,
    values: Sequence[Interval | None],
    reasons: Sequence[str],
    change: Change | None,
) -> WordedRow:
    texts, grey = [], []
    for place, (value, reason) in enumerate(zip(values, reasons, strict=True)):
        if value is None or not math.isfinite(value.value):
            texts.append("task not done" if quantity.task else reason)
            grey.append(2 + place)
        else:
            texts.append(interval_text(value, quantity.measure))
    end = 2 + len(texts)
    told, smallest = _change_texts(change)
    if change is None or not change.told:
        grey.append(end)
    if change is not None and not math.isfinite(change.smallest):
        grey.append(end + 1)
    cells = (*quantity_titles(quantity), *texts, told, smallest, quantity.unit or "ratio")
    return WordedRow(cells, tuple(grey), told=None if change is None else change.told)


def _change_texts(change: Change | None) -> tuple[str, str]:
    if change is None:
        return "not compared", ""
    smallest = "by the count" if change.statistic == RATE else _limit(change)
    if not change.told:
        return NO_CHANGE, smallest
    return _told_text(change), smallest


def _told_text(change: Change) -> str:
    """A change with its interval; one that would be rounded to 0 with a decimal more."""
    value = change.change
    if abs(value.value) >= LEAST_SHOWN:
        return interval_text(value, change.measure, "+")
    return f"{number(value.value, 2, '+')} ({number(value.low)} to {number(value.high)})"


def _limit(change: Change) -> str:
    if math.isfinite(change.smallest):
        return number(change.smallest)
    return DONE_ONCE if change.task else "not known"


def quantity_titles(quantity: Quantity) -> tuple[str, str]:
    """What a quantity is called, and of what of it: "Brow raise", "peak, left"."""
    if quantity.measure == BLINK_RATE:
        return "Blinks a minute", "both eyes"
    name = quantity.measure
    title = in_task(quantity.task, name) if quantity.task else BY_NAME[name].title
    of = f"{quantity.statistic}, {quantity.side}" if quantity.side else quantity.statistic
    return capital(title), of


def _is_main(quantity: Quantity) -> bool:
    at_rest = quantity.statistic == REST_LEVEL and quantity.measure == FISSURE
    return bool(quantity.task) or at_rest or quantity.measure == BLINK_RATE


def _scale(measured: MeasuredSession) -> str:
    scale = measured.measures.scale
    if scale is None:
        return "no millimetres"
    return f"{scale.ipd_mm:g} mm, {'entered' if scale.entered else 'adult mean'}"
