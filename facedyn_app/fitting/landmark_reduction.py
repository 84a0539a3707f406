"""Reduction of a head to its landmarks, as it is and as the landmarker sees it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from facedyn_app.errors import InputError
from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.landmark_errors import LandmarkErrors
from facedyn_app.fitting.landmark_head import FIRST_IRIS, LandmarkHead, ReadingModel, no_readings
from facedyn_app.fitting.view_terms import N_VIEW_TERMS
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import N_BLENDSHAPES, FloatArray


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
        covariance=weight.new_zeros(0),
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
    return replace(exact, covariance=torch.diag(variance.repeat(2)))


def _as_seen(head: LandmarkHead, errors: LandmarkErrors, settings: FitSettings) -> LandmarkHead:
    """The head as the landmarker sees it."""
    rows = np.searchsorted(errors.index, head.index.cpu().numpy())
    flat = (2 * rows + np.arange(2)[:, None]).ravel()
    readings = np.arange(2 * len(errors.index), len(errors.offset))

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
    used = np.concatenate([flat, readings])
    factor = np.full(len(used), settings.known_noise)
    factor[len(flat) : len(flat) + N_BLENDSHAPES] *= settings.score_noise
    parts = (errors.offset, by_expression, errors.by_jaw, by_shape)
    return replace(
        head,
        covariance=tensor(factor[:, None] * errors.covariance()[np.ix_(used, used)] * factor),
        mean=head.mean + error(errors.offset),
        shape=torch.nn.functional.pad(head.shape, (0, n_modes)) + error(by_shape),
        expression=head.expression + error(by_expression),
        pose=pose,
        by_view=tensor(errors.by_view[used]),
        readings=ReadingModel(*(tensor(part[readings]) for part in parts)),
        n_session_modes=n_modes,
    )
