"""Motion windows of a session as a network reads them, and the channels that rest in them.

A speaker who never frowns has a frown that rests in all their recordings, and that tells of them. A
channel that rests in some recordings without regard to the speaker, or that never rested in the
training, was not measured there: it must not make recordings of one speaker differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.features import feature_names, motion_features
from facedyn_app.dynamics.windows import evenly_spread, windows
from facedyn_app.errors import MismatchError
from facedyn_app.records import BoolArray, FloatArray, IntArray, Session
from facedyn_app.settings import FeatureSettings

DEAD_SHARE = 0.01
"""A channel that moves less than this share of what is usual rests, or is dead."""

LEAST_KAPPA = 0.2
"""Agreement beyond chance that is "fair" (Landis and Koch 1977), between a speaker's recordings."""


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


def moving_channels(windows: FloatArray, scale: FloatArray) -> BoolArray:
    """(C,) whether each channel moves in the windows of a recording.

    Args:
        windows: (W, T, 2 C) centred channels, then their velocities.
        scale: (2 C,) usual standard deviation of the features.
    """
    n = len(scale) // 2
    deviation = np.sqrt((windows[:, :, :n] ** 2).mean(axis=(0, 1)))
    return np.asarray(deviation > DEAD_SHARE * scale[:n])


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
