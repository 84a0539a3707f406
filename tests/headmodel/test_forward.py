"""The forward function against a slow twin written from the equations, and its derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import roma
import torch
from scipy.spatial.transform import Rotation

from facedyn_app.headmodel.expression_mesh import ExpressionMesh, expression_only_vertices
from facedyn_app.headmodel.forward import head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray


def slow_vertices(head: HeadModel, b: FloatArray, p: FloatArray, pose: FloatArray) -> FloatArray:
    """One head, vertex by vertex, with 4x4 transforms."""
    turns = Rotation.from_rotvec(pose).as_matrix()
    shaped = head.v_template + head.shapedirs @ b + head.exprdirs @ p
    joints = head.J_regressor @ shaped
    features = np.concatenate([(turn - np.eye(3)).ravel() for turn in turns[1:]])
    corrected = shaped + head.posedirs @ features
    world: list[FloatArray] = []
    for j, parent in enumerate(head.parents):
        local = np.eye(4)
        local[:3, :3] = turns[j]
        local[:3, 3] = joints[j] - (joints[parent] if parent >= 0 else 0.0)
        world.append(local if parent < 0 else world[parent] @ local)
    vertices = np.empty_like(corrected)
    for v, place in enumerate(corrected):
        moved = np.zeros(3)
        for j, transform in enumerate(world):
            arm = np.append(place - joints[j], 1.0)
            moved = moved + head.weights[v, j] * (transform @ arm)[:3]
        vertices[v] = moved
    return np.asarray(vertices)


def some_coefficients(
    head: HeadModel, n: int, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    sizes = ((head.n_shape,), (head.n_expression,), (len(head.joint_names), 3))
    b, p, pose = (torch.as_tensor(0.6 * rng.normal(size=(n, *size))) for size in sizes)
    return b, p, pose


def test_forward_is_the_equations(tiny_head: HeadModel) -> None:
    b, p, pose = some_coefficients(tiny_head, 3)
    fast = head_vertices(head_to_tensors(tiny_head, dtype=torch.float64), b, p, pose)
    for row in range(3):
        slow = slow_vertices(tiny_head, *(x[row].numpy() for x in (b, p, pose)))
        np.testing.assert_allclose(fast[row].numpy(), slow, rtol=0, atol=1e-12)


def test_at_rest_the_template_comes_back(tiny_head: HeadModel) -> None:
    zeros = (torch.zeros(1, 3), torch.zeros(1, 4), torch.zeros(1, 5, 3))
    vertices = head_vertices(head_to_tensors(tiny_head), *zeros)[0].numpy()
    np.testing.assert_allclose(vertices, tiny_head.v_template, atol=1e-7)


def test_rotation_matrices_say_the_same_as_vectors(tiny_head: HeadModel) -> None:
    tensors = head_to_tensors(tiny_head, dtype=torch.float64)
    b, p, pose = some_coefficients(tiny_head, 2)
    by_matrix = head_vertices(tensors, b, p, roma.rotvec_to_rotmat(pose))
    torch.testing.assert_close(by_matrix, head_vertices(tensors, b, p, pose), rtol=0, atol=1e-15)


def test_a_subset_moves_as_in_the_whole(tiny_head: HeadModel) -> None:
    tensors = head_to_tensors(tiny_head, dtype=torch.float64)
    b, p, pose = some_coefficients(tiny_head, 4)
    chosen = np.array([41, 3, 3, 60])
    part = head_vertices(tensors.subset(chosen), b, p, pose)
    whole = head_vertices(tensors, b, p, pose)[:, torch.as_tensor(chosen)]
    torch.testing.assert_close(part, whole, rtol=0, atol=1e-15)


def test_derivatives(tiny_head: HeadModel) -> None:
    tensors = head_to_tensors(tiny_head, dtype=torch.float64).subset(np.array([5, 30, 44]))
    inputs = tuple(x.requires_grad_() for x in some_coefficients(tiny_head, 1))
    assert torch.autograd.gradcheck(lambda *x: head_vertices(tensors, *x), inputs, atol=1e-7)


@pytest.mark.parametrize("n", [1, 5])
def test_expression_only_mesh_is_the_forward_function_without_shape(
    tiny_head: HeadModel, n: int
) -> None:
    b, p, pose = some_coefficients(tiny_head, n)
    only_jaw = torch.zeros_like(pose)
    only_jaw[:, tiny_head.jaw_joint] = pose[:, tiny_head.jaw_joint]
    tensors = head_to_tensors(tiny_head, dtype=torch.float64)
    wanted = head_vertices(tensors, torch.zeros_like(b), p, only_jaw).numpy()
    jaw = pose[:, tiny_head.jaw_joint].numpy()
    np.testing.assert_allclose(
        expression_only_vertices(tiny_head, p.numpy(), jaw), wanted, rtol=0, atol=1e-6
    )
    np.testing.assert_allclose(
        ExpressionMesh(tiny_head).vertices(p.numpy(), jaw), wanted, rtol=0, atol=1e-6
    )
