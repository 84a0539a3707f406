"""Channels that rest throughout a recording: a habit of the speaker's, or nothing measured.

A speaker who never frowns has a frown that rests in all their recordings, and that tells of them. A
channel that rests in some recordings without regard to the speaker, or that never rested in the
training, was not measured there: it must not make recordings of one speaker differ.
"""

from __future__ import annotations

import numpy as np

from facedyn_app.records import BoolArray, FloatArray, IntArray

DEAD_SHARE = 0.01
"""A channel that moves less than this share of what is usual rests, or is dead."""

LEAST_KAPPA = 0.2
"""Agreement beyond chance that is "fair" (Landis and Koch 1977), between a speaker's recordings."""


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
