"""Measures of recognition, from scores alone: ranks, open set, verification.

N probes, G enrolled speakers. A score matrix is (N, G), higher is more alike; `own` (N,) is the
column of each probe's speaker. Every measure is 0..1 unless it says otherwise.
"""

from __future__ import annotations

import numpy as np

from facedyn_app.records import FloatArray, IntArray

TARGET_PRIOR = 0.01
"""Share of same-speaker comparisons for which the detection cost is taken."""


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


def open_set_hits(scores: FloatArray, own: IntArray, false_alarm_rate: float) -> FloatArray:
    """(N,) 1 where a probe is detected and identified (DIR) at a false alarm rate, else 0.

    Every probe serves twice (leave one out): against the gallery without its own speaker it is a
    stranger, whose best score sets the threshold: the lowest that at most `false_alarm_rate` of
    the strangers reach. Against the whole gallery it is a hit when its own speaker is first and
    reaches the threshold. After Phillips, Grother and Micheals 2011, "Evaluation methods in face
    recognition" (detection and identification rate).
    """
    stranger = best_of_others(scores, own)
    of_own = np.take_along_axis(scores, own[:, None], axis=1)[:, 0]
    n_allowed = int(np.floor(false_alarm_rate * len(stranger) + 1e-9))
    highest = np.sort(stranger)[::-1]
    # more than the first stranger who must not pass
    above = highest[n_allowed] if n_allowed < len(highest) else -np.inf
    return np.asarray((of_own > stranger) & (of_own > above), dtype=np.float64)


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
