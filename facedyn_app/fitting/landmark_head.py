"""A head seen only at its landmarks: positions and analytic derivatives, for the fit.

With root, neck and eyes at rest (the pose of the whole head is the camera's affair) linear blend
skinning of a landmark, a fixed mix of three vertices, is

    X = F + R M,   R = R(jaw),
    F = sum_i beta_i (1 - w_i) v_i + c j,   M = sum_i beta_i w_i v_i - c j,   c = sum_i beta_i w_i,

with v = T + S b + E p + P vec(R - I) the corrected vertices, w their jaw weights, beta the
barycentric weights and j = J(T + S b + E p) the jaw joint. F and M are linear in (b, p, vec R),
so the derivatives are those of the rotation alone. This is the head's forward function at the
landmarks, not an approximation of it.

Where it is known what the landmarker makes of the head (landmark_errors.py), its errors are linear
in the same unknowns and are added to the same pieces, in F; the modes of a session's errors follow
the shape as further coefficients; and its readings are predicted beside the landmarks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from facedyn_app.errors import InputError
from facedyn_app.fitting.landmark_errors import LandmarkErrors
from facedyn_app.fitting.readings import N_VIEW_TERMS, ReadingModel, no_readings
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import N_BLENDSHAPES, FloatArray
from facedyn_app.settings import FitSettings

FIRST_IRIS = 468


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
        readings: What the landmarker says beside the points.
        n_session_modes: P.
    """

    index: Tensor
    weight: Tensor
    spread: Tensor
    mean: Tensor
    shape: Tensor
    expression: Tensor
    pose: Tensor
    by_view: Tensor
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
    around = np.flatnonzero(regressor)

    def tensor(values: FloatArray) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(values), dtype=dtype, device=device)

    def pieces(field: FloatArray, *, moves_joint: bool = True) -> Tensor:
        at_corners = np.asarray(field[corners], np.float64).reshape(*corners.shape, -1)
        both = np.stack([bary * still_weight, bary * jaw_weight])[:, :, None] @ at_corners
        both = both.reshape(2, len(corners), *field.shape[1:])
        if moves_joint:
            joint = np.tensordot(regressor[around], field[around], axes=1)
            both += np.multiply.outer([share, -share], joint)
        return tensor(both.swapaxes(1, 2))

    n_shape = min(settings.n_shape, head.n_shape) if settings.n_shape else head.n_shape
    weight = tensor(table.weight[used])
    exact = LandmarkHead(
        index=torch.as_tensor(table.index[used].astype(np.int64), device=device),
        weight=weight,
        spread=weight.new_zeros(0),
        mean=pieces(head.v_template),
        shape=pieces(head.shapedirs[:, :, :n_shape]),
        expression=pieces(head.exprdirs),
        # correctives are added after the joints are regressed, so they do not move the joint
        pose=pieces(head.jaw_posedirs, moves_joint=False),
        by_view=weight.new_zeros(2 * len(used), N_VIEW_TERMS),
        readings=no_readings(head.n_expression, n_shape, weight),
    )
    if errors is not None:
        return _as_seen(exact, errors, settings)
    variance = (settings.landmark_noise * exact.height).square() / weight
    return replace(exact, spread=torch.diag(variance.repeat(2)))


def _as_seen(head: LandmarkHead, errors: LandmarkErrors, settings: FitSettings) -> LandmarkHead:
    """The head as the landmarker sees it."""
    rows = np.searchsorted(errors.index, head.index.cpu().numpy())
    flat = (2 * rows + np.arange(2)[:, None]).ravel()
    said = np.arange(2 * len(errors.index), len(errors.offset))

    def tensor(values: FloatArray) -> Tensor:
        return torch.as_tensor(values, dtype=head.weight.dtype, device=head.weight.device)

    def error(field: FloatArray) -> Tensor:
        """(2, 3, K, ...) of the used landmarks, fixed, nothing along the third axis."""
        values = tensor(field[flat].reshape(2, len(rows), *field.shape[1:]))
        both = values.new_zeros(2, 3, *values.shape[1:])
        both[0, :2] = values
        return both

    turn = error(errors.by_jaw)
    # for small turns R - I = [w]_x: the rotation vector read back from its entries
    pose = head.pose.clone()
    for axis, (plus, minus) in enumerate(((7, 5), (2, 6), (3, 1))):
        pose[..., plus] += 0.5 * turn[..., axis]
        pose[..., minus] -= 0.5 * turn[..., axis]
    by_shape = np.concatenate([errors.by_shape[:, : head.n_shape], errors.session_modes], axis=1)
    by_expression = errors.by_expression[:, : head.n_expression]
    n_modes = errors.session_modes.shape[1]
    used = np.concatenate([flat, said])
    factor = np.full(len(used), settings.known_noise)
    factor[len(flat) : len(flat) + N_BLENDSHAPES] *= settings.score_noise
    parts = (errors.offset, by_expression, errors.by_jaw, by_shape)
    return replace(
        head,
        spread=tensor(factor[:, None] * errors.covariance()[np.ix_(used, used)] * factor),
        mean=head.mean + error(errors.offset),
        shape=torch.nn.functional.pad(head.shape, (0, n_modes)) + error(by_shape),
        expression=head.expression + error(by_expression),
        pose=pose,
        by_view=tensor(errors.by_view[used]),
        readings=ReadingModel(*(tensor(part[said]) for part in parts)),
        n_session_modes=n_modes,
    )
