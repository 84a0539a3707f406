"""The steps that a face is expected to make between frames."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.priors import temporal_coupling, temporal_prior, usual_steps
from facedyn_app.fitting.state import FaceState

SETTINGS = dataclasses.replace(
    FitSettings(), expression_step=0.04, jaw_step=0.008, step_share=0.1, turn_step=0.5
)


def test_what_hardly_moves_is_expected_to_move_little() -> None:
    still, lively, middle = 0.0, 5.0, 0.2
    steps = usual_steps(
        SETTINGS, torch.tensor([0.05, 1.0, 0.0]), torch.tensor([still, lively, middle])
    )
    assert steps[:3].tolist() == pytest.approx([0.5] * 3)  # the pose is not held by its spread
    assert steps[6:].tolist() == pytest.approx([0.005, 0.008, 1e-4, 1e-4, 0.04, 0.02])


def test_frames_across_a_gap_are_not_tied() -> None:
    pace = temporal_prior(torch.tensor([0.0, 0.04, 0.06, 0.3, 0.3]), torch.ones(9), ())
    assert pace.close.tolist() == pytest.approx([1.0, 2.0, 0.0, 0.0])


@pytest.mark.parametrize("step", [0.05, 10.0])
def test_lids_are_held_at_rest_and_free_in_a_blink(step: float) -> None:
    names = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight")
    pace = temporal_prior(torch.tensor([0.0, 0.04]), torch.ones(12), names)
    still = torch.zeros(2, 3)
    expression = torch.tensor([[0.0, 0.0, 0.0], [step, step, 0.0]])
    state = FaceState(torch.eye(3).expand(2, 3, 3), still, still, expression, torch.zeros(1, 0))
    found = temporal_coupling(state, pace, tail=1.0)
    assert found.force[0, :9].tolist() == [0.0] * 9
    # slopes of log(1 + x^2) / 2 and of x^2 / (1 + x^2) / 2
    other, lid, resting = (step / (1.0 + step**2), step / (1.0 + step**2) ** 2, 0.0)
    assert found.force[0, 9:].tolist() == pytest.approx([other, lid, resting])
    cost = 0.5 * (math.log1p(step**2) + step**2 / (1.0 + step**2))
    assert float(found.cost) == pytest.approx(cost)


def test_lids_that_do_not_blink_are_held_like_all_else() -> None:
    names, steps = ("eyeBlinkLeft", "jawOpen", "eyeBlinkRight"), torch.full((12,), 0.04)
    seconds = torch.tensor([0.0, 0.04])
    assert temporal_prior(seconds, steps, names).quick.tolist() == [9, 11]
    steps[9] = 1e-3  # one eye alone stays open
    assert temporal_prior(seconds, steps, names).quick.tolist() == [9, 11]
    steps[11] = 1e-3
    assert temporal_prior(seconds, steps, names).quick.tolist() == []
