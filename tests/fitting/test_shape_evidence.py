"""What a recording tells of the shape: its posterior, against dense algebra and made motion."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.arrow import Curvature, shared_covariance, solve_arrow
from facedyn_app.fitting.fitter import make_fitter
from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.fitting.shape_evidence import shape_by_offset
from facedyn_app.fitting.shape_fit import fit_shape
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray
from tests.fitting.conftest import make_motion


def test_the_shared_covariance_is_that_of_the_whole_matrix() -> None:
    generator = torch.Generator().manual_seed(1)
    n_frames, n, m = 4, 3, 2
    rows = torch.randn(n_frames, 20, n + m, generator=generator).double()
    H = rows.mT @ rows
    whole = torch.zeros(n_frames * n + m, n_frames * n + m).double()
    for t in range(n_frames):
        own = [*range(t * n, (t + 1) * n), *range(n_frames * n, n_frames * n + m)]
        whole[np.ix_(own, own)] += H[t]
    parts = Curvature(H[:, :n, :n], H[:, :n, n:], H[:, n:, n:].sum(0, keepdim=True))
    found = shared_covariance(parts, torch.zeros(n_frames, dtype=torch.int64))
    assert found[0].numpy() == pytest.approx(torch.linalg.inv(whole)[-m:, -m:].numpy())


def test_the_posterior_lies_between_certainty_and_the_prior(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 40, noise_px=0.3)
    fit = fit_session(face_head, motion.landmarks, FitSettings(), device="cpu")
    assert fit.shape_certainty is not None
    size = np.linalg.eigvalsh(fit.shape_certainty.posterior)
    assert size.min() > 0.0
    assert size.max() < 1.0 + 1e-6


def test_what_is_less_sure_of_actions_is_less_sure_of_the_shape(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 40, noise_px=0.3)

    def open_share(settings: FitSettings) -> float:
        found = np.arange(40)
        fitter = make_fitter(face_head, settings, "cpu")
        return float(np.trace(fit_shape(fitter, motion.landmarks, found).certainty.posterior))

    usual = open_share(FitSettings())
    assert open_share(FitSettings(action_variation=3.0)) > 1.05 * usual
    assert open_share(FitSettings(held_share=9.0)) > 1.05 * usual
    assert open_share(FitSettings(point_noise=0.01)) > 1.05 * usual


def test_a_persons_own_offset_is_no_scatter_between_their_recordings(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 40, noise_px=0.3)

    def shares(variation: float) -> tuple[float, float]:
        settings = FitSettings(action_variation=variation, rest_score_noise=0.0)
        fitter = make_fitter(face_head, settings, "cpu")
        certainty = fit_shape(fitter, motion.landmarks, np.arange(40)).certainty
        posterior = certainty.posterior.astype(np.float64)
        all_of_it = posterior - posterior @ posterior
        assert np.linalg.eigvalsh(certainty.scatter).min() > -1e-5
        return float(np.trace(certainty.scatter)), float(np.trace(all_of_it))

    scatter, all_of_it = shares(0.0)
    assert scatter == pytest.approx(all_of_it, rel=1e-3)
    scatter, all_of_it = shares(1.0)
    assert 0.0 < scatter < 0.8 * all_of_it


def test_what_an_offset_makes_of_the_shape_is_what_it_does(face_head: HeadModel) -> None:
    """All frames the same, an offset added to them: the shape moves as its derivative says."""
    landmarks = make_motion(face_head, 40, noise_px=0.3).landmarks.only(np.full(20, 7))
    fitter = make_fitter(face_head, FitSettings(tolerance=1e-7, max_iterations=60), "cpu")
    offset = torch.zeros(len(fitter.evidence.own))
    offset[: len(fitter.head.weight)] = 1e-3 * torch.randn(
        len(fitter.head.weight), generator=torch.Generator().manual_seed(3)
    )

    def shape(head: LandmarkHead) -> tuple[FloatArray, FloatArray]:
        problem, start = fitter.shape_problem(landmarks)
        problem = replace(problem, head=head, activations=False)  # bounds are not linear
        fit = solve_arrow(problem, start, max_iterations=60, tolerance=1e-7)
        by_offset = shape_by_offset(problem, problem.evaluate(fit.state))
        return fit.state.shape[0, : head.n_shape].numpy(), (by_offset @ offset).numpy()

    before, expected = shape(fitter.head)
    after, _ = shape(fitter.head.with_offset(-offset))
    moved = after - before
    assert np.linalg.norm(moved) > 0.02
    assert np.linalg.norm(moved - expected) < 0.1 * np.linalg.norm(moved)


def test_frames_with_a_known_shape_are_measured_as_before(face_head: HeadModel) -> None:
    landmarks = make_motion(face_head, 12).landmarks
    plain, unsure = (
        make_fitter(face_head, FitSettings(action_variation=value), "cpu") for value in (0.0, 3.0)
    )
    problems = [fitter.problem(fitter.head, landmarks)[0] for fitter in (plain, unsure)]
    assert torch.equal(*(problem.whitening.matrix for problem in problems))
    shapes = [fitter.shape_problem(landmarks)[0] for fitter in (plain, unsure)]
    assert shapes[0].whitening.matrix.norm() > 1.5 * shapes[1].whitening.matrix.norm()


def test_a_persons_own_offset_is_taken_for_no_expression(face_head: HeadModel) -> None:
    """Landmarks that lie elsewhere in all frames leave the expression as it is without them."""
    motion = make_motion(face_head, 60, noise_px=0.1)
    points = motion.landmarks.points.copy()
    assert face_head.landmarks is not None
    middle = points[0, face_head.landmarks.index[60]]
    distance = np.linalg.norm(points[0] - middle, axis=1)
    points[:, :, 1] += 2.0 * np.exp(-0.5 * (distance / 16.0) ** 2)
    moved = replace(motion.landmarks, points=points)

    def change(settings: FitSettings) -> float:
        one, other = (
            fit_session(face_head, seen, settings, device="cpu").motion.expression
            for seen in (motion.landmarks, moved)
        )
        return float(np.abs(one - other).mean())

    usual = FitSettings(landmark_noise=2e-3)
    without = replace(usual, action_variation=0.0, point_noise=0.0)
    assert change(usual) < 0.5 * change(without)


def test_landmarks_that_lie_elsewhere_one_by_one_hardly_change_the_shape(
    face_head: HeadModel,
) -> None:
    motion = make_motion(face_head, 60, noise_px=0.1)
    away = np.random.default_rng(5).normal(0.0, 2.0, motion.landmarks.points[0].shape)
    moved = replace(motion.landmarks, points=motion.landmarks.points + away.astype(np.float32))

    def change(noise: float) -> float:
        settings = FitSettings(landmark_noise=2e-3, point_noise=noise)
        one, other = (
            fit_session(face_head, seen, settings, device="cpu").shape
            for seen in (motion.landmarks, moved)
        )
        return float(np.linalg.norm(one - other))

    assert change(0.003) < 0.7 * change(0.0)


def test_the_offset_is_the_share_of_the_mean_residual_that_the_prior_expects(
    face_head: HeadModel,
) -> None:
    """O (C / n + O + N)^-1 r with all read back from the gain: a residual in O's range is kept."""
    settings = FitSettings(action_variation=1e3)
    fitter = make_fitter(face_head, settings, "cpu")
    n_flat = 2 * len(fitter.head.weight)
    gain = fitter.evidence.offset_gain[:n_flat, :n_flat].double()
    # an offset far larger than the errors is believed where it is smooth
    even = torch.zeros(n_flat).double()
    even[: n_flat // 2] = 1e-3
    kept = gain @ even
    assert float(kept[: n_flat // 2].median()) == pytest.approx(1e-3, rel=0.05)
    none = make_fitter(face_head, FitSettings(action_variation=0.0), "cpu").evidence.offset_gain
    assert float(none[:n_flat, :n_flat].abs().max()) == 0.0
