"""Distances and components behind a drift, against hand-worked sessions and made ones."""

import numpy as np
import pytest

from facedyn_app.dynamics.drift import measure_components, measure_drift


def test_two_sessions_worked_by_hand() -> None:
    # means (1, 0) and (4, 4), 5 apart; variances (2, 0) and (0, 4)
    first = np.array([[0.0, 0.0], [2.0, 0.0]])
    second = np.array([[4.0, 2.0], [4.0, 4.0], [4.0, 6.0]])
    moves = measure_components([("a", first), ("too short", first[:1]), ("b", second)])
    assert moves.names == ("a", "b")
    np.testing.assert_allclose(moves.means, [[1.0, 0.0], [4.0, 4.0]])
    np.testing.assert_allclose(moves.distances, [[0.0, 5.0], [5.0, 0.0]])
    np.testing.assert_allclose(moves.drift, [3.0, 4.0])
    np.testing.assert_allclose(moves.noise, [1.0, np.sqrt(2.0)])
    np.testing.assert_allclose(moves.dnr, [3.0, 4.0 / np.sqrt(2.0)])
    # variance of the means 9 / 2 and 16 / 2, less the wander of one effective chunk each
    between = np.array([4.5 - 1.0, 8.0 - 2.0])
    np.testing.assert_allclose(moves.icc, between / (between + np.array([1.0, 2.0])))


def test_it_takes_the_same_drift_apart() -> None:
    rng = np.random.default_rng(2)
    sessions = [(str(k), rng.normal(k, 1.0, size=(30, 5))) for k in range(4)]
    moves = measure_components(sessions)
    report = measure_drift("anna", sessions, np.random.default_rng(0), 0)
    pairs = moves.distances[np.triu_indices(4, 1)]
    assert report.drift == pytest.approx(pairs.mean())
    assert report.noise == pytest.approx(np.sqrt((moves.noise**2).sum()))


def test_the_component_that_moves_is_found_and_the_others_are_noise() -> None:
    rng = np.random.default_rng(3)
    offsets = np.zeros((6, 8))
    offsets[:, 5] = 4.0 * rng.standard_normal(6)
    sessions = [(str(k), offset + rng.normal(size=(60, 8))) for k, offset in enumerate(offsets)]
    moves = measure_components(sessions)
    assert int(moves.dnr.argmax()) == 5
    assert moves.icc[5] > 0.8
    assert np.delete(moves.icc, 5).max() < 0.1


def test_one_session_has_noise_and_no_drift() -> None:
    moves = measure_components([("only", np.array([[0.0, 1.0], [2.0, 1.0]]))])
    np.testing.assert_allclose(moves.distances, [[0.0]])
    np.testing.assert_allclose(moves.noise, [np.sqrt(2.0), 0.0])
    assert np.isnan(moves.drift).all()
    assert np.isnan(moves.dnr).all()
    assert np.isnan(moves.icc).all()


def test_a_component_that_never_varies_has_no_ratio() -> None:
    still = np.array([[0.0, 1.0], [2.0, 1.0], [1.0, 1.0]])
    moves = measure_components([("a", still), ("b", still + np.array([5.0, 0.0]))])
    assert moves.drift[1] == 0.0
    assert np.isnan(moves.dnr[1])
    assert np.isnan(moves.icc[1])
