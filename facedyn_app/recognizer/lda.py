"""Linear discriminant analysis with shrinkage: the plain classifier to compare with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from facedyn_app.records import FloatArray, IntArray

LEAST_DEVIATION = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Discriminant:
    """Gaussian classes of one covariance, all equally likely beforehand.

    Attributes:
        centre: (F,) taken off the features.
        scale: (F,) by which they are divided.
        directions: (F, G) inverse covariance times class means.
        offsets: (G,) minus half of each mean's squared length in that metric.
        shrinkage: Share of the covariance that was replaced by a multiple of the identity, 0..1.
    """

    centre: FloatArray
    scale: FloatArray
    directions: FloatArray
    offsets: FloatArray
    shrinkage: float

    def log_posteriors(self, features: FloatArray) -> FloatArray:
        """(N, G) log probabilities of the classes for (N, F) features."""
        scores = (features - self.centre) / self.scale @ self.directions + self.offsets
        highest = scores.max(axis=1, keepdims=True)
        total = np.log(np.exp(scores - highest).sum(axis=1, keepdims=True)) + highest
        return np.asarray(scores - total)


def fit_discriminant(features: FloatArray, labels: IntArray) -> Discriminant:
    """Fit to labelled features.

    The pooled covariance S within classes is replaced by `(1 - a) S + a tr(S) / F I` with the
    shrinkage a of Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional
    covariance matrices".

    Args:
        features: (N, F).
        labels: (N,) classes 0..G - 1, each with a row at least.
    """
    centre = features.mean(axis=0, dtype=np.float64)
    scale = np.maximum(features.std(axis=0, dtype=np.float64), LEAST_DEVIATION)
    x = (features - centre) / scale
    n_classes = int(labels.max()) + 1
    counts = np.bincount(labels, minlength=n_classes)
    means = np.zeros((n_classes, x.shape[1]))
    np.add.at(means, labels, x)
    means /= counts[:, None]
    covariance, shrinkage = shrunk_covariance(x - means[labels])
    directions = cho_solve(cho_factor(covariance, lower=True), means.T)
    offsets = -0.5 * (means.T * directions).sum(axis=0)
    return Discriminant(centre, scale, directions, offsets, shrinkage)


def shrunk_covariance(residuals: FloatArray) -> tuple[FloatArray, float]:
    """(F, F) covariance of centred (N, F) rows, shrunk to a multiple of the identity, and how far.

    With m = tr(S) / F, d^2 = |S - m I|^2 and b^2 = sum_n |x_n x_n' - S|^2 / N^2 (Frobenius), the
    shrinkage is min(b^2, d^2) / d^2.
    """
    n, width = residuals.shape
    covariance = residuals.T @ residuals / n
    mean = np.trace(covariance) / width
    spread = float((covariance**2).sum() - width * mean**2)
    fourth = float(((residuals**2).sum(axis=1) ** 2).sum())
    error = (fourth / n - float((covariance**2).sum())) / n
    share = float(np.clip(error / spread, 1e-6, 1.0)) if spread > 0.0 else 1.0
    covariance *= 1.0 - share
    covariance[np.diag_indices(width)] += share * mean
    return covariance, share
