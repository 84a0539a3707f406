"""Landmarker errors on a head, and the head reduced to its landmarks as the landmarker sees it.

The errors of a landmarker are no noise: a face that smiles is seen to smile less than it does, a
broad face as narrower than it is, a turned one shifted, and neighbouring points go wrong together.
All of it is measured once for a head, by rendering it with known parameters (`facedyn heads
measure`; for the built-in head `packaging/measure_landmark_errors.py`), as displacements in the
head frame parallel to the face:

    D = offset + E' p + J' jaw + S' b + Q' terms(view) + V' (p - m) slope + U z + frame's own

with the slope x/z of the direction to the camera in the head frame, where an expression p less the
mean m of the faces measured is seen otherwise (of a head turned by 15 degrees a smile is seen to
raise one corner a tenth more, the other a tenth less), and z the session's own, the same in all its
frames and of unit variance, and the covariance of what each frame has for itself. The fit takes E',
J' and S' into the head's directions at its landmarks, and V' of the side that a recording
mostly sees the head from; it subtracts what the view does, estimates z beside the shape and whitens
by the covariance: neighbouring landmarks go wrong together, and small differences between them,
which tell most of an expression, are far more certain than where they are.

What else it says of a face (landmark_head.py) follows the same equation, without anything of the
head's geometry, as further rows behind the landmarks'. The covariance is that of all rows
together, since the scores are computed from the points and go wrong with them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from facedyn_app.assets import model_file, model_names
from facedyn_app.errors import InputError
from facedyn_app.files import atomic_file
from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.landmark_head import (
    FIRST_IRIS,
    N_VIEW_TERMS,
    LandmarkHead,
    ReadingModel,
    no_readings,
)
from facedyn_app.folders import head_cache
from facedyn_app.headmodel.landmark_embedding.prepare import EMBEDDING_VERSION
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.npz import read_npz
from facedyn_app.records import N_BLENDSHAPES, FloatArray, IntArray

FOLDER = "landmark_errors"
VERSION = 1  # of the arrays and of how they are measured

ROUNDING = 2e-3

log = logging.getLogger(__name__)

_ARRAYS = (
    "index",
    "offset",
    "by_expression",
    "by_jaw",
    "by_shape",
    "by_view",
    "session_modes",
    "deviation",
    "correlation",
)


_BY_SLOPE = ("expression_by_slope", "offset_by_slope")
"""What files of before do not have: nothing is seen otherwise from the side, then."""


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkErrors:
    """Dependence of N rows of measurements on face and view.

    Rows: the displacements of K landmarks along the head's x and y, m, the two of each landmark in
    turn; then the readings.

    Attributes:
        head_sha256: The head file that they were measured on.
        index: (K,) landmark numbers, ascending.
        offset: (N,) of the mean face at rest that looks into the camera.
        by_expression: (N, E) for each unit of an expression coefficient.
        by_jaw: (N, 3) for each rad of the jaw's rotation vector.
        by_shape: (N, S) for each standard deviation of a shape coefficient.
        by_view: (N, 10) for each of `landmark_head.view_terms`.
        expression_by_slope: (N, E) for each unit of an expression coefficient times
            `landmark_head.camera_slope`.
        offset_by_slope: (N,) the same of the mean expression of the faces measured, negative.
        session_modes: (N, P) what a session adds in all its frames, unit variances.
        deviation: (N,) standard deviation of what a frame has for itself.
        correlation: (N, N) of the same.
    """

    head_sha256: str
    index: IntArray
    offset: FloatArray
    by_expression: FloatArray
    by_jaw: FloatArray
    by_shape: FloatArray
    by_view: FloatArray
    expression_by_slope: FloatArray
    offset_by_slope: FloatArray
    session_modes: FloatArray
    deviation: FloatArray
    correlation: FloatArray

    def covariance(self) -> FloatArray:
        """(N, N) covariance of what a frame has for itself, positive definite."""
        deviation = self.deviation.astype(np.float64)
        # a file holds correlations in half precision; this much keeps them positive definite
        correlation = self.correlation + ROUNDING * np.eye(len(deviation))
        return np.asarray(correlation * deviation[:, None] * deviation)


def known_errors(head: HeadModel) -> LandmarkErrors | None:
    """The landmarker's known errors on a head; None where there are none.

    Raises:
        InputError: A file of this installation is damaged.
    """
    if head.sha256 is None:
        return None
    errors = _shipped_errors(head.head_id)
    if errors is not None and errors.head_sha256 == head.sha256:
        return errors
    measured = measured_file(head.sha256)
    if not measured.exists():
        return None
    try:
        return read_errors(measured)
    except InputError as error:
        log.warning("The head '%s' is fitted as if unmeasured: %s", head.head_id, error.sentence)
        return None


def measured_file(head_sha256: str) -> Path:
    """File of the errors measured on a head of the user's; it can be measured again."""
    name = f"errors-{VERSION}-{EMBEDDING_VERSION}-{head_sha256}.npz"
    return head_cache() / name


def _shipped_errors(head_id: str) -> LandmarkErrors | None:
    name = f"{FOLDER}/{head_id}.npz"
    return read_errors(model_file(name)) if name in model_names() else None


def read_errors(path: Path) -> LandmarkErrors:
    """Read a file that `write_errors` wrote.

    Raises:
        InputError: It is missing or no such file.
    """
    try:
        arrays = read_npz(path, (*_ARRAYS, "head_sha256"), _BY_SLOPE)
    except ValueError as error:
        raise InputError(f"The file '{path}' holds no landmark errors: {error}.") from error
    sha256 = str(arrays.pop("head_sha256"))
    for name, like in zip(_BY_SLOPE, ("by_expression", "offset"), strict=True):
        if name not in arrays:
            arrays[name] = np.zeros_like(arrays[like])
    return LandmarkErrors(sha256, **arrays)


def write_errors(errors: LandmarkErrors, path: Path) -> None:
    """Write landmark errors, by a temporary name.

    Raises:
        OutputError: The file cannot be written there.
    """
    kinds = {"index": np.int32, "correlation": np.float16}
    short = {
        name: np.asarray(getattr(errors, name), kinds.get(name, np.float32))
        for name in (*_ARRAYS, *_BY_SLOPE)
    }
    short["head_sha256"] = np.asarray(errors.head_sha256)
    with atomic_file(path) as file:
        np.savez_compressed(file, allow_pickle=False, **short)


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
        expression_by_slope=weight.new_zeros(2 * len(used), head.n_expression),
        offset_by_slope=weight.new_zeros(2 * len(used)),
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
        expression_by_slope=tensor(errors.expression_by_slope[used, : head.n_expression]),
        offset_by_slope=tensor(errors.offset_by_slope[used]),
        readings=ReadingModel(*(tensor(part[readings]) for part in parts)),
        n_session_modes=n_modes,
    )
