"""Colour scale of distances on a head, from pale to dark."""

from __future__ import annotations

from typing import Final

import numpy as np

from facedyn_app.records import ByteArray, FloatArray

STOPS: Final = ("#f4efe6", "#f5c98b", "#e58a2b", "#b5471b", "#5a1a14")
"""Lightness falls evenly, so that the order is seen without colour vision, too."""
STEPS: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
UNSEEN_RGB: Final = (150, 150, 150)
"""Of what a video tells little of."""


def scale_colours(shares: FloatArray) -> ByteArray:
    """(N, 3) uint8 RGB of (N,) shares of the scale, 0..1; beyond that the last colour."""
    stops = np.array([list(bytes.fromhex(stop[1:])) for stop in STOPS], dtype=np.float64)
    places = np.linspace(0.0, 1.0, len(stops))
    mixed = np.stack([np.interp(shares, places, stops[:, k]) for k in range(3)], axis=-1)
    return np.rint(mixed).astype(np.uint8)


def round_top(value: float) -> float:
    """The least number with few digits that is not below a value; 1 for nothing."""
    if not np.isfinite(value) or value <= 0.0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in STEPS if step * power >= value * (1 - 1e-9)))
