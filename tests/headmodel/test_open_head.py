"""The built-in head: anatomy, jaw, eyes and identity."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from facedyn_app.headmodel.forward import head_to_tensors, head_vertices
from facedyn_app.headmodel.io import load_head
from facedyn_app.headmodel.model import (
    REGION_EYE,
    REGION_LID_EDGE,
    REGION_LIPS,
    HeadModel,
    rest_joints,
)
from facedyn_app.records import FloatArray


@pytest.fixture(scope="module")
def head() -> HeadModel:
    return load_head("open-head-1")


def posed(head: HeadModel, *, jaw: tuple[float, float, float] = (0, 0, 0)) -> FloatArray:
    pose = torch.zeros(1, 5, 3, dtype=torch.float64)
    pose[0, head.jaw_joint] = torch.tensor(jaw, dtype=torch.float64)
    zeros = torch.zeros(1, head.n_shape).double(), torch.zeros(1, head.n_expression).double()
    tensors = head_to_tensors(head, dtype=torch.float64)
    return np.asarray(head_vertices(tensors, *zeros, pose)[0].numpy())


def test_it_is_a_head_in_metres_that_looks_along_z(head: HeadModel) -> None:
    joints = dict(zip(head.joint_names, rest_joints(head), strict=True))
    assert tuple(joints) == ("root", "neck", "jaw", "left_eye", "right_eye")
    assert 0.15 < np.ptp(head.v_template[:, 0]) < 0.2  # with ears
    between = joints["left_eye"] - joints["right_eye"]
    assert 0.055 < between[0] < 0.07
    np.testing.assert_allclose(between[1:], 0, atol=1e-4)
    nose = head.v_template[head.v_template[:, 2].argmax()]
    np.testing.assert_allclose(nose[0], 0, atol=2e-3)
    assert joints["jaw"][2] < joints["left_eye"][2] - 0.03
    assert joints["root"][1] < joints["neck"][1] < joints["left_eye"][1]


def test_tables_are_sound(head: HeadModel) -> None:
    np.testing.assert_allclose(head.weights.sum(axis=1), 1, atol=1e-5)
    assert head.weights.min() >= -1e-6
    np.testing.assert_allclose(head.J_regressor.sum(axis=1), 1, atol=1e-4)
    assert len(head.expression_names) == 40
    assert "jawForward" in head.expression_names
    assert not {"jawOpen", "tongueOut"} & set(head.expression_names)
    a, b, c = (head.v_template[head.faces[:, i]] for i in range(3))
    volume = np.einsum("fd,fd->f", a, np.cross(b, c)).sum() / 6
    assert volume > 0.002  # m^3: triangles face outwards


def test_the_jaw_opens_the_mouth_and_leaves_the_rest(head: HeadModel) -> None:
    moved = posed(head, jaw=(0.35, 0, 0)) - head.v_template
    lips = np.flatnonzero(head.region == REGION_LIPS)
    lower = lips[moved[lips, 1].argmin()]
    assert moved[lower, 1] < -0.025
    assert np.abs(moved[head.v_template[:, 1] > 0.03]).max() < 0.002
    np.testing.assert_allclose(moved[head.region == REGION_EYE], 0, atol=1e-15)


def test_the_turned_jaw_matched_the_sculpted_one_when_the_head_was_built(head: HeadModel) -> None:
    assert set(head.meta["jaw_rms_mm"]) == {"open", "left", "right"}
    assert max(head.meta["jaw_rms_mm"].values()) < 0.5


def test_a_turn_of_the_jaw_to_the_left_takes_the_chin_to_the_left(head: HeadModel) -> None:
    chin = np.flatnonzero((head.v_template[:, 1] < -0.05) & (head.v_template[:, 2] > 0.1))
    left = posed(head, jaw=tuple(head.meta["jaw_left"])) - head.v_template
    right = posed(head, jaw=tuple(head.meta["jaw_right"])) - head.v_template
    assert left[chin, 0].mean() > 0.004
    assert right[chin, 0].mean() < -0.004


def test_left_actions_move_the_subjects_left(head: HeadModel) -> None:
    for k, name in enumerate(head.expression_names):
        if name.endswith(("Left", "Right")) and name not in ("mouthLeft", "mouthRight"):
            moved = np.linalg.norm(head.exprdirs[:, :, k], axis=1)
            centre = (moved * head.v_template[:, 0]).sum() / moved.sum()
            assert (centre > 0.005) if name.endswith("Left") else (centre < -0.005), name


def test_a_blink_closes_the_eye(head: HeadModel) -> None:
    blink = head.exprdirs[:, :, head.expression_names.index("eyeBlinkLeft")]
    edge = np.flatnonzero((head.region == REGION_LID_EDGE) & (head.v_template[:, 0] > 0))
    closed = head.v_template[edge] + blink[edge]
    upper = blink[edge, 1] < 0.5 * blink[edge, 1].min()
    lower = closed[~upper & (head.v_template[edge, 1] < rest_joints(head)[3, 1])]
    order = lower[:, 0].argsort()
    reached = np.interp(closed[upper, 0], lower[order, 0], lower[order, 1])
    opening = head.v_template[edge[upper], 1] - reached
    assert opening.max() > 0.006
    gap = np.abs(closed[upper, 1] - reached)
    assert np.median(gap) < 0.0005
    assert gap.max() < 0.002  # at the inner corner


def test_eye_joints_are_the_middles_of_the_eyeballs_for_every_identity(head: HeadModel) -> None:
    rng = np.random.default_rng(3)
    for b in rng.normal(size=(20, head.n_shape)):
        v = head.v_template + head.shapedirs @ b
        joints = head.J_regressor @ v
        for row, side in ((3, 1), (4, -1)):
            ball = (head.region == REGION_EYE) & (side * head.v_template[:, 0] > 0)
            radius = np.linalg.norm(v[ball] - joints[row], axis=1)
            assert 0.010 < radius.mean() < 0.022
            assert radius.std() < 0.08 * radius.mean()


def test_identity_coefficients_are_in_standard_deviations(head: HeadModel) -> None:
    size = np.sqrt((head.shapedirs**2).sum(axis=(0, 1)))
    assert np.all(np.diff(size) <= 1e-6)
    directions = head.shapedirs.reshape(-1, head.n_shape) / size
    np.testing.assert_allclose(directions.T @ directions, np.eye(head.n_shape), atol=1e-3)
    assert head.meta["variance_kept"] > 0.99
