"""The shrunk covariance behind whitening and discriminant directions."""

from __future__ import annotations

import numpy as np

from facedyn_app.records import FloatArray

LEAST_DEVIATION = 1e-9


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
