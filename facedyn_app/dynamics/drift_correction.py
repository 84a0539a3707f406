"""Correction of drift for the wander of session means, and the confidence intervals of drift."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from facedyn_app.dynamics.drift_chunks import SessionChunks
from facedyn_app.records import FloatArray

INTERVAL = (0.05, 0.95)

MOST_UNSURE = 3.0
"""Largest logarithm by which two sessions that differ make the noise's variance unsure."""


def corrected_ratio(
    sessions: Sequence[SessionChunks], corrected: float
) -> tuple[float, tuple[float, float]] | None:
    """The corrected drift over the noise of long sessions, and its 90 % interval.

    The noise is the root of the sessions' mean `whole_variance`. That it differs between n
    sessions says how sure it is: the interval of the drift is widened by Student's t for the mean
    of the n logarithms.

    Args:
        sessions: The n sessions.
        corrected: The corrected drift.

    Returns:
        The ratio and its interval, which holds it, and 0 where there may be no drift; None with
        one session or without any wander.
    """
    interval = drift_interval(sessions, corrected)
    if interval is None:
        return None
    from scipy.stats import t

    variances = np.array([one.whole_variance for one in sessions])
    noise = float(np.sqrt(variances.mean()))
    logs = np.log(np.maximum(variances, 1e-12 * variances.max()))
    unsure = np.std(logs, ddof=1) / np.sqrt(len(logs)) * t.ppf(INTERVAL[1], len(logs) - 1)
    wider = float(np.exp(0.5 * min(float(unsure), MOST_UNSURE)))
    return corrected / noise, (interval[0] / noise / wider, interval[1] / noise * wider)


def drift_interval(
    sessions: Sequence[SessionChunks], corrected: float
) -> tuple[float, float] | None:
    """90 % interval of the corrected drift of n sessions; it holds 0 where there may be none.

    Each session mean wanders about its own truth with the covariance `C / n_i + U`, which has d
    effective directions. The mean squared distance Q of the pairs then follows

        Q ~ s chi'^2_k(lambda),   k = (n - 1) d,   s = 2 w / k,   s lambda = D^2,

    a noncentral chi-squared, w being the mean of `tr C_i / n_i + tr U` and D^2 = max(0, Q - 2 w)
    the squared drift. Its quantiles less 2 w are the interval of D^2. Modelling the pairs' mean
    square in this way is this project's own.

    Args:
        sessions: The n sessions.
        corrected: The corrected drift; the interval holds it.

    Returns:
        None with one session or without any wander.
    """
    from scipy.stats import ncx2  # slow to import, and rarely needed

    if len(sessions) < 2:
        return None
    wander = float(np.mean([one.wander for one in sessions]))
    if wander <= 0.0:
        return None
    pairs = [float(((a.mean - b.mean) ** 2).sum()) for a, b in combinations(sessions, 2)]
    above = float(np.mean(pairs)) - 2.0 * wander
    freedom = (len(sessions) - 1) * effective_directions(sessions)
    scale = 2.0 * wander / freedom
    # the tiny number stands for 0, for which scipy's quantiles are not defined
    quantiles = scale * ncx2.ppf(INTERVAL, freedom, max(above / scale, 1e-9))
    low, high = np.sqrt(np.maximum(quantiles - 2.0 * wander + min(above, 0.0), 0.0))
    return min(float(low), corrected), max(float(high), corrected)


def effective_directions(sessions: Sequence[SessionChunks]) -> float:
    """In how many directions session means wander: `(tr M)^2 / tr M^2`, 1 to S.

    M is the mean covariance C of the chunks, as large as it is in a mean of them, plus U, what a
    whole recording leaves open (the same in all sessions). `tr C^2`
    of few, autocorrelated chunks is too large by `(tr C)^2 / nu`, nu being the covariances'
    degrees of freedom, which is taken off.
    """
    covariance = np.mean([np.atleast_2d(np.cov(one.shapes.T)) for one in sessions], axis=0)
    total = float(np.trace(covariance))
    freedom = sum(_freedom(one) for one in sessions)
    squared = max(float((covariance**2).sum()) - total**2 / freedom, 1e-12 * total**2)
    unseen = sessions[0].unseen
    if unseen is not None:
        share = float(np.mean([one.scatter for one in sessions])) / max(total, 1e-30)
        both = float((covariance * unseen).sum())
        squared = share**2 * squared + 2.0 * share * both + float((unseen**2).sum())
        total = share * total + float(np.trace(unseen))
    return float(np.clip(total**2 / max(squared, 1e-30), 1.0, len(covariance)))


def _freedom(session: SessionChunks) -> float:
    """Degrees of freedom of a session's covariance, were its chunks an AR(1) process."""
    centred = session.shapes - session.mean
    n = len(centred)
    if n < 3 or session.variance <= 0.0:
        return 1.0
    lag1 = float((centred[1:] * centred[:-1]).sum()) / (n - 1)
    decay = np.clip(lag1 * n / float((centred**2).sum()), 0.0, 0.99)
    return max(1.0, float(n * (1.0 - decay**2) / (1.0 + decay**2)) - 1.0)


def squared_distances(means: FloatArray) -> FloatArray:
    """(I, B) squared distance of each session's mean from the others', from (I, B, S) means."""
    n = len(means)
    others = (means.sum(axis=0) - means) / (n - 1)
    return np.asarray(((means - others) ** 2).sum(axis=2))


def session_intervals(
    usable: Sequence[SessionChunks], rng: np.random.Generator, n_bootstrap: int
) -> list[tuple[float, float] | None]:
    """90 % intervals of the sessions' DNR; None for each where there are not two with noise.

    All sessions are resampled together, in blocks of time. A resampled mean is farther from the
    others by what it wanders, so the squared ratios are shifted back to have the measured one as
    their mean before quantiles are taken: the interval then lies around the number shown.
    """
    noise2 = float(np.mean([chunks.variance for chunks in usable]))
    if len(usable) < 2 or noise2 <= 0.0 or n_bootstrap < 1:
        return [None] * len(usable)
    resampled = [_resample(chunks, rng, n_bootstrap) for chunks in usable]
    means = np.stack([mean for mean, _ in resampled])
    noises2 = np.mean([variance for _, variance in resampled], axis=0)
    measured = squared_distances(np.stack([c.mean for c in usable])[:, None]) / noise2
    # a resampling can hit the same chunk throughout, with no variance: the floor keeps it finite
    ratios = squared_distances(means) / np.maximum(noises2, 1e-3 * noise2)
    ratios += measured - ratios.mean(axis=1, keepdims=True)
    low, high = np.sqrt(np.maximum(np.quantile(ratios, INTERVAL, axis=1), 0.0))
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def _resample(
    chunks: SessionChunks, rng: np.random.Generator, n_bootstrap: int
) -> tuple[FloatArray, FloatArray]:
    """Means (B, S) and traces of covariance (B,) of block resamplings of a session.

    The blocks run round the end to the start (circular block bootstrap, Politis and Romano 1992),
    so that every chunk counts alike. Their length is this project's choice: the autocorrelation
    time, but at least the cube root of the number of chunks and at most half of it.
    """
    n = len(chunks.shapes)
    length = max(np.ceil(n / chunks.n_effective), np.ceil(np.cbrt(n)))
    length = int(np.clip(length, 1, max(1, n // 2)))
    starts = rng.integers(0, n, size=(n_bootstrap, -(-n // length)))
    picks = ((starts[:, :, None] + np.arange(length)) % n).reshape(n_bootstrap, -1)[:, :n]
    flat = picks + n * np.arange(n_bootstrap)[:, None]
    counts = np.bincount(flat.ravel(), minlength=n * n_bootstrap).reshape(n_bootstrap, n)
    centred = chunks.shapes - chunks.mean
    offsets = counts @ centred / n
    squares = counts @ (centred**2).sum(axis=1)
    variances = (squares - n * (offsets**2).sum(axis=1)) / (n - 1)
    return chunks.mean + offsets, variances
