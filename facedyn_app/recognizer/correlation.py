"""Do two measures of the same speakers go together, and how sure is that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from facedyn_app.recognizer.bootstrap import Interval, interval
from facedyn_app.records import FloatArray

N_DRAWS = 2000

FEWEST = 5
"""With fewer speakers a correlation says nothing."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """A correlation over speakers.

    Attributes:
        value: -1..1.
        interval: 90 % bootstrap interval over speakers.
        p_value: Share of shufflings of the speakers with a correlation as far from 0, this one
            counted among them.
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
    if n < FEWEST or np.ptp(x) == 0.0 or np.ptp(y) == 0.0:
        return None
    value = float(_rows(x[None], y[None], by_rank)[0])
    picks = rng.integers(n, size=(N_DRAWS, n))
    drawn = _rows(x[picks], y[picks], by_rank)
    shuffled = _rows(rng.permuted(np.tile(x, (N_DRAWS, 1)), axis=1), y[None], by_rank)
    as_far = int((np.abs(shuffled) >= abs(value) - 1e-12).sum())
    return Correlation(
        value=value,
        interval=interval(drawn[np.isfinite(drawn)]),
        p_value=(1 + as_far) / (1 + N_DRAWS),
        n=n,
    )


def _rows(x: FloatArray, y: FloatArray, by_rank: bool) -> FloatArray:
    """(B,) correlations of the rows of (B, n) and (B or 1, n); NaN where one does not vary."""
    if by_rank:
        x, y = rankdata(x, axis=1), rankdata(y, axis=1)
    x = x - x.mean(axis=1, keepdims=True)
    y = y - y.mean(axis=1, keepdims=True)
    size = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    product = (x * y).sum(axis=1)
    nothing = np.full(len(product), np.nan)
    return np.asarray(np.divide(product, size, out=nothing, where=size > 0.0))
