"""Drift chunks: the shapes estimated for each second of a session, and what they are worth.

Shapes are compared in units of their posterior: a difference counts by how well a recording can
show it. With P the posterior covariance of a recording's shape (fitting.shape_evidence) and
P = L L^T, the shape in posterior units is L^-1 b: its prior has the variance 1 in directions that
nobody can see and far more where a second of video shows the shape well. The estimates from
recordings of one person scatter by Q, errors that are the same in all seconds of a recording, so
that no number of them averages them out; in these units it is L^-1 Q L^-T.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.records import FloatArray, ShapeCertainty

LEAST_EFFECTIVE = 0.25
FEWEST_CHUNKS = 4  # with fewer values the sample autocorrelation says nothing of the process
_MOST_ROUNDS = 30
_DECAYS = 1.0 - np.geomspace(1.0, 0.005, 160)


@dataclass(frozen=True, slots=True, eq=False)
class PosteriorUnits:
    """From standard deviations of shape to posterior units.

    Attributes:
        matrix: (S, S) L^-1.
        unseen: (S, S) covariance of a recording's own error in posterior units.
    """

    matrix: FloatArray
    unseen: FloatArray

    def of(self, shapes: FloatArray) -> FloatArray:
        """(..., S) shapes in posterior units."""
        return np.asarray(shapes @ self.matrix.T)


def posterior_units(certainties: Sequence[ShapeCertainty | None]) -> PosteriorUnits | None:
    """The units of sessions that are compared: of the mean of their posteriors.

    Args:
        certainties: Of each session's shape, None where it does not say.

    Returns:
        None where one does not say, or they differ in size.
    """
    certain = [one for one in certainties if one is not None]
    sizes = {one.posterior.shape for one in certain}
    if not certain or len(certain) < len(certainties) or len(sizes) > 1:
        return None
    posterior = np.mean([one.posterior.astype(np.float64) for one in certain], axis=0)
    factor = np.linalg.cholesky(posterior)
    matrix = np.linalg.solve(factor, np.eye(len(factor)))
    scatter = np.mean([one.scatter.astype(np.float64) for one in certain], axis=0)
    return PosteriorUnits(matrix, matrix @ scatter @ matrix.T)


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
    if n < FEWEST_CHUNKS:
        return 1.0
    sums = _lag_sums(series)
    if sums[0] <= 0.0:
        return float(n)
    wander = max(_wander_ar1(sums), _wander_positive_sequence(sums))
    variance = sums[0] / (n - 1)
    return float(np.clip(variance / wander, LEAST_EFFECTIVE, n)) if wander > 0.0 else float(n)


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
    for _ in range(_MOST_ROUNDS):
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


@dataclass(frozen=True, slots=True, eq=False)
class SessionChunks:
    """The usable chunk shapes of one session, with their mean, variance and independence.

    Attributes:
        name: The session.
        shapes: (C, S) finite; standard deviations, or posterior units.
        mean: (S,) their mean.
        variance: Trace of their unbiased covariance.
        n_effective: Independent chunks among them.
        unseen: (S, S) covariance of the mean by errors that are the same in all chunks; None
            where no posterior tells of it.
    """

    name: str
    shapes: FloatArray
    mean: FloatArray
    variance: float
    n_effective: float
    unseen: FloatArray | None = None

    @property
    def scatter(self) -> float:
        """Variance of the mean by what varies within the session."""
        return self.variance / self.n_effective

    @property
    def wander(self) -> float:
        """Variance of the mean: how far it wanders by itself."""
        unseen = 0.0 if self.unseen is None else float(np.trace(self.unseen))
        return self.scatter + unseen

    @property
    def whole_variance(self) -> float:
        """The variance of a long session: within this one, a slow wander shows only in part.

        Of a variance V, a session in which the mean itself wanders by W shows
        `(V - W) n / (n - 1)`.
        """
        n = len(self.shapes)
        return self.variance * (n - 1) / n + self.scatter


def usable_chunks(
    sessions: Sequence[tuple[str, FloatArray]], units: PosteriorUnits | None = None
) -> tuple[list[SessionChunks], list[str]]:
    """The sessions with two chunks or more, which have a covariance, and the others' names.

    Args:
        sessions: Name and (C, S) chunk shapes of each; rows with NaN are left out.
        units: Posterior units to turn them into; None leaves them as they are.
    """
    unseen = None if units is None else units.unseen
    usable: list[SessionChunks] = []
    left_out: list[str] = []
    for name, given in sessions:
        shapes: FloatArray = given[np.isfinite(given).all(axis=1)].astype(np.float64)
        if len(shapes) < 2:
            left_out.append(name)
            continue
        shapes = shapes if units is None else units.of(shapes)
        variance = float(shapes.var(axis=0, ddof=1).sum())
        usable.append(
            SessionChunks(name, shapes, shapes.mean(axis=0), variance, n_effective(shapes), unseen)
        )
    return usable, left_out
