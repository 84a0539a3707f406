"""Shape and expression kept apart, blinks in time, faces at rest: over several videos of a head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.bench import metrics
from facedyn_app.bench.measured import Measured
from facedyn_app.bench.takes import Take
from facedyn_app.records import FloatArray

BLINKS = ("eyeBlinkLeft", "eyeBlinkRight")


@dataclass(frozen=True, slots=True, eq=False)
class Separation:
    """How well shape and expression are kept apart, and how steady the fit is.

    Attributes:
        expression_leak_percent: Change of the expression when only the shape changes, percent of
            the true expression's standard deviation; None where no cases tell.
        shape_leak_percent: Change of the shape when only the motion changes, percent of the true
            difference between the two faces; None where no cases tell.
        blink_lag_frames: Median lag of the blinks' peaks; None without blinks.
        blink_within_one: Share of the blinks whose peak moves by at most one frame.
        n_blinks: Blinks.
        still_sd: Median standard deviation of the channels on a still face.
        still_ratio: Median over channels of that over that of independent per-frame fits.
        still_worst_ratio: The same in the worst channel.
        still_jitter_ratio: As `still_ratio`, of the white noise from frame to frame alone
            (metrics.noise_sd): slow wander of the landmarks cannot be told from motion.
    """

    expression_leak_percent: float | None
    shape_leak_percent: float | None
    blink_lag_frames: float | None
    blink_within_one: float | None
    n_blinks: int
    still_sd: float | None
    still_ratio: float | None
    still_worst_ratio: float | None
    still_jitter_ratio: float | None


def measure_separation(results: Sequence[Measured]) -> Separation:
    """Leakage between shape and expression, lag and steadiness, over all videos of a head."""
    lags = np.concatenate([_blink_lags(one) for one in results]) if results else np.zeros(0)
    still = [one for one in results if one.independent is not None]
    sd = ratio = worst = jitter = None
    if still:
        sd, ratio, worst, jitter = _stillness(still[0])
    return Separation(
        expression_leak_percent=_expression_leak(results),
        shape_leak_percent=_shape_leak(results),
        blink_lag_frames=float(np.median(lags)) if len(lags) else None,
        blink_within_one=float((np.abs(lags) <= 1).mean()) if len(lags) else None,
        n_blinks=len(lags),
        still_sd=sd,
        still_ratio=ratio,
        still_worst_ratio=worst,
        still_jitter_ratio=jitter,
    )


def _blink_lags(one: Measured) -> FloatArray:
    names = one.truth.motion.names
    lags = []
    for name in (n for n in BLINKS if n in names):
        k = names.index(name)
        fitted = np.nan_to_num(one.fit.expression[:, k], nan=-1.0)
        lags.append(metrics.peak_lags(fitted, one.truth.motion.expression[:, k]))
    return np.concatenate(lags) if lags else np.zeros(0)


def _stillness(one: Measured) -> tuple[float, float, float, float]:
    """Median deviation of the channels; against independent fits: median, worst, jitter alone."""
    if one.independent is None:
        raise ValueError("independent fits are needed")
    both = [
        np.concatenate([fit.expression[fit.valid], fit.jaw[fit.valid]], axis=1)
        for fit in (one.fit, one.independent)
    ]
    together, alone = (channels.std(axis=0) for channels in both)
    moves = alone > 1e-4
    ratio = together[moves] / alone[moves] if moves.any() else np.array([np.nan])
    quiet, white = (metrics.noise_sd(channels)[moves] for channels in both)
    jitter = np.median(quiet / white) if moves.any() else np.nan
    return float(np.median(together)), float(np.median(ratio)), float(ratio.max()), float(jitter)


def _expression_leak(results: Sequence[Measured]) -> float | None:
    pair = _pair(results, same="motion", other="face")
    if pair is None:
        return None
    one, other = pair
    both = one.fit.valid & other.fit.valid
    true_sd = one.truth.motion.expression[both].std(axis=0)
    size = metrics.root_mean_square(true_sd)
    return metrics.leakage_percent(one.fit.expression[both], other.fit.expression[both], size)


def _shape_leak(results: Sequence[Measured]) -> float | None:
    pair, faces = _pair(results, "face", "motion"), _pair(results, "motion", "face")
    if pair is None or faces is None:
        return None
    n = len(pair[0].fit.shape)
    size = metrics.root_mean_square((faces[0].truth.scene.shape - faces[1].truth.scene.shape)[:n])
    return metrics.leakage_percent(pair[0].fit.shape, pair[1].fit.shape, size)


def _pair(results: Sequence[Measured], same: str, other: str) -> tuple[Measured, Measured] | None:
    """Two clean videos of all actions that differ in one thing only."""
    for k, one in enumerate(results):
        for two in results[k + 1 :]:
            a, b = one.truth.case, two.truth.case
            alike = getattr(a, same) == getattr(b, same) and getattr(a, other) != getattr(b, other)
            plain = (a.take, a.width, a.noisy, a.occluded) == (b.take, b.width, b.noisy, b.occluded)
            if alike and plain and a.take is Take.ACTIONS:
                return one, two
    return None
