"""Measures against examples worked out by hand and against slow loops."""

import math

import numpy as np
import pytest

from facedyn_app.errors import TooLittleError
from facedyn_app.recognizer.accuracy import Scores, measure_scores
from facedyn_app.recognizer.metrics import (
    SpeakerDraws,
    cmc,
    equal_error_rate,
    error_rates,
    log_likelihood_cost,
    min_detection_cost,
    open_set_hits,
    own_and_others,
    ranks,
)

SCORES = np.array([[0.9, 0.1, 0.2], [0.5, 0.4, 0.6], [0.3, 0.3, 0.3], [0.2, 0.7, 0.1]])
OWN = np.array([0, 1, 2, 1])


def eer(same: list[float], different: list[float]) -> float:
    return equal_error_rate(*error_rates(np.array(same), np.array(different))[1:])


def test_ranks_by_hand() -> None:
    # the second probe's own speaker is third, the third probe ties with everybody
    np.testing.assert_array_equal(ranks(SCORES, OWN), [1, 3, 3, 1])


def test_cmc_by_hand() -> None:
    np.testing.assert_allclose(cmc(np.array([1, 3, 3, 1]), 3), [0.5, 0.5, 1.0])


def test_equal_error_rate_by_hand() -> None:
    assert eer([3.0, 4.0], [1.0, 2.0]) == 0.0
    # at a threshold of 2.5 one of four is refused and one of four accepted
    assert eer([2.0, 3.0, 4.0, 5.0], [0.0, 1.0, 1.5, 2.5]) == pytest.approx(0.25)
    assert eer([0.0], [1.0]) == pytest.approx(1.0)


def test_error_rates_match_explicit_loops() -> None:
    rng = np.random.default_rng(0)
    same, different = np.round(rng.normal(1, 1, 30), 1), np.round(rng.normal(0, 1, 70), 1)
    for threshold, refused, accepted in zip(*error_rates(same, different), strict=True):
        assert refused == pytest.approx(sum(s < threshold for s in same) / 30)
        assert accepted == pytest.approx(sum(d >= threshold for d in different) / 70)


def test_min_detection_cost_by_hand() -> None:
    # threshold 2.5: P_miss 1/4, P_fa 0, cost 0.25; lower ones accept strangers at 99 times the
    # price each; refusing everything costs 1
    _, refused, accepted = error_rates(
        np.array([2.0, 3.0, 4.0, 5.0]), np.array([0.0, 1.0, 1.5, 2.2])
    )
    assert min_detection_cost(refused, accepted, 0.01) == pytest.approx(0.25)
    assert min_detection_cost(refused, accepted, 0.5) == pytest.approx(0.25)
    nothing = error_rates(np.zeros(5), np.zeros(50))[1:]
    assert min_detection_cost(*nothing) == pytest.approx(1.0)


def test_log_likelihood_cost_by_hand() -> None:
    log_odds = np.array([[math.log(3.0), math.log(1 / 3), 0.0], [0.0, 0.0, 0.0]])
    same, different = log_likelihood_cost(log_odds, np.array([0, 2]))
    # log2(1 + 1/3) for the right one; log2(1 + 1/3) and log2(1 + 1) for the others
    np.testing.assert_allclose(same, [math.log2(4 / 3), 1.0])
    np.testing.assert_allclose(different, [0.5 * (math.log2(4 / 3) + 1.0), 1.0])


def test_log_likelihood_cost_of_extreme_odds_is_finite() -> None:
    same, different = log_likelihood_cost(np.array([[-2000.0, 2000.0]]), np.array([0]))
    assert same[0] == pytest.approx(2000 / math.log(2))
    assert different[0] == pytest.approx(2000 / math.log(2))


def test_open_set_hits_by_hand() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.3], [0.6, 0.5]])
    own = np.array([0, 1, 0, 1])
    # strangers reach 0.1, 0.2, 0.3 and 0.6; without an alarm the own score must exceed 0.6
    np.testing.assert_array_equal(open_set_hits(scores, own, 0.0), [1, 1, 0, 0])
    # one stranger of four may pass: more than 0.3 is enough, but the last is not first
    np.testing.assert_array_equal(open_set_hits(scores, own, 0.25), [1, 1, 1, 0])


def test_strangers_of_open_set_hits_are_those_without_the_own_speaker() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8]])
    own = np.array([0, 1])
    np.testing.assert_array_equal(open_set_hits(scores, own, 0.0), [1, 1])
    strangers = np.array([0.85, 0.2])
    np.testing.assert_array_equal(open_set_hits(scores, own, 0.0, strangers), [1, 0])
    # whoever is first stays first, whatever a stranger reaches
    farther = np.array([0.95, 0.0])
    np.testing.assert_array_equal(open_set_hits(scores, own, 0.5, farther), [1, 1])


def slow_hits(scores: np.ndarray, own: np.ndarray, rate: float) -> list[float]:
    strangers = [
        max(s for k, s in enumerate(row) if k != mine)
        for row, mine in zip(scores, own, strict=True)
    ]
    candidates = sorted({*scores.ravel().tolist(), math.inf})
    allowed = [t for t in candidates if sum(s >= t for s in strangers) <= rate * len(strangers)]
    return [
        float(row[mine] > other and row[mine] >= min(allowed))
        for row, mine, other in zip(scores, own, strangers, strict=True)
    ]


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.1, 0.5, 1.0])
def test_open_set_hits_match_a_search_over_thresholds(rate: float) -> None:
    rng = np.random.default_rng(3)
    own = rng.integers(8, size=60)
    scores = rng.normal(size=(60, 8)) + 1.5 * (own[:, None] == np.arange(8))
    np.testing.assert_array_equal(open_set_hits(scores, own, rate), slow_hits(scores, own, rate))


def made_scores(separation: float, n_speakers: int = 12, n_each: int = 4) -> Scores:
    rng = np.random.default_rng(5)
    own = np.repeat(np.arange(n_speakers), n_each)
    probes = rng.normal(size=(len(own), n_speakers))
    probes[np.arange(len(own)), own] += separation
    windows = np.repeat(probes, 3, axis=0) + rng.normal(size=(3 * len(own), n_speakers))
    names = tuple(f"s{k}" for k in range(n_speakers))
    return Scores(names, own, probes, np.repeat(own, 3), windows, log_odds=probes)


def test_all_measures_of_made_scores() -> None:
    scores = made_scores(2.0)
    found = measure_scores(scores, np.random.default_rng(0))
    rank = ranks(scores.probes, scores.own)
    assert found.top1_session == pytest.approx((rank == 1).mean())
    assert found.top5_session == pytest.approx((rank <= 5).mean())
    assert found.mrr == pytest.approx((1.0 / rank).mean())
    same, different = own_and_others(scores.probes, scores.own)
    assert found.eer == pytest.approx(eer(same.tolist(), different.tolist()))
    assert found.chance_uniform == pytest.approx(1 / 12)
    assert found.chance_majority == pytest.approx(1 / 12)
    assert found.lift_uniform == pytest.approx(12 * found.top1_window)
    assert found.dir_far1 <= found.dir_far10 <= found.top1_session <= found.top5_session
    values = found.as_json()
    for name, (low, high) in found.intervals.items():
        assert low - 1e-9 <= values[name] + 1e-4
        assert values[name] - 1e-4 <= high + 1e-9
        assert low < high or low == high == 1.0
    assert {"top1_window", "top1_session", "top5_window", "eer", "cllr"} <= set(found.intervals)


def test_chance_of_the_most_frequent_speaker() -> None:
    scores = made_scores(1.0)
    keep = scores.window_own != 0
    keep[:2] = True
    fewer = Scores(
        scores.names, scores.own, scores.probes, scores.window_own[keep], scores.windows[keep]
    )
    found = measure_scores(fewer, np.random.default_rng(0))
    assert found.chance_majority == pytest.approx(12 / (11 * 12 + 2))
    assert found.cllr is None
    assert "cllr" not in found.intervals


def test_scores_without_a_difference_are_never_right() -> None:
    own = np.array([0, 1, 2])
    flat = Scores(("a", "b", "c"), own, np.zeros((3, 3)), own, np.zeros((3, 3)))
    found = measure_scores(flat, np.random.default_rng(0))
    assert found.top1_window == found.top1_session == found.dir_far10 == 0.0
    assert found.eer == pytest.approx(0.5)


def test_nothing_to_measure_is_said() -> None:
    empty = Scores(("a", "b"), np.zeros(0, int), np.zeros((0, 2)), np.zeros(0, int), SCORES[:0])
    with pytest.raises(TooLittleError, match="held-out"):
        measure_scores(empty, np.random.default_rng(0))


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(8)
    own = np.repeat(np.arange(40), 5)
    covered = 0
    for _ in range(200):
        values = np.repeat(rng.normal(size=40), 5) + rng.normal(size=200)
        low, high = SpeakerDraws(own, rng, 300).of_mean(values)
        covered += low <= 0.0 <= high
    assert 0.82 <= covered / 200 <= 0.96


def test_speakers_are_drawn_whole() -> None:
    # ten probes of one speaker are one draw: the interval is as wide as that of one probe each
    own = np.arange(10)
    values = np.arange(10) % 2.0
    one = SpeakerDraws(own, np.random.default_rng(0)).of_mean(values)
    ten = SpeakerDraws(np.repeat(own, 10), np.random.default_rng(0)).of_mean(np.repeat(values, 10))
    assert one == pytest.approx(ten)
