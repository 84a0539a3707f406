"""Smoothing both ways: what it leaves of a constant, of an impulse, of a column without it."""

import numpy as np

from facedyn_app.simulate.signals import smooth_both_ways


def test_a_constant_stays_and_an_impulse_becomes_a_two_sided_exponential() -> None:
    values = np.zeros((401, 3))
    values[:, 0] = 2.0
    values[200, 1:] = 1.0
    smoothed = smooth_both_ways(values, np.array([0.2, 0.2, 0.0]), fps=25.0)
    np.testing.assert_allclose(smoothed[:, 0], 2.0)
    np.testing.assert_array_equal(smoothed[:, 2], values[:, 2])
    decay = np.exp(-1.0 / (25.0 * 0.2))
    expected = (1.0 - decay) / (1.0 + decay) * decay ** np.abs(np.arange(-20, 21))
    np.testing.assert_allclose(smoothed[180:221, 1], expected, rtol=1e-6)
    assert np.isclose(smoothed[:, 1].sum(), 1.0)
