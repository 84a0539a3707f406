"""Windows of fixed length cut from a motion track, never across a gap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facedyn_app.dynamics.features import MotionTrack
from facedyn_app.errors import TooLittleError
from facedyn_app.records import FloatArray, IntArray

SHORTEST_WINDOW_S = 2.0
"""The shortest stretch that is still used as one window when no full window fits, s."""

LEAST_NEW_SHARE = 0.2
"""A last window, moved back to the segment's end, must bring this share of a hop that is new."""


def windows(track: MotionTrack, window_s: float, hop_s: float) -> tuple[FloatArray, FloatArray]:
    """Cut a track into windows.

    Every segment gives a window each `hop_s`, and a last one that ends with the segment when it
    brings something new. When no segment is as long as a window, the longest segment is one
    shorter window, if it has at least `SHORTEST_WINDOW_S`.

    Args:
        track: Motion of a session.
        window_s: Length of a window, s.
        hop_s: Step between windows, s.

    Returns:
        (W, T, F) float32 windows and (W, 2) their start and end, s.

    Raises:
        TooLittleError: The longest segment is shorter than `SHORTEST_WINDOW_S`.
    """
    step_s = _step_s(track)
    length, hop = max(2, round(window_s / step_s)), max(1, round(hop_s / step_s))
    starts = window_starts(track.segments, length, hop)
    if not starts:
        start, stop = max(track.segments, key=lambda segment: segment[1] - segment[0])
        length = stop - start
        if length * step_s < min(SHORTEST_WINDOW_S, window_s) - step_s:
            raise TooLittleError(
                f"The longest stretch with a face lasts {length * step_s:.1f} s; "
                f"{SHORTEST_WINDOW_S:g} s are needed.",
                "Use a longer recording in which the face is well visible.",
            )
        starts = [start]
    rows = np.asarray(starts)[:, None] + np.arange(length)
    spans = np.stack([track.seconds[rows[:, 0]], track.seconds[rows[:, -1]] + step_s], axis=1)
    return track.values[rows], spans


def window_starts(segments: Sequence[tuple[int, int]], length: int, hop: int) -> list[int]:
    """First rows of all windows of `length` rows in segments (start, stop), `hop` rows apart."""
    return [at for segment in segments for at in _starts(segment, length, hop)]


def evenly_spread(n: int, most: int) -> IntArray:
    """Numbers of at most so many of n windows, evenly taken, ascending."""
    return np.unique(np.linspace(0, n - 1, most).round().astype(int))


def _step_s(track: MotionTrack) -> float:
    start, stop = max(track.segments, key=lambda segment: segment[1] - segment[0])
    return float((track.seconds[stop - 1] - track.seconds[start]) / (stop - start - 1))


def _starts(segment: tuple[int, int], length: int, hop: int) -> list[int]:
    start, stop = segment
    starts = list(range(start, stop - length + 1, hop))
    if starts and (stop - length) - starts[-1] >= LEAST_NEW_SHARE * hop:
        starts.append(stop - length)
    return starts
