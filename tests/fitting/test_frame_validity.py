"""Frames that the landmarker itself doubts: blurred and covered faces."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.frame_validity import invalid_reasons, usual_sharpness
from facedyn_app.fitting.state import FaceState
from facedyn_app.records import INVALID_REASONS, FloatArray, Landmarks


def _recording(points: FloatArray, **measured: FloatArray) -> Landmarks:
    n = len(points)
    scores = np.zeros((n, 52), dtype=np.float32)
    return Landmarks(np.arange(n) / 25, points.astype(np.float32), scores, 640, 360, **measured)


def _reasons(landmarks: Landmarks, turn_deg: FloatArray) -> list[str]:
    n = len(turn_deg)
    rotation = Rotation.from_rotvec(np.radians(turn_deg)[:, None] * (0.0, 1.0, 0.0)).as_matrix()
    state = FaceState(
        rotation=torch.as_tensor(rotation),
        translation=torch.zeros(n, 3),
        jaw=torch.zeros(n, 3),
        expression=torch.zeros(n, 4),
        shape=torch.zeros(1, 5),
    )
    usual = usual_sharpness(landmarks.sharpness)
    code = invalid_reasons(landmarks, state, np.zeros(n), FitSettings(), usual)
    return [INVALID_REASONS[c] for c in code]


def _still(n: int) -> FloatArray:
    points = np.random.default_rng(0).random((1, 478, 2)) * 200 + 50
    return np.repeat(points, n, axis=0)


def test_blurred_and_covered_frames_are_named() -> None:
    landmarks = _recording(
        _still(7),
        sharpness=np.array([1.0, 1.1, 0.4, 0.9, 1.0, np.nan, 1.0]),
        certainty=np.array([1.0, 1.0, 1.0, 0.7, 0.99, 1.0, 1.0]),
        likeness=np.array([1.0, 0.6, 0.9, 0.9, 0.8, np.nan, 0.1]),
    )
    reasons = _reasons(landmarks, np.zeros(7))
    assert reasons == ["", "", "blurred", "occluded", "", "", "occluded"]


def test_a_turned_face_may_be_less_like_itself_and_is_turned_away_where_it_is_doubted() -> None:
    likeness = np.array([0.25, 0.25, 0.1, 0.9, 0.9])
    landmarks = _recording(_still(5), likeness=likeness)
    reasons = _reasons(landmarks, np.array([0.0, 30.0, 40.0, 40.0, 65.0]))
    assert reasons == ["occluded", "", "turned away", "", "turned away"]


@pytest.mark.parametrize("n_away", [1, 2, 4])
def test_landmarks_that_leave_for_a_moment_have_jumped(n_away: int) -> None:
    points = _still(20) + 2.0 * np.arange(20)[:, None, None]  # the face moves all the time
    points[8 : 8 + n_away] += 60.0
    jumped = [reason == "landmark jump" for reason in _reasons(_recording(points), np.zeros(20))]
    assert np.flatnonzero(jumped).tolist() == list(range(8, 8 + n_away))


def test_a_face_that_goes_elsewhere_and_stays_there_has_not_jumped() -> None:
    points = _still(20)
    points[8:] += 60.0
    assert set(_reasons(_recording(points), np.zeros(20))) == {""}


def test_landmarks_that_were_made_are_not_doubted() -> None:
    made = Landmarks(np.arange(3.0), np.zeros((3, 478, 2)), np.zeros((3, 52)), 640, 360)
    assert (made.certainty == 1).all()
    assert np.isnan(made.sharpness).all()
    assert np.isnan(made.likeness).all()
