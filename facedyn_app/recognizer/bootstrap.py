"""How sure a measured share is: intervals from drawing the speakers anew."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

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
