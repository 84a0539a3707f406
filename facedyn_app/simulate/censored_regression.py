"""Linear regression where outcomes stop at a bound, as a fit's activations do at rest.

The Tobit model: a latent outcome `y* = X b + e`, e normal with standard deviation s, is seen as
`max(y*, 0)`. By expectation and maximisation (Amemiya 1984, "Tobit models: a survey"): what stopped
at the bound is replaced by its expectation below it, then b and s are estimated as usual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import norm

from facedyn_app.records import BoolArray, FloatArray

N_ROUNDS = 30


@dataclass(frozen=True, slots=True, eq=False)
class CensoredFit:
    """A censored regression of K outcomes on P regressors.

    Attributes:
        weights: (P, K) regression weights.
        deviation: (K,) standard deviations of the latent errors.
        errors: (N, K) latent errors; their expectation where the outcome stopped at the bound.
    """

    weights: FloatArray
    deviation: FloatArray
    errors: FloatArray


def censored_regression(
    regressors: FloatArray, outcomes: FloatArray, stopped: BoolArray, ridge: FloatArray
) -> CensoredFit:
    """Regress outcomes that stop at 0.

    Args:
        regressors: (N, P).
        outcomes: (N, K).
        stopped: (N, K) bool: the outcome is at its bound.
        ridge: (P,) penalties on the squared weights, as sums of squares.
    """
    factor = cho_factor(regressors.T @ regressors + np.diag(ridge))
    latent = np.where(stopped, 0.0, outcomes)
    deviation = np.maximum(latent.std(axis=0), 1e-6)
    weights = np.zeros((regressors.shape[1], outcomes.shape[1]))
    for _ in range(N_ROUNDS):
        weights = cho_solve(factor, regressors.T @ latent)
        mean = regressors @ weights
        at = -mean / deviation
        hazard = np.exp(norm.logpdf(at) - norm.logcdf(at))
        latent = np.where(stopped, np.minimum(mean - deviation * hazard, 0.0), outcomes)
        unknown = deviation**2 * np.clip(1.0 - at * hazard - hazard**2, 0.0, 1.0)
        square = (latent - mean) ** 2 + np.where(stopped, unknown, 0.0)
        deviation = np.maximum(np.sqrt(square.mean(axis=0)), 1e-6)
    return CensoredFit(weights, deviation, latent - regressors @ weights)
