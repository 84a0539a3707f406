"""The colours of a head's texture at the vertices of a finer mesh."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import sparse

from facedyn_app.headmodel.drawing.subdivide import FineMesh
from facedyn_app.headmodel.model import HeadTexture
from facedyn_app.records import BoolArray, FloatArray, IntArray


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
