"""Measures of recognition from scores alone, their bootstrap intervals and permutation tests.

N probes, G enrolled speakers. A score matrix is (N, G), higher is more alike; `own` (N,) is the
column of each probe's speaker. Every measure is 0..1 unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import permutation_test, rankdata

from facedyn_app.records import FloatArray, IntArray

TARGET_PRIOR = 0.01
"""Share of same-speaker comparisons for which the detection cost is taken."""
N_BOOTSTRAP = 1000
LEVEL = 0.9
"""Share of the drawn corpora within an interval."""
Interval = tuple[float, float]
N_DRAWS = 2000
FEWEST_SPEAKERS = 5
"""With fewer speakers a correlation says nothing."""


def ranks(scores: FloatArray, own: IntArray) -> IntArray:
    """(N,) rank of each probe's own speaker, 1 the best; whoever ties with them comes first.

    Ties count against the probe, so that a recognizer which gives everybody the same score is
    not right by chance.
    """
    of_own = np.take_along_axis(scores, own[:, None], axis=1)
    return np.asarray((scores >= of_own).sum(axis=1))


def cmc(rank: IntArray, n_speakers: int) -> FloatArray:
    """(G,) cumulative match characteristic: share of probes with rank 1, at most 2, ... G."""
    counts = np.bincount(rank, minlength=n_speakers + 1)[1 : n_speakers + 1]
    return np.asarray(np.cumsum(counts) / len(rank))


def open_set_hits(
    scores: FloatArray,
    own: IntArray,
    false_alarm_rate: float,
    strangers: FloatArray | None = None,
) -> FloatArray:
    """(N,) 1 where a probe is detected and identified (DIR) at a false alarm rate, else 0.

    Every probe serves twice (leave one out): against the gallery without its own speaker it is a
    stranger, whose best score sets the threshold: the lowest that at most `false_alarm_rate` of
    the strangers reach. Against the whole gallery it is a hit when its own speaker is first and
    reaches the threshold. After Phillips, Grother and Micheals 2011, "Evaluation methods in face
    recognition" (detection and identification rate).

    Args:
        scores: (N, G) with the whole gallery.
        own: (N,) column of each probe's speaker.
        false_alarm_rate: Share of strangers that may reach the threshold.
        strangers: (N,) best score without the own speaker; None where the others' are the same.
    """
    best_other = best_of_others(scores, own)
    stranger = best_other if strangers is None else strangers
    of_own = np.take_along_axis(scores, own[:, None], axis=1)[:, 0]
    n_allowed = int(np.floor(false_alarm_rate * len(stranger) + 1e-9))
    highest = np.sort(stranger)[::-1]
    # more than the first stranger who must not pass
    above = highest[n_allowed] if n_allowed < len(highest) else -np.inf
    return np.asarray((of_own > best_other) & (of_own > above), dtype=np.float64)


def best_of_others(scores: FloatArray, own: IntArray) -> FloatArray:
    """(N,) best score of each probe with anybody but its own speaker; -inf when there is none."""
    others = scores.astype(np.float64)
    np.put_along_axis(others, own[:, None], -np.inf, axis=1)
    return np.asarray(others.max(axis=1))


def own_and_others(scores: FloatArray, own: IntArray) -> tuple[FloatArray, FloatArray]:
    """(N,) scores with the own speaker, and (N (G - 1),) scores with all others."""
    is_own = own[:, None] == np.arange(scores.shape[1])[None]
    return scores[is_own], scores[~is_own]


def error_rates(
    same: FloatArray, different: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Both errors at every threshold at which one of them changes (the points of the DET curve).

    Args:
        same: (N,) scores of same-speaker comparisons.
        different: (M,) scores of different-speaker comparisons.

    Returns:
        (K,) thresholds, ascending and ending with infinity, (K,) share of same-speaker
        comparisons below them (refused), (K,) share of others that reach them (accepted).
    """
    thresholds = np.unique(np.concatenate([same, different, [np.inf]]))
    refused = np.searchsorted(np.sort(same), thresholds, side="left") / len(same)
    accepted = 1.0 - np.searchsorted(np.sort(different), thresholds, side="left") / len(different)
    return thresholds, refused, accepted


def equal_error_rate(refused: FloatArray, accepted: FloatArray) -> float:
    """The mean of both error rates at the threshold where they are closest, 0..1."""
    closest = int(np.argmin(np.abs(refused - accepted)))
    return float(0.5 * (refused[closest] + accepted[closest]))


def min_detection_cost(
    refused: FloatArray, accepted: FloatArray, prior: float = TARGET_PRIOR
) -> float:
    """Least detection cost over all thresholds (minDCF), both errors costing 1.

    `(prior P_miss + (1 - prior) P_fa) / min(prior, 1 - prior)`: 1 is what refusing or accepting
    everything costs, whichever is cheaper (NIST speaker recognition evaluations).
    """
    cost = prior * refused + (1.0 - prior) * accepted
    return float(cost.min() / min(prior, 1.0 - prior))


def log_likelihood_cost(log_odds: FloatArray, own: IntArray) -> tuple[FloatArray, FloatArray]:
    """(N,) parts of Cllr of each probe: for its own speaker, and the mean over the others.

    `Cllr = (mean same log2(1 + e^-l) + mean different log2(1 + e^l)) / 2`, bits; 1 is what scores
    that say nothing cost (Brummer and du Preez 2006).

    Args:
        log_odds: (N, G) natural log of the likelihood ratio same : different.
        own: (N,) column of each probe's speaker.
    """
    is_own = own[:, None] == np.arange(log_odds.shape[1])[None]
    same = np.logaddexp(0.0, -log_odds[is_own]) / np.log(2.0)
    wrong = np.where(is_own, 0.0, np.logaddexp(0.0, log_odds)) / np.log(2.0)
    return same, np.asarray(wrong.sum(axis=1) / max(1, log_odds.shape[1] - 1))


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
        return interval(self.means(values[:, None])[:, 0])

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
        pairs = zip(self.means(first), self.means(second), strict=True)
        return interval(np.asarray([measure(a, b) for a, b in pairs]))

    def means(self, values: FloatArray) -> FloatArray:
        """(B, K) means of (N, K) values, a row a probe, over the probes of each drawn corpus."""
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
