"""Descriptors of windows: known signals, parts of a window, channels that are not there."""

import numpy as np
import pytest

from facedyn_app.recognizer.descriptors import (
    RICHER,
    describe,
    n_descriptors,
    plain_descriptors,
)
from facedyn_app.records import FloatArray

RATE_HZ = 25.0


def waves(seconds: float, seed: int = 0) -> FloatArray:
    """(2, T, 6) windows of three channels and their velocities."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    pace, phase = rng.uniform(0.5, 3.0, (2, 1, 3)), rng.uniform(0, 6, (2, 1, 3))
    x = np.sin(2 * np.pi * pace * t[None, :, None] + phase)
    return np.concatenate([x, np.gradient(x, 1 / RATE_HZ, axis=1)], axis=2).astype(np.float32)


def test_the_descriptors_of_a_sine_are_those_of_the_textbook() -> None:
    t = np.arange(250) / RATE_HZ
    sine, cosine = np.sin(2 * np.pi * t), np.cos(2 * np.pi * t)
    window = np.stack([sine, sine, cosine, cosine, cosine, sine], axis=1)[None]
    found = plain_descriptors(RICHER, window, RATE_HZ, np.full(6, 1e-3))[0]
    deviations, correlations, lagged = found[:6], found[6:9], found[9:18]
    np.testing.assert_allclose(deviations, np.log(0.5) / 2, atol=1e-4)
    np.testing.assert_allclose(correlations, [1.0, 0.0, 0.0], atol=1e-4)
    expected = [np.cos(2 * np.pi * lag) for lag in (0.12, 0.32, 0.8)]
    np.testing.assert_allclose(lagged.reshape(3, 3)[:, 0], expected, atol=0.03)
    kurtosis = found[-3:]
    np.testing.assert_allclose(kurtosis, 1.5, atol=1e-3)


def test_a_long_window_is_described_with_its_parts() -> None:
    windows, scale = waves(10.0), np.ones(6)
    found = describe(windows, RATE_HZ, scale)
    assert found.shape == (2, n_descriptors(3))
    part = 100
    parts = [describe(windows[:, at : at + part], RATE_HZ, scale) for at in (0, 75, 150)]
    own = 2.0 * found - np.mean(parts, axis=0)
    deviations = np.log(windows.std(axis=1) ** 2 + 0.1**2) / 2
    np.testing.assert_allclose(own[:, :6], deviations, atol=1e-3)


def test_what_a_recording_lacks_is_nan_and_no_more() -> None:
    windows = waves(10.0)
    whole = describe(windows, RATE_HZ, np.ones(6))
    without = windows.copy()
    without[:, :, [1, 4]] = 0.0
    found = describe(without, RATE_HZ, np.ones(6), np.array([True, False, True]))
    told = np.isfinite(found[0])
    assert n_descriptors(2) == told.sum()
    np.testing.assert_allclose(found[:, told], whole[:, told], rtol=1e-5)


@pytest.mark.parametrize("seconds", [2.0, 4.0, 7.9])
def test_a_short_window_is_described_as_it_is(seconds: float) -> None:
    found = describe(waves(seconds), RATE_HZ, np.ones(6))
    deviations = np.log(waves(seconds).std(axis=1) ** 2 + 0.1**2) / 2
    np.testing.assert_allclose(found[:, :6], deviations, atol=1e-3)
