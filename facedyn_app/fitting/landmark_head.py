"""Head at its landmarks: positions and analytic derivatives, and how the view changes a reading.

The readings are what the landmarker says of a face beside its points: the logits of the A
blendshape scores and the rotation vector of `Landmarks.turn`, a second measurement of the unknowns
that the points are fitted for. Points and readings change with the view of the head, by terms of
its rotation against the line of sight and its closeness.

With root, neck and eyes at rest (the pose of the whole head is the camera's affair) linear blend
skinning of a landmark, a fixed mix of three vertices, is

    X = F + R M,   R = R(jaw),
    F = sum_i beta_i (1 - w_i) v_i + c j,   M = sum_i beta_i w_i v_i - c j,   c = sum_i beta_i w_i,

with v = T + S b + E p + P vec(R - I) the corrected vertices, w their jaw weights, beta the
barycentric weights and j = J(T + S b + E p) the jaw joint. F and M are linear in (b, p, vec R), so
the derivatives are those of the rotation alone. This is the head's forward function at the
landmarks, not an approximation of it.

Where it is known what the landmarker makes of the head (landmark_errors.py), its errors are linear
in the same unknowns and are added to the same pieces, in F; the modes of a session's errors follow
the shape as further coefficients; and its readings are predicted beside the landmarks. How an
expression is seen changes with the side that the head is seen from: that is taken once for a
recording, as it is usually seen (`seen_from`), so that the pieces stay the same for all frames.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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
FIRST_IRIS = 468
LEAST_TOWARDS = 0.5
"""A head that is turned farther away counts as turned so far: by more than 60 degrees."""


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


def camera_slope(seen_from: Tensor) -> Tensor:
    """(T,) x/z of the direction to the camera, head frame: 0 where it lies straight ahead.

    Args:
        seen_from: (T, 3, 3) the head's rotation against the line of sight.
    """
    x, _, z = seen_from[:, 2].unbind(1)
    return x / z.clamp_min(LEAST_TOWARDS)


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


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkHead:
    """The linear pieces of F and M, stacked in this order along the first axis, for K landmarks.

    Landmarks stand after the axes x, y and z: a large product makes them, and all that is done to
    them afterwards runs along memory.

    Attributes:
        index: (K,) which of the L landmarks these are.
        weight: (K,) weight of each, 0..1, for means over landmarks.
        spread: (2K + R, 2K + R) covariance of what is not explained: of the x of all landmarks,
            then the y, in the head frame, m, then the readings.
        mean: (2, 3, K) m.
        shape: (2, 3, K, S + P), the modes of a session's errors last.
        expression: (2, 3, K, E).
        pose: (2, 3, K, 9) for the entries of R - I, row by row.
        by_view: (2K + R, 10) what the view of the head makes of the same, for each of `view_terms`.
        expression_by_slope: (2K + R, E) how each expression is seen otherwise for a `camera_slope`
            of 1.
        offset_by_slope: (2K + R,) what is added for it whatever the expression.
        readings: What the landmarker says beside the points.
        n_session_modes: P.
    """

    index: Tensor
    weight: Tensor
    covariance: Tensor
    mean: Tensor
    shape: Tensor
    expression: Tensor
    pose: Tensor
    by_view: Tensor
    expression_by_slope: Tensor
    offset_by_slope: Tensor
    readings: ReadingModel
    n_session_modes: int = 0

    @property
    def n_shared(self) -> int:
        """S + P, the unknowns that the frames of a session share."""
        return self.shape.shape[3]

    @property
    def n_shape(self) -> int:
        """S, the shape coefficients in use."""
        return self.n_shared - self.n_session_modes

    @property
    def n_expression(self) -> int:
        """E, the expression coefficients."""
        return self.expression.shape[3]

    @property
    def mean_points(self) -> Tensor:
        """(3, K) landmarks of the mean head, the jaw at rest, m."""
        return self.mean.sum(0)

    @property
    def height(self) -> Tensor:
        """Height of the mean head's landmarks, m."""
        y = self.mean_points[1]
        return y.max() - y.min()

    def seen_from(self, slope: Tensor) -> LandmarkHead:
        """The head as it is seen from the side that a `camera_slope` says."""
        n_flat = 2 * len(self.weight)
        change = self.expression_by_slope * slope
        expression = self.expression.clone()
        expression[0, :2] += change[:n_flat].view(2, -1, self.n_expression)
        by_expression = self.readings.by_expression + change[n_flat:]
        readings = replace(self.readings, by_expression=by_expression)
        head = replace(self, expression=expression, readings=readings)
        return head.with_offset(self.offset_by_slope * slope)

    def with_shape(self, shared: Tensor) -> LandmarkHead:
        """The head of one session: its shape and modes (S + P,) known, none left to estimate."""
        return replace(self._given(shared, slice(None)), n_session_modes=0)

    def with_offset(self, offset: Tensor) -> LandmarkHead:
        """The head with (2K + R,) added to its landmarks' x, then y, m, and to its readings."""
        n_flat = 2 * len(self.weight)
        mean = self.mean.clone()
        mean[0, :2] += offset[:n_flat].view(2, -1)
        rest = self.readings.rest + offset[n_flat:]
        return replace(self, mean=mean, readings=replace(self.readings, rest=rest))

    def with_session_modes(self, shared: Tensor) -> LandmarkHead:
        """The head of one session's errors: of its (S + P,) only the shape is left to estimate."""
        return replace(self._given(shared, slice(self.n_shape, None)), n_session_modes=0)

    def _given(self, shared: Tensor, known: slice) -> LandmarkHead:
        """The head with some of the shared unknowns taken into its mean."""
        left = slice(0, known.start or 0)
        mean = self.mean + self.shape[..., known] @ shared[known]
        return replace(
            self,
            mean=mean,
            shape=self.shape[..., left].contiguous(),
            readings=self.readings.given(shared, known, left),
        )


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
