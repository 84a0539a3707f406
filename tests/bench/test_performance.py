"""A fit against a known truth: gains, lags and lengths that were put in come out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.cases import Take, make_take
from facedyn_app.bench.channel_truth import arkit_channel, best_lag
from facedyn_app.bench.lengths import head_lengths
from facedyn_app.bench.performance import compare, measure_performance
from facedyn_app.bench.recorded_truth import RecordedTruth, read_truth
from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.headmodel.landmark_positions import landmark_positions
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import BLENDSHAPE_NAMES
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, HeadFit, Landmarks
from tests.sessions import altered, resting_fit

POINTS = np.array([[61, 291], [13, 14]])


@pytest.fixture(scope="module")
def fit(head: HeadModel) -> HeadFit:
    """A fit of 12 s of actions, every frame valid but the first three."""
    simulated = make_take(Take.ACTIONS, 0, 12.0, head.expression_names)
    n = len(simulated.motion.seconds)
    valid = np.arange(n) >= 3
    unseen = np.where(valid, 1.0, np.nan)[:, None].astype(np.float32)
    return resting_fit(
        head,
        simulated.motion.seconds,
        valid=valid,
        expression=simulated.motion.expression.astype(np.float32) * unseen,
        jaw=simulated.motion.jaw.astype(np.float32) * unseen,
        shape=np.random.default_rng(0).normal(size=head.n_shape).astype(np.float32),
        gaze=np.zeros((n, 2, 2)),
    )


@pytest.fixture(scope="module")
def landmarks(head: HeadModel, fit: HeadFit) -> Landmarks:
    """The fitted head's own landmarks seen from the front, half as high."""
    assert head.landmarks is not None
    rows = np.arange(len(head.landmarks.index))
    motion = np.nan_to_num(fit.motion.expression), np.nan_to_num(fit.motion.jaw)
    places = landmark_positions(head, rows, fit.shape, *motion)
    points = np.zeros((len(places), N_LANDMARKS, 2), np.float32)
    points[:, head.landmarks.index] = places[..., :2] * [1000.0, -500.0]
    scores = np.zeros((len(places), N_BLENDSHAPES), np.float32)
    scores[:, BLENDSHAPE_NAMES.index("jawOpen")] = 0.25 * motion[1][:, 0]
    return Landmarks(fit.motion.seconds, points, scores, 640, 360)


@pytest.fixture(scope="module")
def truth(head: HeadModel, fit: HeadFit, tmp_path_factory: pytest.TempPathFactory) -> RecordedTruth:
    """Half the fit's blinks two frames earlier, its smile thrice and upside down, jaw, lengths."""
    motion = np.nan_to_num(fit.motion.expression), np.nan_to_num(fit.motion.jaw)
    blink = motion[0][:, head.expression_names.index("eyeBlinkLeft")]
    smile = motion[0][:, head.expression_names.index("mouthSmileLeft")]
    jaw = motion[1][:, 0] / head.meta["jaw_open"][0]
    still = np.full_like(jaw, 0.3)
    return RecordedTruth(
        path=tmp_path_factory.mktemp("truth") / "truth.csv",
        seconds=fit.motion.seconds,
        channel_names=("eyeBlinkLeft", "mouthSmileLeft", "jawOpen", "tongueOut", "eyeLookUpLeft"),
        channels=np.stack([0.5 * np.roll(blink, -2), -3.0 * smile, jaw, still, jaw], axis=1),
        length_names=("width", "height"),
        length_points=POINTS,
        lengths=head_lengths(head, POINTS, fit.shape, *motion),
    )


def test_what_was_put_in_comes_out(
    head: HeadModel, fit: HeadFit, landmarks: Landmarks, truth: RecordedTruth
) -> None:
    found = compare(head, "film.mp4", fit, landmarks, truth)
    by_name = {one.name: one for one in found.channels}
    assert set(by_name) == {"eyeBlinkLeft", "mouthSmileLeft", "jawOpen", "eyeLookUpLeft"}
    assert by_name["eyeBlinkLeft"].lag_frames == 2
    assert by_name["mouthSmileLeft"].fit_r == pytest.approx(-1.0, abs=1e-4)
    assert by_name["mouthSmileLeft"].fit_slope == pytest.approx(-1 / 3, abs=1e-4)
    assert by_name["jawOpen"].fit_slope == pytest.approx(1.0, abs=1e-4)
    assert by_name["jawOpen"].lag_frames == 0
    assert by_name["jawOpen"].scores_r == pytest.approx(1.0, abs=1e-4)
    assert by_name["jawOpen"].scores_slope == pytest.approx(0.25 * head.meta["jaw_open"][0])
    assert by_name["eyeLookUpLeft"].fit_slope is None
    assert (found.n_frames, found.n_compared) == (
        len(fit.motion.seconds),
        len(fit.motion.seconds) - 3,
    )
    assert found.moving.n == 4
    assert found.n_low_slope == 1


def test_lengths_on_the_head_and_in_the_picture(
    head: HeadModel, fit: HeadFit, landmarks: Landmarks, truth: RecordedTruth
) -> None:
    width, height = compare(head, "film.mp4", fit, landmarks, truth).lengths
    assert width.fit_slope == pytest.approx(1.0, abs=1e-3)
    assert height.fit_r == pytest.approx(1.0, abs=1e-3)
    assert height.landmarks_slope == pytest.approx(0.5, abs=0.05)
    assert height.slope_ratio == pytest.approx(2.0, abs=0.2)
    assert height.expression_slope is not None
    assert 0.5 < height.expression_slope < 1.5


def test_a_landmark_that_the_head_lacks(
    head: HeadModel, fit: HeadFit, landmarks: Landmarks, truth: RecordedTruth
) -> None:
    table = head.landmarks
    assert table is not None
    kept = table.index != 13
    fewer = replace(
        table,
        index=table.index[kept],
        face=table.face[kept],
        bary=table.bary[kept],
        weight=table.weight[kept],
    )
    found = compare(replace(head, landmarks=fewer), "film.mp4", fit, landmarks, truth)
    assert found.lengths[1].fit_slope is None
    assert found.lengths[1].slope_ratio is None
    assert found.lengths[0].fit_slope is not None


def test_too_few_valid_frames(
    head: HeadModel, fit: HeadFit, landmarks: Landmarks, truth: RecordedTruth
) -> None:
    hardly = altered(fit, valid=np.arange(len(fit.motion.valid)) < 5)
    with pytest.raises(TooLittleError, match=r"5 valid frames of 'film.mp4'"):
        compare(head, "film.mp4", hardly, landmarks, truth)


def test_channels_of_a_head_without_arkit_names(head: HeadModel, fit: HeadFit) -> None:
    names = tuple(f"expression_{k:03d}" for k in range(head.n_expression))
    other = replace(head, expression_names=names, activations=False, meta={})
    assert arkit_channel(other, fit, "mouthSmileLeft") is None
    jaw = arkit_channel(other, fit, "jawRight")
    assert jaw is not None
    assert not jaw.activations
    np.testing.assert_array_equal(jaw.values, -fit.motion.jaw[:, 1])


def test_a_channel_on_both_sides_is_their_mean(head: HeadModel, fit: HeadFit) -> None:
    names = ("chinUpLeft", "chinUpRight", *head.expression_names[2:])
    channel = arkit_channel(replace(head, expression_names=names), fit, "chinUp")
    assert channel is not None
    np.testing.assert_allclose(channel.values, fit.motion.expression[:, :2].mean(axis=1))


def test_the_lag_has_a_sign_and_needs_motion() -> None:
    pulse = np.exp(-0.5 * ((np.arange(60) - 30) / 3.0) ** 2)
    everywhere = np.ones(60, dtype=np.bool_)
    assert best_lag(np.roll(pulse, 3), pulse, everywhere) == 3
    assert best_lag(np.roll(pulse, -4), pulse, everywhere) == -4
    assert best_lag(np.zeros(60), pulse, everywhere) is None
    assert best_lag(pulse, pulse, ~everywhere) is None


def test_a_real_performance(head: HeadModel, shared: Path) -> None:
    folder = shared / "data" / "truth"
    if not folder.is_dir():
        pytest.skip("the recorded performance is absent from ../shared")
    truth = read_truth(folder / "facecap_truth.csv")
    found = measure_performance(head, folder / "facecap_own640.mp4", truth)
    assert (found.moving.n, found.lively.n, len(found.lengths)) == (42, 21, 10)
    assert found.lively.fit_r is not None
    assert found.lively.fit_r > 0.7
    by_name = {one.name: one for one in found.channels}
    assert (by_name["jawOpen"].fit_r or 0.0) > 0.95
    assert found.lag_frames == 0
    assert 0.6 < found.lengths[3].landmarks_slope < 0.9
    video = folder / "facecap_own640.mp4"
    flow = measure_performance(head, video, truth, optical_flow=True)
    assert (flow.worst_slope_ratio or 0.0) > (found.worst_slope_ratio or 1.0)
    other = shared / "data" / "videos" / "talk_b.mp4"
    with pytest.raises(InputError, match=r"facecap_truth.csv"):
        measure_performance(head, other, truth)
