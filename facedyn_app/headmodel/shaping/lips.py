"""Lips that lie on each other instead of in each other."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from facedyn_app.headmodel.shaping.crossings import crossings
from facedyn_app.records import FloatArray, IntArray

_GAP = 5e-5  # m, left between the lips where they touched
_STEP = 3e-5  # m
_REACH = 0.004  # m, how far around a touching place the lips move with it
_MOST_STEPS = 60
_UPPER_SHARE, _LOWER_SHARE = 0.25, 0.65


def part_lips(vertices: FloatArray, faces: IntArray, opened: FloatArray) -> FloatArray:
    """Move the lips apart, up and down, where and as little as they pass through each other.

    Args:
        vertices: (V, 3) the head with its mouth closed, m, in the head frame.
        faces: (F, 3) the triangles of the lips.
        opened: (V, 3) how the vertices move when the mouth opens, m; tells the lips apart.

    Returns:
        (V, 3) vertices.

    Raises:
        ValueError: The lips cannot be parted by a movement of 2 mm.
    """
    fall = np.linalg.norm(opened, axis=1)
    middle, half = 0.5 * (_UPPER_SHARE + _LOWER_SHARE), 0.5 * (_LOWER_SHARE - _UPPER_SHARE)
    side = np.clip((middle - fall / fall.max()) / half, -1.0, 1.0)
    parted = vertices.copy()
    for _ in range(_MOST_STEPS):
        together = parted.copy()
        together[:, 1] -= 0.5 * _GAP * side
        pairs = crossings(together, faces)
        if len(pairs) == 0:
            return parted
        touching = np.unique(faces[pairs])
        distance, _ = cKDTree(parted[touching]).query(parted)
        parted[:, 1] += _STEP * side * np.exp(-((distance / _REACH) ** 2))
    raise ValueError("the lips still pass through each other")
