"""What a head is built with: alignment, components, joints, jaw, lids; on made material."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from facedyn_app.headmodel.construction import (
    SculptedJaw,
    anchor_weights,
    fit_jaw,
    turned_offsets,
    unposed_offsets,
)
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray
from open_head.identity import align_similarity, principal_components
from open_head.openings import meet_lids, open_border


def test_alignment_undoes_turn_shift_and_scale() -> None:
    rng = np.random.default_rng(1)
    shape = rng.normal(size=(40, 3))
    turns = Rotation.random(6, rng=1).as_matrix()[:, None]
    scales, shifts = rng.uniform(0.8, 1.2, (6, 1, 1)), rng.normal(size=(6, 1, 3))
    heads = np.concatenate(
        [shape[None], scales * (shape @ turns[:, 0].transpose(0, 2, 1)) + shifts]
    )
    aligned = align_similarity(heads, np.ones(40, dtype=bool))
    np.testing.assert_allclose(aligned, np.broadcast_to(aligned[:1], aligned.shape), atol=1e-9)


def test_components_have_unit_variance_and_fixed_signs() -> None:
    rng = np.random.default_rng(2)
    axes = np.linalg.qr(rng.normal(size=(30, 2)))[0]
    scores = rng.normal(size=(500, 2)) * [3.0, 1.0]
    heads = (scores @ axes.T).reshape(500, 10, 3) + rng.normal(size=(10, 3))
    basis = principal_components(heads, 2)
    assert basis.explained > 0.999999
    directions = basis.directions.reshape(30, 2)
    sizes = np.linalg.norm(directions, axis=0)
    np.testing.assert_allclose(sizes, [3.0, 1.0], rtol=0.1)
    assert np.all(directions[np.abs(directions).argmax(axis=0), [0, 1]] > 0)
    coefficients = (heads - basis.mean).reshape(500, 30) @ directions / sizes**2
    np.testing.assert_allclose(coefficients.var(axis=0, ddof=1), 1.0, rtol=1e-9)


def test_anchored_joints_follow_affine_changes() -> None:
    rng = np.random.default_rng(3)
    vertices = rng.normal(size=(60, 3))
    point = np.array([0.1, 0.2, -0.1])
    row = anchor_weights(vertices, np.arange(10, 60), point, height=0.8)
    np.testing.assert_allclose(row @ vertices, point, atol=1e-12)
    assert not row[:10].any()
    matrix, shift = rng.normal(size=(3, 3)), rng.normal(size=3)
    changed = row @ (vertices @ matrix.T + shift)
    np.testing.assert_allclose(changed, matrix @ point + shift, atol=1e-11)


def test_open_border_of_two_triangles_and_of_a_closed_mesh(tiny_head: HeadModel) -> None:
    square = np.array([[0, 1, 2], [0, 2, 3]])
    np.testing.assert_array_equal(open_border(square), [0, 1, 2, 3])
    assert len(open_border(np.asarray(tiny_head.faces))) == 0


def grid_head() -> tuple[FloatArray, np.ndarray, FloatArray, FloatArray]:
    """A curved sheet, its triangles, a hinge behind it and smooth weights of a chin below."""
    u, v = np.meshgrid(np.linspace(-0.06, 0.06, 25), np.linspace(-0.08, 0.08, 33), indexing="ij")
    vertices = np.stack([u, v, 0.1 - 4 * u**2], axis=-1).reshape(-1, 3)
    number = np.arange(u.size).reshape(u.shape)
    a, b, c, d = (number[i : i - 1 or None, j : j - 1 or None] for i in (0, 1) for j in (0, 1))
    corners = (x[: a.shape[0], : a.shape[1]] for x in (a, c, d, a, d, b))
    faces = np.stack([x.ravel() for x in corners], axis=1).reshape(-1, 3)
    weights = np.clip((-vertices[:, 1] - 0.01) / 0.03, 0, 1)
    return vertices, faces, np.array([0.0, 0.01, 0.02]), weights


def sculpt(vertices: FloatArray, hinge: FloatArray, weights: FloatArray) -> SculptedJaw:
    def swing(turn: list[float]) -> FloatArray:
        arm = vertices - hinge
        return np.asarray(weights[:, None] * (Rotation.from_rotvec(turn).apply(arm) - arm))

    bulge = 0.002 * np.exp(-((vertices[:, 1:2] + 0.02) ** 2) / 1e-4) * [0, 0, 1]
    return SculptedJaw(
        swing([0.35, 0, 0]) + bulge, swing([0, 0.06, 0.02]), swing([0, -0.06, -0.02])
    )


def test_a_made_jaw_is_found_again() -> None:
    vertices, faces, hinge, weights = grid_head()
    sculpted = sculpt(vertices, hinge, weights)
    fit = fit_jaw(vertices, faces, sculpted)
    np.testing.assert_allclose(fit.joint, hinge, atol=4e-3)
    np.testing.assert_allclose(fit.opened, [0.35, 0, 0], atol=0.02)
    np.testing.assert_allclose(fit.left, [0, 0.06, 0.02], atol=0.01)
    assert fit.weights.min() >= 0
    assert fit.weights.max() <= 1
    np.testing.assert_allclose(fit.weights, weights, atol=0.15)


def test_the_turned_jaw_looks_as_sculpted() -> None:
    vertices, faces, hinge, weights = grid_head()
    sculpted = sculpt(vertices, hinge, weights)
    fit = fit_jaw(vertices, faces, sculpted)
    for turn, wanted in ((fit.opened, sculpted.opened), (fit.left, sculpted.left)):
        error = np.linalg.norm(turned_offsets(vertices, fit, turn) - wanted, axis=1)
        assert np.sqrt((error**2).mean()) < 0.0002  # m, of up to 0.035
    np.testing.assert_allclose(turned_offsets(vertices, fit, np.zeros(3)), 0, atol=1e-15)


def test_offsets_meant_for_the_open_mouth_are_turned_back() -> None:
    vertices, faces, hinge, weights = grid_head()
    fit = fit_jaw(vertices, faces, sculpt(vertices, hinge, weights))
    wanted = np.random.default_rng(4).normal(size=vertices.shape)
    local = unposed_offsets(fit, wanted)
    turned = Rotation.from_rotvec(fit.opened).apply(local)
    w = fit.weights[:, None]
    np.testing.assert_allclose((1 - w) * local + w * turned, wanted, atol=1e-9)


def test_lids_are_made_to_meet() -> None:
    x = np.linspace(-0.01, 0.01, 9)
    arch = 0.005 * (1 - (x / 0.0125) ** 2)
    upper, lower = np.stack([x, arch, 0 * x], 1), np.stack([x, -0.4 * arch, 0 * x], 1)
    vertices = np.concatenate([upper, lower])
    blink = np.zeros_like(vertices)
    blink[:9, 1] = -1.4 * arch * np.linspace(1.2, 0.97, 9)  # overshoots and falls short
    closed = vertices + meet_lids(vertices, blink, np.arange(18))
    gap = closed[:9, 1] - closed[9:, 1]
    assert np.all(gap < 0)
    assert np.all(gap > -0.0006)
    assert np.ptp((vertices + blink)[:9, 1] - lower[:, 1]) > 2 * np.ptp(gap)
