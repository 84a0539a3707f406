"""Subdivision, normals, rays and nearest points on meshes whose answers are known."""

from __future__ import annotations

import numpy as np

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering import regions
from facedyn_app.headmodel.rendering.fine_mesh import incidence, subdivide, vertex_normals
from facedyn_app.headmodel.rendering.render import Camera
from facedyn_app.headmodel.surface import hit_pixels, nearest_on_mesh
from facedyn_app.records import FloatArray


def area(vertices: FloatArray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def test_subdivision_keeps_the_surface(tiny_head: HeadModel) -> None:
    faces = np.asarray(tiny_head.faces)
    levels = np.arange(len(faces)) % 3
    fine = subdivide(faces, len(tiny_head.v_template), levels)
    assert len(fine.faces) == (4**levels).sum()
    vertices = fine.vertices(tiny_head.v_template)
    np.testing.assert_allclose(vertices[: len(tiny_head.v_template)], tiny_head.v_template)
    np.testing.assert_allclose(area(vertices, fine.faces), area(tiny_head.v_template, faces))
    np.testing.assert_allclose(fine.matrix.sum(axis=1), 1.0)
    a, b, c = (vertices[fine.faces[:, i]] for i in range(3))
    assert np.einsum("fd,fd->f", a, np.cross(b, c)).min() > 0  # still facing outwards


def test_normals_of_a_sphere_point_outwards(tiny_head: HeadModel) -> None:
    sphere = tiny_head.v_template / np.linalg.norm(tiny_head.v_template, axis=1, keepdims=True)
    faces = np.asarray(tiny_head.faces)
    normals = vertex_normals(sphere, faces, incidence(faces, len(sphere)))
    assert (normals * sphere).sum(axis=1).min() > 0.97


def test_a_ray_meets_the_nearest_triangle_that_faces_it() -> None:
    camera = Camera(200, 100, 100.0)
    near, far = np.array([[-1, -1, 2], [-1, 1, 2], [1, -1, 2.0]]), np.zeros((3, 3))
    far[:] = near
    far[:, 2] = 3
    points = np.concatenate([near, far])
    facing, away = np.array([[0, 1, 2], [3, 4, 5]]), np.array([[0, 2, 1], [3, 4, 5]])
    pixels = np.array([[90.0, 40.0], [190.0, 90.0]])
    hits, met = hit_pixels(points, camera.project(points), facing, pixels)
    np.testing.assert_allclose(hits[0], [-0.2, -0.2, 2.0], atol=1e-12)
    assert met.tolist() == [0, -1]
    assert np.isnan(hits[1]).all()
    hits, met = hit_pixels(points, camera.project(points), away, pixels)
    np.testing.assert_allclose(hits[0], [-0.3, -0.3, 3.0], atol=1e-12)
    assert met[0] == 1


def test_a_ray_on_a_slanted_triangle_is_perspective_correct() -> None:
    camera = Camera(100, 100, 100.0)
    points = np.array([[-1.0, -1, 2], [-1, 1, 4], [1, -1, 5]])
    weights = np.array([0.2, 0.5, 0.3])
    place = weights @ points
    hits, _ = hit_pixels(
        points, camera.project(points), np.array([[0, 1, 2]]), camera.project(place[None])
    )
    np.testing.assert_allclose(hits[0], place, atol=1e-12)


def test_nearest_points_lie_where_brute_force_finds_them(tiny_head: HeadModel) -> None:
    rng = np.random.default_rng(5)
    faces, vertices = np.asarray(tiny_head.faces), tiny_head.v_template
    points = rng.uniform(-0.15, 0.15, (20, 3))
    face, bary = nearest_on_mesh(vertices, faces, points)
    found = np.einsum("lk,lkd->ld", bary, vertices[faces[face]])
    np.testing.assert_allclose(bary.sum(axis=1), 1.0)
    assert bary.min() >= 0
    grid = rng.dirichlet([0.5, 0.5, 0.5], 3000)
    dense = np.einsum("gk,fkd->gfd", grid, vertices[faces]).reshape(-1, 3)
    for place, point in zip(found, points, strict=True):
        best = np.linalg.norm(dense - point, axis=1).min()
        distance = np.linalg.norm(place - point)
        assert best - 0.002 < distance <= best + 1e-12


def test_polygon_and_line_masks() -> None:
    square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    points = np.array([[0.5, 0.5, 0], [1.5, 0.5, 0], [1.0, 0.5, 0], [0.5, 0.5, 1.0]])
    mask = regions.polygon_mask(points, square, soft=0.1, depth=0.5)
    np.testing.assert_allclose(mask, [1.0, 0.0, 0.5, 0.0])
    line = np.array([[0.0, 0, 0], [1, 0, 0]])
    near = np.array([[0.5, 0, 0], [0.5, 0.02, 0], [1.02, 0, 0], [3.0, 0, 0]])
    np.testing.assert_allclose(regions.line_mask(near, line, 0.02), [1.0, 0.5, 0.5, 0.0])


def test_left_and_right_outlines_share_no_point() -> None:
    for left, right in (
        (regions.LEFT_BROW, regions.RIGHT_BROW),
        (regions.LEFT_EYE_UPPER, regions.RIGHT_EYE_UPPER),
        (regions.LEFT_EYE_LOWER, regions.RIGHT_EYE_LOWER),
        (regions.LEFT_IRIS, regions.RIGHT_IRIS),
    ):
        assert len(left) == len(right)
        assert not set(left) & set(right)
