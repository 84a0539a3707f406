"""Fit of a recording's shape, together with frames spread over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.fitting.arrow import ArrowResult, solve_arrow
from facedyn_app.fitting.fitter import Fitter
from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.shape_evidence import shape_certainty
from facedyn_app.fitting.state import FaceState
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import FaceTrack, IntArray, ShapeCertainty

SHAPE_STAGE = "fitting the shape"


@dataclass(frozen=True, slots=True, eq=False)
class ShapeFit:
    """The shape of a recording, estimated together with frames spread over it.

    Attributes:
        frames: (N,) the frames that were used.
        joint: Their fit and the shape.
        known: The head with that shape and the person's own offset.
        certainty: How sure the shape is.
    """

    frames: IntArray
    joint: ArrowResult[FaceState]
    known: LandmarkHead
    certainty: ShapeCertainty


def fit_shape(
    fitter: Fitter, landmarks: FaceTrack, found: IntArray, on_progress: OnProgress = ignore
) -> ShapeFit:
    """The shape of a recording.

    Args:
        fitter: The head.
        landmarks: Landmarks of the recording.
        found: The frames with a face.
        on_progress: Called once a step; may raise Cancelled.
    """
    frames = evenly_spread(found, fitter.settings.most_shape_frames)
    problem, start = fitter.shape_problem(landmarks.only(frames))
    joint = solve_arrow(
        problem,
        start,
        max_iterations=fitter.settings.max_iterations,
        tolerance=fitter.settings.tolerance,
        on_progress=on_progress,
        stage=SHAPE_STAGE,
    )
    evaluation, evidence = problem.evaluate(joint.state), fitter.evidence
    known = evidence.known_head(problem, evaluation)
    return ShapeFit(frames, joint, known, shape_certainty(problem, evaluation, evidence))


def evenly_spread(found: IntArray, most: int) -> IntArray:
    """Some of the frames, evenly over the recording."""
    step = max(1.0, len(found) / most)
    return np.asarray(found[np.floor(np.arange(0, len(found) - 1e-6, step)).astype(np.int64)])
