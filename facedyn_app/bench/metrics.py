"""How far what was measured lies from what is true; plain functions of arrays."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from facedyn_app.records import FloatArray, IntArray

PEAK_HEIGHT = 0.6
PEAK_REACH = 4  # frames
FLAT_SHARE = 0.1


def rotation_error_deg(measured: FloatArray, true: FloatArray) -> FloatArray:
    """(T,) angle between two rotations given as rotation vectors (T, 3), rad; in degrees."""
    difference = Rotation.from_rotvec(measured) * Rotation.from_rotvec(true).inv()
    return np.asarray(np.degrees(difference.magnitude()))


def correlations(measured: FloatArray, true: FloatArray) -> FloatArray:
    """(K,) Pearson correlation of each column of (T, K) arrays; 0 where one does not move."""
    a = measured - measured.mean(axis=0)
    b = true - true.mean(axis=0)
    size = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return np.asarray((a * b).sum(axis=0) / np.where(size > 0, size, 1.0) * (size > 0))


def slopes(measured: FloatArray, true: FloatArray) -> FloatArray:
    """(K,) slope of the regression of the measured on the true: `cov(measured, true) / var(true)`.

    Args:
        measured: (T, K) signals.
        true: (T, K) signals; the slope is 0 where one does not move.
    """
    b = true - true.mean(axis=0)
    size = (b**2).sum(axis=0)
    moved = ((measured - measured.mean(axis=0)) * b).sum(axis=0)
    return np.asarray(moved / np.where(size > 0, size, 1.0) * (size > 0))


def root_mean_square(values: FloatArray) -> float:
    """Over all numbers."""
    return float(np.sqrt(np.mean(np.square(values))))


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


def leakage_percent(one: FloatArray, other: FloatArray, size: float) -> float:
    """RMS difference of two measurements of the same thing, in percent of a size.

    Args:
        one: Any array.
        other: Another of the same shape; equal to `one` if nothing leaks.
        size: What counts as 100 percent, in the same unit.
    """
    return 100.0 * root_mean_square(one - other) / size


def noise_sd(signals: FloatArray) -> FloatArray:
    """(K,) standard deviation of white noise in (T, K) slow signals, from second differences.

    The second difference of white noise has 6 times its variance; slow motion has next to none.

    Args:
        signals: NaN where there is nothing; NaN comes out where no three frames follow each other.
    """
    second = np.diff(signals, n=2, axis=0)
    whole = second[np.isfinite(second).all(axis=1)]
    if len(whole) == 0:
        return np.full(signals.shape[1], np.nan)
    return np.asarray(np.sqrt((whole**2).mean(axis=0) / 6.0))


def mean_percent(part: FloatArray, whole: FloatArray) -> float:
    """Mean of the ratio of two arrays, percent; NaN where they are empty."""
    return float(100.0 * np.mean(part / whole)) if len(part) else float("nan")
