"""What the landmarker says beside its points, as a second measurement."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import roma
import torch

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.arrow import solve_arrow
from facedyn_app.fitting.fitter import make_fitter
from facedyn_app.fitting.landmark_errors import landmark_head
from facedyn_app.fitting.landmark_head import (
    LEAST_SCORE,
    camera_slope,
    line_of_sight_rotation,
    pose_landmarks,
    readings_of,
)
from facedyn_app.fitting.state import FaceState, initial_state
from facedyn_app.fitting.view import reproject
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import N_BLENDSHAPES
from tests.fitting.conftest import made_errors, make_motion


def test_logits_end_where_a_score_is_noise() -> None:
    scores = np.array([[0.0, 0.5, 0.731058579, 1.0]], np.float32)
    readings = readings_of(scores, np.array([[0.1, 0.2, 0.3]]))
    end = np.log(LEAST_SCORE / (1 - LEAST_SCORE))
    assert readings[0] == pytest.approx([end, 0.0, 1.0, -end, 0.1, 0.2, 0.3])


def _without_last_expression(head: HeadModel) -> HeadModel:
    """The same head, whose last expression nobody sees at its landmarks."""
    exprdirs = np.array(head.exprdirs)
    exprdirs[:, :, -1] = 0.0
    return dataclasses.replace(head, exprdirs=exprdirs)


@pytest.mark.parametrize("told", [True, False])
def test_readings_tell_what_landmarks_do_not_show(face_head: HeadModel, told: bool) -> None:
    head = _without_last_expression(face_head)
    errors = made_errors(head)
    n_flat = 2 * len(errors.index)
    errors.by_expression[:n_flat, -1] = 0.0
    if not told:
        errors.by_expression[n_flat:, -1] = 0.0
    motion = make_motion(head, 40, errors=errors)
    start = initial_state(motion.problem.head, motion.problem.seen, 0 * motion.truth.shape)
    result = solve_arrow(motion.problem, start, max_iterations=100, tolerance=1e-7)
    found, true = result.state.expression[:, -1], motion.truth.expression[:, -1]
    correlation = np.corrcoef(found.numpy(), true.numpy())[0, 1] if told else None
    if told:
        assert correlation is not None
        assert correlation > 0.95
    else:  # nothing measures it: the prior keeps it at rest
        assert float(found.abs().max()) < 1e-6


def test_noise_of_scores_is_a_setting(face_head: HeadModel) -> None:
    """Ten times the noise lets a misfit count a hundredth, where rows are independent."""
    errors = made_errors(face_head)
    errors.correlation[:] = np.eye(len(errors.correlation))
    costs = []
    for noise in (1.0, 10.0):
        settings = dataclasses.replace(
            make_motion(face_head, 2).problem.settings, score_noise=noise, robust_scale=1e4
        )
        motion = make_motion(face_head, 3, errors=errors, settings=settings)
        seen = motion.problem.seen
        off = torch.tensor([3.0] * N_BLENDSHAPES + [0.0] * 3).double()
        seen = dataclasses.replace(seen, readings=seen.readings + off)
        away = dataclasses.replace(motion.problem, seen=seen)
        costs.append(float(away.cost(motion.truth) - motion.problem.cost(motion.truth)))
    assert costs[0] > 10.0
    assert costs[1] < 0.05 * costs[0]


def test_readings_tell_the_turn_where_points_tell_nothing(face_head: HeadModel) -> None:
    errors = made_errors(face_head)
    errors.deviation[: 2 * len(errors.index)] *= 1e4
    motion = make_motion(face_head, 10, errors=errors)
    off = torch.tensor([0.2, -0.15, 0.1]).double().expand(10, 3)
    away = motion.truth.rotation @ roma.rotvec_to_rotmat(off)
    start = dataclasses.replace(motion.truth, rotation=away)
    result = solve_arrow(motion.problem, start, max_iterations=100, tolerance=1e-7)
    left = roma.rotmat_geodesic_distance(result.state.rotation, motion.truth.rotation)
    assert float(left.max()) < 0.05


def test_a_head_beside_the_middle_is_seen_from_its_inner_side() -> None:
    # 45 degrees to the right and as far below the middle, facing the image plane
    seen = line_of_sight_rotation(torch.tensor([[1.0, 0.0], [0.0, 1.0]]).double())
    quarter = np.pi / 4
    wanted = torch.tensor([[0.0, quarter, 0.0], [quarter, 0.0, 0.0]]).double()
    torch.testing.assert_close(roma.rotmat_to_rotvec(seen), wanted)


def test_the_slope_is_that_of_the_direction_to_the_camera() -> None:
    straight, left, up = torch.zeros(3), torch.tensor([0.0, 0.3, 0.0]), torch.tensor([0.2, 0, 0])
    found = camera_slope(roma.rotvec_to_rotmat(torch.stack([straight, left, up]).double()))
    # a head turned to its left has the camera on its right, where x is negative
    wanted = torch.tensor([0.0, -np.tan(0.3), 0.0])
    torch.testing.assert_close(found, wanted.double())


def test_an_expression_is_seen_as_from_where_the_head_is_seen(face_head: HeadModel) -> None:
    errors = made_errors(face_head)
    head = landmark_head(face_head, errors=errors, device=torch.device("cpu"), dtype=torch.float64)
    slope = torch.tensor(0.3, dtype=torch.float64)
    shape, group = torch.zeros(1, head.n_shared).double(), torch.zeros(1, dtype=torch.int64)
    smile, still = torch.eye(1, face_head.n_expression).double(), torch.zeros(1, 3).double()
    front, turned = (
        pose_landmarks(one, shape, group, smile, still).points[0]
        for one in (head, head.seen_from(slope))
    )
    n_flat = 2 * len(errors.index)
    change = 0.3 * (errors.expression_by_slope[:, 0] + errors.offset_by_slope)
    moved = (turned - front).numpy()
    assert moved[:2].T.ravel() == pytest.approx(change[:n_flat])
    assert not moved[2].any()
    said, before = (
        one.readings.predict(shape, group, smile, still)[0].numpy()
        for one in (head.seen_from(slope), head)
    )
    assert said - before == pytest.approx(change[n_flat:])


def test_a_recording_is_fitted_as_it_is_mostly_seen(face_head: HeadModel) -> None:
    """Of seven frames in five the head is turned by 0.2 rad to its left, once far to its right."""
    fitter = make_fitter(face_head, FitSettings(), "cpu")
    by_slope = torch.full_like(fitter.head.expression_by_slope, 1e-3)
    fitter = dataclasses.replace(
        fitter, head=dataclasses.replace(fitter.head, expression_by_slope=by_slope)
    )
    yaw = torch.tensor([0.2, 0.2, -0.7, 0.2, 0.2, 0.0, 0.2])
    still = torch.zeros(7, 3)
    turn = torch.stack([still[:, 0], yaw, still[:, 0]], dim=1)
    state = FaceState(
        rotation=roma.rotvec_to_rotmat(turn),
        translation=torch.tensor([0.0, 0.0, 2.0]).expand(7, 3),
        jaw=still,
        expression=torch.zeros(7, face_head.n_expression),
        shape=torch.zeros(1, face_head.n_shape),
    )
    made = make_motion(face_head, 7).landmarks
    focal_px = 1.2 * max(made.width, made.height)
    flat = reproject(fitter.head, state, torch.zeros(7, dtype=torch.int64), focal_px).numpy()
    points = made.points.copy()
    points[:, fitter.head.index.numpy()] = flat + np.array([made.width / 2, made.height / 2])
    seen = fitter.seen_as_in(dataclasses.replace(made, points=points))
    change = seen.head.expression[0, :2] - fitter.head.expression[0, :2]
    assert change.numpy() == pytest.approx(-1e-3 * np.tan(0.2), rel=0.1)
