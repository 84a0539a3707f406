"""A head seen only at its landmarks: positions and analytic derivatives, for the fit.

With root, neck and eyes at rest (the pose of the whole head is the camera's affair) linear blend
skinning of a landmark, a fixed mix of three vertices, is

    X = F + R M,   R = R(jaw),
    F = sum_i beta_i (1 - w_i) v_i + c j,   M = sum_i beta_i w_i v_i - c j,   c = sum_i beta_i w_i,

with v = T + S b + E p + P vec(R - I) the corrected vertices, w their jaw weights, beta the
barycentric weights and j = J(T + S b + E p) the jaw joint. F and M are linear in (b, p, vec R),
so the derivatives are those of the rotation alone. This is the head's forward function at the
landmarks, not an approximation of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import roma
import torch
from torch import Tensor

from facedyn_app.errors import InputError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkHead:
    """The linear pieces of F ("fixed") and M ("moved" by the jaw), for K used landmarks.

    Attributes:
        index: (K,) which of the L landmarks these are.
        weight: (K,) weight of each.
        fixed_mean: (K, 3) m.
        moved_mean: (K, 3) m.
        fixed_shape: (K, 3, S).
        moved_shape: (K, 3, S).
        fixed_expression: (K, 3, E).
        moved_expression: (K, 3, E).
        fixed_pose: (K, 3, 9) for the entries of R - I, row by row.
        moved_pose: (K, 3, 9).
    """

    index: Tensor
    weight: Tensor
    fixed_mean: Tensor
    moved_mean: Tensor
    fixed_shape: Tensor
    moved_shape: Tensor
    fixed_expression: Tensor
    moved_expression: Tensor
    fixed_pose: Tensor
    moved_pose: Tensor

    @property
    def n_shape(self) -> int:
        """S, the shape coefficients in use."""
        return self.fixed_shape.shape[2]

    @property
    def n_expression(self) -> int:
        """E, the expression coefficients."""
        return self.fixed_expression.shape[2]

    def with_shape(self, shape: Tensor) -> LandmarkHead:
        """The head of one person: the shape (S,) taken as known, none left to estimate."""
        return replace(
            self,
            fixed_mean=self.fixed_mean + self.fixed_shape @ shape,
            moved_mean=self.moved_mean + self.moved_shape @ shape,
            fixed_shape=self.fixed_shape[..., :0],
            moved_shape=self.moved_shape[..., :0],
        )


def landmark_head(
    head: HeadModel, *, n_shape: int = 0, device: torch.device, dtype: torch.dtype = torch.float32
) -> LandmarkHead:
    """Cut a head down to its landmarks.

    Args:
        head: The head; its landmarks must have been placed.
        n_shape: Leading shape components to use; 0 means all.
        device: Where the fit will run.
        dtype: Precision of the fit.

    Raises:
        InputError: The head has no landmark table.
    """
    table = head.landmarks
    if table is None:
        raise InputError(
            f"The head '{head.head_id}' has no landmark table.", "Place its landmarks first."
        )
    used = np.flatnonzero(table.weight > 0)
    corners = head.faces[table.face[used]]
    bary = np.asarray(table.bary[used], np.float64)
    jaw_weight = head.weights[corners, head.jaw_joint]
    share = (bary * jaw_weight).sum(axis=1)
    regressor = np.asarray(head.J_regressor[head.jaw_joint], np.float64)

    def tensor(values: FloatArray) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(values), dtype=dtype, device=device)

    def pieces(field: FloatArray, *, moves_joint: bool = True) -> tuple[Tensor, Tensor]:
        field = np.asarray(field, np.float64)
        fixed = np.einsum("ki,ki...->k...", bary * (1.0 - jaw_weight), field[corners])
        moved = np.einsum("ki,ki...->k...", bary * jaw_weight, field[corners])
        if moves_joint:
            joint = np.multiply.outer(share, np.tensordot(regressor, field, axes=1))
            fixed, moved = fixed + joint, moved - joint
        return tensor(fixed), tensor(moved)

    n_shape = min(n_shape, head.n_shape) if n_shape else head.n_shape
    fixed_mean, moved_mean = pieces(head.v_template)
    fixed_shape, moved_shape = pieces(head.shapedirs[:, :, :n_shape])
    fixed_expression, moved_expression = pieces(head.exprdirs)
    # correctives are added after the joints are regressed, so they do not move the joint
    fixed_pose, moved_pose = pieces(head.jaw_posedirs, moves_joint=False)
    return LandmarkHead(
        index=torch.as_tensor(table.index[used].astype(np.int64), device=device),
        weight=tensor(table.weight[used]),
        fixed_mean=fixed_mean,
        moved_mean=moved_mean,
        fixed_shape=fixed_shape,
        moved_shape=moved_shape,
        fixed_expression=fixed_expression,
        moved_expression=moved_expression,
        fixed_pose=fixed_pose,
        moved_pose=moved_pose,
    )


@dataclass(frozen=True, slots=True, eq=False)
class PosedLandmarks:
    """Landmarks of T frames in the head frame, with what their derivatives are made of.

    Attributes:
        points: (T, K, 3) X, m.
        jaw_derivative: (T, K, 3, 3) dX / d jaw, the rotation vector's number last.
        jaw_rotation: (T, 3, 3) R.
    """

    points: Tensor
    jaw_derivative: Tensor
    jaw_rotation: Tensor


def pose_landmarks(
    head: LandmarkHead, shape: Tensor, group: Tensor, expression: Tensor, jaw: Tensor
) -> PosedLandmarks:
    """X and dX/djaw.

    Args:
        head: The head at its landmarks.
        shape: (G, S) shapes.
        group: (T,) which shape each frame has.
        expression: (T, E).
        jaw: (T, 3) rad.
    """
    R = roma.rotvec_to_rotmat(jaw)
    change = (R - torch.eye(3, dtype=R.dtype, device=R.device)).flatten(1)
    fixed = (head.fixed_mean + _mix(head.fixed_shape, shape))[group]
    moved = (head.moved_mean + _mix(head.moved_shape, shape))[group]
    fixed = fixed + _mix(head.fixed_expression, expression) + _mix(head.fixed_pose, change)
    moved = moved + _mix(head.moved_expression, expression) + _mix(head.moved_pose, change)
    dR = rotation_derivative(jaw, R)
    spin = torch.einsum("trij,tkj->tkir", dR, moved)
    entries = dR.flatten(2).mT
    pose = torch.einsum("kcp,tpr->tkcr", head.fixed_pose, entries)
    pose = pose + torch.einsum(
        "tij,tkjr->tkir", R, torch.einsum("kjp,tpr->tkjr", head.moved_pose, entries)
    )
    return PosedLandmarks(fixed + moved @ R.mT, spin + pose, R)


def _mix(field: Tensor, coefficients: Tensor) -> Tensor:
    """(T, K, 3) from a (K, 3, N) field and (T, N) coefficients."""
    k, c, n = field.shape
    return (coefficients @ field.reshape(k * c, n).T).reshape(-1, k, c)


def rotation_derivative(rotvec: Tensor, R: Tensor) -> Tensor:
    """The derivative dR / d rotvec, (T, 3, 3, 3), with the rotation vector's number first.

    dR/dw_k = [J_l(w) e_k]_x R with the left Jacobian of SO(3),
    J_l = I + (1 - cos a)/a^2 [w]_x + (a - sin a)/a^3 [w]_x^2 (Barfoot 2017, eq. 7.85).
    """
    angle2 = rotvec.square().sum(1).clamp_min(1e-12)[:, None, None]
    angle = angle2.sqrt()
    W = cross_matrix(rotvec)
    small = angle2 < 1e-4
    first = torch.where(small, 0.5 - angle2 / 24, (1 - torch.cos(angle)) / angle2)
    second = torch.where(small, 1 / 6 - angle2 / 120, (angle - torch.sin(angle)) / (angle2 * angle))
    identity = torch.eye(3, dtype=R.dtype, device=R.device)
    left = identity + first * W + second * (W @ W)
    return cross_matrix(left.mT) @ R[:, None]


def cross_matrix(vector: Tensor) -> Tensor:
    """(..., 3, 3) matrix [v]_x with [v]_x y = v x y."""
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    rows = [zero, -z, y, z, zero, -x, -y, x, zero]
    return torch.stack(rows, dim=-1).reshape(*vector.shape[:-1], 3, 3)
