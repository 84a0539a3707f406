"""The plain classifiers and the descriptors against slow twins and known answers."""

import numpy as np
import pytest

from facedyn_app.recognizer.accuracy import measure_scores
from facedyn_app.recognizer.backend import shrunk_covariance
from facedyn_app.recognizer.baselines import (
    descriptors_a,
    descriptors_b,
    discriminant_scores,
    mean_features,
)
from facedyn_app.recognizer.descriptors import LAGS_S, REST_SHARE, describe, n_descriptors
from facedyn_app.recognizer.motion_windows import MotionWindows

SCALE = np.array([1.0, 1.0, 2.0, 1.0, 3.0, 1.0])


def test_shrunk_covariance_matches_explicit_loops() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 5)) * [1, 2, 3, 1, 1]
    n, width = x.shape
    covariance = sum(np.outer(row, row) for row in x) / n
    mean = np.trace(covariance) / width
    spread = np.sum((covariance - mean * np.eye(width)) ** 2)
    error = sum(np.sum((np.outer(row, row) - covariance) ** 2) for row in x) / n**2
    share = min(error, spread) / spread
    found, shrinkage = shrunk_covariance(x)
    assert 0.05 < share < 0.95
    assert shrinkage == pytest.approx(share)
    np.testing.assert_allclose(found, (1 - share) * covariance + share * mean * np.eye(width))


def made_windows(n_steps: int = 50) -> MotionWindows:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(2, n_steps, 6)).astype(np.float32)
    spans = np.array([[0.0, n_steps / 25.0], [1.0, 1.0 + n_steps / 25.0]])
    mean = np.array([1.0, 2.0, 3.0], dtype=np.float32)
    return MotionWindows(values, spans, mean, np.ones(3, dtype=bool))


def test_plain_descriptors_match_explicit_loops() -> None:
    cut = made_windows()
    found, richer = descriptors_a(cut, SCALE), descriptors_b(cut, SCALE)
    pairs = [(0, 1), (0, 2), (1, 2)]
    for window, row, rich in zip(cut.values.astype(float), found, richer, strict=True):
        x = window - window.mean(axis=0)
        deviation = np.sqrt((x**2).mean(axis=0) + (REST_SHARE * SCALE) ** 2)
        x = x / deviation
        expected = [*np.log(deviation), *[np.mean(x[:, a] * x[:, b]) for a, b in pairs]]
        for lag_s in LAGS_S:
            lag = round(25 * lag_s)
            for c in range(3):
                steps = range(len(x) - lag)
                expected.append(np.mean([x[t, c] * x[t + lag, c] for t in steps]))
        np.testing.assert_allclose(row, expected, atol=1e-4)
        expected += [np.mean(x[:, 3 + a] * x[:, 3 + b]) for a, b in pairs]
        expected += [np.mean(x[:, c] ** 3) for c in range(3)]
        expected += [np.mean(x[:, c] ** 4) for c in range(3)]
        np.testing.assert_allclose(rich, expected, atol=1e-4)


def test_descriptors_do_not_mind_the_unit_of_a_channel() -> None:
    cut = made_windows()
    factors = np.tile([1.0, 50.0, 0.01], 2)
    plain = describe(cut.values, 25.0, SCALE)
    other = describe(cut.values * factors, 25.0, SCALE * factors)
    moved = other - plain  # deviations only, and all windows alike
    np.testing.assert_allclose(moved[0], moved[1], atol=1e-3)
    assert plain.shape == (2, n_descriptors(3))


def test_a_channel_without_scale_is_left_out_and_a_missing_one_is_not_told() -> None:
    cut = made_windows()
    dead = SCALE.copy()
    dead[[1, 4]] = 0.0
    values = cut.values.copy()
    values[:, :, [1, 4]] = 1e3  # whatever stands there
    without = describe(np.delete(cut.values, [1, 4], axis=2), 25.0, np.delete(SCALE, [1, 4]))
    np.testing.assert_array_equal(describe(values, 25.0, dead), without)
    present = np.array([True, False, True])
    partly = describe(cut.values, 25.0, SCALE, present)
    told = np.isfinite(partly[0])
    assert told.sum() == without.shape[1]
    np.testing.assert_allclose(partly[:, told], without, rtol=1e-5)


def test_very_short_and_resting_windows_are_described_too() -> None:
    assert np.isfinite(describe(made_windows(3).values, 25.0, SCALE)).all()
    assert np.isfinite(describe(np.zeros((2, 50, 6), np.float32), 25.0, SCALE)).all()


def test_mean_features_put_the_session_back() -> None:
    cut = made_windows()
    expected = cut.values[:, :, :3].mean(axis=1) + np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(mean_features(cut, SCALE), expected, rtol=1e-5)


def test_discriminant_directions_find_who_differs_where_windows_do_not() -> None:
    rng = np.random.default_rng(3)
    centres = {"a": (0.0, 2.0), "b": (2.0, -1.0), "c": (-2.0, -1.0)}

    def rows(name: str, n: int) -> np.ndarray:
        noise = rng.normal(size=(n, 3)) * [0.3, 0.3, 50.0]
        noise[:, :2] += centres[name]
        return noise

    enrolled = [(name, rows(name, 30)) for name in centres]
    scores = discriminant_scores(enrolled, [("b", rows("b", 4)), ("c", rows("c", 2))])
    assert scores.names == ("a", "b", "c")
    np.testing.assert_array_equal(scores.own, [1, 2])
    np.testing.assert_array_equal(scores.window_own, [1, 1, 1, 1, 2, 2])
    assert measure_scores(scores, rng).top1_window == 1.0
