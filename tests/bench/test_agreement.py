"""Two measurements of the same motion: differences that were put in come out."""

from __future__ import annotations

import numpy as np
import pytest

from facedyn_app.bench.metrics import agreement_of, compare_channels, pooled

RAMP = np.linspace(0.0, 1.0, 101)
NAMES = ("same", "shifted", "still", "opposed")


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
