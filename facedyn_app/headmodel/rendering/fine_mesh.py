"""Fine meshes for vertex colours: midpoint subdivision, normals, the colours of a texture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import sparse

from facedyn_app.headmodel.model import HeadTexture
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

    Neighbours of different levels meet along straight edges, so there is no gap to see. Unlike
    trimesh's subdivision it gives the mixes that a moving mesh needs, not the places of one mesh.

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


def texture_colours(
    texture: HeadTexture, faces: IntArray, mesh: FineMesh
) -> tuple[FloatArray, BoolArray]:
    """The texture's colour at each fine vertex, and which vertices have one.

    A fine vertex lies in a triangle whose corners it is mixed from, so that it is looked up
    inside that triangle: across the seams of the picture nothing is mixed.

    Args:
        texture: The texture of the head.
        faces: (F, 3) triangles of the head, as `texture.uv` has them.
        mesh: A subdivision of the head.

    Returns:
        (V', 3) colours 0..255 and (V',) bool.
    """
    textured = (texture.uv >= 0).all(axis=(1, 2))
    rows = np.flatnonzero(textured)
    face, weights = _home_triangles(np.asarray(faces)[rows], mesh)
    found = face >= 0
    uv = np.einsum("nk,nkd->nd", weights[found], texture.uv[rows[face[found]]].astype(np.float64))
    colours = np.zeros((len(face), 3))
    colours[found] = _sample(texture, uv)
    return colours, found


def _home_triangles(faces: IntArray, mesh: FineMesh) -> tuple[IntArray, FloatArray]:
    """A triangle that holds each fine vertex, -1 where none does, and the weights (V', 3) in it."""
    n_fine, n_coarse = mesh.matrix.shape
    belongs = sparse.csr_array(
        (np.ones(faces.size), (faces.ravel(), np.repeat(np.arange(len(faces)), 3))),
        shape=(n_coarse, len(faces)),
    )
    used = sparse.csr_array(mesh.matrix > 0, dtype=np.float64)
    n_sources = np.diff(used.indptr)
    # How many of a fine vertex's sources are corners of each triangle: all, in its home.
    shared = sparse.coo_array(used @ belongs)
    row, column = shared.coords
    home = shared.data > n_sources[row] - 0.5
    face = np.full(n_fine, -1, dtype=np.int64)
    face[row[home][::-1]] = column[home][::-1]
    found = np.flatnonzero(face >= 0)
    weights = np.zeros((n_fine, 3))
    corners = faces[face[found]]
    for k in range(3):
        weights[found, k] = mesh.matrix[found, corners[:, k]]
    return face, weights


def _sample(texture: HeadTexture, uv: FloatArray) -> FloatArray:
    """(N, 3) bilinear samples of the picture, repeated beyond its edges."""
    height, width = texture.image.shape[:2]
    wrapped = np.where(uv == 1.0, 1.0, uv % 1.0)
    x = (wrapped[:, 0] * width - 0.5).astype(np.float32)[:, None]
    y = ((1.0 - wrapped[:, 1]) * height - 0.5).astype(np.float32)[:, None]
    mode, edge = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    # OpenCV's remap takes pictures of less than 32,768 rows.
    pieces = [
        cv2.remap(texture.image, x[i : i + 16384], y[i : i + 16384], mode, borderMode=edge)
        for i in range(0, len(x), 16384)
    ]
    return np.concatenate(pieces).reshape(-1, 3).astype(np.float64)
