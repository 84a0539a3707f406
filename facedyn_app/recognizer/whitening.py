"""Whitening within speakers: coordinates in which windows of one speaker differ equally."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, eigh, solve_triangular

from facedyn_app.records import FloatArray, IntArray

LEAST_DEVIATION = 1e-9
MOST_DIRECTIONS = 1024
"""Whitened coordinates kept, those in which speakers differ most."""


LEAST_WITHIN = 1e-3
"""Least deviation within speakers, of that of all windows."""


BETWEEN_SHRINKAGE = 0.03
"""Share of the covariance between speakers replaced by a multiple of the identity."""


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """From vectors to coordinates in which windows of one speaker differ equally everywhere.

    Attributes:
        centre: (K,) float32 mean of the training speakers.
        scale: (K,) float32 standard deviations of windows within speakers.
        projection: (K, P) float32 of half precision, from standardised vectors to coordinates.
    """

    centre: FloatArray
    scale: FloatArray
    projection: FloatArray

    def __post_init__(self) -> None:
        """Check that there is a centre and a scale for every row of the projection."""
        if not len(self.centre) == len(self.scale) == len(self.projection):
            raise ValueError("Whitening needs a centre and a scale for every row")

    def __call__(self, vectors: FloatArray) -> FloatArray:
        """(N, P) float32 coordinates of (N, K) vectors; what is NaN counts as the mean."""
        standard = np.nan_to_num((vectors - self.centre) / self.scale)
        return np.asarray(standard @ self.projection, dtype=np.float32)


def fit_whitening(
    vectors: FloatArray,
    labels: IntArray,
    most_directions: int = MOST_DIRECTIONS,
    least_shrinkage: float = 0.0,
) -> Whitening:
    """Learn the covariance within speakers, its correlations shrunk (Ledoit and Wolf).

    Args:
        vectors: (N, K) of windows; NaN where a recording lacks a channel.
        labels: (N,) speakers 0..G - 1, each with a window at least.
        most_directions: Where K is more, the generalised eigenvectors of the covariances between
            and within speakers with the largest eigenvalues are kept.
        least_shrinkage: Of the correlations, 0..1, however many windows they are learnt from.
    """
    centre = np.nan_to_num(np.nanmean(vectors, axis=0, dtype=np.float64))
    total = np.nan_to_num(np.nanstd(vectors, axis=0, dtype=np.float64))
    scale = np.maximum(total, LEAST_DEVIATION).astype(np.float32)
    x = np.nan_to_num((vectors - centre.astype(np.float32)) / scale)
    residual = x - speaker_means(x, labels)[labels]
    deviation = np.maximum(np.sqrt((residual**2).mean(axis=0)), LEAST_WITHIN).astype(np.float32)
    scale *= deviation
    means = speaker_means(x / deviation, labels)
    within, _ = shrunk_covariance(residual / deviation, least_shrinkage)
    middle = means.mean(axis=0)
    lower = cholesky(within, lower=True)
    width = len(lower)
    projection = solve_triangular(lower, np.eye(width), lower=True).T
    if width > most_directions:
        between = np.cov(means.T.astype(np.float64), bias=False) if len(means) > 1 else within
        shrunk = (1.0 - BETWEEN_SHRINKAGE) * between
        shrunk[np.diag_indices(width)] += BETWEEN_SHRINKAGE * np.trace(between) / width
        kept = (width - most_directions, width - 1)
        projection = projection @ eigh(projection.T @ shrunk @ projection, subset_by_index=kept)[1]
    return Whitening(
        centre=(centre + scale * middle).astype(np.float32),
        scale=scale,
        projection=projection.astype(np.float16).astype(np.float32),
    )


def speaker_means(vectors: FloatArray, labels: IntArray) -> FloatArray:
    """(G, K) mean vector of each speaker of (N, K) vectors with (N,) labels 0..G - 1."""
    counts = np.bincount(labels)
    means = np.zeros((len(counts), vectors.shape[1]))
    np.add.at(means, labels, vectors)
    return np.asarray(means / counts[:, None])


def shrunk_covariance(residuals: FloatArray, least: float = 0.0) -> tuple[FloatArray, float]:
    """(F, F) covariance of centred (N, F) rows, shrunk to a multiple of the identity, and how far.

    After Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance
    matrices".
    With m = tr(S) / F, d^2 = |S - m I|^2 and b^2 = sum_n |x_n x_n' - S|^2 / N^2 (Frobenius), the
    shrinkage is min(b^2, d^2) / d^2, or `least` where that is more.
    """
    n, width = residuals.shape
    covariance = residuals.T @ residuals / n
    mean = np.trace(covariance) / width
    spread = float((covariance**2).sum() - width * mean**2)
    fourth = float(((residuals**2).sum(axis=1) ** 2).sum())
    error = (fourth / n - float((covariance**2).sum())) / n
    share = float(np.clip(error / spread, max(least, 1e-6), 1.0)) if spread > 0.0 else 1.0
    covariance *= 1.0 - share
    covariance[np.diag_indices(width)] += share * mean
    return covariance, share
