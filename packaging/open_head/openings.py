"""Openings of the face: their borders, lips parted where they cross, lids that meet in a blink."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from facedyn_app.records import FloatArray, IntArray

_EDGES = ((0, 1), (1, 2), (2, 0))
_GAP = 5e-5  # m, left between the lips where they touched
_STEP = 3e-5  # m
_REACH = 0.004  # m, how far around a touching place the lips move with it
_MOST_STEPS = 60
_UPPER_SHARE, _LOWER_SHARE = 0.25, 0.65
_OVERLAP = 0.0004  # m, by which the closed upper lid covers the edge of the lower
_UPPER_LID_SHARE = 0.12  # of the greatest fall: what falls more belongs to the upper lid
_LEAST_FALL, _MOST_FALL = 0.6, 1.05


def crossings(vertices: FloatArray, faces: IntArray) -> IntArray:
    """Pairs of triangles that pass through each other; neighbours, which share a corner, do not.

    Two triangles cross where an edge of one pierces the other (Moeller and Trumbore 1997).

    Args:
        vertices: (V, 3).
        faces: (F, 3) triangles.

    Returns:
        (N, 2) numbers of the triangles, the smaller first, ascending.
    """
    pairs = _near_pairs(vertices[faces])
    first, second = faces[pairs].swapaxes(0, 1)
    apart = ~(first[:, :, None] == second[:, None, :]).any(axis=(1, 2))
    pairs, first, second = pairs[apart], vertices[first[apart]], vertices[second[apart]]
    crossed = np.zeros(len(pairs), dtype=np.bool_)
    for start, end in _EDGES:
        crossed |= _pierced(first[:, start], first[:, end], second)
        crossed |= _pierced(second[:, start], second[:, end], first)
    return np.asarray(pairs[crossed])


def _near_pairs(corners: FloatArray) -> IntArray:
    """(N, 2) pairs of triangles (F, 3, 3) whose boxes overlap."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    middle = 0.5 * (low + high)
    reach = 2 * np.linalg.norm(0.5 * (high - low), axis=1).max()
    found = cKDTree(middle).query_pairs(reach, output_type="ndarray")
    pairs = np.asarray(np.sort(found, axis=1), dtype=np.int64)
    a, b = pairs.T
    overlap = ((low[a] <= high[b]) & (low[b] <= high[a])).all(axis=1)
    kept = pairs[overlap]
    return np.asarray(kept[np.lexsort((kept[:, 1], kept[:, 0]))])


def _pierced(start: FloatArray, end: FloatArray, corners: FloatArray) -> np.ndarray:
    """(N,) bool: whether the segments pass through the triangles (N, 3, 3)."""
    along = end - start
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    across = np.cross(along, v)
    size = (u * across).sum(axis=1)
    parallel = np.abs(size) < 1e-18
    size = np.where(parallel, 1.0, size)
    offset = start - corners[:, 0]
    a = (offset * across).sum(axis=1) / size
    turned = np.cross(offset, u)
    b = (along * turned).sum(axis=1) / size
    t = (v * turned).sum(axis=1) / size
    inside = (a >= 0) & (b >= 0) & (a + b <= 1) & (t >= 0) & (t <= 1)
    return np.asarray(inside & ~parallel)


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
    is_upper = fall > _UPPER_LID_SHARE * fall.max()
    upper, lower = margin[is_upper], margin[~is_upper]
    lower = lower[np.argsort(vertices[lower, 0])]
    closed = vertices[lower] + blink[lower]
    reached = np.interp(vertices[upper, 0] + blink[upper, 0], closed[:, 0], closed[:, 1])
    needed = vertices[upper, 1] - reached + _OVERLAP
    ratio = np.clip(needed / fall[is_upper], _LEAST_FALL, _MOST_FALL)
    order = np.argsort(vertices[upper, 0])
    scale = np.interp(vertices[:, 0], vertices[upper[order], 0], ratio[order])
    return np.asarray(blink * scale[:, None])


def open_border(faces: IntArray) -> IntArray:
    """The vertices on the open border of a piece of mesh, ascending."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    return np.unique(unique[count == 1])
