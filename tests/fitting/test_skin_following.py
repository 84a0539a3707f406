"""The skin followed: motion that the landmarks show too small comes out at its size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.contrast import contrast_pictures
from facedyn_app.fitting.fitter import make_fitter
from facedyn_app.fitting.frames_fit import Tracks
from facedyn_app.fitting.image_alignment import AlignmentProblem
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.fitting.skin_following import N_REFERENCE, SKIN_STAGE, frames_at_rest
from facedyn_app.fitting.surface_points import surface_points
from facedyn_app.fitting.symmetry import head_mirror
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.model import REGION_EYE, REGION_MOUTH_INSIDE, HeadModel
from facedyn_app.landmarks import FaceVideo
from facedyn_app.progress import Progress
from facedyn_app.records import FloatArray, Frame, HeadFit, Landmarks
from facedyn_app.topology import mirror_landmarks
from tests.fitting.conftest import HEIGHT, WIDTH, MadeMotion, make_motion
from tests.fitting.skin_films import painted

SETTINGS = FitSettings(landmark_noise=0.03, expression_sd=1.0)
N_FRAMES = 40
SHOWN = 0.6
"""Of an action, what the landmarks show."""
FOCAL_PX = SETTINGS.focal_factor * WIDTH


@pytest.fixture(scope="module")
def motion(face_head: HeadModel) -> MadeMotion:
    return make_motion(face_head, N_FRAMES, settings=SETTINGS, dtype=torch.float32)


@pytest.fixture(scope="module")
def film(face_head: HeadModel, motion: MadeMotion) -> list[Frame]:
    points = surface_points(face_head, motion.truth.shape[0])
    return painted(points).film(motion.truth, FOCAL_PX, (WIDTH, HEIGHT))


@pytest.fixture(scope="module")
def damped(face_head: HeadModel) -> Landmarks:
    """Landmarks that show too little of what moves."""
    small = replace(face_head, exprdirs=SHOWN * face_head.exprdirs)
    return make_motion(small, N_FRAMES, settings=SETTINGS).landmarks


def _fit(head: HeadModel, landmarks: Landmarks, film: list[Frame] | None = None) -> HeadFit:
    pictures = None if film is None else FaceVideo(film.copy, landmarks)
    return fit_session(head, landmarks, SETTINGS, device="cpu", pictures=pictures)


def _slope(fit: HeadFit, motion: MadeMotion) -> float:
    """Of the fitted on the true expression, over all channels, their means taken off."""
    true: FloatArray = motion.truth.expression.numpy()
    true = true - true.mean(axis=0)
    return float((true * fit.motion.expression).sum() / np.square(true).sum())


def test_the_skin_gives_a_motion_its_size_that_landmarks_damp(
    face_head: HeadModel, motion: MadeMotion, damped: Landmarks, film: list[Frame]
) -> None:
    without, found = _fit(face_head, damped), _fit(face_head, damped, film)
    assert found.motion.valid.all()
    assert 0.1 < _slope(without, motion) < 0.35
    assert 0.6 < _slope(found, motion) < 1.1
    # it tells nothing of the shape, nor of what the landmarks are worth
    np.testing.assert_array_equal(found.shape, without.shape)
    np.testing.assert_array_equal(found.shape_chunks, without.shape_chunks)
    np.testing.assert_array_equal(found.error_px, without.error_px)


def test_another_exposure_and_a_covered_picture_change_little(
    face_head: HeadModel, motion: MadeMotion, damped: Landmarks, film: list[Frame]
) -> None:
    found = _fit(face_head, damped, film)
    points = surface_points(face_head, motion.truth.shape[0])
    light = np.linspace(0.6, 1.2, N_FRAMES)
    other = painted(points).film(motion.truth, FOCAL_PX, (WIDTH, HEIGHT), light)
    again = _fit(face_head, damped, other)
    change = np.abs(again.motion.expression - found.motion.expression)
    assert change.max() < 0.1
    noise = np.random.default_rng(9).integers(0, 255, size=(HEIGHT, WIDTH, 3), dtype=np.uint8)
    covered = [replace(one, image=noise) if one.index == 20 else one for one in film]
    hidden, without = _fit(face_head, damped, covered), _fit(face_head, damped)
    # the neighbours and the landmarks tell what a picture does not
    off = np.abs(hidden.motion.expression - found.motion.expression).mean(axis=1)
    assert off[20] < np.abs(without.motion.expression - found.motion.expression)[20].mean()
    assert off[np.abs(np.arange(N_FRAMES) - 20) > 5].max() < 0.02


def test_no_skin_tells_nothing(face_head: HeadModel, damped: Landmarks, film: list[Frame]) -> None:
    flat = [replace(one, image=np.full_like(one.image, 120)) for one in film]
    without, found = _fit(face_head, damped), _fit(face_head, damped, flat)
    change = np.abs(found.motion.expression - without.motion.expression)
    assert np.median(change) < 0.01  # the frames are solved further, that is all
    assert change.max() < 0.1


def test_a_stop_is_told_of_the_second_pass_and_ends_the_decoding(
    face_head: HeadModel, damped: Landmarks, film: list[Frame]
) -> None:
    ended = []

    def decode() -> Iterator[Frame]:
        try:
            yield from film
        finally:
            ended.append(True)

    def stop(progress: Progress) -> None:
        if progress.stage == SKIN_STAGE:
            raise KeyboardInterrupt

    pictures = FaceVideo(decode, damped)
    with pytest.raises(KeyboardInterrupt):
        fit_session(face_head, damped, SETTINGS, pictures=pictures, on_progress=stop)
    assert ended == [True, True]


def test_slopes_are_those_of_the_cost(
    face_head: HeadModel, motion: MadeMotion, damped: Landmarks, film: list[Frame]
) -> None:
    frames = np.array([3, 11, 30])
    points = surface_points(face_head, motion.truth.shape[0])
    (squares,) = FaceVideo(film.copy, damped).squares(frames)
    shown = next(iter(contrast_pictures(squares, points.area)))
    face = motion.problem.only(torch.as_tensor(frames))
    face = face.of(face.head.with_shape(motion.truth.shape[0]))
    state = replace(motion.truth.frames(torch.as_tensor(frames)), shape=torch.zeros(1, 0))
    appearance = torch.as_tensor(np.random.default_rng(3).normal(size=len(points.area)) * 0.3)
    weight = points.area.expand(3, -1)
    problem = AlignmentProblem(face, points, shown, appearance.to(points.area), weight)
    here = problem.evaluate(state)
    slope = problem.linearise(here, problem.curvature(here)).g_f
    own = face.linearise(here.landmarks, face.curvature(here.landmarks)).g_f
    step_s, largest = torch.zeros(1, 0), float(slope.abs().max())
    for k in range(slope.shape[1]):
        step = torch.zeros_like(slope)
        step[:, k] = 2e-4
        forth, back = (
            problem.evaluate(problem.retract(state, way * step, step_s)) for way in (1, -1)
        )
        # what the pictures add to the landmarks' cost
        change = (forth.cost - forth.landmarks.cost) - (back.cost - back.landmarks.cost)
        told = float((slope - own)[:, k].sum())
        assert told == pytest.approx(float(change) / 4e-4, rel=0.1, abs=0.02 * largest)


def test_frames_at_rest_are_sharp_quiet_and_turned_as_usual() -> None:
    n_frames = 120
    quiet = np.arange(n_frames) % 3 == 0
    expression = np.where(quiet, 0.1, 0.6)[:, None] * np.ones((1, 3), np.float32)
    rotation = np.zeros((n_frames, 3), np.float32)
    rotation[:20, 1] = 0.6
    sharpness = np.ones(n_frames)
    sharpness[100:] = 0.5
    flat = np.zeros(n_frames, np.float32)
    tracks = Tracks(
        expression=expression,
        jaw=np.zeros((n_frames, 3), np.float32),
        rotation=rotation,
        translation=np.zeros((n_frames, 3), np.float32),
        gaze=np.zeros((n_frames, 2, 2), np.float32),
        openings=np.zeros((n_frames, 2), np.float32),
        error_px=flat,
        reason=np.zeros(n_frames, np.uint8),
    )
    valid = np.flatnonzero(np.arange(n_frames) != 42)
    chosen = frames_at_rest(tracks, sharpness, valid)
    assert len(chosen) == N_REFERENCE
    assert (np.diff(chosen) > 0).all()
    wanted = quiet & (np.arange(n_frames) >= 20) & (sharpness == 1.0)
    assert set(chosen) <= set(np.flatnonzero(wanted)) - {42}


@pytest.fixture(scope="module")
def open_head() -> HeadModel:
    return load_head("open-head-2")


def test_points_of_the_skin_are_seen_from_the_front_on_both_sides(open_head: HeadModel) -> None:
    points = surface_points(open_head, torch.zeros(open_head.n_shape))
    places = points.places(torch.zeros(1, open_head.n_expression), torch.zeros(1, 3))[0].numpy()
    assert 800 < len(places) < 3000
    region = np.asarray(open_head.region)
    for inner in (REGION_EYE, REGION_MOUTH_INSIDE):
        behind = np.asarray(open_head.v_template)[region == inner]
        nearest = np.linalg.norm(places[:, None] - behind[None], axis=2).min(axis=1)
        assert nearest.min() > 0
    area = points.area.numpy()
    left, right = (area[side * places[:, 0] > 1e-3].sum() for side in (1, -1))
    assert left == pytest.approx(right, rel=0.05)
    # the face from forehead to chin and ear to ear, without the eyes
    assert 6000 < area.sum() < 20000


def test_the_mirror_image_of_a_film_gives_the_mirrored_fit(open_head: HeadModel) -> None:
    settings = FitSettings()
    made = make_motion(open_head, N_FRAMES, dtype=torch.float32)
    points = surface_points(open_head, made.truth.shape[0, : open_head.n_shape])
    film = painted(points).film(made.truth, settings.focal_factor * WIDTH, (WIDTH, HEIGHT))
    flipped = [replace(one, image=np.ascontiguousarray(one.image[:, ::-1])) for one in film]
    unknown = replace(open_head, sha256=None)  # of which no errors are known
    one, other = (
        fit_session(unknown, seen, settings, device="cpu", pictures=FaceVideo(shown.copy, seen))
        for seen, shown in ((made.landmarks, film), (mirror_landmarks(made.landmarks), flipped))
    )
    mirror = head_mirror(make_fitter(unknown, settings, "cpu").head)
    assert mirror is not None
    expression = mirror.expression.of(torch.as_tensor(other.motion.expression), 1).numpy()
    both = one.motion.valid & other.motion.valid
    assert both.mean() > 0.9
    difference = np.abs(one.motion.expression - expression)[both]
    assert np.median(difference) < 0.01
    assert np.quantile(difference, 0.95) < 0.06
    assert one.motion.expression[both].std() > 0.1


def test_a_recording_with_hardly_a_valid_frame_is_fitted(
    face_head: HeadModel, damped: Landmarks, film: list[Frame]
) -> None:
    certainty = np.zeros(N_FRAMES)
    certainty[7] = 1.0
    found = _fit(face_head, replace(damped, certainty=certainty), film)
    assert np.flatnonzero(found.motion.valid).tolist() == [7]
    assert np.isfinite(found.motion.expression[7]).all()
    nowhere = _fit(face_head, replace(damped, certainty=0.0 * certainty), film)
    assert not nowhere.motion.valid.any()
