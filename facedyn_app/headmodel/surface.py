"""Points on a triangle mesh: where a ray meets it, and what of it lies nearest."""

from __future__ import annotations

from typing import Final

import numpy as np

from facedyn_app.records import FloatArray, IntArray

N_CANDIDATES: Final = 200
"""Triangles that are tried for the one nearest to a point: those with the nearest centres."""


def hit_pixels(
    points: FloatArray, image: FloatArray, faces: IntArray, pixels: FloatArray
) -> tuple[FloatArray, IntArray]:
    """Where the rays through pixels first meet the front of a mesh that a pinhole camera sees.

    A pixel inside a projected triangle has the barycentric weights of its corners, each divided
    by its depth and normalised, in space (perspective-correct interpolation).

    Args:
        points: (V, 3) vertices in the camera frame, m.
        image: (V, 2) their projections, px.
        faces: (F, 3) triangles.
        pixels: (L, 2) px.

    Returns:
        (L, 3) points in the camera frame, m, and (L,) their triangles; NaN and -1 where the
        ray misses.
    """
    numbers = _faces_at(image[faces], pixels)
    faces = faces[numbers]
    corners = image[faces]
    (x0, y0), (x1, y1) = corners.min(axis=1).T.copy(), corners.max(axis=1).T.copy()
    hits = np.full((len(pixels), 3), np.nan)
    hit_faces = np.full(len(pixels), -1)
    for i, pixel in enumerate(pixels):
        x, y = pixel
        near = np.flatnonzero((x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1))
        weights = _flat_bary(corners[near], pixel)
        inside = (weights >= -1e-9).all(axis=1)
        if not inside.any():
            continue
        near, weights = near[inside], weights[inside]
        weights = weights / points[faces[near], 2]
        weights /= weights.sum(axis=1, keepdims=True)
        places = np.einsum("fk,fkd->fd", weights, points[faces[near]])
        first = places[:, 2].argmin()
        hits[i], hit_faces[i] = places[first], numbers[near[first]]
    return hits, hit_faces


def _faces_at(corners: FloatArray, pixels: FloatArray) -> IntArray:
    """The triangles (F, 3, 2) whose bounding box, in whole pixels, holds one of the points.

    The points in a box are counted by an integral image: most triangles hold none.
    """
    start = np.floor(pixels.min(axis=0)).astype(np.int64)
    size = np.floor(pixels.max(axis=0)).astype(np.int64) - start + 1
    counts = np.zeros(size, dtype=np.int64)
    np.add.at(counts, tuple((np.floor(pixels).astype(np.int64) - start).T), 1)
    total = np.zeros(size + 1, dtype=np.int64)
    total[1:, 1:] = counts.cumsum(axis=0).cumsum(axis=1)
    x0, y0 = np.clip(np.floor(corners.min(axis=1)) - start, 0, size).astype(np.int64).T
    x1, y1 = np.clip(np.floor(corners.max(axis=1)) - start + 1, 0, size).astype(np.int64).T
    inside = total[x1, y1] - total[x0, y1] - total[x1, y0] + total[x0, y0]
    return np.flatnonzero(inside > 0)


def _flat_bary(corners: FloatArray, pixel: FloatArray) -> FloatArray:
    """(F, 3) barycentric weights of a point in plane triangles (F, 3, 2).

    All -1 for flat triangles and for those seen from behind: with y down, a triangle that is
    counter-clockwise from outside has a negative area.
    """
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    area = _cross(b - a, c - a)
    flat = area > -1e-12
    size = np.where(flat, 1.0, area)
    u = _cross(c - b, pixel - b) / size
    v = _cross(a - c, pixel - c) / size
    return np.where(flat[:, None], -1.0, np.stack([u, v, 1 - u - v], axis=1))


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def nearest_on_mesh(
    vertices: FloatArray, faces: IntArray, points: FloatArray
) -> tuple[IntArray, FloatArray]:
    """The triangle and the place in it that lie nearest to each point.

    Args:
        vertices: (V, 3) m.
        faces: (F, 3) triangles to choose from.
        points: (L, 3) m.

    Returns:
        (L,) row of `faces` and (L, 3) barycentric weights.
    """
    corners = np.asarray(vertices, dtype=np.float64)[faces]
    centres = corners.mean(axis=1)
    chosen = np.empty(len(points), dtype=np.int64)
    bary = np.empty((len(points), 3))
    n = min(N_CANDIDATES, len(faces))
    for i, point in enumerate(points):
        distance = ((centres - point) ** 2).sum(axis=1)
        near = np.sort(np.argpartition(distance, n - 1)[:n])
        weights = _closest_bary(corners[near], point)
        places = np.einsum("fk,fkd->fd", weights, corners[near])
        best = ((places - point) ** 2).sum(axis=1).argmin()
        chosen[i], bary[i] = near[best], weights[best]
    return chosen, bary


def _closest_bary(corners: FloatArray, point: FloatArray) -> FloatArray:
    """(F, 3) weights of the point of each triangle (F, 3, 3) nearest to a point in space.

    Either the foot of the perpendicular, where it lies inside, or the best of the three edges.
    """
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac, ap = b - a, c - a, point - a
    d00, d01, d11 = (ab * ab).sum(1), (ab * ac).sum(1), (ac * ac).sum(1)
    d20, d21 = (ap * ab).sum(1), (ap * ac).sum(1)
    area = np.maximum(d00 * d11 - d01 * d01, 1e-24)
    v, w = (d11 * d20 - d01 * d21) / area, (d00 * d21 - d01 * d20) / area
    foot = np.stack([1 - v - w, v, w], axis=1)
    best = foot
    best_distance = np.where((foot >= 0).all(axis=1), _distance(corners, foot, point), np.inf)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        step = corners[:, j] - corners[:, i]
        length = np.maximum((step**2).sum(axis=1), 1e-24)
        along = np.clip(((point - corners[:, i]) * step).sum(axis=1) / length, 0, 1)
        weights = np.zeros_like(foot)
        weights[:, i], weights[:, j] = 1 - along, along
        distance = _distance(corners, weights, point)
        closer = distance < best_distance
        best = np.where(closer[:, None], weights, best)
        best_distance = np.minimum(distance, best_distance)
    return best


def _distance(corners: FloatArray, weights: FloatArray, point: FloatArray) -> FloatArray:
    places = np.einsum("fk,fkd->fd", weights, corners)
    return np.asarray(((places - point) ** 2).sum(axis=1))
