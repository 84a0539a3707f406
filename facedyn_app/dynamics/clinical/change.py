"""Change of a person's measures from one session to another, and what of it can be told.

The standard error of measurement comes from halves of sessions: the halves' difference e_i varies
by twice a half's variance, and a whole session by half of a half's, so that

    SEM = sqrt(mean(e_i^2)) / 2,   smallest change told = t sqrt(2) SEM

(Bland and Altman, Measurement error, BMJ 313, 1996; Weir, J. Strength Cond. Res. 19, 2005), t of as
many degrees of freedom as there are sessions, since few halves tell little of the noise. Of a
task it comes from its repeats, of which a session has n, and which vary by s within sessions with
so many degrees of freedom: t s sqrt(1/n1 + 1/n2). What differs between days, light and seat, is in
neither: the true one is larger.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, t

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.asymmetry import Interval
from facedyn_app.dynamics.clinical.how_fitted import unlike_fits
from facedyn_app.dynamics.clinical.light import unlike_light
from facedyn_app.dynamics.clinical.measures import BY_NAME, SIDES
from facedyn_app.dynamics.clinical.session import STATISTICS, ClinicalMeasures
from facedyn_app.dynamics.clinical.task_values import (
    measured_tasks,
    measures_of,
    repeat_spread,
    task_value,
)
from facedyn_app.records import Session

BLINK_RATE, RATE, PEAK = "blink_rate", "rate", "peak"


def comparison_doubts(sessions: Sequence[Session]) -> list[str]:
    """Why a change between sessions may be none of the person's, in sentences."""
    return [doubt for doubt in (unlike_fits(sessions), unlike_light(sessions)) if doubt]


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is compared between sessions.

    Attributes:
        measure: Its name, or "blink_rate".
        statistic: "rest", "range", or "peak" of a task; "rate" of blinks.
        side: "left", "right", or empty for what has no sides.
        task: The task's id; empty for what is of the whole session.
    """

    measure: str
    statistic: str
    side: str
    task: str = ""

    @property
    def unit(self) -> str:
        """Of its values; empty for a ratio."""
        return "1/min" if self.measure == BLINK_RATE else BY_NAME[self.measure].unit


@dataclass(frozen=True, slots=True)
class Change:
    """One quantity in two sessions.

    Attributes:
        measure: Its name, or "blink_rate".
        statistic: "rest", "range", or "peak" of a task; "rate" of blinks.
        side: "left", "right", or empty for what has no sides.
        unit: Of the values.
        first: In the earlier session.
        second: In the later one.
        change: Second less first.
        smallest: Smallest change that can be told; NaN where halves or repeats do not tell it.
        told: Whether this one can.
        task: The task's id; empty for what is of the whole session.
    """

    measure: str
    statistic: str
    side: str
    unit: str
    first: Interval
    second: Interval
    change: Interval
    smallest: float
    told: bool
    task: str = ""

    @property
    def quantity(self) -> Quantity:
        """What it is a change of."""
        return Quantity(self.measure, self.statistic, self.side, self.task)


def measure_change(
    first: ClinicalMeasures,
    second: ClinicalMeasures,
    all_sessions: Sequence[ClinicalMeasures],
    settings: ClinicalSettings,
) -> tuple[Change, ...]:
    """What changed from one session to another, of all that both have.

    Args:
        first: The earlier session.
        second: The later one.
        all_sessions: All sessions of the person, whose halves and repeats tell the noise.
        settings: Coverage of the intervals.
    """
    before, after = (session_values(one, settings) for one in (first, second))
    return tuple(
        _change(
            quantity,
            value,
            after[quantity],
            _smallest(quantity, (first, second), all_sessions, settings),
        )
        for quantity, value in before.items()
        if quantity in after
    )


def session_values(
    measures: ClinicalMeasures, settings: ClinicalSettings
) -> dict[Quantity, Interval]:
    """Everything that can be compared between sessions: tasks, rest and range, rate of blinks."""
    found = _task_values(measures)
    for statistic in STATISTICS:
        for name in BY_NAME:
            sides = measures.sides.get(statistic, {}).get(name)
            middle = measures.midline.get(statistic, {}).get(name)
            if sides is not None:
                found[Quantity(name, statistic, SIDES[0])] = sides.left
                found[Quantity(name, statistic, SIDES[1])] = sides.right
            if middle is not None:
                found[Quantity(name, statistic, "")] = middle
    rate = rate_interval(measures, settings)
    if rate is not None:
        found[Quantity(BLINK_RATE, RATE, "")] = rate
    return found


def _task_values(measures: ClinicalMeasures) -> dict[Quantity, Interval]:
    return {
        Quantity(name, PEAK, label, task): task_value(repeats, name, side)
        for task, repeats in measured_tasks(measures).items()
        for name in measures_of(task)
        for side, label in enumerate(SIDES)
    }


def _smallest(
    quantity: Quantity,
    pair: tuple[ClinicalMeasures, ClinicalMeasures],
    sessions: Sequence[ClinicalMeasures],
    settings: ClinicalSettings,
) -> float:
    """Smallest change that can be told; NaN where it is not known, 0 for counts of blinks."""
    tail = 0.5 + 0.5 * settings.confidence
    if quantity.measure == BLINK_RATE:
        return 0.0
    side = SIDES.index(quantity.side) if quantity.side else 0
    if quantity.task:
        spread, dof = repeat_spread(sessions, quantity.task, quantity.measure, side)
        shares = [1.0 / len(measured_tasks(one)[quantity.task]) for one in pair]
        return float(t.ppf(tail, dof)) * spread * math.sqrt(sum(shares)) if dof else math.nan
    error, dof = _standard_error(sessions, quantity, side)
    return float(t.ppf(tail, dof)) * math.sqrt(2.0) * error if dof else math.nan


def _standard_error(
    sessions: Sequence[ClinicalMeasures], quantity: Quantity, side: int
) -> tuple[float, int]:
    """SEM of a side from the halves of all sessions, and how many have them."""
    halves = [one.halves.get(quantity.statistic, {}).get(quantity.measure) for one in sessions]
    apart = np.array([half[0, side] - half[1, side] for half in halves if half is not None])
    apart = apart[np.isfinite(apart)]
    if not len(apart):
        return math.nan, 0
    return 0.5 * float(np.sqrt(np.mean(apart**2))), len(apart)


def _change(
    quantity: Quantity,
    first: Interval,
    second: Interval,
    smallest: float,
) -> Change:
    value = second.value - first.value
    low = value - math.hypot(second.value - second.low, first.high - first.value)
    high = value + math.hypot(second.high - second.value, first.value - first.low)
    beyond = low > 0.0 or high < 0.0
    told = bool(beyond and abs(value) > smallest)
    return Change(
        quantity.measure, quantity.statistic, quantity.side, quantity.unit, first, second,
        Interval(value, low, high), smallest, told, quantity.task,
    )  # fmt: skip


def rate_interval(measures: ClinicalMeasures, settings: ClinicalSettings) -> Interval | None:
    """Blinks a minute with the exact interval of a Poisson count (Garwood, Biometrika 28, 1936).

    None where blinks could not be counted.
    """
    summary = measures.blink_summary
    if summary is None or not summary.seconds > 0.0:
        return None
    tail, scale = 0.5 * (1.0 - settings.confidence), 60.0 / summary.seconds
    low = 0.5 * float(chi2.ppf(tail, 2 * summary.n)) if summary.n else 0.0
    high = 0.5 * float(chi2.ppf(1.0 - tail, 2 * summary.n + 2))
    return Interval(scale * summary.n, scale * low, scale * high)
