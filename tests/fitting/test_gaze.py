"""Gaze from the irises of a head whose eyes were turned by the forward function."""

from __future__ import annotations

import numpy as np
import pytest
import roma
import torch

from facedyn_app.fitting.gaze import gaze_angles, head_eyes
from facedyn_app.fitting.state import FaceState
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.forward import head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, Landmarks

FOCAL_PX = 700.0


def test_turned_eyes_are_read_back() -> None:
    head = load_head("open-head-1")
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
