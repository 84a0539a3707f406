"""Tasks of a protocol, measured: peaks, speeds, left against right, synkinesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.asymmetry import (
    Asymmetry,
    Floor,
    Interval,
    compare_sides,
    interval_of,
)
from facedyn_app.dynamics.clinical.excursions import (
    LOWERED,
    PRIMARY,
    REST,
    TaskPeak,
    measure_task,
    task_frames,
)
from facedyn_app.dynamics.clinical.eyes import Eyes
from facedyn_app.dynamics.clinical.measures import (
    ASPECT,
    BY_NAME,
    FISSURE,
    FacePoints,
)
from facedyn_app.dynamics.clinical.synkinesis import (
    Synkinesis,
    eye_synkinesis,
    held_frames,
    mouth_synkinesis,
    outside_blinks,
)
from facedyn_app.events import TASK, Event
from facedyn_app.records import BoolArray, FloatArray, IntArray

TASK_PEAK = "range"
"""The statistic whose floor a peak less rest has."""


@dataclass(frozen=True, slots=True, eq=False)
class TaskMeasures:
    """What was measured in one task.

    Attributes:
        event: The task.
        sides: Of each sided measure, peak less rest, left against right.
        midline: Of each other measure, the same.
        peaks: Speeds and moments of each measure.
        synkinesis: What else moves: the eyes, or the mouth where the eyes are closed; None where
            the task asks for nothing that could be told.
        reason: Why it was not measured; empty where it was.
    """

    event: Event
    sides: Mapping[str, Asymmetry]
    midline: Mapping[str, Interval]
    peaks: Mapping[str, TaskPeak]
    synkinesis: Synkinesis | None
    reason: str = ""


def measure_tasks(
    points: FacePoints,
    traces: Mapping[str, FloatArray],
    mirrored: Mapping[str, FloatArray] | None,
    seconds: FloatArray,
    usable: BoolArray,
    rest: BoolArray,
    rest_draws: IntArray,
    events: Sequence[Event],
    eyes: Eyes,
    own_range: FloatArray,
    floors: Mapping[str, Floor],
    settings: ClinicalSettings,
) -> tuple[TaskMeasures, ...]:
    """Measure every task but rest.

    Args:
        points: Landmarks of T frames.
        traces: Of each measure.
        mirrored: Of the fit of the mirror image; None where there is none.
        seconds: (T,) s.
        usable: (T,) frames that count.
        rest: (T,) frames at rest.
        rest_draws: Their draws.
        events: Of the recording.
        eyes: What the eyes do.
        own_range: (2,) range of the corners of the mouth, mm.
        floors: The program's own difference of each measure.
        settings: What counts as what.
    """
    free = outside_blinks(seconds, eyes.blinks)
    found = []
    for event in events:
        if event.kind != TASK or event.name == REST:
            continue
        inside = task_frames(event, seconds, usable)
        reason = _reason(event, inside, rest, seconds, settings)
        if reason:
            found.append(TaskMeasures(event, {}, {}, {}, None, reason))
            continue
        peaks, sides, midline = _measured(
            event,
            traces,
            mirrored,
            inside & _open_frames(event, free),
            rest_draws,
            seconds,
            floors,
            settings,
        )
        shown = inside & _open_frames(event, free)
        synkinesis = _synkinesis(event, points, traces, shown, rest, eyes, own_range)
        found.append(TaskMeasures(event, sides, midline, peaks, synkinesis))
    return tuple(found)


def _open_frames(event: Event, free: BoolArray) -> BoolArray:
    """Frames that count for peaks: a chance blink is none of a task that is not about the eyes."""
    return np.ones_like(free) if event.name in LOWERED else free


def _reason(
    event: Event,
    inside: BoolArray,
    rest: BoolArray,
    seconds: FloatArray,
    settings: ClinicalSettings,
) -> str:
    if not rest.any():
        return "no frame at rest was seen"
    step = float(np.median(np.diff(seconds)))
    valid_s = float(inside.sum()) * step
    if valid_s < settings.least_task_s or inside.sum() < 5:
        return (
            f"the face was seen for {valid_s:.1f} s of the task, {settings.least_task_s:g} s are "
            "needed"
        )
    return ""


def _measured(
    event: Event,
    traces: Mapping[str, FloatArray],
    mirrored: Mapping[str, FloatArray] | None,
    inside: BoolArray,
    rest_draws: IntArray,
    seconds: FloatArray,
    floors: Mapping[str, Floor],
    settings: ClinicalSettings,
) -> tuple[dict[str, TaskPeak], dict[str, Asymmetry], dict[str, Interval]]:
    peaks: dict[str, TaskPeak] = {}
    sides: dict[str, Asymmetry] = {}
    midline: dict[str, Interval] = {}
    for name, trace in traces.items():
        lowered = event.name in LOWERED and name in (FISSURE, ASPECT)

        def peak(values: FloatArray, name: str = name, lowered: bool = lowered) -> TaskPeak:
            return measure_task(
                name, values, inside, rest_draws, seconds, settings, lowered=lowered
            )

        peaks[name] = peak(trace)
        draws = peaks[name].excursion.draws
        if not BY_NAME[name].sided:
            midline[name] = interval_of(draws[:, 0], settings)
            continue
        other = None if mirrored is None else peak(mirrored[name]).excursion.draws
        sides[name] = compare_sides(draws, other, floors[name], BY_NAME[name].unit, settings)
    return peaks, sides, midline


def _synkinesis(
    event: Event,
    points: FacePoints,
    traces: Mapping[str, FloatArray],
    inside: BoolArray,
    rest: BoolArray,
    eyes: Eyes,
    own_range: FloatArray,
) -> Synkinesis | None:
    primary = PRIMARY.get(event.name)
    if primary is None:
        return None
    level = np.median(traces[primary][rest], axis=0)
    held = held_frames(traces[primary], level, inside)
    if primary == FISSURE:
        return mouth_synkinesis(points, own_range, rest, held)
    fissure = traces[FISSURE]
    return eye_synkinesis(fissure, np.median(fissure[rest], axis=0), eyes.full, held)
