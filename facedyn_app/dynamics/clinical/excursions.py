"""Excursions: level at rest, range, and how far and fast a measure goes in a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.asymmetry import block_draws
from facedyn_app.dynamics.clinical.measures import FISSURE
from facedyn_app.events import TASK, Event
from facedyn_app.records import BoolArray, FloatArray, IntArray, Session

REST = "rest"
MIDDLE = (0.05, 0.95)
"""Quantiles between which a range is taken: a slip of the fit is no motion."""
LOWERED = ("eye_closure_gentle", "eye_closure_tight")
"""Tasks in which the fissure goes down, so that its peak is its least."""
PRIMARY: Mapping[str, str] = {
    "brow_raise": "brow_raise",
    "eye_closure_gentle": FISSURE,
    "eye_closure_tight": FISSURE,
    "smile": "commissure_excursion",
    "show_teeth": "commissure_excursion",
    "pucker": "commissure_excursion",
    "lower_lip": "lower_lip_depression",
}
"""The measure that a task is about; the moment of its peak is that of the task."""
SEED = 20
MOST_DRAWN = 3000


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """The face at rest.

    Attributes:
        frames: (T,) bool.
        marked: Whether it was marked, or assumed where the face is nearest to its usual.
    """

    frames: BoolArray
    marked: bool


def find_rest(
    session: Session, usable: BoolArray, events: Sequence[Event], settings: ClinicalSettings
) -> Rest:
    """The frames at rest: those marked, else those nearest to the channels' medians.

    Args:
        session: Of T frames.
        usable: (T,) frames that count.
        events: Of the recording.
        settings: Which share is taken where none is marked.
    """
    seconds = session.motion.seconds
    marked = np.zeros(len(seconds), np.bool_)
    for event in events:
        if event.kind == TASK and event.name == REST:
            marked |= (seconds >= event.start) & (seconds <= event.end)
    marked &= usable
    if marked.any():
        return Rest(marked, marked=True)
    frames = np.zeros(len(seconds), np.bool_)
    if not usable.any():
        return Rest(frames, marked=False)
    motion = session.motion
    values = np.column_stack([motion.expression, motion.jaw])[usable].astype(np.float64)
    spread = np.maximum(values.std(axis=0), 1e-6 + 0.1 * values.std())
    away = (((values - np.median(values, axis=0)) / spread) ** 2).sum(axis=1)
    n = max(1, round(settings.rest_share * len(away)))
    frames[np.flatnonzero(usable)[np.argsort(away, kind="stable")[:n]]] = True
    return Rest(frames, marked=False)


@dataclass(frozen=True, slots=True, eq=False)
class Statistic:
    """A statistic of a measure: the value and its bootstrap draws, left and right or midline.

    Attributes:
        draws: (1 + B, n) the value first.
    """

    draws: FloatArray


def frame_draws(usable: BoolArray, seconds: FloatArray, settings: ClinicalSettings) -> IntArray:
    """(1 + B, n) frame numbers: the usable ones, then their moving-block draws, always the same.

    Of a long recording frames at even steps are taken, so that it needs no more memory.
    """
    frames = np.flatnonzero(usable)
    frames = frames[:: -(-len(frames) // MOST_DRAWN)] if len(frames) else frames
    if len(frames) < 3:
        return frames[None]
    step = float(np.median(np.diff(seconds[frames])))
    rng = np.random.default_rng(SEED)
    rows = block_draws(len(frames), max(1, round(settings.block_s / step)), settings.n_draws, rng)
    return np.concatenate([frames[None], frames[rows.astype(np.int64)]])


def rest_level(trace: FloatArray, draws: IntArray) -> Statistic:
    """The median over the frames at rest; `draws` are of those."""
    return Statistic(_per_draw(trace, draws, lambda values: np.median(values, axis=1)))


def motion_range(trace: FloatArray, draws: IntArray) -> Statistic:
    """The 5 to 95 % range; `draws` are of all usable frames."""

    def spans(values: FloatArray) -> FloatArray:
        low, high = np.quantile(values, MIDDLE, axis=1)
        return np.asarray(high - low)

    return Statistic(_per_draw(trace, draws, spans))


def _per_draw(
    trace: FloatArray, draws: IntArray, of: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    """A statistic of the (1 + B, n) drawn values of each side."""
    if draws.shape[1] == 0:
        return np.full((1, trace.shape[1]), np.nan)
    return np.stack([of(trace[draws, side]) for side in range(trace.shape[1])], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class TaskPeak:
    """One measure in one task, left and right or midline.

    Attributes:
        excursion: Peak less rest, with draws.
        onset_speed: (n,) largest speed towards the peak, per second.
        offset_speed: (n,) largest speed back from it, per second.
        peak_s: (n,) when each side is furthest, s.
    """

    excursion: Statistic
    onset_speed: FloatArray
    offset_speed: FloatArray
    peak_s: FloatArray


def task_frames(event: Event, seconds: FloatArray, usable: BoolArray) -> BoolArray:
    """(T,) usable frames of a task."""
    return np.asarray(usable & (seconds >= event.start) & (seconds <= event.end))


def measure_task(
    name: str,
    trace: FloatArray,
    inside: BoolArray,
    rest_draws: IntArray,
    seconds: FloatArray,
    settings: ClinicalSettings,
    *,
    lowered: bool,
) -> TaskPeak:
    """Peak, excursion and speeds of a measure in a task.

    Args:
        name: Of the measure; it enters the draws.
        trace: (T, n) values.
        inside: (T,) usable frames of the task.
        rest_draws: Frame draws at rest.
        seconds: (T,) s.
        settings: Time over which the peak is averaged.
        lowered: Whether the peak is the least value.
    """
    frames = np.flatnonzero(inside)
    sign = -1.0 if lowered else 1.0
    step = float(np.median(np.diff(seconds[frames])))
    smooth = gaussian_filter1d(trace[frames], settings.smoothing_s / step, axis=0, mode="nearest")
    speed = np.gradient(sign * smooth, seconds[frames], axis=0)
    peak = (sign * smooth).argmax(axis=0)
    rest = rest_level(trace, rest_draws).draws
    rng = np.random.default_rng([SEED, len(name)])
    half = max(1, round(0.5 * settings.peak_s / step))
    excursion = np.empty_like(rest)
    for side, at in enumerate(peak):
        near = trace[frames[max(0, at - half) : at + half + 1], side]
        rows = block_draws(len(near), half, max(len(rest) - 1, 1), rng).astype(np.int64)
        means = np.concatenate([[near.mean()], near[rows].mean(axis=1)])[: len(rest)]
        excursion[:, side] = means - rest[:, side]
    return TaskPeak(
        Statistic(excursion),
        np.array([speed[: at + 1, side].max() for side, at in enumerate(peak)]),
        np.array([-speed[at:, side].min() for side, at in enumerate(peak)]),
        seconds[frames][peak],
    )
