"""Gaze from the irises of a head whose eyes were turned by the forward function."""

from __future__ import annotations

import numpy as np
import pytest
import roma
import torch

from facedyn_app.fitting.gaze import eye_openings, gaze_angles, head_eyes, joint_gaze
from facedyn_app.fitting.state import FaceState
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.forward import head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, FloatArray, Landmarks

FOCAL_PX = 700.0


def test_turned_eyes_are_read_back() -> None:
    head = load_head("open-head-2")
    table = head.landmarks
    assert table is not None
    n, rng = 6, np.random.default_rng(1)
    shape = torch.as_tensor(rng.normal(size=(1, head.n_shape)))
    expression = torch.as_tensor(rng.uniform(0, 0.3, size=(n, head.n_expression)))
    turned = torch.as_tensor(rng.uniform(-0.3, 0.3, size=(n, 2, 2)))
    pose = torch.zeros(n, len(head.joint_names), 3).double()
    for k, name in enumerate(("left_eye", "right_eye")):
        # yaw turns about y, then pitch up about -x of the turned eye
        yaw, pitch = torch.zeros(n, 3).double(), torch.zeros(n, 3).double()
        yaw[:, 1], pitch[:, 0] = turned[:, k, 0], -turned[:, k, 1]
        both = roma.rotvec_to_rotmat(yaw) @ roma.rotvec_to_rotmat(pitch)
        pose[:, head.joint_names.index(name)] = roma.rotmat_to_rotvec(both)
    tensors = head_to_tensors(head, dtype=torch.float64)
    vertices = head_vertices(tensors, shape.expand(n, -1), expression, pose)
    rotation = roma.rotvec_to_rotmat(torch.as_tensor(rng.normal(size=(n, 3)) * 0.15))
    translation = torch.tensor([0.02, -0.01, 0.6]).double().expand(n, -1)
    corners = vertices[:, torch.as_tensor(np.asarray(head.faces)[table.face].astype(np.int64))]
    inside = torch.einsum("lk,tlkc->tlc", torch.as_tensor(table.bary).double(), corners)
    facing = torch.tensor([1.0, -1.0, -1.0]).double()
    camera = inside @ rotation.mT * facing + translation[:, None]
    points = np.zeros((n, N_LANDMARKS, 2), np.float32)
    points[:, table.index] = FOCAL_PX * camera[..., :2] / camera[..., 2:] + 200.0
    scores = np.zeros((n, N_BLENDSHAPES), np.float32)
    landmarks = Landmarks(np.arange(n) / 25.0, points, scores, 400, 400)
    state = FaceState(rotation, translation, torch.zeros(n, 3).double(), expression, shape)
    eyes = head_eyes(head, translation)
    assert eyes is not None
    angles = gaze_angles(eyes, landmarks, state, FOCAL_PX)
    # the size of another face's eyes is that of the mean head's only about
    assert angles == pytest.approx(turned.numpy(), abs=0.08)
    assert np.corrcoef(angles.ravel(), turned.numpy().ravel())[0, 1] > 0.98


def test_a_head_without_eyes_has_no_gaze(face_head: HeadModel) -> None:
    assert head_eyes(face_head, torch.zeros(1)) is None


def open_eyes(n: int) -> FloatArray:
    return np.full((n, 2), 0.3)


def test_both_eyes_get_the_mean_of_what_they_show() -> None:
    true = np.stack([np.linspace(-0.2, 0.2, 9), np.linspace(0.1, -0.1, 9)], axis=1)
    apart = np.array([[0.05, -0.03], [-0.05, 0.03]])  # each eye's own error
    gaze = joint_gaze(true[:, None] + apart, open_eyes(9))
    assert gaze == pytest.approx(np.repeat(true[:, None], 2, axis=1), abs=1e-6)


def test_an_eye_that_shuts_tells_nothing_and_nothing_jumps() -> None:
    true = np.stack([np.linspace(-0.2, 0.2, 9), np.linspace(0.1, -0.1, 9)], axis=1)
    angles = true[:, None] + np.array([[0.05, -0.03], [-0.05, 0.03]])
    openings = open_eyes(9)
    openings[4, 0] = 0.1
    angles[4, 0] = 1.0  # the iris where the lid is
    gaze = joint_gaze(angles, openings)
    assert gaze == pytest.approx(np.repeat(true[:, None], 2, axis=1), abs=1e-6)


def test_a_blink_is_bridged() -> None:
    angles = np.zeros((8, 2, 2))
    angles[5:] = 0.2
    angles[3:5] = -0.6
    openings = open_eyes(8)
    openings[3:5] = 0.05
    gaze = joint_gaze(angles, openings)
    steps = [0, 0, 0, 0.2 / 3, 0.4 / 3, 0.2, 0.2, 0.2]
    assert gaze == pytest.approx(np.broadcast_to(np.array(steps)[:, None, None], (8, 2, 2)))


def test_frames_without_a_gaze_stay_without_one() -> None:
    angles = np.full((4, 2, 2), 0.1)
    angles[1] = np.nan
    gaze = joint_gaze(angles, open_eyes(4))
    assert np.isnan(gaze[1]).all()
    assert gaze[[0, 2, 3]] == pytest.approx(0.1)
    assert np.isnan(joint_gaze(np.full((2, 2, 2), np.nan), open_eyes(2))).all()


def test_the_opening_of_an_eye_is_its_height_over_its_width() -> None:
    points = np.zeros((1, N_LANDMARKS, 2))
    points[0, [386, 374, 362, 263]] = [[5, 0], [5, 3], [0, 2], [12, 2]]
    points[0, [159, 145, 133, 33]] = [[-5, 0], [-5, 1], [0, 2], [-8, 2]]
    assert eye_openings(points) == pytest.approx(np.array([[3 / 12, 1 / 8]]))
