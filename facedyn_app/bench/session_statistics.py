"""Statistics of the motion in one session, and the share of their variance that is a person's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.features import motion_features
from facedyn_app.recognizer.metrics import N_BOOTSTRAP, Interval, interval
from facedyn_app.records import FloatArray, Session
from facedyn_app.settings import FeatureSettings

RATE_HZ = 10.0
"""What slow and fast recordings have in common: motion is resampled to this rate, Hz."""
AUTOCORRELATION_S, ASYMMETRY_S = 0.32, 0.2
DEAD = 1e-4
"""A channel with no larger standard deviation in a session (activation or rad) is dead there."""
LEAST_PEOPLE = 3


@dataclass(frozen=True, slots=True, eq=False)
class SessionStatistics:
    """Statistics of the C channels of a session, each centred over the session; NaN of dead ones.

    Pairs are those of channels i < j, in the order of `numpy.triu_indices`: C (C - 1) / 2.

    Attributes:
        amplitude: (C,) logarithm of the standard deviation (activation or rad).
        speed: (C,) logarithm of the standard deviation of the velocity (per s).
        speed_over_amplitude: (C,) the difference of both: how quick a movement of a given size is.
        correlation: (P,) correlations between channels.
        velocity_correlation: (P,) correlations between velocities.
        autocorrelation: (C,) autocorrelation at 0.32 s: how smooth the movement is.
        skewness: (C,) third standardised moment: seldom and large, or often and small.
        asymmetry: (P,) correlation of channel i with channel j 0.2 s later, minus that of j with i
            0.2 s later: which of the two leads.
    """

    amplitude: FloatArray
    speed: FloatArray
    speed_over_amplitude: FloatArray
    correlation: FloatArray
    velocity_correlation: FloatArray
    autocorrelation: FloatArray
    skewness: FloatArray
    asymmetry: FloatArray

    def __post_init__(self) -> None:
        """Check that channels and pairs go together."""
        n = len(self.amplitude)
        per_channel = (self.speed, self.speed_over_amplitude, self.autocorrelation, self.skewness)
        per_pair = (self.correlation, self.velocity_correlation, self.asymmetry)
        if any(len(values) != n for values in per_channel):
            raise ValueError("SessionStatistics needs one number per channel")
        if any(len(values) != n * (n - 1) // 2 for values in per_pair):
            raise ValueError("SessionStatistics needs one number per pair of channels")


def session_statistics(session: Session, rate_hz: float = RATE_HZ) -> SessionStatistics:
    """Measure how a face moved in a session.

    Motion is resampled to an even rate within stretches of valid frames, so that uneven and
    different frame rates are compared in seconds; lags never reach across a gap, and a lag between
    two samples is interpolated.

    Args:
        session: The session; its C channels are its E expression coefficients and the jaw's three.
        rate_hz: Rate that the motion is resampled to, Hz.

    Raises:
        TooLittleError: No stretch of valid frames is long enough to speak of motion.
    """
    track = motion_features(session, FeatureSettings(rate_hz=rate_hz))
    motion = track.values.astype(np.float64)
    values, velocities = np.split(motion - motion.mean(axis=0), 2, axis=1)
    deviation, quickness = values.std(axis=0), velocities.std(axis=0)
    dead = ~(deviation > DEAD)
    deviation[dead] = quickness[dead] = np.nan
    scores = values / deviation
    pairs = np.triu_indices(len(deviation), 1)
    lead = _lagged(scores, track.segments, ASYMMETRY_S * rate_hz)
    with np.errstate(divide="ignore"):
        amplitude, speed = np.log(deviation), np.log(quickness)
    return SessionStatistics(
        amplitude=amplitude,
        speed=speed,
        speed_over_amplitude=speed - amplitude,
        correlation=_correlations(scores)[pairs],
        velocity_correlation=_correlations(velocities / quickness)[pairs],
        autocorrelation=np.diag(_lagged(scores, track.segments, AUTOCORRELATION_S * rate_hz)),
        skewness=(scores**3).mean(axis=0),
        asymmetry=(lead - lead.T)[pairs],
    )


def _correlations(scores: FloatArray) -> FloatArray:
    """(C, C) mean products of standardised columns."""
    return np.asarray(scores.T @ scores / len(scores))


def _lagged(scores: FloatArray, segments: Sequence[tuple[int, int]], lag_rows: float) -> FloatArray:
    """(C, C) correlation of column i with column j `lag_rows` later, between two lags linear."""
    whole, share = int(lag_rows), lag_rows % 1.0
    at_whole = _lagged_whole(scores, segments, whole)
    if share < 1e-9:
        return at_whole
    return (1.0 - share) * at_whole + share * _lagged_whole(scores, segments, whole + 1)


def _lagged_whole(scores: FloatArray, segments: Sequence[tuple[int, int]], lag: int) -> FloatArray:
    """(C, C) likewise for a whole number of rows; NaN where no segment is long enough."""
    parts = [(start, stop) for start, stop in segments if stop - start > lag]
    total = np.zeros((scores.shape[1], scores.shape[1]))
    for start, stop in parts:
        total += scores[start : stop - lag].T @ scores[start + lag : stop]
    n_products = sum(stop - start - lag for start, stop in parts)
    return total / n_products if n_products else np.full_like(total, np.nan)


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
