"""Controls that tell motion from leaked shape: the same windows with something taken away.

A recognizer that stays good on them has learnt something else than how a face moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from facedyn_app.recognizer.model import MotionWindows
from facedyn_app.records import FloatArray

SMOOTHING = np.hanning(15)[1:-1]
"""Weights of neighbouring frames in the noise of `amplitude_only`: half a second at 25 frames/s."""


class Control(Protocol):
    """Changes windows; the same `rng` state changes them in the same way."""

    def __call__(self, cut: MotionWindows, rng: np.random.Generator) -> FloatArray:
        """(W, T, 2 C) changed windows."""


def shuffled(cut: MotionWindows, rng: np.random.Generator) -> FloatArray:
    """Frames in another order, each with its own velocities: what poses there are, not how."""
    order = rng.random(cut.values.shape[:2]).argsort(axis=1)
    return np.take_along_axis(cut.values, order[:, :, None], axis=1)


def session_mean(cut: MotionWindows, rng: np.random.Generator) -> FloatArray:
    """The session's mean in every frame, without velocities: the shape leaked into expression."""
    still = np.concatenate([cut.mean, np.zeros_like(cut.mean)])
    return np.broadcast_to(still, cut.values.shape).astype(cut.values.dtype)


def velocities_only(cut: MotionWindows, rng: np.random.Generator) -> FloatArray:
    """Velocities without the channels."""
    changed = cut.values.copy()
    changed[:, :, : len(cut.mean)] = 0.0
    return changed


def uncentred(cut: MotionWindows, rng: np.random.Generator) -> FloatArray:
    """The session's mean put back on the channels."""
    changed = cut.values.copy()
    changed[:, :, : len(cut.mean)] += cut.mean
    return changed


def amplitude_only(cut: MotionWindows, rng: np.random.Generator) -> FloatArray:
    """How much each channel moves in a window, and nothing of how: noise of that deviation."""
    n_windows, n_steps, _ = cut.values.shape
    n_channels = len(cut.mean)
    noise = rng.normal(size=(n_windows, n_steps + len(SMOOTHING) - 1, n_channels))
    steps = range(len(SMOOTHING))
    smooth = sum(SMOOTHING[k] * noise[:, k : k + n_steps] for k in steps)
    smooth -= smooth.mean(axis=1, keepdims=True)
    smooth /= smooth.std(axis=1, keepdims=True)
    channels = smooth * cut.values[:, :, :n_channels].std(axis=1, keepdims=True)
    velocities = np.gradient(channels, axis=1) * cut.rate_hz
    return np.concatenate([channels, velocities], axis=2).astype(cut.values.dtype)


CONTROLS: Mapping[str, Control] = {
    "shuffled": shuffled,
    "session_mean": session_mean,
    "velocities_only": velocities_only,
    "uncentred": uncentred,
    "amplitude_only": amplitude_only,
}
"""The five controls by their names in results; gallery and probes are changed alike."""
