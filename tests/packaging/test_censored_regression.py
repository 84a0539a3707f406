"""Outcomes that stop at 0: the weights behind them, beside plain least squares."""

import numpy as np

from observation_measurement import censored_regression


def test_the_weights_behind_censored_outcomes_are_found() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.standard_normal((4000, 2)), np.ones((4000, 1))], axis=1)
    true = np.array([[0.5], [-0.3], [-0.1]])
    latent = x @ true + 0.2 * rng.standard_normal((4000, 1))
    seen = np.maximum(latent, 0.0)
    found = censored_regression(x, seen, seen <= 0.0, np.full(3, 1e-6))
    plain = np.linalg.lstsq(x, seen, rcond=None)[0]
    np.testing.assert_allclose(found.weights, true, atol=0.02)
    np.testing.assert_allclose(found.deviation, 0.2, atol=0.01)
    assert np.abs(plain - true).max() > 0.1


def test_without_a_bound_it_is_least_squares() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((300, 3)), rng.standard_normal((300, 2))
    found = censored_regression(x, y, np.zeros((300, 2), dtype=bool), np.zeros(3))
    plain = np.linalg.lstsq(x, y, rcond=None)[0]
    np.testing.assert_allclose(found.weights, plain, atol=1e-10)
    np.testing.assert_allclose(found.errors, y - x @ plain, atol=1e-10)
