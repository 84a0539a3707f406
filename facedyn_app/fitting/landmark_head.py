"""A head seen only at its landmarks: positions and analytic derivatives, for the fit.

With root, neck and eyes at rest (the pose of the whole head is the camera's affair) linear blend
skinning of a landmark, a fixed mix of three vertices, is

    X = F + R M,   R = R(jaw),
    F = sum_i beta_i (1 - w_i) v_i + c j,   M = sum_i beta_i w_i v_i - c j,   c = sum_i beta_i w_i,

with v = T + S b + E p + P vec(R - I) the corrected vertices, w their jaw weights, beta the
barycentric weights and j = J(T + S b + E p) the jaw joint. F and M are linear in (b, p, vec R),
so the derivatives are those of the rotation alone. This is the head's forward function at the
landmarks, not an approximation of it.

Where the landmarker's errors on the head are known (landmark_errors.py), they are linear in the
same unknowns and are added to the same pieces, in F, and the modes of a session's errors follow
the shape as further coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import roma
import torch
from torch import Tensor

from facedyn_app.errors import InputError
from facedyn_app.fitting.landmark_errors import N_TURN_TERMS, LandmarkErrors
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray
from facedyn_app.settings import FitSettings

FIRST_IRIS = 468


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkHead:
    """The linear pieces of F ("fixed") and M ("moved" by the jaw), for K used landmarks.

    Attributes:
        index: (K,) which of the L landmarks these are.
        weight: (K,) weight of each, 0..1, for means over landmarks.
        spread: (2K, 2K) covariance of what is not explained: of the x and y of each landmark in
            the head frame, m^2.
        fixed_mean: (K, 3) m.
        moved_mean: (K, 3) m.
        fixed_shape: (K, 3, S + P), the modes of a session's errors last.
        moved_shape: (K, 3, S + P).
        fixed_expression: (K, 3, E).
        moved_expression: (K, 3, E).
        fixed_pose: (K, 3, 9) for the entries of R - I, row by row.
        moved_pose: (K, 3, 9).
        by_turn: (K, 2, 9) how the turned head's landmarks err; zero where unknown.
        n_session_modes: P.
    """

    index: Tensor
    weight: Tensor
    spread: Tensor
    fixed_mean: Tensor
    moved_mean: Tensor
    fixed_shape: Tensor
    moved_shape: Tensor
    fixed_expression: Tensor
    moved_expression: Tensor
    fixed_pose: Tensor
    moved_pose: Tensor
    by_turn: Tensor
    n_session_modes: int = 0

    @property
    def n_shared(self) -> int:
        """S + P, the unknowns that the frames of a session share."""
        return self.fixed_shape.shape[2]

    @property
    def n_shape(self) -> int:
        """S, the shape coefficients in use."""
        return self.n_shared - self.n_session_modes

    @property
    def n_expression(self) -> int:
        """E, the expression coefficients."""
        return self.fixed_expression.shape[2]

    @property
    def height(self) -> Tensor:
        """Height of the mean head's landmarks, m."""
        y = (self.fixed_mean + self.moved_mean)[:, 1]
        return y.max() - y.min()

    def with_shape(self, shared: Tensor) -> LandmarkHead:
        """The head of one session: its shape and modes (S + P,) known, none left to estimate."""
        return replace(self._given(shared, slice(None)), n_session_modes=0)

    def with_session_modes(self, shared: Tensor) -> LandmarkHead:
        """The head of one session's errors: of its (S + P,) only the shape is left to estimate."""
        return replace(self._given(shared, slice(self.n_shape, None)), n_session_modes=0)

    def _given(self, shared: Tensor, known: slice) -> LandmarkHead:
        """The head with some of the shared unknowns taken into its mean."""
        left = slice(0, known.start or 0)
        return replace(
            self,
            fixed_mean=self.fixed_mean + self.fixed_shape[..., known] @ shared[known],
            moved_mean=self.moved_mean + self.moved_shape[..., known] @ shared[known],
            fixed_shape=self.fixed_shape[..., left],
            moved_shape=self.moved_shape[..., left],
        )


def landmark_head(
    head: HeadModel,
    settings: FitSettings | None = None,
    *,
    errors: LandmarkErrors | None = None,
    device: torch.device,
    dtype: torch.dtype = torch.float32,
) -> LandmarkHead:
    """Cut a head down to its landmarks.

    Args:
        head: The head; its landmarks must have been placed.
        settings: Says how many shape components are used, and the noise where it is not known;
            None for the defaults.
        errors: How the landmarker errs on this head; None where that is not known.
        device: Where the fit will run.
        dtype: Precision of the fit.

    Raises:
        InputError: The head has no landmark table.
    """
    settings = settings or FitSettings()
    table = head.landmarks
    if table is None:
        raise InputError(
            f"The head '{head.head_id}' has no landmark table.", "Place its landmarks first."
        )
    # the iris moves with the gaze, which is no expression (gaze.py)
    used = np.flatnonzero((table.weight > 0) & (table.index < FIRST_IRIS))
    corners = head.faces[table.face[used]]
    bary = np.asarray(table.bary[used], np.float64)
    weights = np.asarray(head.weights[corners], np.float64)
    jaw_weight = weights[..., head.jaw_joint]
    still_weight = weights.sum(axis=2) - jaw_weight
    share = (bary * jaw_weight).sum(axis=1)
    regressor = np.asarray(head.J_regressor[head.jaw_joint], np.float64)

    def tensor(values: FloatArray) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(values), dtype=dtype, device=device)

    def pieces(field: FloatArray, *, moves_joint: bool = True) -> tuple[Tensor, Tensor]:
        field = np.asarray(field, np.float64)
        fixed = np.einsum("ki,ki...->k...", bary * still_weight, field[corners])
        moved = np.einsum("ki,ki...->k...", bary * jaw_weight, field[corners])
        if moves_joint:
            joint = np.multiply.outer(share, np.tensordot(regressor, field, axes=1))
            fixed, moved = fixed + joint, moved - joint
        return tensor(fixed), tensor(moved)

    n_shape = min(settings.n_shape, head.n_shape) if settings.n_shape else head.n_shape
    fixed_mean, moved_mean = pieces(head.v_template)
    fixed_shape, moved_shape = pieces(head.shapedirs[:, :, :n_shape])
    fixed_expression, moved_expression = pieces(head.exprdirs)
    # correctives are added after the joints are regressed, so they do not move the joint
    fixed_pose, moved_pose = pieces(head.jaw_posedirs, moves_joint=False)
    weight = tensor(table.weight[used])
    exact = LandmarkHead(
        index=torch.as_tensor(table.index[used].astype(np.int64), device=device),
        weight=weight,
        spread=weight.new_zeros(0),
        fixed_mean=fixed_mean,
        moved_mean=moved_mean,
        fixed_shape=fixed_shape,
        moved_shape=moved_shape,
        fixed_expression=fixed_expression,
        moved_expression=moved_expression,
        fixed_pose=fixed_pose,
        moved_pose=moved_pose,
        by_turn=weight.new_zeros(len(used), 2, N_TURN_TERMS),
    )
    if errors is not None:
        return _as_seen(exact, errors, settings)
    variance = (settings.landmark_noise * exact.height).square() / weight
    return replace(exact, spread=torch.diag(variance.repeat_interleave(2)))


def _as_seen(head: LandmarkHead, errors: LandmarkErrors, settings: FitSettings) -> LandmarkHead:
    """The head as the landmarker sees it."""
    rows = np.searchsorted(errors.index, head.index.cpu().numpy())

    def error(field: FloatArray) -> Tensor:
        """(K, 3, ...) of the used landmarks, nothing along the third axis."""
        values = torch.as_tensor(field[rows], dtype=head.weight.dtype, device=head.weight.device)
        return torch.cat([values, torch.zeros_like(values[:, :1])], dim=1)

    turn = error(errors.by_jaw)
    # for small turns R - I = [w]_x: the rotation vector read back from its entries
    pose = torch.zeros_like(head.fixed_pose)
    for axis, (plus, minus) in enumerate(((7, 5), (2, 6), (3, 1))):
        pose[..., plus] += 0.5 * turn[..., axis]
        pose[..., minus] -= 0.5 * turn[..., axis]
    session = error(errors.session_modes)
    both = (2 * rows[:, None] + np.arange(2)).ravel()
    spread = settings.known_noise**2 * errors.covariance()[np.ix_(both, both)]
    shape = error(errors.by_shape)[..., : head.n_shape]
    return replace(
        head,
        spread=torch.as_tensor(spread, dtype=session.dtype, device=session.device),
        fixed_mean=head.fixed_mean + error(errors.offset),
        fixed_shape=torch.cat([head.fixed_shape + shape, session], dim=2),
        moved_shape=torch.cat([head.moved_shape, torch.zeros_like(session)], dim=2),
        fixed_expression=head.fixed_expression
        + error(errors.by_expression)[..., : head.n_expression],
        fixed_pose=head.fixed_pose + pose,
        by_turn=error(errors.by_turn)[:, :2],
        n_session_modes=session.shape[2],
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
