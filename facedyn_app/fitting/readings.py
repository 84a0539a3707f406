"""What the landmarker says of a face beside its points: its blendshape scores, and its turn.

These readings, the logits of the A blendshape scores and the rotation vector of `Landmarks.turn`,
are a second measurement of the unknowns that the points are fitted for. They are predicted by

    rest + E' p + J' jaw + S' (b, z) + Q' terms(view),

which was measured on the head (landmark_errors.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import roma
import torch
from torch import Tensor

from facedyn_app.fitting.rotations import cross_matrix
from facedyn_app.records import N_BLENDSHAPES, FloatArray

N_READINGS = N_BLENDSHAPES + 3
N_VIEW_TERMS = 10
USUAL_CLOSENESS = 0.25
"""Height of a face over its distance, where no term is added for it."""
LEAST_SCORE = 1e-4
"""Scores nearer to 0 or 1 than this are taken as this: beyond it the logit is noise."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadingModel:
    """R readings, linear in the unknowns; R is 0 where nothing is known of them.

    Attributes:
        rest: (R,) of the mean face at rest that looks into the camera.
        by_expression: (R, E).
        by_jaw: (R, 3) for each rad of the jaw's rotation vector.
        by_shape: (R, S + P), the modes of a session's errors last.
    """

    rest: Tensor
    by_expression: Tensor
    by_jaw: Tensor
    by_shape: Tensor

    def predict(self, shape: Tensor, group: Tensor, expression: Tensor, jaw: Tensor) -> Tensor:
        """(T, R) of heads that look into the camera; arguments as in `pose_landmarks`."""
        own = self.rest + expression @ self.by_expression.T + jaw @ self.by_jaw.T
        return own + (shape @ self.by_shape.T)[group]

    def given(self, shared: Tensor, known: slice, left: slice) -> ReadingModel:
        """With some of the shared unknowns (S + P,) taken into the rest."""
        return replace(
            self,
            rest=self.rest + self.by_shape[:, known] @ shared[known],
            by_shape=self.by_shape[:, left].contiguous(),
        )


def no_readings(n_expression: int, n_shared: int, like: Tensor) -> ReadingModel:
    """The model of a head of which nothing is known."""
    sizes = ((0,), (0, n_expression), (0, 3), (0, n_shared))
    return ReadingModel(*(like.new_zeros(size) for size in sizes))


def readings_of(scores: FloatArray, turn: FloatArray) -> FloatArray:
    """(T, R) readings from blendshape scores (T, A), 0..1, and turns (T, 3), rad."""
    kept = np.clip(np.asarray(scores, np.float64), LEAST_SCORE, 1.0 - LEAST_SCORE)
    return np.concatenate([np.log(kept / (1.0 - kept)), turn], axis=1)


def aside(towards: Tensor) -> Tensor:
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
