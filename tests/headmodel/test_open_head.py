"""The built-in head: anatomy, jaw, eyes and identity."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from facedyn_app.headmodel.forward import HeadTensors, head_to_tensors, head_vertices
from facedyn_app.headmodel.model import (
    REGION_EYE,
    REGION_LID_EDGE,
    REGION_LIPS,
    REGION_SKIN,
    HeadModel,
    rest_joints,
)
from facedyn_app.headmodel.rendering.render import Camera, head_to_camera
from facedyn_app.headmodel.surface import hit_pixels
from facedyn_app.records import BoolArray, FloatArray
from open_head.openings import crossings


@cache
def in_double(head: HeadModel) -> HeadTensors:
    return head_to_tensors(head, dtype=torch.float64)


def posed(
    head: HeadModel, *, joint: str = "jaw", turn: Sequence[float] | FloatArray = (0, 0, 0)
) -> FloatArray:
    pose = torch.zeros(1, 5, 3, dtype=torch.float64)
    pose[0, head.joint_names.index(joint)] = torch.as_tensor(np.asarray(turn, dtype=np.float64))
    zeros = torch.zeros(1, head.n_shape).double(), torch.zeros(1, head.n_expression).double()
    return np.asarray(head_vertices(in_double(head), *zeros, pose)[0].numpy())


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
    moved = posed(head, turn=(0.35, 0, 0)) - head.v_template
    lips = np.flatnonzero(head.region == REGION_LIPS)
    lower = lips[moved[lips, 1].argmin()]
    assert moved[lower, 1] < -0.025
    assert np.abs(moved[head.v_template[:, 1] > 0.03]).max() < 0.002
    np.testing.assert_allclose(moved[head.region == REGION_EYE], 0, atol=1e-15)


@pytest.mark.parametrize(
    ("sculpted", "turn"),
    [("jawOpen", "jaw_open"), ("jawLeft", "jaw_left"), ("jawRight", "jaw_right")],
)
def test_the_turned_jaw_looks_as_sculpted(head: HeadModel, sculpted: str, turn: str) -> None:
    """Over the lower face, from closed to fully open, the sculpt scaled linearly."""
    with np.load(Path(__file__).with_name("sculpted_jaw.npz")) as offsets:
        wanted = 1e-5 * offsets[sculpted]
    height = head.v_template[:, 1]
    lower_face = (
        np.isin(np.asarray(head.region), (REGION_SKIN, REGION_LIPS))
        & (height < 0.0)  # the base of the nose is at 1 mm
        & (height > -0.085)  # the chin ends at -65 mm
        & (head.v_template[:, 2] > 0.0)
    )
    assert lower_face.sum() > 700
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        full = np.asarray(head.meta[turn])
        error = posed(head, turn=share * full) - head.v_template - share * wanted
        rms_mm = 1e3 * np.sqrt((error[lower_face] ** 2).sum(axis=1).mean())
        assert rms_mm < (0.3 if share == 1 else 1.0), share


def test_lips_and_lids_do_not_pass_through_themselves_at_rest(head: HeadModel) -> None:
    vertices = np.asarray(head.v_template, dtype=np.float64)
    middles = vertices[head.faces].mean(axis=1)
    lips = vertices[head.region == REGION_LIPS].mean(axis=0)
    mouth = np.linalg.norm(middles - lips, axis=1) < 0.045
    assert len(crossings(vertices, head.faces[mouth])) == 0
    # eyeballs are meant to pass through the lids' inner edges, which they hide
    skin = ~(np.asarray(head.region)[head.faces] == REGION_EYE).all(axis=1)
    for joint in rest_joints(head)[3:]:
        lids = skin & (np.linalg.norm(middles - joint, axis=1) < 0.035)
        assert len(crossings(vertices, head.faces[lids])) == 0


def test_expressions_leave_the_back_of_the_head_still(head: HeadModel) -> None:
    back = head.v_template[:, 2] < 0
    assert back.sum() > 400
    assert np.abs(head.exprdirs[back]).max() < 1e-6
    scalp = back & (head.v_template[:, 1] > 0)
    for name in ("jaw_open", "jaw_left", "jaw_right"):
        chewing = posed(head, turn=head.meta[name])
        np.testing.assert_allclose(chewing[scalp], head.v_template[scalp], atol=1e-7)


def seen_eyeball(head: HeadModel, vertices: FloatArray, side: int) -> BoolArray:
    """Whether rays 0.7 mm apart around an eye first meet its eyeball, from 70 cm in front."""
    camera = Camera(1000, 1000, 1000.0)
    placed = head_to_camera(vertices, np.zeros(3), np.array([0, 0, 0.7]))
    middle = camera.project(head_to_camera(rest_joints(head), np.zeros(3), np.array([0, 0, 0.7])))
    x, y = np.meshgrid(np.arange(-26.0, 27.0), np.arange(-18.0, 19.0))
    pixels = middle[3 if side > 0 else 4] + np.stack([x.ravel(), y.ravel()], axis=1)
    _, met = hit_pixels(placed, camera.project(placed), np.asarray(head.faces), pixels)
    return np.asarray(
        (np.asarray(head.region)[head.faces[met]] == REGION_EYE).all(axis=1) & (met >= 0)
    )


@pytest.mark.parametrize(("joint", "side"), [("left_eye", 1), ("right_eye", -1)])
def test_eyes_turn_in_their_sockets(head: HeadModel, joint: str, side: int) -> None:
    rest = np.asarray(head.v_template, dtype=np.float64)
    ball = (head.region == REGION_EYE) & (side * rest[:, 0] > 0)
    centre = rest_joints(head)[head.joint_names.index(joint)]
    distance = np.linalg.norm(rest[ball] - centre, axis=1)
    assert np.ptp(distance) < 0.0007  # m: a sphere, so its turning leaves its surface in place
    pupil = np.flatnonzero(ball)[rest[ball, 2].argmax()]
    opening = seen_eyeball(head, rest, side)
    assert opening.sum() > 200
    for left_deg, up_deg in ((25, 0), (-25, 0), (0, 15), (0, -15), (25, 15), (-25, -15)):
        turn = Rotation.from_euler("yx", [left_deg, -up_deg], degrees=True)
        turned = posed(head, joint=joint, turn=turn.as_rotvec())
        np.testing.assert_allclose(turned[~ball], rest[~ball], atol=1e-8)
        radius = np.linalg.norm(turned[ball] - centre, axis=1)
        np.testing.assert_allclose(radius, distance, rtol=0, atol=1e-7)
        shift = turned[pupil] - rest[pupil]
        assert np.sign(np.rint(1e3 * shift[0])) == np.sign(left_deg)
        assert np.sign(np.rint(1e3 * shift[1])) == np.sign(up_deg)
        hollow = opening & ~seen_eyeball(head, turned, side)
        assert hollow.sum() <= 0.01 * opening.sum(), (left_deg, up_deg)


def test_a_turn_of_the_jaw_to_the_left_takes_the_chin_to_the_left(head: HeadModel) -> None:
    chin = np.flatnonzero((head.v_template[:, 1] < -0.05) & (head.v_template[:, 2] > 0.1))
    left = posed(head, turn=head.meta["jaw_left"]) - head.v_template
    right = posed(head, turn=head.meta["jaw_right"]) - head.v_template
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
    assert head.meta["variance_kept"] > 0.995
