"""Errors and agreements of signals whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from facedyn_app.bench import metrics
from facedyn_app.bench.metrics import agreement_of, compare_channels, pooled
from facedyn_app.bench.separation import leakage_percent, peak_lags

RAMP = np.linspace(0.0, 1.0, 101)
NAMES = ("same", "shifted", "still", "opposed")


def test_rotation_error_is_the_angle_between() -> None:
    rng = np.random.default_rng(0)
    true = Rotation.random(20, rng=rng)
    axis = rng.normal(size=(20, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    angles = np.linspace(0, 40, 20)
    measured = Rotation.from_rotvec(np.radians(angles)[:, None] * axis) * true
    found = metrics.rotation_error_deg(measured.as_rotvec(), true.as_rotvec())
    np.testing.assert_allclose(found, angles, atol=1e-6)


def test_correlation_of_each_column() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(size=(5000, 4))
    measured = np.stack(
        [3 * true[:, 0] + 1, -true[:, 1], true[:, 2] + rng.normal(size=5000), np.ones(5000)], axis=1
    )
    found = metrics.correlations(measured, true)
    np.testing.assert_allclose(found[:2], [1, -1], atol=1e-12)
    assert found[2] == pytest.approx(np.sqrt(0.5), abs=0.02)
    assert found[3] == 0


def blinks(times: np.ndarray, at: list[float], height: float = 1.0) -> np.ndarray:
    width = 0.05
    return height * sum(
        (np.exp(-(((times - t) / width) ** 2)) for t in at), start=np.zeros_like(times)
    )


@pytest.mark.parametrize("late", [-2, 0, 1, 3])
def test_lag_of_peaks(late: int) -> None:
    times = np.arange(250) / 25.0
    at = [1.0, 2.48, 4.6, 7.2]
    measured = 0.4 * blinks(times - late / 25.0, at) + 0.1
    np.testing.assert_array_equal(peak_lags(measured, blinks(times, at)), [late] * 4)


def test_low_and_cut_off_peaks_do_not_count() -> None:
    times = np.arange(100) / 25.0
    true = blinks(times, [0.0, 2.0]) + blinks(times, [3.0], height=0.3)
    np.testing.assert_array_equal(peak_lags(true, true), [0])


def test_a_flat_peak_counts_once_and_in_its_middle() -> None:
    true = np.zeros(40)
    true[18:23] = 1.0
    measured = np.zeros(40)
    measured[21] = 0.5
    np.testing.assert_array_equal(peak_lags(measured, true), [1])


def test_leakage_is_the_difference_over_the_size() -> None:
    rng = np.random.default_rng(2)
    one = rng.normal(size=(400, 10))
    other = one + 0.25 * rng.choice([-1.0, 1.0], size=one.shape)
    assert leakage_percent(one, one, 0.5) == 0
    assert leakage_percent(one, other, 0.5) == pytest.approx(50)


def test_noise_is_told_from_slow_motion() -> None:
    rng = np.random.default_rng(3)
    times = np.arange(4000) / 25.0
    slow = np.sin(2 * np.pi * 0.3 * times)
    signals = np.stack([slow + 0.02 * rng.normal(size=4000), slow], axis=1)
    found = metrics.noise_sd(signals)
    assert found[0] == pytest.approx(0.02, rel=0.1)
    assert found[1] < 0.003


def _pair() -> tuple[np.ndarray, np.ndarray]:
    still = 0.02 * RAMP
    one = np.stack([RAMP, RAMP, still, RAMP], axis=1)
    return one, np.stack([RAMP, RAMP + 0.1, still + 0.01, 1.0 - RAMP], axis=1)


def test_bias_difference_and_correlation() -> None:
    found = compare_channels(NAMES, *_pair())
    same, shifted, opposed = found.channels
    assert [one.name for one in found.channels] == ["same", "shifted", "opposed"]
    assert (same.median_percent, same.bias, same.r) == pytest.approx((0.0, 0.0, 1.0))
    assert shifted.bias == pytest.approx(-0.1)
    assert shifted.median_percent == pytest.approx(100 * 0.1 / shifted.size)
    assert same.size == pytest.approx(0.9)
    assert opposed.r == pytest.approx(-1.0)
    assert found.n_channels == 3
    assert found.median_percent == pytest.approx(shifted.median_percent)
    assert found.largest_bias == pytest.approx(0.1)
    assert found.largest_bias_of == "shifted"
    assert found.r == pytest.approx(1.0)


def test_recordings_are_pooled_channel_by_channel() -> None:
    one = compare_channels(NAMES, *_pair())
    both = pooled([one, one])
    assert both.n_channels == 6
    assert both.median_percent == pytest.approx(one.median_percent)


def test_nothing_moves() -> None:
    assert compare_channels(("still",), np.zeros((9, 1)), np.ones((9, 1)) * 0.01).r is None
    assert agreement_of([]).n_channels == 0
