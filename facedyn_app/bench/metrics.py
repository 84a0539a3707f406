"""Errors of measured signals against the truth, and agreement of two measurements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from scipy.spatial.transform import Rotation

from facedyn_app.records import FloatArray

MOVING_SD = 0.15
"""A channel moves much where its true standard deviation is at least this."""
LEAST_RANGE = 0.05
"""Channels whose range in a recording is smaller are left out of an agreement."""
RANGE_PERCENTILES = (5, 95)


def rotation_error_deg(measured: FloatArray, true: FloatArray) -> FloatArray:
    """(T,) angle between two rotations given as rotation vectors (T, 3), rad; in degrees."""
    difference = Rotation.from_rotvec(measured) * Rotation.from_rotvec(true).inv()
    return np.asarray(np.degrees(difference.magnitude()))


def correlations(measured: FloatArray, true: FloatArray) -> FloatArray:
    """(K,) Pearson correlation of each column of (T, K) arrays; 0 where one does not move.

    (T,) signals give a single number, here and in `slopes`.
    """
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


def mean_percent(part: FloatArray, whole: FloatArray) -> float:
    """Mean of the ratio of two arrays, percent; NaN where they are empty."""
    return float(100.0 * np.mean(part / whole)) if len(part) else float("nan")


def known_median(values: Iterable[float | None]) -> float | None:
    """The median of the values that are known; None where none is."""
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


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


@dataclass(frozen=True, slots=True)
class ChannelAgreement:
    """One channel in one recording.

    Attributes:
        name: The channel.
        size: Its range, from the 5th to the 95th percentile of both measurements together.
        median_percent: Median over the frames of the absolute difference, percent of the range.
        bias: Mean difference, in the channel's own unit.
        r: Correlation; 0 where one of the measurements stands still.
    """

    name: str
    size: float
    median_percent: float
    bias: float
    r: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Over the channels of one or several recordings.

    Attributes:
        n_channels: Channels compared, each recording's counted.
        median_percent: Median over the channels of `ChannelAgreement.median_percent`; None where
            none is compared, as the following.
        p90_percent: The 90th percentile of the same.
        largest_bias: The largest absolute bias.
        largest_bias_of: The channel that has it.
        r: Median correlation.
        channels: Each of them.
    """

    n_channels: int
    median_percent: float | None
    p90_percent: float | None
    largest_bias: float | None
    largest_bias_of: str | None
    r: float | None
    channels: tuple[ChannelAgreement, ...]


def agreement_of(channels: Iterable[ChannelAgreement]) -> Agreement:
    """Summarise channels, of one recording or of several."""
    found = tuple(channels)
    if not found:
        return Agreement(0, None, None, None, None, None, ())
    percent = [one.median_percent for one in found]
    worst = max(found, key=lambda one: abs(one.bias))
    return Agreement(
        n_channels=len(found),
        median_percent=float(np.median(percent)),
        p90_percent=float(np.percentile(percent, 90)),
        largest_bias=abs(worst.bias),
        largest_bias_of=worst.name,
        r=float(np.median([one.r for one in found])),
        channels=found,
    )


def pooled(agreements: Iterable[Agreement]) -> Agreement:
    """The channels of several recordings together."""
    return agreement_of(chain.from_iterable(one.channels for one in agreements))


def compare_channels(names: Sequence[str], one: FloatArray, other: FloatArray) -> Agreement:
    """Compare two measurements of the same channels in one recording.

    Args:
        names: The K channels.
        one: (T, K) values in frames that are valid in both; T at least 1.
        other: (T, K) the same of the other measurement.
    """
    both = np.concatenate([one, other])
    low, high = np.percentile(both, RANGE_PERCENTILES, axis=0)
    size = high - low
    median = np.median(np.abs(one - other), axis=0)
    bias, r = (one - other).mean(axis=0), correlations(one, other)
    return agreement_of(
        ChannelAgreement(
            name=names[k],
            size=float(size[k]),
            median_percent=float(100.0 * median[k] / size[k]),
            bias=float(bias[k]),
            r=float(r[k]),
        )
        for k in np.flatnonzero(size >= LEAST_RANGE).tolist()
    )
