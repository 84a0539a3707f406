"""From coefficients to vertices: the forward function of FLAME (Li et al. 2017), batched."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import roma
import torch

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class HeadTensors:
    """A head's arrays on one device in one floating type, its joints regressed beforehand.

    The joints are linear in shape and expression, so they are kept as three small bases and
    the vertices can be restricted to a subset without changing them.

    Attributes:
        template: (V, 3) mean head T, m.
        shapedirs: (V, 3, S).
        exprdirs: (V, 3, E).
        posedirs: (V, 3, 9 (J - 1)).
        weights: (V, J) skinning weights.
        joint_template: (J, 3) joints of the mean head, m.
        joint_shapedirs: (J, 3, S).
        joint_exprdirs: (J, 3, E).
        parents: Parent of each joint, -1 for the root.
    """

    template: torch.Tensor
    shapedirs: torch.Tensor
    exprdirs: torch.Tensor
    posedirs: torch.Tensor
    weights: torch.Tensor
    joint_template: torch.Tensor
    joint_shapedirs: torch.Tensor
    joint_exprdirs: torch.Tensor
    parents: tuple[int, ...]

    def subset(self, vertices: IntArray) -> HeadTensors:
        """The same head with only some of its vertices, in the order given.

        Args:
            vertices: (K,) vertex numbers.
        """
        rows = torch.as_tensor(np.asarray(vertices), dtype=torch.long, device=self.template.device)
        return replace(
            self,
            template=self.template[rows],
            shapedirs=self.shapedirs[rows],
            exprdirs=self.exprdirs[rows],
            posedirs=self.posedirs[rows],
            weights=self.weights[rows],
        )


def head_to_tensors(
    head: HeadModel,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> HeadTensors:
    """Put a head's arrays on a device; the joints' bases are computed in double precision."""

    def tensor(array: FloatArray) -> torch.Tensor:
        return torch.as_tensor(np.ascontiguousarray(array)).to(device=device, dtype=dtype)

    regressor = np.asarray(head.J_regressor, dtype=np.float64)
    return HeadTensors(
        template=tensor(head.v_template),
        shapedirs=tensor(head.shapedirs),
        exprdirs=tensor(head.exprdirs),
        posedirs=tensor(head.posedirs),
        weights=tensor(head.weights),
        joint_template=tensor(regressor @ head.v_template),
        joint_shapedirs=tensor(np.einsum("jv,vds->jds", regressor, head.shapedirs, optimize=True)),
        joint_exprdirs=tensor(np.einsum("jv,vde->jde", regressor, head.exprdirs, optimize=True)),
        parents=tuple(int(parent) for parent in head.parents),
    )


def head_vertices(
    head: HeadTensors,
    shape: torch.Tensor,
    expression: torch.Tensor,
    pose: torch.Tensor,
) -> torch.Tensor:
    """The posed vertices: `LBS(T + S b + E p + P vec(R(pose) - I), J(T + S b + E p), pose, W)`.

    Li et al., Learning a model of facial shape and expression from 4D scans (2017),
    equations 1 to 5, the joints regressed from shape and expression together. Differentiable
    in all three arguments.

    Args:
        head: The head, or a subset of its vertices.
        shape: (B, S) coefficients b, standard deviations.
        expression: (B, E) coefficients p.
        pose: (B, J, 3) rotation vectors, rad, or (B, J, 3, 3) rotation matrices, each joint's
            against its parent.

    Returns:
        (B, V, 3) vertices in the head frame, m.
    """
    rotations = pose if pose.ndim == 4 else roma.rotvec_to_rotmat(pose)
    shaped = head.template + _blend(head.shapedirs, shape) + _blend(head.exprdirs, expression)
    joints = (
        head.joint_template
        + _blend(head.joint_shapedirs, shape)
        + _blend(head.joint_exprdirs, expression)
    )
    identity = torch.eye(3, dtype=rotations.dtype, device=rotations.device)
    features = (rotations[:, 1:] - identity).flatten(1)
    corrected = shaped + _blend(head.posedirs, features)
    world, offset = _chain(rotations, joints, head.parents)
    blended = torch.einsum("vj,bjik->bvik", head.weights, world)
    moved = torch.einsum("vj,bji->bvi", head.weights, offset)
    return torch.einsum("bvik,bvk->bvi", blended, corrected) + moved


def _blend(directions: torch.Tensor, coefficients: torch.Tensor) -> torch.Tensor:
    """(B, N, 3) sum of directions (N, 3, K) with coefficients (B, K)."""
    n, _, k = directions.shape
    return (coefficients @ directions.reshape(n * 3, k).T).reshape(-1, n, 3)


def _chain(
    rotations: torch.Tensor, joints: torch.Tensor, parents: tuple[int, ...]
) -> tuple[torch.Tensor, torch.Tensor]:
    """World rotation A (B, J, 3, 3) and offset o (B, J, 3) of each joint: `x -> A x + o`."""
    world: list[torch.Tensor] = []
    placed: list[torch.Tensor] = []
    for j, parent in enumerate(parents):
        if parent < 0:
            world.append(rotations[:, j])
            placed.append(joints[:, j])
            continue
        step = (joints[:, j] - joints[:, parent]).unsqueeze(-1)
        world.append(world[parent] @ rotations[:, j])
        placed.append(placed[parent] + (world[parent] @ step).squeeze(-1))
    turned = torch.stack(world, dim=1)
    offset = torch.stack(placed, dim=1) - (turned @ joints.unsqueeze(-1)).squeeze(-1)
    return turned, offset
