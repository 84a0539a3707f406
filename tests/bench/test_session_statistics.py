"""Statistics of a session's motion against answers known beforehand."""

import numpy as np
import pytest

from facedyn_app.bench.session_statistics import session_statistics
from facedyn_app.errors import TooLittleError
from facedyn_app.records import BoolArray, FloatArray, Session
from tests.sessions import resting_session


def session_of(
    seconds: FloatArray, expression: FloatArray, valid: BoolArray | None = None
) -> Session:
    return resting_session(
        seconds,
        valid=np.ones(len(seconds), dtype=bool) if valid is None else valid,
        expression=expression.astype(np.float32),
        names=tuple(f"c{k}" for k in range(expression.shape[1])),
    )


def waves(seconds: FloatArray) -> FloatArray:
    """A wave of 0.5 Hz, the same 0.2 s later, and a still channel."""
    later = 0.2 * np.cos(np.pi * (seconds - 0.2))
    return np.stack([0.1 * np.cos(np.pi * seconds), later, np.full(len(seconds), 0.3)], axis=1)


def test_waves_have_the_statistics_of_waves() -> None:
    seconds = np.arange(0.0, 80.0, 0.02)
    found = session_statistics(session_of(seconds, waves(seconds)), 25.0)
    assert found.amplitude[:2] == pytest.approx(np.log([0.1, 0.2] / np.sqrt(2.0)), abs=0.01)
    assert found.speed_over_amplitude[:2] == pytest.approx(np.log(np.pi), abs=0.01)
    assert found.autocorrelation[:2] == pytest.approx(np.cos(0.32 * np.pi), abs=0.02)
    assert found.skewness[:2] == pytest.approx(0.0, abs=0.02)
    assert found.correlation[0] == pytest.approx(np.cos(0.2 * np.pi), abs=0.02)
    assert found.velocity_correlation[0] == pytest.approx(np.cos(0.2 * np.pi), abs=0.02)
    expected = 1.0 - np.cos(0.4 * np.pi)  # the second follows the first by just the lag
    assert found.asymmetry[0] == pytest.approx(expected, abs=0.03)


def test_dead_channels_have_no_statistics() -> None:
    seconds = np.arange(0.0, 20.0, 0.04)
    found = session_statistics(session_of(seconds, waves(seconds)))
    assert np.isnan(found.amplitude[2:]).all()
    assert np.isnan(found.skewness[2:]).all()
    assert np.isfinite(found.correlation).sum() == 1


def test_the_frame_rate_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    even = np.arange(0.0, 80.0, 1.0 / 60.0)
    uneven = np.cumsum(rng.uniform(0.05, 0.1, 1100))
    fast, slow = (session_statistics(session_of(s, waves(s))) for s in (even, uneven))
    for name in ("amplitude", "speed", "autocorrelation"):
        assert getattr(fast, name)[:2] == pytest.approx(getattr(slow, name)[:2], abs=0.05)
    assert fast.asymmetry[0] == pytest.approx(slow.asymmetry[0], abs=0.05)


def test_lags_do_not_reach_across_a_gap() -> None:
    seconds = np.arange(0.0, 80.0, 0.04)
    whole = session_statistics(session_of(seconds, waves(seconds)))
    valid = (seconds % 20.0) > 0.7
    gaps = session_statistics(session_of(seconds, waves(seconds), valid))
    assert gaps.autocorrelation[:2] == pytest.approx(whole.autocorrelation[:2], abs=0.02)


def test_a_session_without_motion_is_refused() -> None:
    seconds = np.arange(0.0, 2.0, 0.04)
    with pytest.raises(TooLittleError):
        session_statistics(session_of(seconds, waves(seconds), np.zeros(len(seconds), dtype=bool)))
