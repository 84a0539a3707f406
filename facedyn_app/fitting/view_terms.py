"""View terms and readings: rotations against the line of sight, and the landmarker's numbers.

The readings are what the landmarker says of a face beside its points: the logits of the A
blendshape scores and the rotation vector of `landmarks.turn`, a second measurement of the unknowns
that the points are fitted for. Points and readings change with the view of the head, by terms of
its rotation against the line of sight and its closeness.
"""

from __future__ import annotations

import numpy as np
import roma
import torch
from torch import Tensor

from facedyn_app.records import FloatArray

N_VIEW_TERMS = 10
USUAL_CLOSENESS = 0.25
"""Height of a face over its distance, where no term is added for it."""
LEAST_SCORE = 1e-4
"""Scores nearer to 0 or 1 than this are taken as this: beyond it the logit is noise."""


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


def readings_of(scores: FloatArray, turn: FloatArray) -> FloatArray:
    """(T, R) readings from blendshape scores (T, A), 0..1, and turns (T, 3), rad."""
    kept = np.clip(np.asarray(scores, np.float64), LEAST_SCORE, 1.0 - LEAST_SCORE)
    return np.concatenate([np.log(kept / (1.0 - kept)), turn], axis=1)


def line_of_sight_rotation(towards: Tensor) -> Tensor:
    """(T, 3, 3) what turns the head's rotation into that against the line of sight to it.

    A head beside the image's middle that faces the image plane is seen from its inner side.

    Args:
        towards: (T, 2) x/z and y/z of the line of sight, camera frame.
    """
    x, y = torch.atan(towards).unbind(1)
    turned: Tensor = roma.rotvec_to_rotmat(torch.stack([y, x, torch.zeros_like(x)], dim=1))
    return turned


def view_terms(turn: Tensor, closeness: Tensor) -> Tensor:
    """(T, 10) what of a view changes the measurement: turns, their products, perspective.

    Args:
        turn: (T, 3) rotation vectors against the line of sight, rad.
        closeness: (T,) height of the face over its distance.
    """
    first, second = torch.triu_indices(3, 3, device=turn.device).unbind(0)
    near = closeness[:, None] - USUAL_CLOSENESS
    return torch.cat([turn, turn[:, first] * turn[:, second], near], dim=1)


def view_terms_derivative(turn: Tensor) -> Tensor:
    """(T, 10, 3) of the terms by a rotation vector applied before the rotation.

    log(R exp(w)) = v + J_r(v)^-1 w with the inverse of the right Jacobian of SO(3),
    J_r^-1 = I + 1/2 [v]_x + (1/a^2 - (1 + cos a) / (2 a sin a)) [v]_x^2 (Barfoot 2017, 7.86).
    """
    identity = torch.eye(3, dtype=turn.dtype, device=turn.device)
    angle2 = turn.square().sum(1).clamp_min(1e-12)[:, None, None]
    angle = angle2.sqrt()
    exact = 1.0 / angle2 - (1.0 + angle.cos()) / (2.0 * angle * angle.sin())
    factor = torch.where(angle2 < 1e-4, 1.0 / 12 + angle2 / 720, exact)
    W = cross_matrix(turn)
    own = identity + 0.5 * W + factor * (W @ W)
    first, second = torch.triu_indices(3, 3, device=turn.device).unbind(0)
    products = turn[:, first, None] * own[:, second] + turn[:, second, None] * own[:, first]
    return torch.cat([own, products, torch.zeros_like(own[:, :1])], dim=1)
