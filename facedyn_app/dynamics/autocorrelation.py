"""How many independent values an autocorrelated series is worth."""

from __future__ import annotations

import numpy as np

from facedyn_app.records import FloatArray

LEAST = 0.25
MIN_LENGTH = 4  # with fewer values the sample autocorrelation says nothing of the process
_MAX_ROUNDS = 30
_DECAYS = 1.0 - np.geomspace(1.0, 0.005, 160)


def n_effective(series: FloatArray) -> float:
    """The number of independent values whose mean wanders as much as this series' mean.

    Defined by `var(mean) = (trace of the sample covariance) / n_effective`. Textbook estimates
    of the autocorrelation time subtract the sample mean and are then far too short for series
    of a few correlation times, which is what a clip of a minute gives. So two estimates are made,
    each freed of that bias, and the one with fewer independent values counts:

    - an AR(1) process whose expected lag-1 autocorrelation, the sample mean taken off at this
      very length, is the one seen; exact for one exponential decay, too hopeful for a slow
      wander under white noise;
    - the integrated autocorrelation time by Geyer's initial positive sequence (Geyer 1992), the
      variance of the mean added back to every lag until it agrees with itself.

    The choice of the two, and of taking the smaller, is this project's own.

    Args:
        series: (C, S) values in time order, without NaN; the components are averaged, each
            weighted by its variance.

    Returns:
        0.25 to C. Less than 1 where the mean wanders farther than the values' spread shows, as in
        a few seconds of a slow wander. 1 for fewer than four values, from which nothing can be
        told.
    """
    n = len(series)
    if n < MIN_LENGTH:
        return 1.0
    sums = _lag_sums(series)
    if sums[0] <= 0.0:
        return float(n)
    wander = max(_wander_ar1(sums), _wander_positive_sequence(sums))
    variance = sums[0] / (n - 1)
    return float(np.clip(variance / wander, LEAST, n)) if wander > 0.0 else float(n)


def _lag_sums(series: FloatArray) -> FloatArray:
    """(C,) sums of lagged products of the centred series, over components."""
    n = len(series)
    centred = series - series.mean(axis=0)
    spectrum = np.fft.rfft(centred, 2 * n, axis=0)
    sums = np.fft.irfft((np.abs(spectrum) ** 2).sum(axis=1), 2 * n)[:n]
    return np.asarray(sums)


def _wander_ar1(sums: FloatArray) -> float:
    """Variance of the mean if the series is AR(1).

    With decay a, `r = sum_k a^k` over a whole row and `s = 1' Sigma 1 = n + 2 sum (n - k) a^k`,
    centring leaves the expected lag sums `n - s / n` (lag 0) and
    `(n - 1) a - 2 (s - r) / n + (n - 1) s / n^2` (lag 1).
    """
    n = len(sums)
    lags = np.arange(1, n)
    powers = _DECAYS[:, None] ** lags
    row = 1.0 + powers.sum(axis=1)
    total = n + 2.0 * (powers @ (n - lags))
    lag0 = n - total / n
    lag1 = (n - 1) * _DECAYS - 2.0 * (total - row) / n + (n - 1) * total / n**2
    expected = np.maximum.accumulate(lag1 / lag0)
    wander_per_lag0 = total / n**2 / lag0
    return float(sums[0] * np.interp(sums[1] / sums[0], expected, wander_per_lag0))


def _wander_positive_sequence(sums: FloatArray) -> float:
    """Variance of the mean from the initial positive sequence, its own bias taken off."""
    n = len(sums)
    lags = np.arange(n)
    covariances = sums / (n - lags)
    wander = 0.0
    for _ in range(_MAX_ROUNDS):
        lifted = covariances + wander
        terms = (1.0 - lags / n) * lifted
        pairs = terms[: n - n % 2].reshape(-1, 2).sum(axis=1)
        stops = np.flatnonzero(pairs <= 0.0)
        n_pairs = int(stops[0]) if len(stops) else len(pairs)
        time = max(1.0, 2.0 * float(pairs[:n_pairs].sum()) / float(lifted[0]) - 1.0)
        update = min(float(lifted[0]) * time / n, float(lifted[0]))
        if abs(update - wander) <= 1e-9 * float(lifted[0]):
            break
        wander = update
    return update
