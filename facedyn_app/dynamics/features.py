"""Motion features of a session: how expression and jaw move, without anything static."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from facedyn_app.dynamics.exclusion import without_excluded
from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.records import BoolArray, FloatArray, Session
from facedyn_app.settings import FeatureSettings

JAW_NAMES = ("jaw_x", "jaw_y", "jaw_z")
GAZE_NAMES = ("left_eye_yaw", "left_eye_pitch", "right_eye_yaw", "right_eye_pitch")
VELOCITY_PREFIX = "velocity:"
SHORTEST_S = 0.4
"""A stretch of valid frames shorter than this has no motion worth the name, s."""
LONGEST_FRAME_S = 1.0
"""Frames farther apart than this are no neighbours, whatever the recording's rate, s."""
AVERAGE_FROM_RATIO = 1.5
"""From this ratio of frame rate to feature rate on, frames are averaged, not interpolated."""


@dataclass(frozen=True, slots=True, eq=False)
class MotionTrack:
    """The motion of one session on an even time grid, in segments without gaps.

    Attributes:
        values: (T, F) float32; F channels centred over the session, then their F velocities per
            second. Activations have no unit, the jaw is in rad.
        seconds: (T,) times of the rows, s; even inside a segment.
        segments: (start, stop) rows of each segment, in order, together all T rows.
        names: The 2 F names; a velocity is "velocity:" and its channel's name.
        mean: (F,) the session's mean of each channel, which has been taken off.
    """

    values: FloatArray
    seconds: FloatArray
    segments: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    mean: FloatArray

    def __post_init__(self) -> None:
        """Check that there is a time for every row and a name for every column."""
        if self.values.shape != (len(self.seconds), len(self.names)):
            raise ValueError("MotionTrack.values needs a row per time and a column per name")

    def with_columns(self, names: tuple[str, ...]) -> MotionTrack:
        """The same track with these columns, channels before their velocities.

        A channel that it lacks rests at 0.
        """
        where = {name: i for i, name in enumerate(self.names)}
        found = [(k, where[name]) for k, name in enumerate(names) if name in where]
        to, of = (list(part) for part in zip(*found, strict=True)) if found else ([], [])
        values = np.zeros((len(self.seconds), len(names)), dtype=np.float32)
        values[:, to] = self.values[:, of]
        mean = np.zeros(len(names), dtype=np.float32)
        mean[to] = np.tile(self.mean, 2)[of]
        return MotionTrack(values, self.seconds, self.segments, names, mean[: len(names) // 2])


def feature_names(expression_names: tuple[str, ...], settings: FeatureSettings) -> tuple[str, ...]:
    """Names of the columns that `motion_features` gives for a head's expression names."""
    channels = (*expression_names, *JAW_NAMES, *(GAZE_NAMES if settings.gaze else ()))
    return (*channels, *(VELOCITY_PREFIX + name for name in channels))


def motion_features(session: Session, settings: FeatureSettings) -> MotionTrack:
    """The motion of a session as the recognizer sees it.

    Expression and jaw are resampled to `rate_hz` inside stretches of valid frames (gaps up to
    `max_gap_s` are bridged), then the session's mean is taken off every channel, since a
    constant offset is shape in disguise, and velocities (central differences, one-sided at the
    ends of a segment) are appended. Rotation, translation and shape stay out, and so do frames
    that the user has excluded; the gaze comes in where the settings say so.

    Args:
        session: Any session.
        settings: Rate, longest bridged gap, whether with the gaze.

    Raises:
        MismatchError: The gaze is wanted and the session has none.
        TooLittleError: No stretch of valid frames is long enough to speak of motion.
    """
    session = without_excluded(session)
    parts = [session.motion.expression, session.motion.jaw]
    if settings.gaze:
        parts.append(_gaze(session))
    channels = np.concatenate(parts, axis=1).astype(np.float64)
    usable = session.motion.valid & np.isfinite(channels).all(axis=1)
    times = np.asarray(session.motion.seconds, dtype=np.float64)[usable]
    channels = channels[usable]
    frame_s = (
        min(float(np.median(np.diff(session.motion.seconds))), LONGEST_FRAME_S)
        if len(session.motion.seconds) > 1
        else 0.0
    )
    pieces, grids = [], []
    for start, stop in stretches(times, settings.max_gap_s + 1.5 * frame_s):
        grid = even_grid(times[start], times[stop - 1], settings.rate_hz)
        pieces.append(resample(times[start:stop], channels[start:stop], grid, settings.rate_hz))
        grids.append(grid)
    if not pieces:
        raise TooLittleError(
            f"The recording has no stretch of {SHORTEST_S:g} s in which the face was followed.",
            "Use a longer recording in which the face is well visible.",
        )
    mean = np.concatenate(pieces).mean(axis=0)
    velocities = [np.gradient(piece, axis=0) * settings.rate_hz for piece in pieces]
    values = np.concatenate(
        [np.concatenate(pieces) - mean, np.concatenate(velocities)], axis=1, dtype=np.float32
    )
    ends = np.cumsum([len(grid) for grid in grids])
    segments = tuple(
        (int(end) - len(grid), int(end)) for end, grid in zip(ends, grids, strict=True)
    )
    names = feature_names(session.motion.names, settings)
    return MotionTrack(values, np.concatenate(grids), segments, names, mean.astype(np.float32))


def _gaze(session: Session) -> FloatArray:
    """(T, 4) in the order of `GAZE_NAMES`."""
    if session.motion.gaze is None:
        raise MismatchError(
            f"A session of head '{session.head_id}' has no gaze, and the features ask for it.",
            "Use a head with eyes and sessions fitted by this version, or leave the gaze out.",
        )
    return session.motion.gaze.reshape(len(session.motion.gaze), -1)


def stretches(times: FloatArray, longest_step_s: float) -> list[tuple[int, int]]:
    """Stretches of rows that follow each other without a long gap.

    Args:
        times: (T,) ascending times of the valid frames, s.
        longest_step_s: Longest time between neighbours of one stretch, s.

    Returns:
        (start, stop) rows of each stretch of at least `SHORTEST_S` and three rows.
    """
    if len(times) == 0:
        return []
    breaks: BoolArray = np.diff(times) > longest_step_s
    edges = np.concatenate([[0], np.flatnonzero(breaks) + 1, [len(times)]])
    return [
        (int(start), int(stop))
        for start, stop in pairwise(edges)
        if stop - start >= 3 and times[stop - 1] - times[start] >= SHORTEST_S
    ]


def even_grid(first_s: float, last_s: float, rate_hz: float) -> FloatArray:
    """Times at `rate_hz` from `first_s` to at most `last_s`, s."""
    n = int(np.floor((last_s - first_s) * rate_hz + 1e-6)) + 1
    return np.asarray(first_s + np.arange(n) / rate_hz)


def resample(times: FloatArray, values: FloatArray, grid: FloatArray, rate_hz: float) -> FloatArray:
    """Values at other times: interpolated, or averaged where the source is much faster.

    A source at 1.5 times the rate and more is averaged over one period of the grid (the
    difference of its integral), which keeps what is above half the rate from folding down.

    Args:
        times: (T,) ascending times, s.
        values: (T, K) values at those times.
        grid: (G,) wanted times within them, s.
        rate_hz: Rate of the grid, Hz.

    Returns:
        (G, K) values.
    """
    if (len(times) - 1) < AVERAGE_FROM_RATIO * rate_hz * (times[-1] - times[0]):
        return interpolate(times, values, grid)
    steps = 0.5 * (values[1:] + values[:-1]) * np.diff(times)[:, None]
    integral = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(steps, axis=0)])
    low = np.maximum(grid - 0.5 / rate_hz, times[0])
    high = np.minimum(grid + 0.5 / rate_hz, times[-1])
    area = interpolate(times, integral, high) - interpolate(times, integral, low)
    return np.asarray(area / (high - low)[:, None])


def interpolate(times: FloatArray, values: FloatArray, grid: FloatArray) -> FloatArray:
    """Linear interpolation of all columns at once, (G, K); the ends are held."""
    right = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
    left = right - 1
    share = np.clip((grid - times[left]) / (times[right] - times[left]), 0.0, 1.0)[:, None]
    return np.asarray(values[left] * (1.0 - share) + values[right] * share)


def columns_by_name(names: tuple[str, ...], wanted: tuple[str, ...]) -> list[int] | None:
    """The column of each wanted name, or None when one of them is missing."""
    where: Mapping[str, int] = {name: i for i, name in enumerate(names)}
    if any(name not in where for name in wanted):
        return None
    return [where[name] for name in wanted]
