"""Clinical measures in words, for the window and for paper: rows of texts with unit and interval.

An empty cell says why it is empty; a difference that cannot be told is no number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.asymmetry import NOT_TOLD, Asymmetry, Interval
from facedyn_app.dynamics.clinical.excursions import PRIMARY, TaskPeak
from facedyn_app.dynamics.clinical.measures import BY_NAME, FISSURE, FROM_REST
from facedyn_app.dynamics.clinical.session import RANGE, REST_LEVEL, STATISTICS, ClinicalMeasures
from facedyn_app.dynamics.clinical.synkinesis import LEAST_BLINKS, Synkinesis
from facedyn_app.dynamics.clinical.tasks import TaskMeasures
from facedyn_app.formatting import number

PEAK = "peak"
NOT_COMPARED, NO_RATIO = "not compared", "no ratio"
NO_GRADE = "Lengths, times and counts; no grade. Not validated on patients."
SIDED_HEADS = (
    "Measure", "Of", "Left", "Right", "Left - right", "Floor", "Left / right", "Unit",
)  # fmt: skip
TASK_HEADS = (
    *SIDED_HEADS[:-1], "To it (per s)", "Back (per s)", SIDED_HEADS[-1],
)  # fmt: skip
MIDDLE_HEADS = ("Measure", "Of", "Value", "Unit")


@dataclass(frozen=True, slots=True)
class WordedRow:
    """A row of texts.

    Attributes:
        cells: The texts.
        grey: Which of them are no value but say why there is none.
        seconds: The moment that the row is about, s; None where it is about no moment.
        told: Whether the row's difference can be told; None where nothing is compared.
    """

    cells: tuple[str, ...]
    grey: tuple[int, ...] = ()
    seconds: float | None = None
    told: bool | None = None


def sided_rows(found: ClinicalMeasures) -> list[WordedRow]:
    """Left against right of every sided measure, under `SIDED_HEADS`."""
    return [
        _sided(measure.title, statistic, found.sides.get(statistic, {}).get(name), name, reason)
        for name, measure in BY_NAME.items()
        for statistic in STATISTICS
        if measure.sided and not (statistic == REST_LEVEL and name in FROM_REST)
        for reason in [missing_reason(found)]
    ]


def middle_rows(found: ClinicalMeasures) -> list[WordedRow]:
    """Every measure without sides, under `MIDDLE_HEADS`."""
    rows = []
    for name, measure in BY_NAME.items():
        for statistic in (REST_LEVEL, RANGE) if not measure.sided else ():
            value = found.midline.get(statistic, {}).get(name)
            missing = value is None or not math.isfinite(value.value)
            text = missing_reason(found) if value is None or missing else interval_text(value, name)
            cells = (capital(measure.title), statistic, text, measure.unit or "ratio")
            rows.append(WordedRow(cells, (2,) if missing else ()))
    return rows


def task_rows(found: ClinicalMeasures) -> list[WordedRow]:
    """What each task is about and what else moves in it, under `TASK_HEADS`.

    Speeds are the largest ones towards the peak and back from it, left / right.
    """
    rows = [row for task in found.tasks for row in _of_task(task)]
    if found.blink_synkinesis is not None:
        reason = f"fewer than {LEAST_BLINKS} blinks"
        rows.append(_moves_too("with blinks", "mouth", found.blink_synkinesis, None, reason))
    return rows


def assumed(found: ClinicalMeasures) -> list[str]:
    """How millimetres came about, what was assumed and what is missing, in sentences."""
    scale = [] if found.scale is None else [found.scale.text]
    mirrored = any(one.mirrored for values in found.sides.values() for one in values.values())
    bias = (
        "The program's own left-right difference is that of this recording, by its mirror image."
        if mirrored
        else "The program's own left-right difference is its mean over other recordings."
    )
    reasons = [f"Not measured: {text}." for text in found.reasons.values()]
    return list(dict.fromkeys([*scale, *([bias] if scale else []), *found.notes, *reasons]))


def how_to_read(settings: ClinicalSettings) -> str:
    """What the tables' cells are, in sentences."""
    return (
        f"{NO_GRADE} In brackets the {100.0 * settings.confidence:g} % interval. Left - right: the "
        "program's own difference taken off; below the floor a difference is the program's. What "
        "moves too: beside the mm its share of that part's own range."
    )


def interval_text(found: Interval, name: str, sign: str = "") -> str:
    """A value and its interval, with the decimals that the measure deserves."""
    digits = digits_of(name)
    value = number(found.value, digits, sign)
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return value
    return f"{value} ({number(found.low, digits)} to {number(found.high, digits)})"


def digits_of(name: str) -> int:
    """Decimals of a measure: tenths of a mm, hundredths of a ratio."""
    measure = BY_NAME.get(name)
    return 2 if measure is not None and not measure.unit else 1


def task_title(name: str) -> str:
    """A task's id in words."""
    return name.replace("_", " ")


def in_task(task: str, name: str) -> str:
    """A measure in a task; the task alone where both are called the same."""
    title, measure = task_title(task), BY_NAME[name].title
    return title if title == measure else f"{title}: {measure}"


def _sided(
    title: str,
    of: str,
    found: Asymmetry | None,
    name: str,
    reason: str,
    seconds: float | None = None,
) -> WordedRow:
    unit = BY_NAME[name].unit or "ratio"
    if found is None or not math.isfinite(found.left.value) or not math.isfinite(found.right.value):
        return WordedRow((capital(title), of, *[reason] * 2, reason, "", "", unit), (2, 3, 4))
    told = found.told
    digits = digits_of(name)
    cells = (
        capital(title),
        of,
        interval_text(found.left, name),
        interval_text(found.right, name),
        interval_text(found.difference, name, "+") if told else NOT_TOLD,
        number(found.floor, digits),
        _ratio_text(found.ratio) if told else NO_RATIO,
        unit,
    )
    return WordedRow(cells, () if told else (4, 6), seconds, told)


def _ratio_text(ratio: Interval) -> str:
    """A ratio with its interval; beyond any number where one side hardly moves."""
    ends = [number(end) if math.isfinite(end) else "any" for end in (ratio.low, ratio.high)]
    return f"{number(ratio.value)} ({ends[0]} to {ends[1]})"


def primary_measures(task: TaskMeasures) -> tuple[str, ...]:
    """The measures that a task is about; of a task of the user's own, all that are 0 at rest."""
    primary = PRIMARY.get(task.event.name)
    return FROM_REST if primary is None else (primary,)


def _of_task(task: TaskMeasures) -> list[WordedRow]:
    title = task_title(task.event.name or task.event.kind)
    if task.reason:
        cells = (capital(title), PEAK, *[f"not measured: {task.reason}"] * 3, *[""] * 4, "mm")
        return [WordedRow(cells, (2, 3, 4), task.event.start)]
    primary, names = PRIMARY.get(task.event.name), primary_measures(task)
    rows = [
        _with_speeds(
            _sided(
                in_task(task.event.name, name), PEAK, task.sides.get(name), name,
                "not measured", _peak_time(task, name),
            ),
            task.peaks.get(name),
        )
        for name in names
    ]  # fmt: skip
    if task.synkinesis is not None:
        part = "mouth" if primary == FISSURE else "eye"
        reason = "the movement was hardly held"
        rows.append(_moves_too(title, part, task.synkinesis, _peak_time(task, names[0]), reason))
    return rows


def _with_speeds(row: WordedRow, peak: TaskPeak | None) -> WordedRow:
    speeds = ["", ""]
    if peak is not None:
        both = (peak.onset_speed, peak.offset_speed)
        speeds = [" / ".join(number(float(one), 0) for one in speed) for speed in both]
    return replace(row, cells=(*row.cells[:-1], *speeds, row.cells[-1]))


def _moves_too(
    title: str, part: str, found: Synkinesis, seconds: float | None, reason: str
) -> WordedRow:
    """What else moves: of the eyes how far they narrow, of the mouth how far its corners go."""
    what = "eye narrows too" if part == "eye" else "mouth's corner moves too"
    known = np.isfinite(found.mm)
    cells = tuple(
        f"{number(float(mm), 1)} ({number(100.0 * float(share), 0)} %)" if told else reason
        for mm, share, told in zip(found.mm, found.share, known, strict=True)
    )
    grey = tuple(2 + side for side in (0, 1) if not known[side])
    row = (capital(f"{title}: {what}"), "held", *cells, NOT_COMPARED, *[""] * 4, "mm")
    return WordedRow(row, (*grey, 4), seconds)


def _peak_time(task: TaskMeasures, name: str) -> float:
    """When the side that goes farther is at its peak, s."""
    peak, sides = task.peaks.get(name), task.sides.get(name)
    if peak is None or sides is None:
        return task.event.start
    return float(peak.peak_s[int(abs(sides.right.value) > abs(sides.left.value))])


def missing_reason(found: ClinicalMeasures) -> str:
    """Why millimetres of a recording are missing."""
    for key in ("mm", "left", "right", "left eye", "right eye"):
        if key in found.reasons:
            return f"not measured: {found.reasons[key]}"
    return "not measured: no frame at rest was seen" if not found.rest.any() else "not measured"


def capital(text: str) -> str:
    """A text with a capital first letter."""
    return f"{text[:1].upper()}{text[1:]}"
