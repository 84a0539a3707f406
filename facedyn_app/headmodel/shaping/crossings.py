"""Where a mesh passes through itself: lips that sink into each other, say."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from facedyn_app.records import FloatArray, IntArray

_EDGES = ((0, 1), (1, 2), (2, 0))


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
