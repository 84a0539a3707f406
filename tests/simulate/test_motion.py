import numpy as np
import pytest

from facedyn_app.simulate.background import background_motion
from facedyn_app.simulate.motion import simulate_motion
from facedyn_app.simulate.population import EXPRESSION_NAMES
from facedyn_app.simulate.signals import event_times, pulse, smooth_wander, wander
from facedyn_app.simulate.speaker import make_speaker, speaker_shape
from tests.sessions import field


def test_the_same_seed_gives_the_same_numbers() -> None:
    first, again = (simulate_motion(3, 1, 6.0, seed=5) for _ in range(2))
    for name in ("expression", "jaw", "rotation", "translation", "gaze"):
        np.testing.assert_array_equal(field(first, name), field(again, name))
    other = simulate_motion(3, 2, 6.0, seed=5)
    assert np.abs(first.motion.expression - other.motion.expression).max() > 0.2


def test_another_population_has_other_people() -> None:
    assert make_speaker(0, 1).blinking != make_speaker(0, 2).blinking
    assert not np.allclose(speaker_shape(0, 10, 1), speaker_shape(0, 10, 2))


def test_motion_stays_within_what_a_face_can_do() -> None:
    for speaker in range(5):
        simulated = simulate_motion(speaker, 0, 20.0)
        assert simulated.motion.expression.shape == (500, len(EXPRESSION_NAMES))
        assert simulated.motion.expression.min() >= 0.0
        assert simulated.motion.expression.max() <= 1.0
        assert simulated.motion.jaw[:, 0].min() >= 0.0
        assert 0.05 < simulated.motion.jaw[:, 0].max() < 0.45
        assert np.rad2deg(np.abs(simulated.motion.rotation).max()) < 25.0
        assert np.abs(simulated.motion.translation).max() < 0.05


def test_blinks_are_fast_and_complete() -> None:
    simulated = simulate_motion(2, 0, 60.0, fps=100.0)
    lid = simulated.motion.expression[:, simulated.motion.names.index("eyeBlinkLeft")]
    edges = np.diff(np.concatenate([[0], (lid > 0.5).astype(int), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    assert 5 <= len(starts) <= 50
    lasting = (stops - starts) / 100.0
    assert 0.05 < np.median(lasting) < 0.4
    peaks = [lid[a:b].max() for a, b in zip(starts, stops, strict=True)]
    assert np.median(peaks) > 0.85


def test_lips_follow_the_jaw_in_speech() -> None:
    simulated = simulate_motion(1, 0, 60.0)
    lip = simulated.motion.expression[:, simulated.motion.names.index("mouthLowerDownLeft")]
    assert np.corrcoef(lip, simulated.motion.jaw[:, 0])[0, 1] > 0.4


def test_channels_come_in_the_order_asked_for() -> None:
    names = ("mouthPucker", "unknownChannel", "eyeBlinkLeft")
    few, every = simulate_motion(1, 0, 5.0, names=names), simulate_motion(1, 0, 5.0)
    blink = every.motion.expression[:, every.motion.names.index("eyeBlinkLeft")]
    np.testing.assert_array_equal(few.motion.expression[:, 2], blink)
    assert not few.motion.expression[:, 1].any()


def test_without_individuality_everybody_is_alike() -> None:
    alike, other = (make_speaker(number, 0, individuality=0.0) for number in (1, 2))
    assert alike.blinking == other.blinking
    assert alike.speaking.sizes == other.speaking.sizes
    np.testing.assert_array_equal(alike.background.weights, other.background.weights)
    np.testing.assert_array_equal(alike.background.sizes, other.background.sizes)
    assert make_speaker(1).blinking != make_speaker(2).blinking


def test_less_than_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="less than one frame"):
        simulate_motion(0, 0, 0.001)


def test_wander_has_unit_variance_and_its_correlation_time() -> None:
    noise = wander(np.random.default_rng(0), 200_000, 0.5, 25.0)[:, 0]
    assert noise.std() == pytest.approx(1.0, abs=0.05)
    lagged = float((noise[12:] * noise[:-12]).mean())
    assert lagged == pytest.approx(np.exp(-12 / 25 / 0.5), abs=0.05)


def test_smooth_noise_has_unit_variance_and_its_autocorrelation() -> None:
    taus = np.array([0.2, 0.5])
    noise = smooth_wander(np.random.default_rng(0), 200_000, taus, 25.0)
    assert noise.std(axis=0) == pytest.approx([1.0, 1.0], abs=0.03)
    for lag in (5, 12):
        decay = lag / 25.0 / taus
        expected = (1.0 + decay) * np.exp(-decay)
        lagged = (noise[lag:] * noise[:-lag]).mean(axis=0)
        assert lagged == pytest.approx(expected, abs=0.05)
    speed = np.diff(noise, axis=0).std(axis=0) * 25.0
    assert speed == pytest.approx(1.0 / taus, rel=0.1)


def test_smooth_noise_is_as_large_at_its_start() -> None:
    rng = np.random.default_rng(1)
    starts = [smooth_wander(rng, 1, np.array([0.6]), 25.0)[0, 0] for _ in range(2000)]
    assert np.std(starts) == pytest.approx(1.0, abs=0.06)


def test_the_background_is_an_activation_that_rests_and_bursts() -> None:
    background = make_speaker(3).background
    np.testing.assert_allclose(np.linalg.norm(background.weights, axis=1), 1.0)
    times = np.arange(0.0, 400.0, 0.04)
    loudness = np.ones(len(background.paces_s))
    moved = background_motion(background, times, 25.0, np.random.default_rng(0), loudness)
    assert not any(name.startswith("eyeBlink") for name in moved)
    for k, name in enumerate(background.names):
        values, burst = moved[name], background.bursts[k]
        assert values.min() == 0.0
        assert values.max() <= 0.7
        assert (values == 0.0).mean() == pytest.approx(0.16, abs=0.08)
        middle = background.sizes[k] * (1.0 - np.exp(-burst)) / burst
        assert np.median(values) == pytest.approx(middle, rel=0.3)


def test_a_pulse_rises_holds_and_falls() -> None:
    at = np.array([0.0, 1.0, 1.1, 1.2, 1.4, 1.5, 1.6, 2.0])
    np.testing.assert_allclose(
        pulse(at, 1.0, 0.2, 0.2, 0.2), [0, 0, 0.5, 1, 1, 0.5, 0, 0], atol=1e-12
    )


def test_events_come_at_the_rate_asked_for() -> None:
    times = event_times(np.random.default_rng(0), 6000.0, 12.0, 2.0, 0.5)
    assert len(times) == pytest.approx(1200, rel=0.1)
    assert np.diff(times).min() >= 0.5
