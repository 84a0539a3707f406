"""The inside of the mouth of a head whose file does not name it."""

from __future__ import annotations

import numpy as np

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.surface import hit_pixels
from facedyn_app.records import BoolArray, FloatArray

_FAR = 10.0  # m: from there rays are nearly parallel
_FOCAL_PX = 1000 * _FAR  # 1 mm a pixel
_COVERED = 0.0015  # m of depth by which something must lie in front
_REACH = np.array([0.02, 0.022])  # m beyond the lips, sideways and up or down
_DEPTH = 0.09  # m behind the lips


def behind_lips(head: HeadModel, lips: FloatArray) -> BoolArray:
    """(V,) which vertices are the inside of the mouth: near the lips and covered from the front.

    Args:
        head: The head, its mouth closed.
        lips: (K, 3) the lips' outer outline, m.
    """
    vertices, faces = np.asarray(head.v_template, dtype=np.float64), np.asarray(head.faces)
    low, high = lips.min(axis=0), lips.max(axis=0)
    low, high = low - [*_REACH, _DEPTH], high + np.array([*_REACH, 0.0])
    near = ((vertices >= low) & (vertices <= high)).all(axis=1)
    inside = np.zeros(len(vertices), dtype=np.bool_)
    if not near.any():
        return inside
    placed = vertices * [1.0, -1.0, -1.0] + [0.0, 0.0, _FAR]  # as a camera in front sees them
    image = _FOCAL_PX * placed[:, :2] / placed[:, 2:]
    first, _ = hit_pixels(placed, image, faces, image[near])
    inside[near] = placed[near, 2] - first[:, 2] > _COVERED  # false where nothing is met
    return inside
