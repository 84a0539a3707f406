"""Landmarks of a head with given coefficients, and how they move with the jaw."""

from __future__ import annotations

from dataclasses import dataclass

import roma
import torch
from torch import Tensor

from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.rotations import rotation_derivative


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
