"""Ceiling of a face's movement: how much of it moves at once, however lively its owner.

Muscles of one part of the face pull at the same skin. Even where a performer goes through all
expressions, activations of a part add up to a few; without a ceiling the liveliest simulated
speakers move every channel far at once, which no face does. Near the ceiling what is weak gives way
to what is strong. The form is the project's own choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from facedyn_app.records import FloatArray
from facedyn_app.simulate.signals import near_ceiling

UPPER = ("brow", "eyeSquint", "eyeWide", "cheekSquint", "noseSneer")
"""Beginnings of the names of the channels of brows, lids, cheeks and nose."""
MOST_UPPER, MOST_LOWER = 3.5, 5.0
"""The sums of activations that the upper and the lower face come near to and never reach. A
performer who acts all expressions (Face Cap's recorded take) spends half of the time above 3.4 and
5.1, a talker nearly none (handbook/simulator.md)."""


def below_ceiling(face: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Activations as they are left by the ceilings of their parts of the face.

    Args:
        face: (T,) activation of each channel, blinks and jaw not among them.

    Returns:
        The same channels, nowhere larger.
    """
    upper = [name for name in face if name.startswith(UPPER)]
    lower = [name for name in face if name not in upper]
    return {**_part(face, upper, MOST_UPPER), **_part(face, lower, MOST_LOWER)}


def _part(
    face: Mapping[str, FloatArray], names: Sequence[str], most: float
) -> dict[str, FloatArray]:
    together = np.stack([face[name] for name in names], axis=1)
    limited = near_ceiling(together.sum(axis=1), most)
    return dict(zip(names, give_way(together, limited).T, strict=True))


def give_way(values: FloatArray, total: FloatArray) -> FloatArray:
    """The nearest values of a smaller sum: each loses the same, and none goes below 0.

    The projection onto a simplex (Duchi et al. 2008, "Efficient projections onto the l1-ball for
    learning in high dimensions").

    Args:
        values: (T, K), 0 or more.
        total: (T,) wanted sums, 0 or more and at most those of the values.

    Returns:
        (T, K) values that add up to the wanted sums.
    """
    falling = -np.sort(-values, axis=1)
    loss = (np.cumsum(falling, axis=1) - total[:, None]) / np.arange(1, values.shape[1] + 1)
    n_left = np.maximum((falling > loss).sum(axis=1), 1)
    each = np.take_along_axis(loss, n_left[:, None] - 1, axis=1)
    return np.maximum(values - np.maximum(each, 0.0), 0.0)
