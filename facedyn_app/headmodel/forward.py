"""The forward function of FLAME (Li et al. 2017), batched: from coefficients to vertices.

A part of the head moves bit by bit as it does in the whole. Matrix products do not grant that by
themselves: their rounding depends on their size. So the vertices are kept in tiles of equally
many, the last filled up with zeros: every product has one size, whatever the number of vertices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import roma
import torch

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, IntArray

TILE = 192
"""Vertices of a tile: 3 TILE is a multiple of the widths in which processors multiply."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadTensors:
    """A head's arrays on one device in one floating type, its joints regressed beforehand.

    The joints are linear in shape and expression, so they are kept as a small basis and the
    vertices can be restricted to a subset without changing them. N tiles hold the V vertices.

    Attributes:
        n_vertices: V.
        template: (N, 3, TILE) mean head T, m.
        directions: (N, K, 3 TILE) how the vertices move; K = S + E + 9 (J - 1) counts shape,
            expression and the entries of R - I of each joint but the root.
        weights: (N, J, TILE) skinning weights.
        joint_template: (J, 3) joints of the mean head, m.
        joint_directions: (S + E, 3 J) how they move.
        parents: Parent of each joint, -1 for the root.
    """

    n_vertices: int
    template: torch.Tensor
    directions: torch.Tensor
    weights: torch.Tensor
    joint_template: torch.Tensor
    joint_directions: torch.Tensor
    parents: tuple[int, ...]

    def subset(self, vertices: IntArray) -> HeadTensors:
        """The same head with only some of its vertices, in the order given.

        They move exactly, bit by bit, as they do in the whole head.

        Args:
            vertices: (n,) vertex numbers.
        """
        rows = torch.as_tensor(np.asarray(vertices), dtype=torch.long, device=self.template.device)
        tile, place = rows // TILE, rows % TILE
        return replace(
            self,
            n_vertices=len(rows),
            template=_tiled(self.template[tile, :, place]),
            directions=_tiled(
                self.directions.view(*self.directions.shape[:2], 3, TILE)[tile, ..., place]
            ).flatten(2),
            weights=_tiled(self.weights[tile, :, place]),
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
    moving = np.concatenate([head.shapedirs, head.exprdirs], axis=2)
    joints = np.tensordot(regressor, moving, axes=1).reshape(3 * len(regressor), -1)
    directions = np.concatenate([moving, head.posedirs], axis=2).transpose(0, 2, 1)
    return HeadTensors(
        n_vertices=len(head.v_template),
        template=_tiled(tensor(head.v_template)),
        directions=_tiled(tensor(directions)).flatten(2),
        weights=_tiled(tensor(head.weights)),
        joint_template=tensor(regressor @ head.v_template),
        joint_directions=tensor(joints.T),
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
    identity = torch.eye(3, dtype=rotations.dtype, device=rotations.device)
    features = (rotations[:, 1:] - identity).flatten(1)
    moving = torch.cat([shape, expression], dim=1)
    joints = head.joint_template + (moving @ head.joint_directions).view(len(moving), -1, 3)
    transforms = _chain(rotations, joints, head.parents)
    coefficients = torch.cat([moving, features], dim=1)
    skinned = [
        _skin(weights, template + (coefficients @ directions).view(-1, 3, TILE), transforms)
        for template, directions, weights in zip(
            head.template, head.directions, head.weights, strict=True
        )
    ]
    return torch.cat(skinned, dim=2)[..., : head.n_vertices].transpose(1, 2).contiguous()


def _tiled(rows: torch.Tensor) -> torch.Tensor:
    """(N, ..., TILE) tiles of (V, ...) rows, vertices last and filled up with zeros."""
    missing = rows.new_zeros(-len(rows) % TILE, *rows.shape[1:])
    tiles = torch.cat([rows, missing]).reshape(-1, TILE, *rows.shape[1:])
    return tiles.movedim(1, -1).contiguous()


def _skin(weights: torch.Tensor, corrected: torch.Tensor, transforms: torch.Tensor) -> torch.Tensor:
    """(B, 3, TILE) linear blend skinning `(sum_j w_j A_j) x + sum_j w_j o_j` of one tile.

    The sums are written out: their order is the same for every vertex.

    Args:
        weights: (J, TILE).
        corrected: (B, 3, TILE) x, m.
        transforms: (B, J, 3, 4) rotations A and, in the last column, offsets o of the joints.
    """
    blended = weights[0] * transforms[:, 0, ..., None]
    for j in range(1, len(weights)):
        blended = blended + weights[j] * transforms[:, j, ..., None]
    x, y, z = corrected.unsqueeze(1).unbind(2)
    turned = blended[:, :, 0] * x + blended[:, :, 1] * y + blended[:, :, 2] * z
    return torch.as_tensor(turned + blended[:, :, 3])


def _chain(rotations: torch.Tensor, joints: torch.Tensor, parents: tuple[int, ...]) -> torch.Tensor:
    """(B, J, 3, 4) world rotation A and offset o of each joint, `x -> A x + o`."""
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
    return torch.cat([turned, offset.unsqueeze(-1)], dim=3)
