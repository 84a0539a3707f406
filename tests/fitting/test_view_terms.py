"""What the landmarker says beside its points, as a second measurement."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import roma
import torch

from facedyn_app.fitting.arrow import solve_arrow
from facedyn_app.fitting.landmark_head import LEAST_SCORE, line_of_sight_rotation, readings_of
from facedyn_app.fitting.state import initial_state
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
