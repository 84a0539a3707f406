"""Motion windows of a session as a network reads them, and the channels that rest in them.

A speaker who never frowns has a frown that rests in all their recordings, and that tells of them;
and where people move a channel little, some rest it altogether. A channel that rests in some
recordings without regard to the speaker, though it hardly ever moves just a little, or that never
rested in the training, was not measured there: it must not make recordings of one speaker differ.
One that is so in many recordings of the training tells less than its gaps cost, and is left out of
all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.features import MotionTrack, feature_names, motion_features
from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.records import BoolArray, FloatArray, IntArray, Session
from facedyn_app.settings import FeatureSettings

SHORTEST_WINDOW_S = 2.0
"""The shortest stretch that is still used as one window when no full window fits, s."""

LEAST_NEW_SHARE = 0.2
"""A last window, moved back to the segment's end, must bring this share of a hop that is new."""
DEAD_SHARE = 0.01
"""A channel that moves less than this share of what is usual rests, or is dead."""
LITTLE_SHARE = 0.1
"""A channel that moves less than this share of what is usual, and does not rest, moves little."""
LEAST_LITTLE = 0.03
"""Share of recordings in which a channel must move little, for its rest to be the end of that."""
MOST_DEAD = 1.0 / 3.0
"""Share of recordings in which a channel may be dead, whoever is in them, without being left out.

Chosen on people who were neither trained on nor known (handbook/recognizer.md).
"""
LEAST_KAPPA = 0.2
"""Agreement beyond chance that is "fair" (Landis and Koch 1977), between a speaker's recordings."""


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


def check_head(session: Session, head_id: str, expression_names: tuple[str, ...]) -> None:
    """Make sure that a session's coefficients are those that a recognizer reads.

    A channel that the session lacks is left out of the comparison.

    Raises:
        MismatchError: Another head, or no channel in common; names both.
    """
    if session.head_id != head_id:
        raise MismatchError(
            f"The session is of '{session.head_id}', the recognizer reads '{head_id}'.",
            "Use a recognizer that was trained on such sessions; a video can also be fitted again "
            "with that head.",
        )
    if not set(expression_names) & set(session.motion.names):
        raise MismatchError(
            f"The session of head '{session.head_id}' has none of the channels that the recognizer "
            f"of head '{head_id}' reads, such as '{expression_names[0]}'.",
            "Use a recognizer that was trained on such recordings.",
        )


@dataclass(frozen=True, slots=True, eq=False)
class MotionWindows:
    """The windows of one session, as a network reads them.

    Attributes:
        values: (W, T, 2 C) float32 channels centred over the session, then their velocities.
        spans: (W, 2) start and end of each window, s.
        mean: (C,) the session's mean of each channel, which has been taken off.
        present: (C,) bool: channels that the session has; the others rest at 0.
    """

    values: FloatArray
    spans: FloatArray
    mean: FloatArray
    present: BoolArray

    @property
    def rate_hz(self) -> float:
        """Frames per second."""
        return float(self.values.shape[1] / (self.spans[0, 1] - self.spans[0, 0]))

    def spread(self, most: int) -> MotionWindows:
        """At most so many of the windows, evenly taken."""
        if len(self.values) <= most:
            return self
        chosen = evenly_spread(len(self.values), most)
        return MotionWindows(self.values[chosen], self.spans[chosen], self.mean, self.present)


def feature_windows(
    session: Session,
    settings: FeatureSettings,
    head_id: str,
    expression_names: tuple[str, ...],
) -> MotionWindows:
    """The windows of a session with features in the recognizer's order.

    Raises:
        MismatchError: The session is of another head.
        TooLittleError: The session has no stretch that is long enough.
    """
    check_head(session, head_id, expression_names)
    names = feature_names(expression_names, settings)
    own = motion_features(session, settings)
    track = own.with_columns(names)
    present = np.isin(names[: len(track.mean)], own.names)
    return MotionWindows(*windows(track, settings.window_s, settings.hop_s), track.mean, present)


def motion_shares(windows: FloatArray, scale: FloatArray) -> FloatArray:
    """(C,) how much each channel moves in the windows of a recording, of what is usual.

    Args:
        windows: (W, T, 2 C) centred channels, then their velocities.
        scale: (2 C,) usual standard deviation of the features; where it is 0 the share is 0.
    """
    usual = scale[: len(scale) // 2]
    deviation = np.sqrt((windows[:, :, : len(usual)] ** 2).mean(axis=(0, 1)))
    nothing = np.zeros_like(deviation)
    return np.asarray(np.divide(deviation, usual, out=nothing, where=usual > 0.0))


def moving_channels(windows: FloatArray, scale: FloatArray) -> BoolArray:
    """(C,) whether each channel moves in the windows of a recording (`motion_shares`)."""
    return np.asarray(motion_shares(windows, scale) > DEAD_SHARE)


def resting_by_nature(shares: FloatArray, labels: IntArray) -> BoolArray:
    """(C,) whether a channel that rests throughout a recording tells of who is in it.

    It does where its rest is a habit of speakers, or the end of how little people move it: where
    fewer recordings rest it than move it little. A channel that was not measured leaves a gap
    between the recordings that have it and those that do not.

    Args:
        shares: (N, C) how much each channel moves in each recording (`motion_shares`).
        labels: (N,) speakers 0..G - 1.
    """
    moving = shares > DEAD_SHARE
    little = (moving & (shares < LITTLE_SHARE)).mean(axis=0)
    rests_less = ((~moving).mean(axis=0) < little) & (little > LEAST_LITTLE)
    return np.asarray(rests_less | resting_by_habit(moving, labels))


def resting_by_habit(moving: BoolArray, labels: IntArray) -> BoolArray:
    """(C,) whether a channel rests in recordings of the same speakers more than by chance.

    Kappa (Fleiss 1971) of whether it moves: with the share p of recordings in which it does, pairs
    of one speaker's recordings agree by chance in `p^2 + (1 - p)^2`.

    Args:
        moving: (N, C) whether each channel moves in each recording.
        labels: (N,) speakers 0..G - 1.
    """
    moves = np.zeros((int(labels.max()) + 1, moving.shape[1]))
    np.add.at(moves, labels, moving)
    total = np.bincount(labels)[:, None].astype(float)
    several = total[:, 0] > 1
    if not several.any():
        return np.zeros(moving.shape[1], dtype=bool)
    moves, total = moves[several], total[several]
    rests = total - moves
    agreeing = (moves * (moves - 1.0) + rests * (rests - 1.0)) / (total - 1.0)
    share = moving.mean(axis=0)
    chance = share**2 + (1.0 - share) ** 2
    agreed = agreeing.sum(axis=0) / total.sum()
    return np.asarray(agreed - chance > LEAST_KAPPA * np.maximum(1.0 - chance, 1e-9))


def often_dead(moving: BoolArray, labels: IntArray) -> BoolArray:
    """(C,) channels that are dead in more than `MOST_DEAD` of the recordings, by nobody's habit.

    None where these are more than half of those that move at all: the rest would tell less.

    Args:
        moving: (N, C) whether each channel moves in each recording.
        labels: (N,) speakers 0..G - 1.
    """
    share = 1.0 - moving.mean(axis=0)
    often = (share > MOST_DEAD) & ~resting_by_habit(moving, labels)
    n_left_out = (often & (share < 1.0)).sum()
    return np.asarray(often if n_left_out <= 0.5 * (share < 1.0).sum() else share == 1.0)
