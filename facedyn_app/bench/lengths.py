"""Lengths of a face between landmarks: on a fitted head, and in the picture.

A length is a share of the distance of the outer eye corners in the same frame, so that size and
distance of the face have no part in it. In the picture only two dimensions are seen: a length
across the line of sight is foreshortened, and one that goes into depth is mostly lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.bench import metrics
from facedyn_app.bench.recorded_truth import RecordedTruth
from facedyn_app.headmodel.landmark_positions import landmark_positions, placed_landmarks
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, HeadFit, IntArray, Landmarks

EYE_CORNERS = (33, 263)
"""Landmarks of the outer eye corners, whose distance is the unit."""


@dataclass(frozen=True, slots=True)
class LengthResult:
    """One length: on the fitted head and between the landmarks of the picture, against the truth.

    Slopes are those of the regression of the measured on the true length.

    Attributes:
        name: Of the length.
        points: The landmarks between which it is.
        true_sd: Standard deviation of the true length.
        fit_r: Correlation of the length on the fitted head, its shape included; None where the
            head lacks a landmark.
        fit_slope: Its slope.
        expression_slope: Slope of the length on the expression-only mesh.
        landmarks_r: Correlation of the length in the picture.
        landmarks_slope: Its slope.
        slope_ratio: `fit_slope` over `landmarks_slope`: how much of what the landmarks carry
            arrives; None where they carry nothing.
    """

    name: str
    points: tuple[int, int]
    true_sd: float
    fit_r: float | None
    fit_slope: float | None
    expression_slope: float | None
    landmarks_r: float
    landmarks_slope: float
    slope_ratio: float | None


def length_results(
    head: HeadModel, fit: HeadFit, landmarks: Landmarks, truth: RecordedTruth, rows: IntArray
) -> tuple[LengthResult, ...]:
    """Compare all lengths with their truth.

    Args:
        head: The head of the fit, its landmarks placed.
        fit: Of T frames.
        landmarks: Of the same frames.
        truth: What is true.
        rows: (T,) row of the truth for each frame that is compared, all valid; -1 for the others.
    """
    frames = np.flatnonzero(rows >= 0)
    true, points = truth.lengths[rows[frames]], truth.length_points
    motion = fit.motion.expression[frames], fit.motion.jaw[frames]
    fitted = head_lengths(head, points, fit.shape, *motion)
    bare = head_lengths(head, points, np.zeros_like(fit.shape), *motion)
    shown = lengths_between(landmarks.points[frames], points)
    fit_r, fit_slope = metrics.correlations(fitted, true), metrics.slopes(fitted, true)
    bare_slope = metrics.slopes(bare, true)
    shown_r, shown_slope = metrics.correlations(shown, true), metrics.slopes(shown, true)
    return tuple(
        LengthResult(
            name=name,
            points=(int(points[k, 0]), int(points[k, 1])),
            true_sd=float(true[:, k].std()),
            fit_r=_known(fit_r[k]),
            fit_slope=_known(fit_slope[k]),
            expression_slope=_known(bare_slope[k]),
            landmarks_r=float(shown_r[k]),
            landmarks_slope=float(shown_slope[k]),
            slope_ratio=_known(fit_slope[k] / shown_slope[k]) if shown_slope[k] > 0 else None,
        )
        for k, name in enumerate(truth.length_names)
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def head_lengths(
    head: HeadModel, points: IntArray, shape: FloatArray, expression: FloatArray, jaw: FloatArray
) -> FloatArray:
    """(T, M) lengths on the posed head, in three dimensions; NaN where it lacks a landmark.

    Args:
        head: The head, its landmarks placed.
        points: (M, 2) landmarks between which the lengths are.
        shape: (S,) coefficients.
        expression: (T, E) coefficients.
        jaw: (T, 3) rotation vectors, rad.

    Raises:
        ValueError: The head's landmarks have not been placed.
    """
    index = np.asarray(placed_landmarks(head).index)
    wanted = np.unique([*np.ravel(points), *EYE_CORNERS]).astype(np.int64)
    rows = np.flatnonzero(np.isin(index, wanted))
    places = np.full((len(jaw), int(wanted.max()) + 1, 3), np.nan)
    places[:, index[rows]] = landmark_positions(head, rows, shape, expression, jaw)
    return lengths_between(places, points)


def lengths_between(places: FloatArray, points: IntArray) -> FloatArray:
    """(T, M) distances of pairs of landmarks over that of the outer eye corners.

    Args:
        places: (T, L, 2 or 3) positions, in any unit.
        points: (M, 2) the pairs.
    """
    pairs = np.concatenate([points, [EYE_CORNERS]])
    distances = np.linalg.norm(places[:, pairs[:, 0]] - places[:, pairs[:, 1]], axis=2)
    return np.asarray(distances[:, :-1] / distances[:, -1:])
