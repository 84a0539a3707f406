"""How much and how fast a face moves: what the errors of a fit grow with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.features import JAW_NAMES
from facedyn_app.records import FloatArray
from facedyn_app.simulate.motion import SimulatedMotion


@dataclass(frozen=True, slots=True, eq=False)
class MotionSize:
    """How much and how fast the K channels (expression, then jaw) of a face move.

    Attributes:
        amplitude: (K,) standard deviation (activation; jaw in rad).
        speed: (K,) standard deviation of the velocity, per s.
    """

    amplitude: FloatArray
    speed: FloatArray

    def __post_init__(self) -> None:
        """Check that both are of the same channels."""
        if self.amplitude.shape != self.speed.shape:
            raise ValueError("MotionSize needs an amplitude and a speed per channel")

    @property
    def mean_amplitude(self) -> float:
        """Mean over the expression channels."""
        return float(self.amplitude[: -len(JAW_NAMES)].mean())

    @property
    def mean_speed(self) -> float:
        """Mean over the expression channels, per s."""
        return float(self.speed[: -len(JAW_NAMES)].mean())

    def seen_through(self, response: FloatArray) -> MotionSize:
        """The size of what a (K, K) response makes of this motion, as if channels went apart."""
        square = response**2
        return MotionSize(np.sqrt(square @ self.amplitude**2), np.sqrt(square @ self.speed**2))


def motion_size(motion: SimulatedMotion) -> MotionSize:
    """How much and how fast the channels of a motion move."""
    channels = np.concatenate([motion.expression, motion.jaw], axis=1).astype(np.float64)
    speed = motion.fps * np.diff(channels, axis=0, prepend=channels[:1])
    return MotionSize(channels.std(axis=0), speed.std(axis=0))
