"""Left against right: bias, floor, ratio and intervals have the answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import norm

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.asymmetry import (
    N_COMPARED,
    Floor,
    block_draws,
    compare_sides,
    floors_of,
    interval_of,
    measured_floors,
    size_of,
)
from facedyn_app.dynamics.clinical.how_fitted import LANDMARKS, SKIN
from facedyn_app.dynamics.clinical.light import EVEN, NOT_KNOWN, ONE_SIDE
from facedyn_app.dynamics.clinical.measures import FROM_REST, MEASURES
from facedyn_app.records import FloatArray
from tests.sessions import resting_session

SETTINGS = ClinicalSettings()
EXACT = Floor(bias=0.0, sd=0.0, residual=0.0)


def _draws(left: float, right: float, noise: float = 0.0) -> FloatArray:
    rng = np.random.default_rng(0)
    spread = noise * rng.standard_normal((200, 2))
    spread -= spread.mean(axis=0)
    return np.concatenate([[[left, right]], np.array([left, right]) + spread])


def test_the_mirror_image_tells_the_bias() -> None:
    # the face: 10 left, 8 right; the program sees 1 more on a picture's left side
    found = compare_sides(_draws(11.0, 8.0), _draws(9.0, 10.0), EXACT, "mm", SETTINGS)
    assert found.bias == pytest.approx(1.0)
    assert found.difference.value == pytest.approx(2.0)
    # how much both sides together are off no mirror image tells
    assert (found.left.value, found.right.value) == pytest.approx((10.5, 8.5))
    assert found.told
    assert found.ratio.value == pytest.approx(10.5 / 8.5)


def test_without_it_the_usual_bias_is_taken_off() -> None:
    floor = Floor(bias=0.1, sd=0.02, residual=0.0)
    found = compare_sides(_draws(11.0, 9.0), None, floor, "mm", SETTINGS)
    size = size_of(11.0, 9.0, "mm")
    assert size == pytest.approx(np.hypot(10.0, 1.0))
    assert found.difference.value == pytest.approx(2.0 - 0.1 * size)
    z = norm.ppf(0.975)
    assert found.left.value == pytest.approx(11.0 - 0.05 * size)
    assert found.right.value == pytest.approx(9.0 + 0.05 * size)
    assert found.difference.half == pytest.approx(z * 0.02 * size)
    assert found.left.half == found.right.half == pytest.approx(0.5 * z * 0.02 * size)
    assert found.floor == pytest.approx(norm.ppf(1.0 - 0.025 / N_COMPARED) * 0.02 * size)
    assert found.told


def test_intervals_hold_the_truth_of_each_side_and_the_difference_as_often_as_they_say() -> None:
    """Recordings whose own difference b varies: 95 % of the sides' intervals hold the truth."""
    rng = np.random.default_rng(3)
    floor = Floor(bias=-0.08, sd=0.06, residual=0.0)
    n_held = np.zeros(3)
    for _ in range(400):
        left, right = 10.0 + rng.standard_normal(2)
        bias = (floor.bias + floor.sd * rng.standard_normal()) * size_of(left, right, "mm")
        found = compare_sides(
            _draws(left + 0.5 * bias, right - 0.5 * bias), None, floor, "mm", SETTINGS
        )
        for k, (one, true) in enumerate(
            ((found.left, left), (found.right, right), (found.difference, left - right))
        ):
            n_held[k] += one.low <= true <= one.high
    assert ((n_held > 0.92 * 400) & (n_held < 0.98 * 400)).all()


def test_below_the_floor_there_is_no_ratio() -> None:
    floor = Floor(bias=0.0, sd=0.1, residual=0.1)
    found = compare_sides(_draws(10.5, 9.5), None, floor, "mm", SETTINGS)
    assert not found.told
    assert np.isnan(found.ratio.value)
    assert found.difference.value == pytest.approx(1.0)


def test_an_interval_with_0_in_it_is_not_told() -> None:
    found = compare_sides(_draws(10.2, 10.0, noise=0.5), None, EXACT, "mm", SETTINGS)
    assert found.difference.low < 0.0 < found.difference.high
    assert not found.told


def test_moving_blocks_keep_what_neighbours_share() -> None:
    rng = np.random.default_rng(1)
    rows = block_draws(100, 10, 50, rng)
    assert rows.shape == (50, 100)
    assert rows.min() >= 0
    assert rows.max() < 100
    steps = np.diff(rows.reshape(50, 10, 10), axis=2)
    assert (steps == 1).all()


def test_the_interval_of_a_mean_of_correlated_noise_covers_it() -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(100):
        noise = lfilter([1.0], [1.0, -0.8], rng.standard_normal(3000))
        rows = block_draws(3000, 100, 200, rng).astype(int)
        draws = np.concatenate([[noise.mean()], noise[rows].mean(axis=1)])
        interval = interval_of(draws, SETTINGS)
        covered += interval.low <= 0.0 <= interval.high
    assert 85 <= covered <= 99


def test_of_the_mean_with_the_mirrored_pictures_no_usual_bias_is_taken_off() -> None:
    seconds, way = np.arange(4) / 25.0, {"mirrored_mean": True}
    assert floors_of(resting_session(seconds)) == measured_floors()[LANDMARKS][NOT_KNOWN]
    for fitted_to, more in ((LANDMARKS, {}), (SKIN, {"optical_flow": True})):
        mean = resting_session(seconds, settings={"landmarks": {**way, **more}})
        for statistic, measures in floors_of(mean).items():
            for name, floor in measures.items():
                residual = measured_floors()[fitted_to][NOT_KNOWN][statistic][name].residual
                assert floor == Floor(0.0, residual, residual, own=True)
    found = compare_sides(_draws(11.0, 9.0), None, Floor(0.0, 0.02, 0.02, True), "mm", SETTINGS)
    assert found.difference.value == pytest.approx(2.0)
    assert found.mirrored


def test_the_floors_that_come_along_are_of_every_measure() -> None:
    sided = {measure.name for measure in MEASURES if measure.sided}
    assert set(measured_floors()) == {LANDMARKS, SKIN}
    assert all(set(of) == {EVEN, ONE_SIDE, NOT_KNOWN} for of in measured_floors().values())
    for floors in (one for of in measured_floors().values() for one in of.values()):
        assert set(floors["range"]) == sided
        assert set(floors["rest"]) == sided - set(FROM_REST)
        for floor in (one for measures in floors.values() for one in measures.values()):
            assert 0.0 < floor.residual <= floor.sd < 0.5
