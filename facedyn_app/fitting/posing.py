"""Landmarks of a head with given coefficients, and how they move with the jaw."""

from __future__ import annotations

from dataclasses import dataclass

import roma
import torch
from torch import Tensor

from facedyn_app.fitting.landmark_head import LandmarkHead


@dataclass(frozen=True, slots=True, eq=False)
class PosedLandmarks:
    """Landmarks of T frames in the head frame: X = F + R M (landmark_head.py).

    Attributes:
        points: (T, 3, K) X, m.
        moved: (T, 3, K) M, m.
        jaw_rotation: (T, 3, 3) R.
    """

    points: Tensor
    moved: Tensor
    jaw_rotation: Tensor


def pose_landmarks(
    head: LandmarkHead, shape: Tensor, group: Tensor, expression: Tensor, jaw: Tensor
) -> PosedLandmarks:
    """The landmarks of T frames.

    Args:
        head: The head at its landmarks.
        shape: (G, S) shapes.
        group: (T,) which shape each frame has.
        expression: (T, E).
        jaw: (T, 3) rad.
    """
    R = roma.rotvec_to_rotmat(jaw)
    change = (R - torch.eye(3, dtype=R.dtype, device=R.device)).flatten(1)
    rest = head.mean.flatten() + shape @ _rows(head.shape)
    rest = rest[group] if len(shape) > 1 else rest
    both = torch.addmm(rest, expression, _rows(head.expression)) + change @ _rows(head.pose)
    fixed, moved = both.view(-1, *head.mean.shape).unbind(1)
    return PosedLandmarks(torch.baddbmm(fixed, R, moved), moved, R)


def jaw_derivative(head: LandmarkHead, posed: PosedLandmarks, jaw: Tensor) -> Tensor:
    """(T, 3, 3, K) dX / d jaw, the rotation vector's number first, at jaws (T, 3)."""
    R = posed.jaw_rotation
    dR = rotation_derivative(jaw, R)
    entries = dR.flatten(2) @ _rows(head.pose)
    fixed, moved = entries.view(*dR.shape[:2], *head.mean.shape).unbind(2)
    return torch.add(fixed + dR @ posed.moved[:, None], R[:, None] @ moved)


def _rows(field: Tensor) -> Tensor:
    """(N, 6K) of a (2, 3, K, N) field."""
    return field.flatten(0, 2).T


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
