"""The fit's own form of the head against the forward function, at the landmarks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from facedyn_app.fitting.landmark_errors import landmark_head
from facedyn_app.fitting.landmark_head import FIRST_IRIS, pose_landmarks
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.forward import head_to_tensors, head_vertices


@pytest.mark.parametrize(("dtype", "atol"), [(torch.float64, 1e-12), (torch.float32, 3e-7)])
def test_it_is_the_forward_function_at_the_landmarks(dtype: torch.dtype, atol: float) -> None:
    head = load_head("open-head-2")
    table = head.landmarks
    assert table is not None
    used = (table.weight > 0) & (table.index < FIRST_IRIS)
    corners = np.asarray(head.faces)[table.face[used]]
    rng = np.random.default_rng(0)
    n = 20
    shape, expression, jaw = (
        torch.as_tensor(values, dtype=dtype)
        for values in (
            rng.normal(size=(2, head.n_shape)),
            rng.uniform(size=(n, head.n_expression)),
            rng.normal(size=(n, 3)) * [0.3, 0.05, 0.05],
        )
    )
    group = torch.arange(n) % 2
    small = landmark_head(head, device=torch.device("cpu"), dtype=dtype)
    points = pose_landmarks(small, shape, group, expression, jaw).points.mT
    pose = torch.zeros(n, len(head.joint_names), 3, dtype=dtype)
    pose[:, head.jaw_joint] = jaw
    part = head_to_tensors(head, dtype=dtype).subset(corners.ravel())
    vertices = head_vertices(part, shape[group], expression, pose).view(n, -1, 3, 3)
    bary = torch.as_tensor(table.bary[used], dtype=dtype)
    wanted = torch.einsum("lk,nlkd->nld", bary, vertices)
    torch.testing.assert_close(points, wanted, rtol=0, atol=atol)
