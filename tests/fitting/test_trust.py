"""Frames that the landmarker itself doubts: blurred and covered faces."""

from __future__ import annotations

import numpy as np
import torch

from facedyn_app.fitting.state import FaceState
from facedyn_app.fitting.trust import distrust, usual_sharpness
from facedyn_app.records import INVALID_REASONS, Landmarks
from facedyn_app.settings import FitSettings


def test_blurred_and_covered_frames_are_named() -> None:
    n = 6
    points = np.random.default_rng(0).random((1, 478, 2)) * 200 + 50
    sharpness = np.array([1.0, 1.1, 0.4, 0.9, 1.0, np.nan])
    certainty = np.array([1.0, 1.0, 1.0, 0.7, 0.99, 1.0])
    landmarks = Landmarks(
        seconds=np.arange(n) / 25,
        points=np.repeat(points, n, axis=0).astype(np.float32),
        scores=np.zeros((n, 52), dtype=np.float32),
        width=640,
        height=360,
        certainty=certainty,
        sharpness=sharpness,
    )
    state = FaceState(
        rotation=torch.eye(3).expand(n, 3, 3),
        translation=torch.zeros(n, 3),
        jaw=torch.zeros(n, 3),
        expression=torch.zeros(n, 4),
        shape=torch.zeros(1, 5),
    )
    code = distrust(landmarks, state, np.zeros(n), FitSettings(), usual_sharpness(sharpness))
    assert [INVALID_REASONS[c] for c in code] == ["", "", "blurred", "occluded", "", ""]


def test_landmarks_that_were_made_are_not_doubted() -> None:
    made = Landmarks(np.arange(3.0), np.zeros((3, 478, 2)), np.zeros((3, 52)), 640, 360)
    assert (made.certainty == 1).all()
    assert np.isnan(made.sharpness).all()
