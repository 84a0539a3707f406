"""Rotations as other programs write them, and as sessions have them.

The camera frame of most of them looks along -z with y up or is OpenCV's; a session's pose is the
turn against the facing pose (`records`).
"""

from __future__ import annotations

import numpy as np

from facedyn_app.records import FloatArray

FACING_DIAGONAL = np.array([1.0, -1.0, -1.0])
"""The diagonal of the half turn about x between head and camera (`records`)."""


def facing_vectors(vectors: FloatArray) -> FloatArray:
    """(T, 3) rotation vectors against the facing pose, of turns of a face in OpenCV's frame.

    With a face's own axes those of the camera, `x_camera = M x + t`; the head's are
    `FACING x`, so that `R = FACING M FACING`, whose rotation vector is FACING times M's.
    """
    return np.asarray(vectors * FACING_DIAGONAL)


def matrix_vectors(matrices: FloatArray) -> FloatArray:
    """(T, 3) rotation vectors, rad, of (T, 3, 3) turns; NaN for NaN."""
    from scipy.spatial.transform import Rotation

    vectors = np.full((len(matrices), 3), np.nan)
    known = np.isfinite(matrices).all(axis=(1, 2))
    if known.any():
        vectors[known] = Rotation.from_matrix(matrices[known]).as_rotvec()
    return vectors


def vector_matrices(vectors: FloatArray) -> FloatArray:
    """(T, 3, 3) turns of (T, 3) rotation vectors, rad; NaN for NaN."""
    from scipy.spatial.transform import Rotation

    matrices = np.full((len(vectors), 3, 3), np.nan)
    known = np.isfinite(vectors).all(axis=1)
    if known.any():
        matrices[known] = Rotation.from_rotvec(vectors[known]).as_matrix()
    return matrices


def euler_vectors(order: str, angles: FloatArray) -> FloatArray:
    """(T, 3) rotation vectors of turns `R_1 R_2 R_3` about moving axes such as "XYZ".

    Args:
        order: The axes.
        angles: (T, 3) rad; NaN where a turn is not known.
    """
    from scipy.spatial.transform import Rotation

    vectors = np.full((len(angles), 3), np.nan)
    known = np.isfinite(angles).all(axis=1)
    if known.any():
        vectors[known] = Rotation.from_euler(order, angles[known]).as_rotvec()
    return vectors


def euler_angles(order: str, vectors: FloatArray) -> FloatArray:
    """(T, 3) angles about moving axes, rad, of (T, 3) rotation vectors; NaN for NaN."""
    from scipy.spatial.transform import Rotation

    angles = np.full((len(vectors), 3), np.nan)
    known = np.isfinite(vectors).all(axis=1)
    if known.any():
        angles[known] = Rotation.from_rotvec(vectors[known]).as_euler(order)
    return angles


def sixd_matrices(columns: FloatArray) -> FloatArray:
    """(T, 3, 3) turns of (T, 6) numbers, the first two rows made orthonormal (Zhou et al. 2019)."""
    first, second = columns[:, :3], columns[:, 3:]
    with np.errstate(invalid="ignore", divide="ignore"):
        a = first / np.linalg.norm(first, axis=1, keepdims=True)
        b = second - (a * second).sum(axis=1, keepdims=True) * a
        b = b / np.linalg.norm(b, axis=1, keepdims=True)
    return np.stack([a, b, np.cross(a, b)], axis=1)


def look_angles(directions: FloatArray) -> FloatArray:
    """(..., 2) turns to the subject's left and up, rad, of (..., 3) lines of sight of the head."""
    x, y, z = np.moveaxis(directions, -1, 0)
    return np.stack([np.arctan2(x, z), np.arctan2(y, np.hypot(x, z))], axis=-1)


def eye_vectors(gaze: FloatArray) -> FloatArray:
    """(T, 2, 3) rotation vectors of eyes turned so, of (T, 2, 2) turns left and up, rad.

    The turn is `R_y(left) R_x(-up)`, whose line of sight `look_angles` takes back.
    """
    flat = gaze.reshape(-1, 2).astype(np.float64)
    angles = np.stack([flat[:, 0], -flat[:, 1], np.zeros(len(flat))], axis=1)
    return euler_vectors("YXZ", angles).reshape(-1, 2, 3)


def quaternion_vectors(quaternions: FloatArray) -> FloatArray:
    """(T, 3) rotation vectors, rad, of (T, 4) quaternions x, y, z, w.

    Raises:
        ValueError: One of them is no turn.
    """
    from scipy.spatial.transform import Rotation

    if not np.isfinite(quaternions).all() or not np.linalg.norm(quaternions, axis=1).all():
        raise ValueError("one of its quaternions is no turn")
    return np.asarray(Rotation.from_quat(quaternions).as_rotvec())
