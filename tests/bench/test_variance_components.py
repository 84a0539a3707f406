"""The intraclass correlation against a slow twin and against known variance components."""

import numpy as np
import pytest

from facedyn_app.bench.session_statistics import (
    intraclass_correlation,
    median_share,
    person_sums,
)
from facedyn_app.records import FloatArray


def slow_icc(values: FloatArray, people: list[str]) -> float:
    """One-way analysis of variance written out for one statistic."""
    groups = [values[[p == name for p in people]] for name in sorted(set(people))]
    groups = [group[np.isfinite(group)] for group in groups]
    groups = [group for group in groups if len(group)]
    k, n = len(groups), sum(map(len, groups))
    mean = sum(group.sum() for group in groups) / n
    msb = sum(len(group) * (group.mean() - mean) ** 2 for group in groups) / (k - 1)
    msw = sum(((group - group.mean()) ** 2).sum() for group in groups) / (n - k)
    n0 = (n - sum(len(group) ** 2 for group in groups) / n) / (k - 1)
    return float((msb - msw) / (msb + (n0 - 1) * msw))


def test_the_formula_against_a_slow_twin() -> None:
    rng = np.random.default_rng(0)
    people = [f"p{k}" for k in range(9) for _ in range(2 + k % 3)]
    values = 1e3 + rng.standard_normal((len(people), 5))
    values[::4, 1] = np.nan
    values[: 2 + 3, 2] = np.nan  # two people without any value
    found = intraclass_correlation(person_sums(values, people))
    for column in range(5):
        assert found[column] == pytest.approx(slow_icc(values[:, column], people), abs=1e-9)


def test_a_worked_example() -> None:
    """Two sessions of three people: MSB = 8, MSW = 0.5, so 7.5 / 8.5."""
    values = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
    found = intraclass_correlation(person_sums(values, list("aabbcc")))
    assert found[0] == pytest.approx(7.5 / 8.5)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_known_variance_components_are_found_and_covered(share: float) -> None:
    rng = np.random.default_rng(1)
    n_people, n_sessions, n_statistics = 60, 3, 40
    person = np.sqrt(share) * rng.standard_normal((n_people, n_statistics))
    session = np.sqrt(1 - share) * rng.standard_normal((n_people * n_sessions, n_statistics))
    people = [f"{k}" for k in np.repeat(np.arange(n_people), n_sessions)]
    sums = person_sums(np.repeat(person, n_sessions, axis=0) + session, people)
    found, (low, high) = median_share(sums, np.random.default_rng(2))
    assert found == pytest.approx(share, abs=0.05)
    assert low < share < high
    assert high - low < 0.15


def test_where_nothing_can_be_told_there_is_no_number() -> None:
    once = person_sums(np.arange(4.0)[:, None], list("abcd"))
    assert np.isnan(intraclass_correlation(once)).all()
    two_people = person_sums(np.arange(4.0)[:, None], list("aabb"))
    assert np.isnan(intraclass_correlation(two_people)).all()
    constant = person_sums(np.ones((6, 1)), list("aabbcc"))
    found, interval = median_share(constant, np.random.default_rng(0))
    assert np.isnan([found, *interval]).all()
