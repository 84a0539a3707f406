"""Measurement of the landmarker's errors on a head, from rendered faces with known truth."""

from __future__ import annotations

import numpy as np
import roma
import torch
from torch import Tensor

from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.landmark_errors import LandmarkErrors, landmark_head
from facedyn_app.fitting.landmark_head import (
    camera_slope,
    line_of_sight_rotation,
    pose_landmarks,
    readings_of,
    view_terms,
)
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import FloatArray, IntArray
from facedyn_app.simulate.rendered_detections import RenderedDetections, detect_population

POPULATION = 77
N_SESSION_MODES = 40
N_FOLDS = 5
MOST_TURN_RAD = 0.65
GROSS = 3.0
"""Pictures whose error is so many times the usual are misses, not errors."""
LEAST_OWN = 0.05
"""White noise added to the covariance, share of the mean variance: it is measured on few."""
RIDGE_EXPRESSION, RIDGE_JAW, RIDGE_SHAPE, RIDGE_VIEW = 3.0, 0.1, 200.0, 1.0
RIDGE_BY_SLOPE = 10.0


def measure_landmarker(
    head: HeadModel,
    *,
    n_faces: int,
    n_pictures: int,
    jobs: int = 1,
    on_progress: OnProgress = ignore,
) -> LandmarkErrors:
    """Measure the landmarker's errors on simulated faces of a head.

    Args:
        head: The head, its landmarks placed.
        n_faces: Simulated faces, each with a shape and skin of its own.
        n_pictures: Pictures of each.
        jobs: Processes that share the work; the result does not depend on it.
        on_progress: Told of every face or every few; may raise Cancelled.

    Raises:
        InputError: The head was read from no file, or the landmarker's model is damaged.
        TooLittleError: Too few faces or pictures.
    """
    found = detect_population(
        head,
        n_faces=n_faces,
        n_pictures=n_pictures,
        seed=POPULATION,
        jobs=jobs,
        on_progress=on_progress,
    )
    return measure_errors(head, found)


def measure_errors(head: HeadModel, found: RenderedDetections) -> LandmarkErrors:
    """Regress the landmarker's errors and readings on the face's true state and view (ridge).

    Args:
        head: The head, its landmarks placed.
        found: Pictures of it, some thousand.

    Raises:
        InputError: The head was read from no file, so that nothing could name it.
        TooLittleError: Too few faces or pictures.
    """
    if head.sha256 is None:
        raise InputError(f"The head '{head.head_id}' was read from no file.")
    displaced, index = displacements(head, found)
    design, penalty, slope = _design(head, found, index)
    flat = displaced.reshape(len(displaced), -1)
    target = np.concatenate([flat, readings_of(found.scores, found.turn)], axis=1)
    kept = np.linalg.norm(found.rotation, axis=1) < MOST_TURN_RAD
    error = np.sqrt(((flat - design @ _ridge(design[kept], flat[kept], penalty)) ** 2).mean(1))
    kept &= error < GROSS * np.median(error[kept])
    design, target, face = design[kept], target[kept], found.face[kept]
    products = (slope[:, None] * found.expression)[kept]
    if len(np.unique(face)) < 2 * N_SESSION_MODES or len(face) < 2 * target.shape[1]:
        raise TooLittleError(
            f"{len(face)} pictures of {len(np.unique(face))} faces are too few to measure by.",
            "Render more faces.",
        )
    weights = _ridge(design, target, penalty)
    # of an expression as it is seen on average only what it does otherwise is left to explain
    products -= design @ _ridge(design, products, penalty)
    of_products = np.full(products.shape[1], RIDGE_BY_SLOPE)
    by_slope = _ridge(products, target - design @ weights, of_products).T
    of_face, within = _covariances(_left_out(design, target, penalty, face), face, flat.shape[1])
    deviation = np.sqrt(np.diag(within))
    widths = (1, head.n_expression, 3, head.n_shape)
    offset, *by = np.split(weights.T, np.cumsum(widths), axis=1)
    by_expression, by_jaw, by_shape, by_view = by
    return LandmarkErrors(
        head_sha256=head.sha256,
        index=index,
        offset=offset[:, 0],
        by_expression=by_expression,
        by_jaw=by_jaw,
        by_shape=by_shape,
        by_view=by_view,
        expression_by_slope=by_slope,
        offset_by_slope=-by_slope @ found.expression[kept].mean(axis=0),
        session_modes=_modes(of_face, deviation),
        deviation=deviation,
        correlation=within / deviation[:, None] / deviation,
    )


def displacements(head: HeadModel, found: RenderedDetections) -> tuple[FloatArray, IntArray]:
    """(N, K, 2) found minus true landmark along the head's x and y, m, and (K,) which they are.

    The line of sight of a landmark that was found meets the plane parallel to the face through
    the true landmark.
    """
    small = landmark_head(head, FitSettings(), device=torch.device("cpu"), dtype=torch.float64)
    shape, expression, jaw, rotation, translation, points = (
        torch.as_tensor(values, dtype=torch.float64)
        for values in (
            found.shape,
            found.expression,
            found.jaw,
            found.rotation,
            found.translation,
            found.points[:, small.index.numpy()],
        )
    )
    true = pose_landmarks(small, shape, torch.arange(len(jaw)), expression, jaw).points.mT
    to_head = torch.diag(true.new_tensor([1.0, -1.0, -1.0])) @ roma.rotvec_to_rotmat(rotation)
    middle = true.new_tensor([found.camera.width / 2, found.camera.height / 2])
    flat = (points - middle) / found.camera.focal_px
    sight = torch.cat([flat, torch.ones_like(flat[..., :1])], dim=2) @ to_head
    eye = -(translation[:, None] @ to_head)
    met = eye[..., :2] + sight[..., :2] / sight[..., 2:] * (true[..., 2:] - eye[..., 2:])
    return np.asarray((met - true[..., :2]).numpy()), np.asarray(small.index.numpy())


def _design(
    head: HeadModel, found: RenderedDetections, index: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What the errors of some landmarks may depend on.

    Returns:
        (N, P) the face's state and view, the (P,) ridge penalties, and the (N,) slope of the
        direction to the camera.
    """
    middle = np.array([found.camera.width / 2, found.camera.height / 2])
    towards = (found.points[:, index].mean(axis=1) - middle) / found.camera.focal_px
    rotation = roma.rotvec_to_rotmat(torch.as_tensor(found.rotation, dtype=torch.float64))
    seen_from = line_of_sight_rotation(torch.as_tensor(towards, dtype=torch.float64)) @ rotation
    face_px = np.ptp(found.points[:, :, 1], axis=1)
    closeness = torch.as_tensor(face_px / found.camera.focal_px, dtype=torch.float64)
    view: Tensor = view_terms(roma.rotmat_to_rotvec(seen_from), closeness)
    one = np.ones((len(found.face), 1))
    columns = [one, found.expression, found.jaw, found.shape, view.numpy()]
    sizes = (0.0, RIDGE_EXPRESSION, RIDGE_JAW, RIDGE_SHAPE, RIDGE_VIEW)
    penalty = [np.full(column.shape[1], size) for column, size in zip(columns, sizes, strict=True)]
    slope = camera_slope(seen_from).numpy()
    return np.concatenate(columns, axis=1), np.concatenate(penalty), slope


def _ridge(design: FloatArray, target: FloatArray, penalty: FloatArray) -> FloatArray:
    square = design.T @ design + np.diag(penalty)
    return np.asarray(np.linalg.solve(square, design.T @ target))


def _left_out(
    design: FloatArray, target: FloatArray, penalty: FloatArray, face: IntArray
) -> FloatArray:
    """(N, 2K) what the regression does not explain of faces that it has not seen."""
    fold = np.searchsorted(np.unique(face), face) % N_FOLDS
    left = np.empty_like(target)
    for k in range(N_FOLDS):
        test = fold == k
        left[test] = target[test] - design[test] @ _ridge(design[~test], target[~test], penalty)
    return left


def _covariances(left: FloatArray, face: IntArray, n_flat: int) -> tuple[FloatArray, FloatArray]:
    """(N, N) covariances of what is a face's own and of what is a picture's own.

    The first `n_flat` rows are displacements, which have white noise added; the readings, each of
    a unit of its own, have some of their own.
    """
    numbers, row, count = np.unique(face, return_inverse=True, return_counts=True)
    mean = np.zeros((len(numbers), left.shape[1]))
    np.add.at(mean, row, left)
    mean /= count[:, None]
    own = left - mean[row]
    within = own.T @ own / (len(own) - len(numbers))
    between = mean.T @ mean / len(mean) - within * np.mean(1.0 / count)
    variance = np.diag(within)
    white = np.full(len(within), LEAST_OWN * variance[:n_flat].mean())
    white[n_flat:] = LEAST_OWN * variance[n_flat:]
    return between, within + np.diag(white)


def _modes(of_face: FloatArray, deviation: FloatArray) -> FloatArray:
    """(N, P) the largest modes of a covariance whose rows have units of their own."""
    size, modes = np.linalg.eigh(of_face / deviation[:, None] / deviation)
    size, modes = size[::-1][:N_SESSION_MODES], modes[:, ::-1][:, :N_SESSION_MODES]
    return np.asarray(modes * np.sqrt(np.maximum(size, 0.0)) * deviation[:, None])
