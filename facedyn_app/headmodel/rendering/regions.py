"""Regions of the face by the landmarker's 478 points, and masks on a mesh inside of their outlines.

Left and right are the subject's.
"""

from __future__ import annotations

import numpy as np

from facedyn_app import topology
from facedyn_app.records import BoolArray, FloatArray

LIPS_OUTER, LIPS_INNER, OUTLINE = topology.LIPS_OUTER, topology.LIPS_INNER, topology.FACE_OVAL
RIGHT_EYE_LOWER, LEFT_EYE_LOWER = topology.RIGHT_EYE[:9], topology.LEFT_EYE[:9]
RIGHT_EYE_UPPER = (topology.RIGHT_EYE[0], *topology.RIGHT_EYE[:7:-1])
LEFT_EYE_UPPER = (topology.LEFT_EYE[0], *topology.LEFT_EYE[:7:-1])
RIGHT_BROW, LEFT_BROW = topology.RIGHT_BROW[::-1], topology.LEFT_BROW[::-1]
RIGHT_IRIS = (468, 469, 470, 471, 472)
LEFT_IRIS = (473, 474, 475, 476, 477)
CHEEKS = (205, 425)
NOSE_BRIDGE, NOSE_BASE = 168, 2
MOUTH_CROSS = (78, 308, 13, 14)  # inner corners, middle of the inner edge above and below
FOREHEAD_TOP, CHIN = 10, 152
TEMPLES = (127, 356)
EARS = (234, 454)
NOSE_TO_MOUTH = ((129, 61), (358, 291))  # wing of the nose and corner of the mouth
BROW_TOPS = (63, 105, 66, 107, 336, 296, 334, 293)
BEARD_MARKS = (*MOUTH_CROSS, *EARS, NOSE_BASE, CHIN)


def inside_polygon(points: FloatArray, polygon: FloatArray) -> BoolArray:
    """(N,) whether points lie inside a closed polygon, by counting crossings.

    Args:
        points: (N, 2).
        polygon: (K, 2) corners in order.
    """
    x, y = points[:, :1], points[:, 1:]
    x0, y0 = polygon.T
    x1, y1 = np.roll(polygon, -1, axis=0).T
    rise = np.where(y1 == y0, 1.0, y1 - y0)
    crosses = ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / rise)
    return np.asarray(crosses.sum(axis=1) % 2 == 1)


def distance_to_line(points: FloatArray, line: FloatArray) -> FloatArray:
    """(N,) distance of points to a polyline.

    Args:
        points: (N, D).
        line: (K, D) corners in order.
    """
    start, step = line[:-1], np.diff(line, axis=0)
    offset = points[:, None] - start
    along = (offset * step).sum(-1) / np.maximum((step**2).sum(-1), 1e-18)
    nearest = start + np.clip(along, 0, 1)[..., None] * step
    return np.asarray(np.linalg.norm(points[:, None] - nearest, axis=-1).min(axis=1))


def polygon_mask(
    points: FloatArray, outline: FloatArray, soft: float, depth: float = 0.02
) -> FloatArray:
    """(N,) 0..1, how far points lie inside an outline seen from the front, with a soft edge.

    Args:
        points: (N, 3) points in the head frame, m.
        outline: (K, 3) corners in order, m.
        soft: Width of the edge, m.
        depth: How far points may lie before or behind the outline's nearest corner, m.
    """
    low, high = outline.min(axis=0) - 2 * soft, outline.max(axis=0) + 2 * soft
    mask = np.zeros(len(points))
    near = np.flatnonzero(((points >= low) & (points <= high))[:, :2].all(axis=1))
    if not len(near):
        return mask
    flat, corners = points[near, :2], outline[:, :2]
    edge = distance_to_line(flat, np.vstack([corners, corners[:1]]))
    signed = np.where(inside_polygon(flat, corners), edge, -edge)
    nearest = np.linalg.norm(flat[:, None] - corners, axis=-1).argmin(axis=1)
    close = np.abs(points[near, 2] - outline[nearest, 2]) < depth
    mask[near] = np.clip(0.5 + signed / soft, 0.0, 1.0) * close
    return mask


def line_mask(points: FloatArray, line: FloatArray, width: float) -> FloatArray:
    """(N,) 0..1, how close points lie to a polyline in space; half way at `width` metres."""
    low, high = line.min(axis=0) - 4 * width, line.max(axis=0) + 4 * width
    mask = np.zeros(len(points))
    near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
    if len(near):
        ratio = distance_to_line(points[near], line) / width
        mask[near] = np.exp2(-(ratio**2))
    return mask


def spot_mask(points: FloatArray, centre: FloatArray, radius: float) -> FloatArray:
    """(N,) 0..1, a round soft spot; half way at `radius` metres from its centre."""
    ratio = np.linalg.norm(points - centre, axis=1) / radius
    return np.asarray(np.exp2(-(ratio**2)))
