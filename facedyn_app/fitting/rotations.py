"""Rotation vectors: their matrices' derivatives."""

from __future__ import annotations

import torch
from torch import Tensor


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
