"""Measurement of the observation model on sessions that were fitted from videos of known motion.

Activations stop at rest, so that the regression is censored. The Tobit model: a latent outcome
`y* = X b + e`, e normal with standard deviation s, is seen as `max(y*, 0)`. By expectation and
maximisation (Amemiya 1984, "Tobit models: a survey"): what stopped at the bound is replaced by its
expectation below it, then b and s are estimated as usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import norm

from facedyn_app.dynamics.features import JAW_NAMES, columns_by_name, interpolate
from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.records import BoolArray, FloatArray, IntArray, Session
from facedyn_app.simulate.motion import SimulatedMotion
from facedyn_app.simulate.observation import Observation, pose_dependent_errors
from facedyn_app.simulate.signals import smooth_both_ways

SMOOTHINGS_S = (0.0, 0.02, 0.04, 0.08, 0.15, 0.3)
"""Time constants that are tried for each channel, s."""

RIDGE = 1e-3
"""Variance added to the true channels, squared activation; `RIDGE_JAW` to the jaw's, rad^2."""
RIDGE_JAW = 5e-5
LEVEL_RIDGE = 0.02
"""A session's own level is drawn to that of all by this share of its frames."""

REST = 1e-3
"""An activation that is no larger is at rest."""
N_ROUNDS = 30
"""Of expectation and maximisation."""
N_DRAWS = 3
LEAST_AMPLITUDE = 1e-3


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


def measure_observation(truths: Sequence[SimulatedMotion], fits: Sequence[Session]) -> Observation:
    """Measure what a fit makes of known motion, by censored ridge regression over all sessions.

    Each channel takes the smoothing that explains it best. The errors are scaled so that random
    functions of these truths leave as much as the regression leaves unexplained.

    Args:
        truths: The motion that was rendered.
        fits: The sessions fitted from the videos, in the same order and channels.

    Raises:
        MismatchError: A fit lacks channels of its truth.
        TooLittleError: There are fewer frames than ten times the channels.
    """
    names = (*truths[0].motion.names, *JAW_NAMES)
    pairs = _Pairs.of(truths, fits)
    if len(pairs.fitted) < 10 * len(names):
        raise TooLittleError(
            f"{len(pairs.fitted)} frames are too few to measure {len(names)} channels."
        )
    tried = [pairs.regress(tau_s) for tau_s in SMOOTHINGS_S]
    best = np.argmin([fit.deviation for fit in tried], axis=0)
    chosen = CensoredFit(
        *(
            np.stack([getattr(tried[k], part)[..., c] for c, k in enumerate(best)], axis=-1)
            for part in ("weights", "deviation", "errors")
        )
    )
    smoothing = np.asarray(SMOOTHINGS_S)[best]
    amplitude = np.sqrt(np.mean([truth.channels.var(axis=0) for truth in truths], axis=0))
    plain = Observation(
        names=names,
        level=chosen.weights[len(names)],
        response=chosen.weights[: len(names)].T,
        noise=np.linalg.cholesky(_correlation(chosen.errors)),
        smoothing_s=smoothing,
        pose=pairs.pose,
        amplitude=np.maximum(amplitude, LEAST_AMPLITUDE),
        measured=True,
    )
    scale = chosen.deviation / _left_by_functions(plain, truths)
    return replace(plain, noise=scale[:, None] * plain.noise)


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """True and fitted motion of some sessions.

    Attributes:
        truths: The true motions.
        seconds: Times of each session's frames that were fitted.
        fitted: (N, K) fitted channels, all sessions.
        session: (N,) number of the session.
        pose: (K,) mean of the true channels, all frames.
    """

    truths: Sequence[SimulatedMotion]
    seconds: list[FloatArray]
    fitted: FloatArray
    session: IntArray
    pose: FloatArray

    @classmethod
    def of(cls, truths: Sequence[SimulatedMotion], fits: Sequence[Session]) -> _Pairs:
        fitted = [_fitted(truth, fit) for truth, fit in zip(truths, fits, strict=True)]
        return cls(
            truths=truths,
            seconds=[np.asarray(fit.motion.seconds, dtype=float)[fit.motion.valid] for fit in fits],
            fitted=np.concatenate(fitted),
            session=np.repeat(np.arange(len(fits)), [len(part) for part in fitted]),
            pose=np.concatenate([truth.channels for truth in truths]).mean(axis=0),
        )

    @property
    def stopped(self) -> BoolArray:
        """(N, K) where an activation is at rest; a jaw's angle never is."""
        at_rest = self.fitted <= REST
        at_rest[:, -len(JAW_NAMES) :] = False
        return np.asarray(at_rest)

    def regress(self, tau_s: float) -> CensoredFit:
        """Fitted channels on true ones that were smoothed, a level, and each session's own."""
        n_channels, n_sessions = self.fitted.shape[1], len(self.truths)
        tau = np.full(n_channels, tau_s)
        smoothed = [
            interpolate(
                truth.motion.seconds, smooth_both_ways(truth.channels, tau, truth.fps), seconds
            )
            for truth, seconds in zip(self.truths, self.seconds, strict=True)
        ]
        own = np.eye(n_sessions)[self.session]
        level = np.ones((len(own), 1))
        regressors = np.concatenate([np.concatenate(smoothed) - self.pose, level, own], axis=1)
        ridge = np.full(regressors.shape[1], RIDGE * len(own))
        ridge[n_channels - len(JAW_NAMES) : n_channels] = RIDGE_JAW * len(own)
        ridge[n_channels] = 0.0
        ridge[n_channels + 1 :] = LEVEL_RIDGE * len(own) / n_sessions
        return censored_regression(regressors, self.fitted, self.stopped, ridge)


def _fitted(truth: SimulatedMotion, fit: Session) -> FloatArray:
    """(N, K) fitted channels of the valid frames, in the truth's order."""
    columns = columns_by_name(fit.motion.names, truth.motion.names)
    if columns is None:
        raise MismatchError("A fitted session lacks channels of the motion that was rendered.")
    fitted = np.concatenate([fit.motion.expression[:, columns], fit.motion.jaw], axis=1)
    return np.asarray(fitted[fit.motion.valid], dtype=np.float64)


def _correlation(errors: FloatArray) -> FloatArray:
    covariance = errors.T @ errors / len(errors) + 1e-12 * np.eye(errors.shape[1])
    deviation = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(deviation, deviation) + 1e-6 * np.eye(len(deviation)))


def _left_by_functions(model: Observation, truths: Sequence[SimulatedMotion]) -> FloatArray:
    """(K,) deviation that errors by unit functions have within these sessions."""
    variances = []
    for draw in range(N_DRAWS):
        for k, truth in enumerate(truths):
            error_by_pose = pose_dependent_errors(truth, model, np.random.default_rng([draw, k]))
            smoothed = smooth_both_ways(error_by_pose, model.smoothing_s, truth.fps)
            variances.append(smoothed.var(axis=0))
    return np.asarray(np.sqrt(np.mean(variances, axis=0)))
