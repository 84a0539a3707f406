"""The shape of a face as far as its points tell it: enough to know one of a few faces again."""

from __future__ import annotations

import numpy as np

from facedyn_app.records import FloatArray

# Points that expressions move little: corners of the eyes, nose, temples, cheeks, forehead.
_STEADY = (
    33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 2, 98, 327, 234, 454, 127, 356, 10, 151, 9,
)  # fmt: skip


def shapes_of(points: FloatArray, depths: FloatArray) -> FloatArray:
    """(N, D) distances between steady points in three dimensions, in the face's own size.

    On eight videos of different people a person's frames scatter by 0.01 to 0.03 (root mean
    square over the distances) and people differ by 0.03 to 0.1, 0.06 in the median.

    Args:
        points: (N, L, 2) image positions, px.
        depths: (N, L) depths, px.
    """
    steady = np.concatenate([points[:, _STEADY], depths[:, _STEADY, None]], axis=2)
    i, j = np.triu_indices(len(_STEADY), 1)
    distances = np.linalg.norm(steady[:, i] - steady[:, j], axis=2)
    size = np.sqrt((distances**2).mean(axis=1, keepdims=True))
    return np.asarray(distances / size)


class MeanShape:
    """The mean of a face's shapes so far.

    Attributes:
        n: Frames that went into it.
    """

    def __init__(self) -> None:
        self.n = 0
        self._sum: FloatArray | float = 0.0

    def add(self, shapes: FloatArray) -> None:
        """Take in shapes (N, D)."""
        self._sum = self._sum + shapes.sum(axis=0)
        self.n += len(shapes)

    def distance(self, shapes: FloatArray) -> float:
        """How far the mean of shapes (N, D) is from this mean, root mean square."""
        return float(np.sqrt(((self._sum / self.n - shapes.mean(axis=0)) ** 2).mean()))
