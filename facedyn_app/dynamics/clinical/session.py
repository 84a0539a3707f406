"""Clinical measures of one session: everything measured, and why what is missing is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.asymmetry import (
    Asymmetry,
    Floor,
    Interval,
    compare_sides,
    floors_of,
    interval_of,
)
from facedyn_app.dynamics.clinical.blink_pairs import Blink, BlinkSummary
from facedyn_app.dynamics.clinical.covered import covered_eyes
from facedyn_app.dynamics.clinical.excursions import (
    Rest,
    Statistic,
    find_rest,
    frame_draws,
    motion_range,
    rest_level,
)
from facedyn_app.dynamics.clinical.eyes import measure_eyes
from facedyn_app.dynamics.clinical.hidden import Unseen, hidden_sides
from facedyn_app.dynamics.clinical.how_fitted import ALONE, how_fitted
from facedyn_app.dynamics.clinical.light import light_note
from facedyn_app.dynamics.clinical.measures import (
    FISSURE,
    FROM_REST,
    MEASURES,
    FacePoints,
    face_points,
    trace_all,
)
from facedyn_app.dynamics.clinical.scale import MillimetreScale, scale_of
from facedyn_app.dynamics.clinical.synkinesis import Synkinesis, blink_synkinesis
from facedyn_app.dynamics.clinical.tasks import TASK_PEAK, TaskMeasures, measure_tasks
from facedyn_app.dynamics.exclusion import excluded
from facedyn_app.dynamics.motion_range import MotionRange, measure_motion_range
from facedyn_app.events import Event
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import BoolArray, FloatArray, IntArray, Session

REST_LEVEL, RANGE = "rest", "range"
STATISTICS = (REST_LEVEL, RANGE)
LEAST_SECONDS = 2.0
NO_REST = "No rest is marked: the frames nearest to the usual face are taken."
NO_HEAD = "another program's measurement has no head, and so no millimetres"


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The traces of one fit and what their statistics need.

    Attributes:
        points: The landmarks.
        traces: Of each measure, (T, 2) or (T, 1).
    """

    points: FacePoints
    traces: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class ClinicalMeasures:
    """What was measured in a session.

    Attributes:
        scale: How lengths became mm; None without a head.
        rest_marked: Whether rest was marked by an event, or assumed.
        seconds: Time in which the face was seen, s.
        fps: Frames a second.
        blinks: All closures of the eyes.
        blink_summary: What they come to; None where they could not be counted.
        sides: By statistic (rest, range) and measure, left against right.
        midline: The same of measures that have no sides.
        tasks: Of each task.
        blink_synkinesis: What the mouth does with the blinks; None without a head.
        channels: 5 to 95 % ranges of all channels, in their own units.
        closures: (T, 2) closure of the lids, 0 open, 1 shut; NaN where not known.
        traces: Of each measure.
        rest: (T,) frames that were taken for rest.
        halves: By statistic and measure, (2, n) the same of the two halves of the recording.
        reasons: Why something is missing, by what it is of: a sentence without its stop.
        notes: Sentences on what was assumed.
    """

    scale: MillimetreScale | None
    rest_marked: bool
    seconds: float
    fps: float
    blinks: tuple[Blink, ...]
    blink_summary: BlinkSummary | None
    sides: Mapping[str, Mapping[str, Asymmetry]]
    midline: Mapping[str, Mapping[str, Interval]]
    tasks: tuple[TaskMeasures, ...]
    blink_synkinesis: Synkinesis | None
    channels: MotionRange
    closures: FloatArray
    traces: Mapping[str, FloatArray]
    rest: BoolArray
    halves: Mapping[str, Mapping[str, FloatArray]]
    reasons: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def asymmetry_index(self) -> float:
        """Facial asymmetry index at rest, mm: |left - right| of inner canthus to commissure.

        Malm et al., Facial Asymmetry Index, Facial Plast. Surg. 34 (2018), there on photographs.
        NaN where the difference cannot be told.
        """
        found = self.sides.get(REST_LEVEL, {}).get("canthus_commissure")
        return abs(found.difference.value) if found is not None and found.told else math.nan


def measure_session(
    session: Session,
    head: HeadModel | None,
    settings: ClinicalSettings,
    *,
    events: Sequence[Event] = (),
    ipd_mm: float | None = None,
    mirrored: Session | None = None,
) -> ClinicalMeasures:
    """Measure a session.

    Args:
        session: The session.
        head: Its head, the landmarks placed; None for another program's measurement.
        settings: What counts as what.
        events: Of the recording.
        ipd_mm: The person's inter-pupillary distance, mm; None takes the adult mean.
        mirrored: The fit of the recording's mirror image, frame by frame the same; None where it is
            not at hand.
    """
    seconds = session.motion.seconds
    usable = session.motion.valid & ~excluded(events, seconds)
    if mirrored is not None:
        usable = usable & mirrored.motion.valid
    rest = find_rest(session, usable, events, settings)
    seen_s = _seen_seconds(seconds, usable)
    reasons: dict[str, str] = {}
    scale, fit, other = None, None, None
    if head is None:
        reasons["mm"] = NO_HEAD
    elif seen_s < LEAST_SECONDS:
        reasons["mm"] = f"the face was seen for {seen_s:.1f} s, {LEAST_SECONDS:g} s are needed"
    else:
        scale = scale_of(head, session.shape, ipd_mm)
        fit = _measured(session, head, scale, rest.frames)
        if mirrored is not None:
            other = _measured(mirrored, head, scale_of(head, mirrored.shape, ipd_mm), rest.frames)
    unseen = Unseen(hidden_sides(session, usable, events), covered_eyes(session, usable))
    eyes = measure_eyes(
        session, None if fit is None else fit.traces[FISSURE], usable, unseen.eyes, events, settings
    )
    reasons |= {**eyes.reasons, **unseen.reasons}
    draws = {
        REST_LEVEL: frame_draws(rest.frames, seconds, settings),
        RANGE: frame_draws(usable, seconds, settings),
    }
    floors = floors_of(session)
    sides, midline = _statistics(fit, other, draws, unseen, floors, settings)
    own_range = np.full(2, np.nan)
    found = sides.get(RANGE, {}).get("commissure_excursion")
    if found is not None:
        own_range = np.array([found.left.value, found.right.value])
    tasks: tuple[TaskMeasures, ...] = ()
    if fit is not None:
        tasks = measure_tasks(
            fit.points, fit.traces, None if other is None else other.traces, seconds, usable,
            rest.frames, draws[REST_LEVEL], events, eyes, own_range, floors[TASK_PEAK], settings,
        )  # fmt: skip
    tasks = tuple(unseen.of_task(one) for one in tasks)
    return ClinicalMeasures(
        scale=scale,
        rest_marked=rest.marked,
        seconds=seen_s,
        fps=_rate(seconds),
        blinks=eyes.blinks,
        blink_summary=eyes.summary,
        sides=sides,
        midline=midline,
        tasks=tasks,
        blink_synkinesis=None
        if fit is None or any(unseen.eyes)
        else blink_synkinesis(fit.points, own_range, seconds, eyes.blinks),
        channels=measure_motion_range(session),
        closures=eyes.closures,
        traces={} if fit is None else fit.traces,
        rest=rest.frames,
        halves={} if fit is None else _halves(fit, rest.frames, usable),
        reasons=reasons,
        notes=_notes(session, rest, scale),
    )  # fmt: skip


def _notes(session: Session, rest: Rest, scale: MillimetreScale | None) -> tuple[str, ...]:
    """Sentences on what was assumed, and on what the measures in mm hang on."""
    assumed = "" if rest.marked else NO_REST
    if scale is None:
        return (assumed,) if assumed else ()
    alone = ALONE if how_fitted(session) and not session.optical_flow else ""
    return tuple(note for note in (assumed, scale.text, alone, light_note(session)) if note)


def _rate(seconds: FloatArray) -> float:
    return 1.0 / float(np.median(np.diff(seconds))) if len(seconds) > 1 else math.nan


def _seen_seconds(seconds: FloatArray, usable: BoolArray) -> float:
    return float(usable.sum() / _rate(seconds)) if len(seconds) > 1 else 0.0


def _measured(
    session: Session, head: HeadModel, scale: MillimetreScale, rest: BoolArray
) -> Measured:
    points = face_points(head, session, scale)
    return Measured(points, trace_all(points, rest))


def _statistics(
    fit: Measured | None,
    other: Measured | None,
    draws: Mapping[str, IntArray],
    unseen: Unseen,
    floors: Mapping[str, Mapping[str, Floor]],
    settings: ClinicalSettings,
) -> tuple[dict[str, dict[str, Asymmetry]], dict[str, dict[str, Interval]]]:
    sides: dict[str, dict[str, Asymmetry]] = {name: {} for name in STATISTICS}
    midline: dict[str, dict[str, Interval]] = {name: {} for name in STATISTICS}
    if fit is None:
        return sides, midline
    for measure in MEASURES:
        for statistic, of in ((REST_LEVEL, rest_level), (RANGE, motion_range)):
            if statistic == REST_LEVEL and measure.name in FROM_REST:
                continue
            found: Statistic = of(fit.traces[measure.name], draws[statistic])
            if not measure.sided:
                midline[statistic][measure.name] = interval_of(found.draws[:, 0], settings)
            elif not unseen.leaves_out(measure.name):
                mirror = (
                    None
                    if other is None
                    else of(other.traces[measure.name], draws[statistic]).draws
                )
                sides[statistic][measure.name] = compare_sides(
                    found.draws, mirror, floors[statistic][measure.name], measure.unit, settings
                )
    return sides, midline


def _halves(fit: Measured, rest: BoolArray, usable: BoolArray) -> dict[str, dict[str, FloatArray]]:
    """The statistics of the first and of the second half of what is known."""
    found: dict[str, dict[str, FloatArray]] = {REST_LEVEL: {}, RANGE: {}}
    for statistic, frames, of in (
        (REST_LEVEL, rest, rest_level),
        (RANGE, usable, motion_range),
    ):
        parts = np.array_split(np.flatnonzero(frames), 2)
        for name, trace in fit.traces.items():
            if len(parts[1]) and (statistic == RANGE or name not in FROM_REST):
                found[statistic][name] = np.stack(
                    [of(trace, part[None]).draws[0] for part in parts]
                )
    return found
