"""The fit with optical flow: motion that the landmarks show too small comes out at its size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.flow_rows import _median
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, HeadFit, Landmarks
from tests.fitting.conftest import MadeMotion, make_motion

SETTINGS = FitSettings(landmark_noise=0.01, flow_noise=0.0005, expression_sd=1.0)
N_FRAMES = 60
SHOWN = 0.6
"""Of an action, what the landmarks show."""


@pytest.fixture(scope="module")
def motion(face_head: HeadModel) -> MadeMotion:
    return make_motion(face_head, N_FRAMES, settings=SETTINGS)


@pytest.fixture(scope="module")
def damped(face_head: HeadModel, motion: MadeMotion) -> Landmarks:
    """Landmarks that show too little, and flow that knows all but where each landmark was."""
    small = replace(face_head, exprdirs=SHOWN * face_head.exprdirs)
    shown = make_motion(small, N_FRAMES, settings=SETTINGS).landmarks.points
    true = motion.landmarks.points
    constant = 3.0 * np.random.default_rng(2).normal(size=true[:1].shape).astype(np.float32)
    certainty = np.full(true.shape[:2], 0.9, np.float32)
    return replace(motion.landmarks, points=shown, flow=true + constant, flow_certainty=certainty)


def _fit(head: HeadModel, landmarks: Landmarks, settings: FitSettings = SETTINGS) -> HeadFit:
    return fit_session(head, landmarks, settings, device="cpu")


def _without(landmarks: Landmarks) -> Landmarks:
    return replace(
        landmarks,
        flow=landmarks.flow[:, :0],
        flow_certainty=landmarks.flow_certainty[:, :0],
    )


def _slope(fit: HeadFit, motion: MadeMotion) -> float:
    """Of the fitted on the true expression, over all channels, their means taken off."""
    true: FloatArray = motion.truth.expression.numpy()
    true = true - true.mean(axis=0)
    return float((true * fit.motion.expression).sum() / np.square(true).sum())


def test_flow_gives_a_motion_its_size_that_landmarks_damp(
    face_head: HeadModel, motion: MadeMotion, damped: Landmarks
) -> None:
    without, found = _fit(face_head, _without(damped)), _fit(face_head, damped)
    assert found.motion.valid.all()
    assert 0.4 < _slope(without, motion) < 0.65
    assert 0.8 < _slope(found, motion) < 1.1
    # it tells nothing of the shape
    np.testing.assert_array_equal(found.shape, without.shape)
    assert np.isfinite(found.shape_chunks).all()


def test_flow_that_nobody_is_sure_of_changes_little(
    face_head: HeadModel, motion: MadeMotion, damped: Landmarks
) -> None:
    unsure = replace(damped, flow_certainty=np.zeros_like(damped.flow_certainty))
    settings = replace(SETTINGS, flow_noise=0.01)
    without = _fit(face_head, _without(damped), settings)
    found = _fit(face_head, unsure, settings)
    assert _slope(found, motion) == pytest.approx(_slope(without, motion), abs=0.02)


def test_what_goes_wrong_in_some_frames_counts_little(
    face_head: HeadModel, motion: MadeMotion, damped: Landmarks
) -> None:
    astray = np.arange(5, N_FRAMES, 6)
    right = np.setdiff1d(np.arange(N_FRAMES), astray)
    true = motion.truth.expression.numpy()

    def error(by_px: float, certainty: float) -> float:
        """RMS in the frames astray, of what it is in the others."""
        flow, sure = damped.flow.copy(), damped.flow_certainty.copy()
        flow[astray, :200] += by_px
        sure[astray, :200] = certainty
        landmarks = replace(damped, flow=flow, flow_certainty=sure)
        off = np.square(_fit(face_head, landmarks).motion.expression - true)
        return float(np.sqrt(off[astray].mean() / off[right].mean()))

    assert error(15.0, 0.0) < 1.3
    assert error(3.0, 0.0) < error(3.0, 0.9) < 2.5


def test_medians_by_weight() -> None:
    values = torch.tensor([[3.0, 1.0], [1.0, 2.0], [2.0, 3.0], [9.0, 4.0]])
    weight = torch.tensor([[1.0, 0.1], [1.0, 0.1], [1.0, 0.1], [0.1, 1.0]])
    assert _median(values, weight).tolist() == [2.0, 4.0]
