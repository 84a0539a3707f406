"""Intraclass correlation ICC(1): the share of the variance between sessions that is a person's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.recognizer.uncertainty import N_BOOTSTRAP, Interval, interval
from facedyn_app.records import FloatArray

LEAST_PEOPLE = 3


@dataclass(frozen=True, slots=True, eq=False)
class PersonSums:
    """Of K statistics of each of P people over the sessions in which they are known.

    Attributes:
        count: (P, K) sessions n_i.
        total: (P, K) sum of the values, the mean over all sessions taken off before.
        square: (P, K) sum of their squares.
    """

    count: FloatArray
    total: FloatArray
    square: FloatArray

    def __post_init__(self) -> None:
        """Check that all are of the same people and statistics."""
        if not self.count.shape == self.total.shape == self.square.shape:
            raise ValueError("PersonSums needs a row per person and a column per statistic")


def person_sums(values: FloatArray, people: Sequence[str]) -> PersonSums:
    """Sum statistics of sessions person by person.

    Args:
        values: (N, K) statistics of N sessions; NaN where one is not known.
        people: The N sessions' people.
    """
    names, person = np.unique(np.asarray(people), return_inverse=True)
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, filled - mean, 0.0)  # large means would cost digits
    sums = np.zeros((3, len(names), values.shape[1]))
    for k, part in enumerate((known.astype(np.float64), centred, centred**2)):
        np.add.at(sums[k], person, part)
    return PersonSums(*sums)


def intraclass_correlation(sums: PersonSums, weights: FloatArray | None = None) -> FloatArray:
    """(K,) ICC(1), one-way random effects, for people with unequal numbers of sessions.

    With n_i sessions of person i of k, N in all, person means m_i and mean m:
    `MSB = sum_i n_i (m_i - m)^2 / (k - 1)`, `MSW = sum_ij (x_ij - m_i)^2 / (N - k)`,
    `n0 = (N - sum_i n_i^2 / N) / (k - 1)`, `ICC = (MSB - MSW) / (MSB + (n0 - 1) MSW)`
    (Shrout and Fleiss 1979; n0 as in Donner 1986). It may be negative by chance.

    Args:
        sums: What is needed of the people.
        weights: (P,) how often each counts; once each by default.

    Returns:
        The correlations; NaN with fewer than three people, nobody with two sessions, or no
        variance at all.
    """
    rows = np.ones(len(sums.count)) if weights is None else weights
    known = sums.count > 0
    k, n = rows @ known, rows @ sums.count
    between = rows @ (sums.total**2 / np.maximum(sums.count, 1.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        msb = (between - (rows @ sums.total) ** 2 / n) / (k - 1.0)
        msw = (rows @ sums.square - between) / (n - k)
        n0 = (n - rows @ sums.count**2 / n) / (k - 1.0)
        icc = (msb - msw) / (msb + (n0 - 1.0) * msw)
    icc[(k < LEAST_PEOPLE) | (n <= k)] = np.nan
    return np.asarray(icc)


def median_share(sums: PersonSums, rng: np.random.Generator) -> tuple[float, Interval]:
    """The median ICC(1) over the statistics and its bootstrap interval over people.

    A person who is drawn twice counts as two people who are alike, so that drawn corpora show less
    than there is. The mean of that is taken off (the bootstrap's estimate of bias, Efron 1979).

    Args:
        sums: What is needed of the people.
        rng: For the bootstrap.

    Returns:
        The median and the middle 90 % of it over drawn corpora; NaN where there is none.
    """
    n = len(sums.count)
    draws = rng.multinomial(n, np.full(n, 1.0 / n), size=N_BOOTSTRAP).astype(np.float64)
    medians = np.array([_median(intraclass_correlation(sums, row)) for row in draws])
    medians = medians[np.isfinite(medians)]
    found = _median(intraclass_correlation(sums))
    if not len(medians):
        return found, (float("nan"), float("nan"))
    return found, interval(medians - medians.mean() + found)


def _median(values: FloatArray) -> float:
    """The median of those that are known; NaN where none is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")
