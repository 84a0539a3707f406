"""Finer triangles by midpoint subdivision, where vertex colours would else be too coarse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from facedyn_app.records import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class FineMesh:
    """A mesh whose vertices are fixed mixes of a coarse mesh's.

    Attributes:
        faces: (F', 3) int64 triangles.
        matrix: (V', V) sparse, rows sum to 1: coarse to fine vertices. The coarse vertices come
            first, in their order.
    """

    faces: IntArray
    matrix: sparse.csr_array

    def vertices(self, coarse: FloatArray) -> FloatArray:
        """(V', 3) fine vertices of (V, 3) coarse ones."""
        return np.asarray(self.matrix @ coarse)


def subdivide(faces: IntArray, n_vertices: int, levels: IntArray) -> FineMesh:
    """Split triangles into four at their edges' midpoints, some more often than others.

    Neighbours of different levels meet along straight edges, so there is no gap to see.

    Args:
        faces: (F, 3) triangles.
        n_vertices: V.
        levels: (F,) how often each triangle is split, 0 or more.
    """
    matrix = sparse.csr_array(sparse.eye_array(n_vertices, format="csr"))
    current: IntArray = np.asarray(faces, dtype=np.int64)
    left = np.asarray(levels).copy()
    while (left > 0).any():
        chosen = left > 0
        current, matrix = _split(current, chosen, matrix)
        left = np.concatenate([left[~chosen], np.repeat(left[chosen] - 1, 4)])
    return FineMesh(faces=current, matrix=matrix)


def _split(
    faces: IntArray, chosen: BoolArray, matrix: sparse.csr_array
) -> tuple[IntArray, sparse.csr_array]:
    """Split the chosen triangles once; the untouched ones come first in the new list."""
    a, b, c = faces[chosen].T
    edges = np.sort(np.stack([a, b, b, c, c, a], axis=1).reshape(-1, 2), axis=1)
    unique, which = np.unique(edges, axis=0, return_inverse=True)
    n_old = matrix.shape[0]
    ab, bc, ca = (n_old + which.reshape(-1, 3)).T
    pieces = np.stack([a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca], axis=1).reshape(-1, 3)
    middle = 0.5 * (matrix[unique[:, 0]] + matrix[unique[:, 1]])
    finer = sparse.csr_array(sparse.vstack([matrix, middle], format="csr"))
    return np.concatenate([faces[~chosen], pieces]), finer


def incidence(faces: IntArray, n_vertices: int) -> sparse.csr_array:
    """(V, F) sparse matrix that sums what belongs to a vertex's triangles."""
    columns = np.repeat(np.arange(len(faces)), 3)
    ones = np.ones(3 * len(faces))
    return sparse.csr_array((ones, (faces.ravel(), columns)), shape=(n_vertices, len(faces)))


def vertex_normals(vertices: FloatArray, faces: IntArray, sums: sparse.csr_array) -> FloatArray:
    """(V, 3) unit normals, the mean of the triangles' around a vertex weighted by area.

    Args:
        vertices: (V, 3) m.
        faces: (F, 3) triangles.
        sums: `incidence(faces, V)`.
    """
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    normals = sums @ np.cross(b - a, c - a)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(length, 1e-20))
