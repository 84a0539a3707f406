"""Triangles that pass through each other, and lips that are parted."""

from __future__ import annotations

import numpy as np

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, IntArray
from open_head.openings import crossings, part_lips

FLAT = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
TWO = np.array([[0, 1, 2], [3, 4, 5]])


def upright(x: float, low: float, high: float) -> FloatArray:
    return np.array([[x, 0.2, low], [x, 0.4, low], [x, 0.3, high]])


def test_a_triangle_through_another_is_found() -> None:
    pierced = crossings(np.concatenate([FLAT, upright(0.3, -0.5, 0.5)]), TWO)
    np.testing.assert_array_equal(pierced, [[0, 1]])


def test_triangles_beside_or_above_each_other_do_not_cross() -> None:
    for other in (upright(0.3, 0.1, 0.5), upright(0.9, -0.5, 0.5), FLAT + np.array([0, 0, 0.01])):
        assert len(crossings(np.concatenate([FLAT, other]), TWO)) == 0


def test_neighbours_do_not_cross(tiny_head: HeadModel) -> None:
    assert len(crossings(tiny_head.v_template, np.asarray(tiny_head.faces))) == 0


def test_two_balls_cross_where_they_meet(tiny_head: HeadModel) -> None:
    n = len(tiny_head.v_template)
    faces = np.concatenate([tiny_head.faces, np.asarray(tiny_head.faces) + n])
    moved = tiny_head.v_template + np.array([0.1, 0.0, 0.0])
    pairs = crossings(np.concatenate([tiny_head.v_template, moved]), faces)
    assert len(pairs) > 10
    assert (pairs[:, 0] < len(tiny_head.faces)).all()
    assert (pairs[:, 1] >= len(tiny_head.faces)).all()
    x = np.concatenate([tiny_head.v_template, moved])[faces[pairs]].mean(axis=(1, 2))[:, 0]
    np.testing.assert_allclose(x, 0.05, atol=0.03)


def sheets(overlap: float) -> tuple[FloatArray, IntArray, FloatArray]:
    """An upper and a lower lip, two wavy sheets that sink into each other, and their opening."""
    x, z = np.meshgrid(np.linspace(-0.02, 0.02, 15), np.linspace(0, 0.01, 6), indexing="ij")
    wave = 0.5 * overlap * np.cos(np.pi * x / 0.02)
    upper = np.stack([x, 0.0005 - wave, z], axis=-1).reshape(-1, 3)
    lower = np.stack([x + 4e-4, -0.0005 + wave, z + 3e-4], axis=-1).reshape(-1, 3)
    number = np.arange(x.size).reshape(x.shape)
    a, b, c, d = (number[i : i - 1 or None, j : j - 1 or None] for i in (0, 1) for j in (0, 1))
    one = np.concatenate([np.stack(t, axis=-1).reshape(-1, 3) for t in ((a, b, c), (b, d, c))])
    opened = np.zeros((2 * x.size, 3))
    opened[x.size :, 1] = -0.03
    return np.concatenate([upper, lower]), np.concatenate([one, one + x.size]), opened


def test_lips_are_parted_where_they_touch_and_left_elsewhere() -> None:
    vertices, faces, opened = sheets(overlap=0.0014)
    assert len(crossings(vertices, faces)) > 0
    parted = part_lips(vertices, faces, opened)
    assert len(crossings(parted, faces)) == 0
    moved = parted - vertices
    np.testing.assert_allclose(moved[:, [0, 2]], 0, atol=0)
    half = len(vertices) // 2
    assert moved[:half, 1].min() >= 0
    assert moved[half:, 1].max() <= 0
    assert 0.0001 < np.abs(moved).max() < 0.0004
    far = np.abs(np.abs(vertices[:, 0]) - 0.02) < 1e-3
    assert np.abs(moved[far]).max() < 2e-5


def test_lips_that_do_not_touch_stay() -> None:
    vertices, faces, opened = sheets(overlap=0.0005)
    np.testing.assert_array_equal(part_lips(vertices, faces, opened), vertices)
