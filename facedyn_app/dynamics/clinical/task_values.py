"""What a person does in a task: the mean of its repeats, their spread, traces from its onset."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.clinical.asymmetry import Interval
from facedyn_app.dynamics.clinical.excursions import LOWERED, PRIMARY
from facedyn_app.dynamics.clinical.measures import FROM_REST, SIDES
from facedyn_app.dynamics.clinical.session import ClinicalMeasures
from facedyn_app.dynamics.clinical.tasks import TaskMeasures
from facedyn_app.records import FloatArray

ONSET_SHARE = 0.1
"""Share of the peak at which a movement begins."""
BEFORE_S = AFTER_S = 0.5


def measured_tasks(measures: ClinicalMeasures) -> dict[str, list[TaskMeasures]]:
    """The repeats of each task that were measured, by the task's id, in the order of time."""
    found: dict[str, list[TaskMeasures]] = {}
    for task in measures.tasks:
        if not task.reason:
            found.setdefault(task.event.name, []).append(task)
    return found


def measures_of(task: str) -> tuple[str, ...]:
    """What a task is about: its own measure, or all excursions where it has none."""
    primary = PRIMARY.get(task)
    return FROM_REST if primary is None else (primary,)


def task_value(repeats: Sequence[TaskMeasures], name: str, side: int) -> Interval:
    """A side's mean over the repeats, with `half width = sqrt(sum h_i^2) / n` up and down."""
    each = [getattr(one.sides[name], SIDES[side]) for one in repeats]
    n = len(each)
    value = sum(one.value for one in each) / n
    down = math.sqrt(sum((one.value - one.low) ** 2 for one in each)) / n
    up = math.sqrt(sum((one.high - one.value) ** 2 for one in each)) / n
    return Interval(value, value - down, value + up)


def repeat_spread(
    sessions: Sequence[ClinicalMeasures], task: str, name: str, side: int
) -> tuple[float, int]:
    """How repeats of a task vary within sessions, pooled: `s^2 = sum (x - mean)^2 / dof`.

    Returns:
        s, NaN without repeats; and its degrees of freedom, the sum of n - 1.
    """
    total, dof = 0.0, 0
    for one in sessions:
        values = [
            getattr(repeat.sides[name], SIDES[side]).value
            for repeat in measured_tasks(one).get(task, [])
        ]
        if len(values) > 1:
            total += float(np.var(values)) * len(values)
            dof += len(values) - 1
    return (math.sqrt(total / dof) if dof else math.nan), dof


@dataclass(frozen=True, slots=True, eq=False)
class AlignedTask:
    """One measure in one repeat of a task, by the movement's onset.

    Attributes:
        seconds: (N,) from the onset, s.
        values: (N, 2) left and right, less rest.
        onset: On the recording's axis, s.
        peak: When the side that goes farther is at its peak, on that axis, s.
    """

    seconds: FloatArray
    values: FloatArray
    onset: float
    peak: float


def align_task(
    measures: ClinicalMeasures, seconds: FloatArray, task: TaskMeasures, name: str
) -> AlignedTask:
    """A task's trace from its onset: where the side that goes farther leaves a tenth of its peak.

    Args:
        measures: Of the session.
        seconds: (T,) of the session's frames, s.
        task: The task; it was measured.
        name: The measure.
    """
    trace = measures.traces[name]
    values = trace - np.nanmedian(trace[measures.rest], axis=0)
    sides = task.sides[name]
    side = int(abs(sides.right.value) > abs(sides.left.value))
    sign = -1.0 if task.event.name in LOWERED else 1.0
    peak = float(task.peaks[name].peak_s[side])
    before = np.flatnonzero((seconds >= task.event.start) & (seconds <= peak))
    away = sign * values[before, side]
    low = before[away < ONSET_SHARE * away[-1]] if len(before) else before
    onset = float(seconds[low[-1]]) if len(low) else task.event.start
    shown = (seconds >= onset - BEFORE_S) & (seconds <= task.event.end + AFTER_S)
    return AlignedTask(seconds[shown] - onset, values[shown], onset, peak)


def align_repeats(measures: ClinicalMeasures, seconds: FloatArray, task: str) -> list[AlignedTask]:
    """Every repeat of a task by its id, in what the task is about; none where it was not done."""
    name = measures_of(task)[0]
    repeats = measured_tasks(measures).get(task, [])
    return [align_task(measures, seconds, one, name) for one in repeats]
