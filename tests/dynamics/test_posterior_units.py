"""Drift in units of the shape's posterior: what nobody can see is no drift."""

import numpy as np
import pytest

from facedyn_app.dynamics.drift import drift_label, measure_drift
from facedyn_app.dynamics.drift_chunks import posterior_units
from facedyn_app.records import DriftReport, FloatArray, ShapeCertainty
from facedyn_app.settings import TrustSettings

SEEN, UNSEEN = 0.04, 0.9
COVARIANCE = np.diag([SEEN, SEEN, UNSEEN, UNSEEN])


def certainty(posterior: FloatArray, share: float = 1.0) -> ShapeCertainty:
    """A share of the estimate's scatter about the truth is from recording to recording."""
    return ShapeCertainty(posterior, share * (posterior - posterior @ posterior))


def session(mean: list[float], seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    wobble = 0.3 * rng.standard_normal((30, 4)) * np.sqrt(np.diag(COVARIANCE))
    return np.asarray(np.array(mean) + wobble)


def drift(*means: list[float], known: bool = True, share: float = 1.0) -> DriftReport:
    sessions = [(str(k), session(mean, k)) for k, mean in enumerate(means)]
    certainties = [certainty(COVARIANCE, share) if known else None] * len(sessions)
    return measure_drift("anna", sessions, np.random.default_rng(0), 0, certainties)


def test_units_are_worked_by_hand() -> None:
    units = posterior_units([certainty(COVARIANCE)])
    assert units is not None
    assert units.of(np.array([0.2, 0.0, 0.0, 0.9])) == pytest.approx([1.0, 0.0, 0.0, np.sqrt(0.9)])
    # P - P P in units of P: what an estimate scatters by, 1 - P
    assert units.unseen == pytest.approx(np.diag([0.96, 0.96, 0.1, 0.1]), abs=1e-12)


def test_without_a_posterior_in_every_session_there_are_no_units() -> None:
    assert posterior_units([]) is None
    assert posterior_units([certainty(COVARIANCE), None]) is None
    assert posterior_units([certainty(COVARIANCE), certainty(np.eye(3))]) is None


def test_correlated_posteriors_are_turned_too() -> None:
    rng = np.random.default_rng(1)
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    units = posterior_units([certainty(turn @ COVARIANCE @ turn.T)])
    assert units is not None
    assert np.trace(units.unseen) == pytest.approx(4 - np.trace(COVARIANCE))
    assert units.matrix @ (turn @ COVARIANCE @ turn.T) @ units.matrix.T == pytest.approx(np.eye(4))


def test_a_difference_that_a_recording_cannot_show_is_no_drift() -> None:
    hidden = [0.0, 0.0, 0.8, -0.8]
    assert drift([0.0] * 4, hidden).dnr_corrected == pytest.approx(0.0, abs=0.5)
    report = drift([0.0] * 4, hidden, known=False)
    assert report.dnr_corrected is not None
    assert report.dnr_corrected > 1.0


def test_a_difference_that_it_shows_well_is_drift() -> None:
    report = drift([0.0] * 4, [1.5, -1.5, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0])
    assert report.dnr_corrected is not None
    assert report.dnr_corrected > 5.0
    assert drift_label(report, TrustSettings()) == "drifts"


def test_what_is_a_persons_own_in_all_recordings_makes_no_drift_unsure() -> None:
    """The difference that all of the estimate's scatter would explain is told with less of it."""
    apart = [0.35, 0.0, 0.0, 0.0]
    assert drift([0.0] * 4, apart).dnr_corrected == pytest.approx(0.0, abs=0.5)
    report = drift([0.0] * 4, apart, share=0.2)
    assert report.dnr_corrected is not None
    assert report.dnr_corrected > 1.0


def test_estimates_that_scatter_as_their_posterior_says_are_stable() -> None:
    """Sessions of one shape, each off by its own error of P - P P: rarely above the threshold."""
    rng = np.random.default_rng(2)
    off = np.sqrt(np.diag(COVARIANCE - COVARIANCE @ COVARIANCE))
    labels = [
        drift_label(drift(*(off * rng.standard_normal((4, 4))).tolist()), TrustSettings())
        for _ in range(20)
    ]
    assert labels.count("drifts") <= 2
