"""Draws of how a simulated speaker, or one of their sessions, departs from the mean."""

from __future__ import annotations

import numpy as np

LARGEST = 2.0
"""Nothing departs by more than so many standard deviations."""


class Spread:
    """Log-normal factors and normal shifts, cut at two deviations.

    Args:
        rng: Source of randomness.
        scale: Multiplies every deviation; 0 gives the mean.
    """

    def __init__(self, rng: np.random.Generator, scale: float = 1.0) -> None:
        self._rng, self._scale = rng, scale

    def factor(self, sigma: float) -> float:
        """A positive factor whose logarithm has this deviation."""
        return float(np.exp(self.shift(sigma)))

    def shift(self, sigma: float) -> float:
        """A number about 0 with this deviation."""
        draw = np.clip(self._rng.standard_normal(), -LARGEST, LARGEST)
        return float(self._scale * sigma * draw)

    def side(self) -> int:
        """0 or 1, alike often."""
        return int(self._rng.integers(2))
