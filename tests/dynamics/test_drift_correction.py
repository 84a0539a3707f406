"""The interval of the corrected drift, on simulated sessions whose drift is known."""

import numpy as np
import pytest

from facedyn_app.dynamics.drift import measure_drift
from facedyn_app.dynamics.drift_chunks import usable_chunks
from facedyn_app.dynamics.drift_correction import drift_interval, effective_directions
from facedyn_app.records import DriftReport, FloatArray
from tests.dynamics.wander import ar1


def wandering(rng: np.random.Generator, n: int, width: int) -> FloatArray:
    """(n, width) components of unit variance that wander with a time constant of 4 chunks."""
    return ar1(rng, n, float(np.exp(-0.25)), width)


def speaker(
    rng: np.random.Generator, drift: float, n: int = 30, width: int = 60
) -> list[tuple[str, FloatArray]]:
    """Three sessions whose shapes truly lie `drift` times the noise apart, on average."""
    offsets = rng.standard_normal((3, width)) * drift / np.sqrt(2)
    return [(str(k), offset + wandering(rng, n, width)) for k, offset in enumerate(offsets)]


def report(sessions: list[tuple[str, FloatArray]]) -> DriftReport:
    return measure_drift("anna", sessions, np.random.default_rng(0), n_bootstrap=0)


@pytest.mark.parametrize("n", [10, 30, 60])
def test_without_drift_the_interval_covers_zero(n: int) -> None:
    rng = np.random.default_rng(n)
    covered, highest = [], []
    for _ in range(100):
        found = report(speaker(rng, 0.0, n))
        assert found.dnr_corrected_interval is not None
        assert found.dnr_corrected is not None
        low, high = found.dnr_corrected_interval
        assert low <= found.dnr_corrected <= high
        covered.append(low == 0.0)
        highest.append(high)
    assert np.mean(covered) >= 0.9
    assert np.median(highest) < 0.9 * np.sqrt(2 * 7 / n)  # not merely by being wide


@pytest.mark.parametrize("drift", [0.7, 2.0])
def test_the_interval_holds_the_true_drift_and_not_zero(drift: float) -> None:
    rng = np.random.default_rng(3)
    held, above = [], []
    for _ in range(60):
        sessions = speaker(rng, drift, n=60)
        found = report(sessions)
        assert found.drift_corrected is not None
        usable, _ = usable_chunks(sessions)
        interval = drift_interval(usable, found.drift_corrected)
        assert interval is not None
        above.append(interval[0] > 0.0)
        held.append(interval)
    assert np.mean(above) == 1.0
    truth = drift * np.sqrt(60)
    assert np.mean(held, axis=0)[0] < truth < np.mean(held, axis=0)[1]


def test_effective_directions_are_those_that_wander() -> None:
    rng = np.random.default_rng(0)
    few = rng.standard_normal((6, 60))
    few /= np.linalg.norm(few, axis=1, keepdims=True)
    few = np.linalg.qr(few.T)[0].T
    sessions = [(str(k), wandering(rng, 60, 6) @ few) for k in range(3)]
    assert effective_directions(usable_chunks(sessions)[0]) == pytest.approx(6, rel=0.15)
    alike = [(str(k), wandering(rng, 60, 60)) for k in range(3)]
    assert effective_directions(usable_chunks(alike)[0]) == pytest.approx(60, rel=0.25)
    one = [(str(k), wandering(rng, 60, 1)) for k in range(3)]
    assert effective_directions(usable_chunks(one)[0]) == 1.0


def test_one_session_or_no_wander_has_no_interval() -> None:
    rng = np.random.default_rng(1)
    assert report(speaker(rng, 1.0)[:1]).dnr_corrected_interval is None
    still = [(str(k), np.full((8, 5), float(k))) for k in range(3)]
    assert report(still).dnr_corrected_interval is None


def test_longer_and_shorter_recordings_of_the_same_drift_agree() -> None:
    rng = np.random.default_rng(7)
    long = speaker(rng, 1.0, n=60)
    found = []
    for n in (5, 20, 60):
        part = report([(name, shapes[:n]) for name, shapes in long])
        assert part.dnr_corrected_interval is not None
        found.append(part.dnr_corrected_interval)
    for a in found:
        for b in found:
            assert a[0] <= b[1]
