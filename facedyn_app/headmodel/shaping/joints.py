"""Joints that follow the vertices around them, whatever the head's shape."""

from __future__ import annotations

import numpy as np

from facedyn_app.records import FloatArray, IntArray


def anchor_weights(
    vertices: FloatArray, candidates: IntArray, point: FloatArray, height: float
) -> FloatArray:
    """(V,) the smallest weights of sum 1 on the vertices at a point's height that give the point.

    A sum of 1 and exactness for the given head make the joint follow every affine change of it.

    Args:
        vertices: (V, 3) m.
        candidates: Vertices that may be used.
        point: (3,) the joint, m.
        height: How far, up or down, a vertex may lie from the point, m.
    """
    used = candidates[np.abs(vertices[candidates, 1] - point[1]) < height]
    matrix = np.vstack([np.ones(len(used)), vertices[used].T])
    row = np.zeros(len(vertices))
    row[used] = np.linalg.lstsq(matrix, np.array([1.0, *point]), rcond=None)[0]
    return row


def open_border(faces: IntArray) -> IntArray:
    """The vertices on the open border of a piece of mesh, ascending."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    return np.unique(unique[count == 1])
