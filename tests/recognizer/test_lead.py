"""Lead of one recognizer over another: paired by the people drawn."""

from __future__ import annotations

import numpy as np
import pytest

from facedyn_app.recognizer.accuracy import Scores, measure_scores
from facedyn_app.recognizer.lead import lead

N, EACH = 10, 10
NAMES = tuple("abcdefghij")


def scores(wrong: list[int], wrong_probes: tuple[int, ...] = ()) -> Scores:
    """One probe a speaker and ten windows, of which so many are given to the next speaker."""
    own = np.arange(N)
    probes = np.eye(N)
    probes[list(wrong_probes)] = np.roll(probes[list(wrong_probes)], 1, axis=1)
    windows = np.repeat(np.eye(N), EACH, axis=0)
    for speaker, count in enumerate(wrong):
        rows = slice(speaker * EACH, speaker * EACH + count)
        windows[rows] = np.roll(windows[rows], 1, axis=1)
    return Scores(NAMES, own, probes, np.repeat(own, EACH), windows)


def test_who_errs_on_the_same_people_is_told_apart_where_the_intervals_overlap() -> None:
    # from speaker to speaker all or nothing is right; of each the second misses one window more
    ours = scores([0, 9] * 5)
    theirs = scores([1, 10] * 5)
    own, other = (measure_scores(s, np.random.default_rng(0)) for s in (ours, theirs))
    assert own.intervals["top1_window"][0] < other.intervals["top1_window"][1]
    found = lead(ours, theirs, 0)["top1_window"]
    assert (found.difference, *found.interval) == pytest.approx((0.1, 0.1, 0.1))


def test_one_person_of_ten_is_no_difference_that_they_show() -> None:
    found = lead(scores([0] * N), scores([0] * N, (3,)), 0)
    # how often that one is drawn is binomial, 10 of 1 in 10: at most 3 in 95 % of the draws
    assert found["top1_session"].difference == pytest.approx(0.1)
    assert found["top1_session"].interval == pytest.approx((0.0, 0.3))
    # at the one threshold between both kinds of scores 1 of 10 is refused, 1 of 90 accepted
    assert found["eer"].difference == pytest.approx(-0.5 * (1 / 10 + 1 / 90))
    assert found["eer"].interval[1] == 0.0


def test_columns_may_stand_in_another_order() -> None:
    ours = scores([0, 3] * 5, (2,))
    order = np.random.default_rng(3).permutation(N)
    place = np.argsort(order)
    turned = Scores(
        tuple(NAMES[k] for k in order),
        place[ours.own],
        ours.probes[:, order],
        place[ours.window_own],
        ours.windows[:, order],
    )
    for one in lead(ours, turned, 0).values():
        assert (one.difference, *one.interval) == pytest.approx((0.0, 0.0, 0.0))
    assert lead(ours, turned, 0)["eer"].as_json() == {"difference": 0.0, "interval": [0.0, 0.0]}


def test_other_people_cannot_be_compared() -> None:
    some = scores([0] * N)
    fewer = Scores(NAMES, some.own[1:], some.probes[1:], some.window_own, some.windows)
    with pytest.raises(ValueError, match="same speakers"):
        lead(some, fewer, 0)
