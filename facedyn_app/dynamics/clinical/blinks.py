"""Blinks of one eye: closures found in the opening of its lids, and what each of them is.

The opening's own level o(t) is the 75th percentile of the opening over some seconds, the full
closure z that of the eye itself; closure(t) = (o - opening) / (o - z) is 0 at rest and 1 where the
lids are shut. Closures are peaks of it; times are taken where the course crosses shares of the
peak's prominence, between frames by straight lines, so that they are finer than a frame.

The blink as such, its phases and completeness: Kwon et al., High-speed camera characterization of
voluntary eye blinking kinematics, J. R. Soc. Interface 10 (2013); the thresholds are the project's
own and stand in the settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.ndimage import percentile_filter
from scipy.signal import find_peaks, peak_widths

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.records import BoolArray, FloatArray

OPEN_PERCENTILE = 75
LONGEST_BRIDGE_S = 0.12
"""Missing frames up to this long are bridged by a straight line."""
NOISE_TIMES = 4.0
"""A closure is at least so many times the noise from frame to frame."""
LEAST_FRAMES = 8
SHALLOW = 0.5
"""Share of the depth of a blink from which a closure counts beside one of the other eye."""
SHUT = 0.1
"""Share of the depth that is left when the lids count as closed."""
CLOSES_WITHIN_S, OPENS_WITHIN_S = 0.3, 0.5
"""Time before and behind half depth in which a blink begins and ends."""


class ClosureKind(StrEnum):
    """What a closure of the lids is.

    Attributes:
        BLINK: Quick.
        LONG: Complete and longer than a blink.
        FORCED: While brow and cheek are squeezed, or in a task that asks for it.
    """

    BLINK = "blink"
    LONG = "long closure"
    FORCED = "forced closure"


@dataclass(frozen=True, slots=True)
class EyeClosure:
    """One closure of one eye; times from the recording's begin, s.

    Attributes:
        kind: What it is.
        onset: The lids begin to close.
        closed: They have come to 90 % of the depth.
        deepest: They are closed most.
        reopening: They begin to leave 90 % of the depth.
        end: They are open again.
        duration: Between the two moments of half depth, s.
        depth: How far they close, share of the way to full closure.
        depth_open: The same in the unit of the opening.
        complete: Whether the depth reaches that of a complete closure.
    """

    kind: ClosureKind
    onset: float
    closed: float
    deepest: float
    reopening: float
    end: float
    duration: float
    depth: float
    depth_open: float
    complete: bool

    @property
    def closing(self) -> float:
        """Closing time, s."""
        return self.closed - self.onset

    @property
    def opening(self) -> float:
        """Opening time, s."""
        return self.end - self.reopening


@dataclass(frozen=True, slots=True, eq=False)
class LidCourse:
    """The course of one eye's lids at an even rate.

    Attributes:
        seconds: (N,) s.
        closure: (N,) 0 open, 1 shut; 0 where nothing is known.
        open_level: (N,) the eye's own opening, in the unit of what was given.
        full: The opening of full closure.
        seen: (N,) where the eye was seen.
        seen_s: Time in which the eye was seen, s.
    """

    seconds: FloatArray
    closure: FloatArray
    open_level: FloatArray
    full: float
    seen: BoolArray
    seen_s: float


def lid_course(
    seconds: FloatArray, opening: FloatArray, full: float, settings: ClinicalSettings
) -> LidCourse | None:
    """The course of an eye's lids.

    Args:
        seconds: (T,) frame times, s.
        opening: (T,) of the lids; NaN where it was not seen.
        full: The opening of the eye's full closure.
        settings: Over which time the eye's own opening is taken.

    Returns:
        The course; None where too few frames show the eye, or it never opens.
    """
    known = np.isfinite(opening)
    if known.sum() < LEAST_FRAMES:
        return None
    at, values = seconds[known].astype(np.float64), opening[known].astype(np.float64)
    step = float(np.median(np.diff(at)))
    grid = np.arange(at[0], at[-1] + 0.5 * step, step)
    level = np.interp(grid, at, values)
    after = np.clip(np.searchsorted(at, grid), 1, len(at) - 1)
    seen = at[after] - at[after - 1] <= max(LONGEST_BRIDGE_S, 1.5 * step)
    window = max(3, round(settings.opening_window_s / step))
    usual = percentile_filter(level, OPEN_PERCENTILE, size=min(window, 2 * len(level) - 1))
    usual = np.maximum(usual, 0.5 * float(np.quantile(values, OPEN_PERCENTILE / 100)))
    way = usual - full
    if np.median(way) <= 0.0:
        return None
    closure = np.where(seen, (usual - level) / np.maximum(way, 1e-9), 0.0)
    return LidCourse(grid, closure, usual, full, seen, float(seen.sum() * step))


def find_closures(
    course: LidCourse, squeezed: BoolArray, settings: ClinicalSettings
) -> tuple[EyeClosure, ...]:
    """The closures of an eye, in their order; slow narrowing that is never complete is none.

    Shallower ones than a blink are found, too: they count where the other eye blinks.

    Args:
        course: Of its lids, N moments.
        squeezed: (N,) where brow or cheek are squeezed, or a task asks for tight closure.
        settings: Thresholds.
    """
    values = course.closure
    least = max(SHALLOW * settings.least_closure, NOISE_TIMES * _noise(values))
    padded = np.concatenate([[0.0], values, [0.0]])
    peaks, found = find_peaks(padded, height=least, prominence=least, plateau_size=1)
    if not len(peaks):
        return ()
    left, right = (side - 1.0 for side in peak_widths(padded, peaks, rel_height=0.5)[2:])
    closures = []
    edges = [0, *(int(peak) - 1 for peak in peaks), len(values) - 1]
    for k, peak in enumerate(peaks - 1):
        if _is_cut(course, left[k], right[k]):
            continue
        half = 0.5 * (found["left_edges"][k] + found["right_edges"][k]) - 1.0
        beside = edges[k], edges[k + 2]
        halves = float(left[k]), float(right[k])
        closure = _closure(course, int(peak), half, halves, beside, squeezed, settings)
        if closure is not None:
            closures.append(closure)
    return tuple(closures)


def _is_cut(course: LidCourse, left: float, right: float) -> bool:
    """Whether a closure begins or ends where the eye is not seen."""
    first, last = int(np.floor(left)), int(np.ceil(right))
    if first < 0 or last >= len(course.seen):
        return True
    return not course.seen[first : last + 1].all()


def _closure(
    course: LidCourse,
    peak: int,
    deepest: float,
    half: tuple[float, float],
    beside: tuple[int, int],
    squeezed: BoolArray,
    settings: ClinicalSettings,
) -> EyeClosure | None:
    """One closure; None for what is none.

    Args:
        course: Of the lids.
        peak: Moment of the peak.
        deepest: The middle of its plateau.
        half: Moments of half depth.
        beside: Moments of the peaks before and behind, beyond which it does not reach.
        squeezed: (N,) as in `find_closures`.
        settings: Thresholds.
    """
    values, step = course.closure, float(course.seconds[1] - course.seconds[0])
    first = max(int(half[0]) - max(round(CLOSES_WITHIN_S / step), 2), beside[0])
    last = min(int(half[1]) + 1 + max(round(OPENS_WITHIN_S / step), 2), beside[1])
    before, behind = values[first : peak + 1][::-1], values[peak : last + 1]
    onset, closed = (
        peak - _crossing(before, share) for share in (settings.onset_share, 1.0 - SHUT)
    )
    end, reopening = (
        peak + _crossing(behind, share) for share in (settings.onset_share, 1.0 - SHUT)
    )
    depth, duration = float(min(values[peak], 1.0)), step * (half[1] - half[0])
    complete = depth >= settings.complete_closure
    kind = _kind(duration, complete, bool(squeezed[peak]), settings)
    if kind is None:
        return None
    start = float(course.seconds[0])
    return EyeClosure(
        kind=kind,
        onset=start + step * onset,
        closed=start + step * closed,
        deepest=start + step * deepest,
        reopening=start + step * reopening,
        end=start + step * end,
        duration=duration,
        depth=depth,
        depth_open=depth * float(course.open_level[peak] - course.full),
        complete=complete,
    )


def _crossing(course: FloatArray, share: float) -> float:
    """How many moments from the peak a share of the way from the least to the peak is crossed.

    Args:
        course: (n,) the closure from the peak outwards.
        share: Of the depth.
    """
    level = course.min() + share * (course[0] - course.min())
    below = np.flatnonzero(course <= level)
    k = int(below[0]) if len(below) else len(course) - 1
    if k == 0:
        return 0.0
    part = (course[k - 1] - level) / max(course[k - 1] - course[k], 1e-12)
    return float(k - 1 + np.clip(part, 0.0, 1.0))


def _kind(
    duration: float, complete: bool, squeezed: bool, settings: ClinicalSettings
) -> ClosureKind | None:
    """What a closure is; None for a slow narrowing, as when the eyes look down."""
    quick = duration <= settings.longest_blink_s
    if squeezed and (complete or quick):
        return ClosureKind.FORCED
    if quick:
        return ClosureKind.BLINK
    return ClosureKind.LONG if complete else None


def _noise(values: FloatArray) -> float:
    """Standard deviation of white noise by the median second difference; motion has little part."""
    if len(values) < 3:
        return 0.0
    second = np.diff(values, 2)
    return float(1.4826 * np.median(np.abs(second)) / np.sqrt(6.0))


def full_closure(
    opening: FloatArray, asked: BoolArray, default: float, settings: ClinicalSettings
) -> float:
    """The opening of an eye's full closure.

    Args:
        opening: (T,) of the lids; NaN where it was not seen.
        asked: (T,) frames of tasks that ask to close the eyes.
        default: What it is where no task asks for it.
        settings: Not below which share of the eye's range this may lie.

    Returns:
        The 5th percentile in the tasks, where it comes near to the default; else the default: an
        eye that cannot close is measured against full closure, not against its own best.
    """
    known = opening[asked & np.isfinite(opening)]
    if not len(known):
        return default
    own, usual = float(np.quantile(known, 0.05)), float(np.nanquantile(opening, 0.75))
    reached = own <= default + (1.0 - settings.complete_closure) * (usual - default)
    return own if reached else default
