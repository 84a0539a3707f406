"""The forward function against a slow twin written from the equations, and its derivatives."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import roma
import torch
from scipy.spatial.transform import Rotation

from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.forward import head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.part_meshes import ExpressionMesh
from facedyn_app.records import FloatArray


@pytest.fixture(scope="module")
def open_head() -> HeadModel:
    return load_head("open-head-2")


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


def test_the_open_head_is_the_equations(open_head: HeadModel) -> None:
    b, p, pose = some_coefficients(open_head, 1)
    fast = head_vertices(head_to_tensors(open_head, dtype=torch.float64), b, p, pose)
    slow = slow_vertices(open_head, *(x[0].numpy() for x in (b, p, pose)))
    np.testing.assert_allclose(fast[0].numpy(), slow, rtol=0, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_subset_moves_bit_by_bit_as_in_the_whole(
    open_head: HeadModel, dtype: torch.dtype
) -> None:
    whole = head_to_tensors(open_head, dtype=dtype)
    rng = np.random.default_rng(1)
    table = open_head.landmarks
    assert table is not None
    triangles = np.asarray(open_head.faces)[table.face]
    chosen = [
        np.unique(triangles),
        np.unique(triangles[rng.permutation(len(triangles))[:70]]),
        np.array([4505]),
        rng.integers(0, 4506, 333),
    ]
    parts = [whole.subset(vertices) for vertices in chosen]
    for n in (1, 2, 3, 5, 7, 9, 16, 33, 127, 200):
        b, p, pose = (x.to(dtype) for x in some_coefficients(open_head, n, seed=n))
        vertices = head_vertices(whole, b, p, pose)
        for part, rows in zip(parts, chosen, strict=True):
            assert torch.equal(head_vertices(part, b, p, pose), vertices[:, rows])


def test_a_part_of_a_part(tiny_head: HeadModel) -> None:
    tensors = head_to_tensors(tiny_head)
    b, p, pose = (x.float() for x in some_coefficients(tiny_head, 4))
    part = tensors.subset(np.array([41, 3, 3, 60])).subset(np.array([3, 0]))
    assert torch.equal(
        head_vertices(part, b, p, pose), head_vertices(tensors, b, p, pose)[:, [60, 41]]
    )


@pytest.mark.parametrize("size", [0.0, 1.0])
def test_derivatives(tiny_head: HeadModel, size: float) -> None:
    tensors = head_to_tensors(tiny_head, dtype=torch.float64).subset(np.array([5, 30, 44]))
    b, p, pose = some_coefficients(tiny_head, 2)
    inputs = tuple(x.requires_grad_() for x in (b, p, size * pose))
    assert torch.autograd.gradcheck(lambda *x: head_vertices(tensors, *x), inputs, atol=1e-7)


def test_joints_follow_shape_and_expression_together(tiny_head: HeadModel) -> None:
    """Hung wholly on the jaw, a head turns about the jaw joint of its face, not of the mean's."""
    rigid = np.zeros_like(tiny_head.weights)
    rigid[:, tiny_head.jaw_joint] = 1.0
    head = dataclasses.replace(tiny_head, weights=rigid, posedirs=np.zeros_like(tiny_head.posedirs))
    b, p, _ = some_coefficients(head, 1)
    turn = np.array([0.3, -0.1, 0.2])
    pose = torch.zeros(1, 5, 3, dtype=torch.float64)
    pose[0, head.jaw_joint] = torch.as_tensor(turn)
    face = head.v_template + head.shapedirs @ b[0].numpy() + head.exprdirs @ p[0].numpy()
    joint = head.J_regressor[head.jaw_joint] @ face
    turned = Rotation.from_rotvec(turn).apply(face - joint) + joint
    vertices = head_vertices(head_to_tensors(head, dtype=torch.float64), b, p, pose)[0].numpy()
    np.testing.assert_allclose(vertices, turned, rtol=0, atol=1e-14)


@pytest.mark.gpu
def test_the_same_on_a_cuda_device(open_head: HeadModel) -> None:
    b, p, pose = some_coefficients(open_head, 16)
    wanted = head_vertices(head_to_tensors(open_head, dtype=torch.float64), b, p, pose)
    for dtype, atol in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        tensors = head_to_tensors(open_head, "cuda", dtype)
        moved = [x.to("cuda", dtype) for x in (b, p, pose)]
        whole = head_vertices(tensors, *moved)
        torch.testing.assert_close(whole.cpu().double(), wanted, rtol=0, atol=atol)
        rows = np.arange(7, 4000, 9)
        assert torch.equal(head_vertices(tensors.subset(rows), *moved), whole[:, rows])


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
        ExpressionMesh(tiny_head).vertices(p.numpy(), jaw), wanted, rtol=0, atol=1e-6
    )
    np.testing.assert_allclose(
        ExpressionMesh(tiny_head).vertices(p.numpy(), jaw), wanted, rtol=0, atol=1e-6
    )
