"""The plain classifiers against slow twins and known answers."""

import numpy as np
import pytest

from facedyn_app.recognizer.baselines import (
    LAGS_S,
    discriminant_scores,
    mean_features,
    second_order_features,
)
from facedyn_app.recognizer.lda import fit_discriminant, shrunk_covariance
from facedyn_app.recognizer.model import MotionWindows


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


def test_posteriors_of_two_known_gaussians() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], 20_000)
    x = rng.normal(size=(40_000, 2)) + np.array([[0.0, 0.0], [2.0, 0.0]])[labels]
    fitted = fit_discriminant(x, labels)
    found = np.exp(fitted.log_posteriors(np.array([[0.0, 1.0], [1.0, 0.0], [2.0, -1.0]])))
    # unit normals 2 apart: log odds = 2 x - 2
    expected = 1 / (1 + np.exp(-np.array([-2.0, 0.0, 2.0])))
    np.testing.assert_allclose(found[:, 1], expected, atol=0.01)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert fitted.shrinkage < 0.01


def test_a_feature_that_never_moves_does_no_harm() -> None:
    x = np.array([[0.0, 7.0], [0.1, 7.0], [1.0, 7.0], [1.1, 7.0]])
    found = fit_discriminant(x, np.array([0, 0, 1, 1])).log_posteriors(x)
    np.testing.assert_array_equal(found.argmax(axis=1), [0, 0, 1, 1])
    assert np.isfinite(found).all()


def made_windows(n_steps: int = 50) -> MotionWindows:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(2, n_steps, 6)).astype(np.float32)
    spans = np.array([[0.0, 2.0], [1.0, 3.0]])
    return MotionWindows(values, spans, np.array([1.0, 2.0, 3.0], dtype=np.float32))


def test_second_order_features_match_explicit_loops() -> None:
    cut = made_windows()
    found = second_order_features(cut, 25.0)
    for window, row in zip(cut.values.astype(float), found, strict=True):
        expected = [np.log(window[:, c].std()) for c in range(6)]
        pairs = [(0, 1), (0, 2), (1, 2)]
        expected += [np.corrcoef(window[:, a], window[:, b])[0, 1] for a, b in pairs]
        for lag_s in LAGS_S:
            lag = round(25 * lag_s)
            for c in range(3):
                x = (window[:, c] - window[:, c].mean()) / window[:, c].std()
                expected.append(np.mean([x[t] * x[t + lag] for t in range(len(x) - lag)]))
        np.testing.assert_allclose(row, expected, atol=1e-4)


def test_mean_features_put_the_session_back() -> None:
    cut = made_windows()
    expected = cut.values[:, :, :3].mean(axis=1) + np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(mean_features(cut, 25.0), expected, rtol=1e-5)


def test_very_short_windows_are_described_too() -> None:
    assert np.isfinite(second_order_features(made_windows(3), 25.0)).all()


def test_scores_are_posteriors_and_their_means() -> None:
    rng = np.random.default_rng(3)
    names = ["a", "b", "c"]
    centres = {"a": 0.0, "b": 4.0, "c": 8.0}

    def rows(name: str, n: int) -> np.ndarray:
        return np.asarray(rng.normal(size=(n, 2)) + centres[name])

    enrolled = [(name, rows(name, 30)) for name in names]
    scores = discriminant_scores(names, enrolled, [("b", rows("b", 4)), ("c", rows("c", 2))])
    np.testing.assert_array_equal(scores.own, [1, 2])
    np.testing.assert_array_equal(scores.window_own, [1, 1, 1, 1, 2, 2])
    np.testing.assert_allclose(scores.probes[0], scores.windows[:4].mean(axis=0))
    np.testing.assert_array_equal(scores.probes.argmax(axis=1), [1, 2])
