"""A blink that closes: sculpted for one face, a blink leaves another's eye open or overshoots."""

from __future__ import annotations

import numpy as np

from facedyn_app.records import FloatArray, IntArray

_OVERLAP = 0.0004  # m, by which the closed upper lid covers the edge of the lower
_UPPER_SHARE = 0.12  # of the greatest fall: what falls more belongs to the upper lid
_LEAST, _MOST = 0.6, 1.05


def meet_lids(vertices: FloatArray, blink: FloatArray, margin: IntArray) -> FloatArray:
    """Scale a blink along the eye so that the upper lid's edge comes to lie on the lower lid's.

    Args:
        vertices: (V, 3) the head with open eyes, m, in the head frame.
        blink: (V, 3) offsets of the sculpted blink of this eye, m.
        margin: The vertices along the edges of both lids.

    Returns:
        (V, 3) offsets of the blink that closes.
    """
    fall = -blink[margin, 1]
    is_upper = fall > _UPPER_SHARE * fall.max()
    upper, lower = margin[is_upper], margin[~is_upper]
    lower = lower[np.argsort(vertices[lower, 0])]
    closed = vertices[lower] + blink[lower]
    reached = np.interp(vertices[upper, 0] + blink[upper, 0], closed[:, 0], closed[:, 1])
    needed = vertices[upper, 1] - reached + _OVERLAP
    ratio = np.clip(needed / fall[is_upper], _LEAST, _MOST)
    order = np.argsort(vertices[upper, 0])
    scale = np.interp(vertices[:, 0], vertices[upper[order], 0], ratio[order])
    return np.asarray(blink * scale[:, None])
