from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import roma
import torch

from facedyn_app.device import choose_device
from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.arrow import solve_arrow
from facedyn_app.fitting.fitter import make_fitter
from facedyn_app.fitting.live import LiveFit
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.fitting.shape_fit import fit_shape
from facedyn_app.fitting.state import initial_state
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import Face, FrameFaces, TrackCollector
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.records import INVALID_REASONS, FloatArray, Frame, HeadFit, Landmarks, VideoInfo
from tests.fitting.conftest import HEIGHT, WIDTH, make_motion
from tests.sessions import field

LOOSE = FitSettings(
    landmark_noise=1e-3,
    shape_sd=100.0,
    expression_sd=10.0,
    jaw_sd=(9.0, 9.0, 9.0),
    action_variation=0.0,
    point_noise=0.0,
)


def test_known_motion_is_recovered_without_noise(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 60, settings=LOOSE)
    start = initial_state(motion.problem.head, motion.problem.seen, 0 * motion.truth.shape)
    result = solve_arrow(motion.problem, start, max_iterations=60, tolerance=1e-9)
    turn = roma.rotmat_geodesic_distance(result.state.rotation, motion.truth.rotation)
    assert result.converged
    assert float(turn.max()) < 0.003
    assert float((result.state.expression - motion.truth.expression).abs().max()) < 0.05
    assert float((result.state.jaw - motion.truth.jaw).abs().max()) < 0.01
    assert float((result.state.shape - motion.truth.shape).abs().max()) < 0.1


def test_an_action_that_goes_further_than_the_heads_arrives_with_its_size(
    face_head: HeadModel,
) -> None:
    further = dataclasses.replace(face_head, exprdirs=2.0 * face_head.exprdirs)
    motion = make_motion(further, 30, settings=LOOSE)
    wanted = 2.0 * motion.truth.expression.numpy()
    assert wanted.max() > 1.2

    def error(most: float) -> float:
        settings = dataclasses.replace(LOOSE, most_activation=most)
        fit = fit_session(face_head, motion.landmarks, settings, device="cpu")
        assert fit.motion.expression.min() >= 0.0
        assert fit.motion.expression.max() <= most
        return float(np.abs(fit.motion.expression - wanted).max())

    assert error(2.0) < 0.05
    assert error(1.0) > 0.2


def test_fit_reports_noise_and_marks_frames(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 60, noise_px=0.5)
    points = motion.landmarks.points.copy()
    points[10:13] = np.nan
    points[20] += np.random.default_rng(0).normal(size=points[20].shape) * 40
    landmarks = dataclasses.replace(motion.landmarks, points=points)
    fit = fit_session(face_head, landmarks, FitSettings(landmark_noise=3e-3), device="cpu")
    bad = [10, 11, 12, 20]
    assert np.flatnonzero(~fit.motion.valid).tolist() == bad
    assert fit.invalid_reason is not None
    assert [INVALID_REASONS[fit.invalid_reason[k]] for k in bad] == ["no face"] * 3 + ["poor fit"]
    assert (fit.invalid_reason[fit.motion.valid] == 0).all()
    assert np.isnan(fit.motion.expression[bad]).all()
    good = fit.motion.valid
    assert np.isfinite(fit.motion.expression[good]).all()
    # Rayleigh mean of 0.5 px noise in two directions: 0.63 px, a little less after the fit
    assert 0.4 < float(np.mean(fit.error_px[good])) < 0.8
    assert fit.motion.expression[good].min() >= 0.0
    assert fit.motion.expression[good].max() <= FitSettings().most_activation
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
        start = initial_state(motion.problem.head, motion.problem.seen, 0 * motion.truth.shape)
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
        fit_session(face_head, motion.landmarks, FitSettings(), device="cpu", on_progress=stop)


def test_live_fit_follows_the_motion_block_by_block(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 200, noise_px=0.2)
    settings = FitSettings(landmark_noise=5e-3)
    live = LiveFit(face_head, settings, "cpu")
    jaw = []
    for start in range(0, 200, 10):
        part = live.fit(motion.landmarks.only(np.arange(start, start + 10)))
        assert part.motion.valid.all()
        jaw.append(part.motion.jaw[:, 0])
    final = fit_session(face_head, motion.landmarks, settings, device="cpu").motion.jaw[:, 0]
    # the first frames are fitted with the mean head; after 100 shape and offset are nearly the
    # session's
    assert np.corrcoef(np.concatenate(jaw)[100:], final[100:])[0, 1] > 0.97


def _channels(fit: HeadFit) -> FloatArray:
    return np.concatenate(
        [fit.motion.expression, fit.motion.jaw, fit.motion.rotation, fit.motion.translation], axis=1
    )


def _noisy_still(head: HeadModel, n_frames: int) -> Landmarks:
    motion = make_motion(head, n_frames)
    still = np.repeat(motion.landmarks.points[20:21], n_frames, axis=0)
    noise = np.random.default_rng(2).normal(size=still.shape) * 0.5
    return dataclasses.replace(motion.landmarks, points=(still + noise).astype(np.float32))


def test_a_still_face_is_held_still(face_head: HeadModel) -> None:
    landmarks = _noisy_still(face_head, 80)
    settings = FitSettings(landmark_noise=4e-3)
    apart = dataclasses.replace(
        landmarks, seconds=np.arange(80) * 1.0
    )  # a second apart, frames are not coupled
    steady = _channels(fit_session(face_head, landmarks, settings, device="cpu")).std(axis=0)
    alone = _channels(fit_session(face_head, apart, settings, device="cpu")).std(axis=0)
    moves = alone > 1e-4
    # more than this and blinks lose their height
    assert np.median(steady[moves] / alone[moves]) <= 0.5
    assert (steady[moves] <= 0.6 * alone[moves]).all()


def test_a_blink_keeps_its_peak(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 60)
    truth = motion.truth
    expression = 0.3 + 0.0 * truth.expression
    expression[28:35, 2] += torch.tensor([0.1, 0.35, 0.6, 0.6, 0.45, 0.25, 0.1]).double()
    state = dataclasses.replace(truth, expression=expression)
    seen = motion.problem.reprojection(state).numpy() + np.array([WIDTH / 2, HEIGHT / 2])
    noise = np.random.default_rng(4).normal(size=seen.shape) * 0.3
    points = motion.landmarks.points.copy()
    points[:, motion.problem.head.index.numpy()] = seen + noise
    landmarks = dataclasses.replace(motion.landmarks, points=points)
    fit = fit_session(face_head, landmarks, FitSettings(landmark_noise=4e-3), device="cpu")
    course = fit.motion.expression[:, 2]
    assert abs(int(np.argmax(course)) - 30.5) <= 1.5
    assert course.max() - np.median(course) > 0.8 * 0.6
    assert course.max() - np.median(course) > 0.4


def test_a_long_recording_is_fitted_as_a_short_one(face_head: HeadModel) -> None:
    """Blocks and their margins against all frames at once; the shape from the same frames."""
    motion = make_motion(face_head, 900, noise_px=0.3)
    settings = FitSettings(landmark_noise=4e-3, most_shape_frames=150)
    fit = fit_session(face_head, motion.landmarks, settings, device="cpu")
    fitter = make_fitter(face_head, settings, "cpu")
    found = np.arange(900)
    known = fit_shape(fitter, motion.landmarks, found).known
    problem, start = fitter.problem(known, motion.landmarks, fitter.steps())
    whole = solve_arrow(problem, start, max_iterations=30, tolerance=1e-5).state
    assert len(fit.shape_chunks) == 36
    # the last steps that the tolerance leaves out move few frames, by little
    away = np.abs(fit.motion.expression - whole.expression.numpy())
    assert np.mean(away) < 2e-3
    assert np.quantile(away, 0.99) < 0.05
    assert np.quantile(np.abs(fit.motion.jaw - whole.jaw.numpy()), 0.99) < 0.01


def test_a_fit_has_the_same_digits_however_many_threads_there_are(face_head: HeadModel) -> None:
    still = _noisy_still(face_head, 120)
    landmarks = dataclasses.replace(still, seconds=np.arange(120) / 2.0)  # four blocks
    before, fits = torch.get_num_threads(), []
    for n_threads in (1, 3):
        torch.set_num_threads(n_threads)
        fits.append(fit_session(face_head, landmarks, FitSettings(), device="cpu"))
        assert torch.get_num_threads() == n_threads
    torch.set_num_threads(before)
    np.testing.assert_array_equal(_channels(fits[0]), _channels(fits[1]))
    np.testing.assert_array_equal(fits[0].shape_chunks, fits[1].shape_chunks)


def test_reasons_name_what_is_wrong(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 30, noise_px=0.3)
    points = motion.landmarks.points.copy()
    points[10] += 60.0
    landmarks = dataclasses.replace(motion.landmarks, points=points)
    fit = fit_session(face_head, landmarks, FitSettings(), device="cpu")
    assert fit.invalid_reason is not None
    assert INVALID_REASONS[fit.invalid_reason[10]] == "landmark jump"
    certainty, sharpness = np.ones(30, np.float32), np.ones(30, np.float32)
    certainty[4], sharpness[6] = 0.2, 0.3
    landmarks = dataclasses.replace(motion.landmarks, certainty=certainty, sharpness=sharpness)
    fit = fit_session(face_head, landmarks, FitSettings(), device="cpu")
    assert fit.invalid_reason is not None
    assert INVALID_REASONS[fit.invalid_reason[4]] == "occluded"
    assert INVALID_REASONS[fit.invalid_reason[6]] == "blurred"
    assert fit.motion.valid.sum() == 28
    small = dataclasses.replace(FitSettings(), min_face_px=400.0)
    fit = fit_session(face_head, motion.landmarks, small, device="cpu")
    assert fit.invalid_reason is not None
    assert {INVALID_REASONS[code] for code in fit.invalid_reason} == {"face too small"}


def test_coefficients_in_standard_deviations_are_fitted_as_such(face_head: HeadModel) -> None:
    motion = make_motion(face_head, 30, noise_px=0.3)
    settings = FitSettings(landmark_noise=3e-3, tolerance=1e-4, max_iterations=60)
    sd = settings.expression_sd
    free = dataclasses.replace(face_head, activations=False)
    per_sd = dataclasses.replace(free, exprdirs=sd * free.exprdirs)
    as_activations = dataclasses.replace(settings, coefficient_sd=sd)
    wanted = fit_session(free, motion.landmarks, as_activations, device="cpu")
    found = fit_session(per_sd, motion.landmarks, settings, device="cpu")
    assert np.abs(found.motion.expression).max() > 1.5
    np.testing.assert_allclose(sd * found.motion.expression, wanted.motion.expression, atol=2e-3)


def test_landmarks_in_a_file_are_fitted_as_those_in_memory(face_head: HeadModel) -> None:
    landmarks = make_motion(face_head, 80, noise_px=0.3).landmarks
    info = VideoInfo(Path("made.mp4"), WIDTH, HEIGHT, 25.0, None, None)
    collector = TrackCollector(info)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for k, seconds in enumerate(landmarks.seconds):
        face = Face(1, landmarks.points[k], landmarks.scores[k])
        seen = () if 30 <= k < 34 else (face,)
        collector.add(FrameFaces(Frame(k, float(seconds), picture), seen))
    track = collector.track()
    in_file = fit_session(face_head, track, FitSettings(), device="cpu")
    in_memory = fit_session(face_head, track.whole(), FitSettings(), device="cpu")
    assert in_file.motion.valid.sum() == 76
    for name in ("expression", "jaw", "rotation", "translation", "error_px", "shape_chunks"):
        ours, theirs = field(in_file, name), field(in_memory, name)
        np.testing.assert_allclose(ours, theirs, atol=1e-4)  # rounding depends on the alignment
    np.testing.assert_allclose(in_file.face_px, in_memory.face_px, rtol=1e-6)
