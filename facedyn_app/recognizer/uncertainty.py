"""Uncertainty of measured shares and of correlations: bootstrap intervals, permutation tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import permutation_test, rankdata

from facedyn_app.records import FloatArray, IntArray

N_BOOTSTRAP = 1000
LEVEL = 0.9
"""Share of the drawn corpora within an interval."""

Interval = tuple[float, float]


class SpeakerDraws:
    """The same drawn corpora for every measure: speakers with replacement, all probes of each.

    Args:
        own: (N,) speaker of each probe, any integers.
        rng: Source of randomness.
        n_bootstrap: Corpora drawn.
    """

    def __init__(
        self, own: IntArray, rng: np.random.Generator, n_bootstrap: int = N_BOOTSTRAP
    ) -> None:
        speakers, self._index = np.unique(own, return_inverse=True)
        n = len(speakers)
        draws = rng.integers(n, size=(n_bootstrap, n))
        flat = (draws + n * np.arange(n_bootstrap)[:, None]).ravel()
        counts = np.bincount(flat, minlength=n * n_bootstrap).reshape(n_bootstrap, n)
        self._counts = counts.astype(np.float64)

    def of_mean(self, values: FloatArray) -> Interval:
        """Interval of the mean over all probes of (N,) values."""
        return interval(self._means(values[:, None])[:, 0])

    def of_curves(
        self,
        first: FloatArray,
        second: FloatArray,
        measure: Callable[[FloatArray, FloatArray], float],
    ) -> Interval:
        """Interval of a measure of two curves that are means over the probes.

        Args:
            first: (N, K) a row a probe.
            second: (N, K) likewise.
            measure: From the two (K,) mean curves to a number.
        """
        pairs = zip(self._means(first), self._means(second), strict=True)
        return interval(np.asarray([measure(a, b) for a, b in pairs]))

    def _means(self, values: FloatArray) -> FloatArray:
        """(B, K) means over the drawn probes."""
        n_columns = values.shape[1]
        sums = np.zeros((self._counts.shape[1], n_columns))
        np.add.at(sums, self._index, values)
        size = np.bincount(self._index).astype(np.float64)
        total = self._counts @ size
        return np.asarray((self._counts @ sums) / total[:, None])


def interval(draws: FloatArray) -> Interval:
    """The middle `LEVEL` of drawn values."""
    tail = 0.5 * (1.0 - LEVEL)
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return float(low), float(high)


N_DRAWS = 2000

FEWEST_SPEAKERS = 5
"""With fewer speakers a correlation says nothing."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """A correlation over speakers.

    Attributes:
        value: -1..1.
        interval: 90 % bootstrap interval over speakers.
        p_value: Share of shufflings of the speakers with a correlation as far from 0; of all of
            them where there are few speakers, else of drawn ones with this order among them.
        n: Speakers.
    """

    value: float
    interval: Interval
    p_value: float
    n: int


def spearman(x: FloatArray, y: FloatArray, rng: np.random.Generator) -> Correlation | None:
    """Correlation of the ranks; None for fewer than five speakers or where one does not vary."""
    return _correlation(x, y, rng, by_rank=True)


def pearson(x: FloatArray, y: FloatArray, rng: np.random.Generator) -> Correlation | None:
    """Correlation of the values; None for fewer than five speakers or where one does not vary."""
    return _correlation(x, y, rng, by_rank=False)


def _correlation(
    x: FloatArray, y: FloatArray, rng: np.random.Generator, *, by_rank: bool
) -> Correlation | None:
    n = len(x)
    if n < FEWEST_SPEAKERS or np.ptp(x) == 0.0 or np.ptp(y) == 0.0:
        return None
    value = float(_correlations(x, y, by_rank))
    # not scipy's bootstrap: it gives no interval where a draw is of one speaker alone
    picks = rng.integers(n, size=(N_DRAWS, n))
    drawn = _correlations(x[picks], y[picks], by_rank)
    shuffled = permutation_test(
        (x,),
        lambda orders, axis: np.abs(_correlations(orders, y, by_rank)),
        permutation_type="pairings",
        vectorized=True,
        n_resamples=N_DRAWS,
        alternative="greater",
        random_state=rng,
    )
    return Correlation(
        value=value,
        interval=interval(drawn[np.isfinite(drawn)]),
        p_value=float(shuffled.pvalue),
        n=n,
    )


def _correlations(x: FloatArray, y: FloatArray, by_rank: bool) -> FloatArray:
    """(...) correlations along the last axis of (..., n) each; NaN where one does not vary."""
    if by_rank:
        x, y = rankdata(x, axis=-1), rankdata(y, axis=-1)
    x = x - x.mean(axis=-1, keepdims=True)
    y = y - y.mean(axis=-1, keepdims=True)
    size = np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1))
    product = (x * y).sum(axis=-1)
    nothing = np.full(np.shape(product), np.nan)
    return np.asarray(np.divide(product, size, out=nothing, where=size > 0.0))
