from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import roma
import torch

from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.fitting.arrow import solve_arrow
from facedyn_app.fitting.live import LiveFit
from facedyn_app.fitting.session_fit import choose_device, fit_session
from facedyn_app.fitting.start import start_state
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.settings import FitSettings
from tests.fitting.conftest import make_motion

LOOSE = FitSettings(landmark_noise=1e-3, shape_sd=100.0, expression_sd=10.0, jaw_sd=(9.0, 9.0, 9.0))


def test_known_motion_is_recovered_without_noise(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 60, settings=LOOSE)
    start = start_state(motion.problem.head, motion.problem.seen, 0 * motion.truth.shape)
    result = solve_arrow(motion.problem, start, max_iterations=60, tolerance=1e-9)
    turn = roma.rotmat_geodesic_distance(result.state.rotation, motion.truth.rotation)
    assert result.converged
    assert float(turn.max()) < 0.003
    assert float((result.state.expression - motion.truth.expression).abs().max()) < 0.05
    assert float((result.state.jaw - motion.truth.jaw).abs().max()) < 0.01
    assert float((result.state.shape - motion.truth.shape).abs().max()) < 0.1


def test_fit_reports_noise_and_marks_frames(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 60, noise_px=0.5)
    points = motion.landmarks.points.copy()
    points[10:13] = np.nan
    points[20] += np.random.default_rng(0).normal(size=points[20].shape) * 40
    landmarks = dataclasses.replace(motion.landmarks, points=points)
    fit = fit_session(face_head, landmarks, FitSettings(landmark_noise=3e-3), device="cpu")
    bad = [10, 11, 12, 20]
    assert np.flatnonzero(~fit.valid).tolist() == bad
    assert np.isnan(fit.expression[bad]).all()
    good = fit.valid
    assert np.isfinite(fit.expression[good]).all()
    # Rayleigh mean of 0.5 px noise in two directions: 0.63 px, a little less after the fit
    assert 0.4 < float(np.mean(fit.error_px[good])) < 0.8
    assert fit.expression[good].min() >= 0.0
    assert fit.expression[good].max() <= 1.0
    # the last 0.4 s are less than half a chunk and give no shape of their own
    assert fit.shape_chunks.shape == (2, face_head.n_shape)
    assert fit.shape_chunk_seconds == pytest.approx([0.5, 1.5])


def test_chunks_follow_a_shape_that_changes(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 75, n_groups=3, settings=LOOSE)
    fit = fit_session(face_head, motion.landmarks, LOOSE, device="cpu")
    away = np.abs(fit.shape_chunks - motion.truth.shape.numpy())
    between = np.abs(np.diff(motion.truth.shape.numpy(), axis=0)).mean()
    assert away.mean() < 0.25 * between


def test_precision_of_float32_is_enough(face_head: HeadModel) -> None:
    fine = make_motion(face_head, 20, noise_px=0.3)
    coarse = make_motion(face_head, 20, noise_px=0.3, dtype=torch.float32)
    costs = []
    for motion in (fine, coarse):
        start = start_state(motion.problem.head, motion.problem.seen, 0 * motion.truth.shape)
        costs.append(solve_arrow(motion.problem, start, max_iterations=40, tolerance=1e-7).cost)
    assert costs[1] == pytest.approx(costs[0], rel=1e-3)


def test_too_few_faces_and_unknown_devices_are_sentences(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 5)
    nothing = dataclasses.replace(
        motion.landmarks, points=np.full_like(motion.landmarks.points, np.nan)
    )
    with pytest.raises(TooLittleError, match="0 of 5 frames"):
        fit_session(face_head, nothing, FitSettings(), device="cpu")
    with pytest.raises(InputError, match="'tpu'"):
        choose_device("tpu")


def test_the_caller_can_stop_a_fit(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 10)

    def stop(progress: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        fit_session(face_head, motion.landmarks, FitSettings(), device="cpu", report=stop)


def test_live_fit_follows_the_motion_block_by_block(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 200, noise_px=0.2)
    live = LiveFit(face_head, FitSettings(), "cpu")
    jaw = []
    for start in range(0, 200, 10):
        rows = slice(start, start + 10)
        part = live.fit(
            dataclasses.replace(
                motion.landmarks,
                seconds=motion.landmarks.seconds[rows],
                points=motion.landmarks.points[rows],
                scores=motion.landmarks.scores[rows],
            )
        )
        assert part.valid.all()
        jaw.append(part.jaw[:, 0])
    final = fit_session(face_head, motion.landmarks, FitSettings(), device="cpu").jaw[:, 0]
    # the first frames are fitted with the mean head; after 100 the shape is nearly the session's
    assert np.corrcoef(np.concatenate(jaw)[100:], final[100:])[0, 1] > 0.98
