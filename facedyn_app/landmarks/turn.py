"""Which way a face is turned, by the depths that the landmarker gives its points."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from facedyn_app.records import FloatArray

# Outer and inner corners of the eyes, temples and cheeks, the subject's left and right.
_LEFT, _RIGHT = (263, 362, 356, 454, 323), (33, 133, 127, 234, 93)
_TOP, _CHIN = 10, 152


def turns_of(points: FloatArray, depths: FloatArray) -> FloatArray:
    """(N, 3) float32 rotation vectors against a face that looks into the camera, rad.

    Of the face as it is seen, that is against the line of sight to it. The axes are those from the
    subject's right to his left, and from the chin to the top of the forehead. What an open jaw, a
    head's own build and the landmarker's habits add is for the fit to know (`landmark_errors`).

    Args:
        points: (N, L, 2) image positions, px.
        depths: (N, L) depths, px of the image, smaller towards the camera.
    """
    # from the image's axes to those of the head frame: y up, z out of the face
    placed = np.concatenate([points, depths[..., None]], axis=2) * (1.0, -1.0, -1.0)
    x = placed[:, _LEFT].mean(axis=1) - placed[:, _RIGHT].mean(axis=1)
    y = placed[:, _TOP] - placed[:, _CHIN]
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    y = y - (x * y).sum(axis=1, keepdims=True) * x
    y = y / np.linalg.norm(y, axis=1, keepdims=True)
    axes = np.stack([x, y, np.cross(x, y)], axis=2)
    return np.asarray(Rotation.from_matrix(axes).as_rotvec(), np.float32)
