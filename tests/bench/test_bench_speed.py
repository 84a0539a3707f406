"""What speed is measured with: a wide head that is a head, landmarks that are where they should."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.cases import Case, Take
from facedyn_app.bench.fit_speed import measure_fit_speed, wide_head
from facedyn_app.bench.rendered_truth import NOISE_SHARE, make_truth, simulated_landmarks
from facedyn_app.bench.speed import Speed, devices, landmark_film, measure_landmark_speed, timed
from facedyn_app.fit_settings import FitSettings
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.paint import landmark_points
from facedyn_app.headmodel.rendering.render import head_to_camera


def test_a_wide_head_has_as_many_directions_as_wanted(head: HeadModel) -> None:
    wide = wide_head(head, 100, 50)
    assert (wide.n_shape, wide.n_expression, len(wide.expression_names)) == (100, 50, 50)
    np.testing.assert_array_equal(wide.shapedirs[:, :, :90], head.shapedirs)
    made = np.abs(wide.exprdirs[:, :, 40:]).max(axis=(0, 1))
    assert made.min() > 1e-4
    assert made.max() < 1e-2
    narrow = wide_head(head, 20, 10)
    assert (narrow.n_shape, narrow.expression_names) == (20, head.expression_names[:10])


def test_simulated_landmarks_are_the_projected_head(head: HeadModel) -> None:
    case = Case(Take.STILL, seconds=8.0)
    landmarks = simulated_landmarks(wide_head(head, 100, 50), case)
    truth = make_truth(wide_head(head, 100, 50), case)
    assert landmarks.points.shape == (200, 478, 2)
    marks = landmark_points(head)
    assert marks is not None
    tip = head_to_camera(marks[1][None], truth.rotation[0], truth.translation[0])
    x, y = truth.scene.camera.project(tip)[0]
    mean = landmarks.points[:, 1].mean(axis=0)
    np.testing.assert_allclose(mean, [x, y], atol=0.06 * landmarks.face_px[0])  # another's nose
    noise = landmarks.points.std(axis=0).mean()
    assert noise == pytest.approx(NOISE_SHARE * landmarks.face_px.mean(), rel=0.1)


def test_speed_is_frames_over_wall_time() -> None:
    assert Speed("this", "CPU", 50, 0.5).frames_per_second == 100
    assert 0.05 <= timed(lambda: time.sleep(0.05)) < 0.5
    assert devices()[0] == "cpu"


@pytest.mark.slow
def test_landmark_speeds_are_measured(head: HeadModel, tmp_path: Path) -> None:
    found = measure_landmark_speed(landmark_film(head, tmp_path, quick=True))
    assert [one.own for one in found].count(True) == 1
    assert {one.n_frames for one in found} == {75}
    assert min(one.frames_per_second for one in found) > 1


@pytest.mark.slow
def test_the_fit_is_faster_and_nearer_to_the_least_cost_than_adam(head: HeadModel) -> None:
    found = measure_fit_speed(head, FitSettings(), quick=True)
    own = next(one for one in found if one.own)
    adam = next(one for one in found if "Adam" in one.what and one.device == own.device)
    assert own.frames_per_second > adam.frames_per_second
    assert own.excess_percent is not None
    assert adam.excess_percent is not None
    assert -0.01 < own.excess_percent < adam.excess_percent
