"""Separation of shape and expression, lag of blinks, stillness at rest, over a head's videos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from facedyn_app.bench import metrics
from facedyn_app.bench.cases import Case, Take
from facedyn_app.bench.measurement import MeasuredCase
from facedyn_app.records import FloatArray, IntArray

BLINKS = ("eyeBlinkLeft", "eyeBlinkRight")
PEAK_HEIGHT = 0.6
PEAK_REACH = 4  # frames
FLAT_SHARE = 0.1


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


def measure_separation(results: Sequence[MeasuredCase]) -> Separation:
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


def _blink_lags(one: MeasuredCase) -> FloatArray:
    names = one.truth.simulated.motion.names
    lags = []
    for name in (n for n in BLINKS if n in names):
        k = names.index(name)
        fitted = np.nan_to_num(one.fit.motion.expression[:, k], nan=-1.0)
        lags.append(peak_lags(fitted, one.truth.simulated.motion.expression[:, k]))
    return np.concatenate(lags) if lags else np.zeros(0)


def peak_lags(measured: FloatArray, true: FloatArray) -> IntArray:
    """(P,) how many frames later each of the true signal's peaks is reached in the measured one.

    A peak stands above `PEAK_HEIGHT` and above all that lies `PEAK_REACH` frames around it; the
    middle of its top tenth counts, since noise chooses the highest frame of a flat top.

    Args:
        measured: (T,) activation.
        true: (T,) activation, 0..1.
    """
    lags = []
    for peak in _peaks(true):
        first = max(0, peak - PEAK_REACH)
        lags.append(first + _middle_of_top(measured[first : peak + PEAK_REACH + 1]) - peak)
    return np.array(lags, dtype=np.int64)


def _peaks(signal: FloatArray) -> list[int]:
    found: list[int] = []
    for start in np.flatnonzero(signal > PEAK_HEIGHT).tolist():
        first = max(0, start - PEAK_REACH)
        window = signal[first : start + PEAK_REACH + 1]
        if start == first + _middle_of_top(window) and len(window) == 2 * PEAK_REACH + 1:
            found.append(start)
    return found


def _middle_of_top(window: FloatArray) -> int:
    top = np.flatnonzero(window >= window.max() - FLAT_SHARE * np.ptp(window))
    return int(top[len(top) // 2])


def _stillness(one: MeasuredCase) -> tuple[float, float, float, float]:
    """Median deviation of the channels; against independent fits: median, worst, jitter alone."""
    if one.independent is None:
        raise ValueError("independent fits are needed")
    both = [
        np.concatenate(
            [fit.motion.expression[fit.motion.valid], fit.motion.jaw[fit.motion.valid]], axis=1
        )
        for fit in (one.fit, one.independent)
    ]
    together, alone = (channels.std(axis=0) for channels in both)
    moves = alone > 1e-4
    ratio = together[moves] / alone[moves] if moves.any() else np.array([np.nan])
    quiet, white = (metrics.noise_sd(channels)[moves] for channels in both)
    jitter = np.median(quiet / white) if moves.any() else np.nan
    return float(np.median(together)), float(np.median(ratio)), float(ratio.max()), float(jitter)


def _expression_leak(results: Sequence[MeasuredCase]) -> float | None:
    pair = _pair(results, _with_face_of)
    if pair is None:
        return None
    one, other = pair
    both = one.fit.motion.valid & other.fit.motion.valid
    true_sd = one.truth.simulated.motion.expression[both].std(axis=0)
    size = metrics.root_mean_square(true_sd)
    return leakage_percent(one.fit.motion.expression[both], other.fit.motion.expression[both], size)


def _shape_leak(results: Sequence[MeasuredCase]) -> float | None:
    pair, faces = _pair(results, _with_motion_of), _pair(results, _with_face_of)
    if pair is None or faces is None:
        return None
    n = len(pair[0].fit.shape)
    size = metrics.root_mean_square((faces[0].truth.scene.shape - faces[1].truth.scene.shape)[:n])
    return leakage_percent(pair[0].fit.shape, pair[1].fit.shape, size)


def leakage_percent(one: FloatArray, other: FloatArray, size: float) -> float:
    """RMS difference of two measurements of the same thing, in percent of a size.

    Args:
        one: Any array.
        other: Another of the same shape; equal to `one` if nothing leaks.
        size: What counts as 100 percent, in the same unit.
    """
    return 100.0 * metrics.root_mean_square(one - other) / size


def _pair(
    results: Sequence[MeasuredCase], changed: Callable[[Case, Case], Case]
) -> tuple[MeasuredCase, MeasuredCase] | None:
    """Two videos of all actions that differ in one thing only, which the one takes of the other."""
    for one, other in combinations(results, 2):
        a, b = one.truth.case, other.truth.case
        if a.take is Take.ACTIONS and a != b and changed(a, b) == b:
            return one, other
    return None


def _with_face_of(case: Case, other: Case) -> Case:
    return replace(case, face=other.face)


def _with_motion_of(case: Case, other: Case) -> Case:
    return replace(case, motion=other.motion)
