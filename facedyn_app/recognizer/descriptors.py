"""Descriptors of how a face moves in a window: statistics of the centred motion, nothing learnt.

What people differ in was measured on real corpora: first how much, how fast and how smoothly each
part of the face moves, then what moves together. Each window gets

- logarithms of the standard deviations of channels and velocities, and of the channels' increments
  over `INCREMENTS_S`;
- correlations of all pairs of channels, and of all pairs of velocities;
- autocorrelations of channels and of velocities at lags in seconds;
- skewness and kurtosis of both, and quantiles of the velocities' magnitude.

Bounded and heavy-tailed statistics are brought near a normal distribution (Fisher's z of a
correlation, logarithms, asinh), since a covariance is all that is learnt of them (backend.py).

C channels with their C velocities; W windows of T frames. A variance is never taken as less than
that of a tenth of a channel's usual motion: a channel that rests has no correlations worth the
name, and one that is dead in this recording must not lie infinitely far from the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from facedyn_app.records import BoolArray, FloatArray

REST_SHARE = 0.1
"""Least standard deviation, share of what is usual; chosen on half of the people of two corpora."""

LAGS_S = (0.12, 0.32, 0.8)
"""Lags of the channels' autocorrelations, s."""
LONG_LAGS_S = (0.52, 1.52, 2.52)
"""Further lags, s."""
VELOCITY_LAGS_S = (0.08, 0.16, 0.32)
"""Lags of the velocities' autocorrelations, s."""
INCREMENTS_S = (0.08, 0.16, 0.32, 0.64, 1.28, 2.56)
"""Times over which the channels' increments are taken, s."""
QUANTILES = (0.25, 0.5, 0.75, 0.9)
"""Of the velocities' magnitude."""

PART_S = 4.0
"""Length of a window's parts, s; windows of less than two of them are not parted."""

MOST_CORRELATED = 0.995
LEAST_KURTOSIS, LEAST_QUANTILE = 1e-3, 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Centred and standardised motion of windows, from which all descriptors are computed.

    Attributes:
        centred: (W, T, C) channels, the window's mean taken off.
        power: (W, 2 C) variances of channels and velocities, no less than those at rest.
        channels: (W, T, C) centred channels over their standard deviations.
        velocities: (W, T, C) likewise.
        rest: (C,) variance of the channels at rest.
        rate_hz: Frames per second.
    """

    centred: FloatArray
    power: FloatArray
    channels: FloatArray
    velocities: FloatArray
    rest: FloatArray
    rate_hz: float

    @classmethod
    def of(cls, windows: FloatArray, rate_hz: float, scale: FloatArray) -> Moments:
        """Of (W, T, 2 C) windows; `scale` (2 C,) is the features' usual standard deviation."""
        n_channels = windows.shape[2] // 2
        x = windows.astype(np.float32)
        x -= x.mean(axis=1, keepdims=True)
        rest = (REST_SHARE * scale.astype(np.float32)) ** 2
        power = (x**2).mean(axis=1) + rest
        standard = x / np.sqrt(power)[:, None]
        return cls(
            centred=x[:, :, :n_channels],
            power=power,
            channels=standard[:, :, :n_channels],
            velocities=standard[:, :, n_channels:],
            rest=rest[:n_channels],
            rate_hz=rate_hz,
        )

    def step(self, lag_s: float) -> int:
        """Frames of a lag, at least one and less than the window has."""
        return min(max(1, round(lag_s * self.rate_hz)), int(self.channels.shape[1]) - 1)


def log_deviations(m: Moments) -> FloatArray:
    """(W, 2 C) logarithms of the standard deviations of channels, then velocities."""
    return np.asarray(0.5 * np.log(m.power))


def channel_correlations(m: Moments) -> FloatArray:
    """(W, C (C - 1) / 2) correlations of all pairs of channels."""
    return _correlations(m.channels)


def velocity_correlations(m: Moments) -> FloatArray:
    """(W, C (C - 1) / 2) correlations of all pairs of velocities."""
    return _correlations(m.velocities)


def autocorrelations(m: Moments) -> FloatArray:
    """(W, 3 C) each channel's correlation with itself after `LAGS_S`."""
    return _lagged(m.channels, m, LAGS_S)


def skewness(m: Moments) -> FloatArray:
    """(W, C) third moments of the standardised channels."""
    return _third(m.channels)


def kurtosis(m: Moments) -> FloatArray:
    """(W, C) fourth moments of the standardised channels."""
    return _fourth(m.channels)


def _log_increments(m: Moments) -> FloatArray:
    """(W, 6 C) logarithms of the standard deviations of increments over `INCREMENTS_S`."""
    found = []
    for lag_s in INCREMENTS_S:
        step = m.step(lag_s)
        change = m.centred[:, step:] - m.centred[:, :-step]
        found.append(0.5 * np.log((change**2).mean(axis=1) + m.rest))
    return np.concatenate(found, axis=1)


def _log_speed_quantiles(m: Moments) -> FloatArray:
    """(W, 4 C) logarithms of quantiles of the magnitude of the standardised velocities."""
    speed = np.sort(np.abs(m.velocities), axis=1)
    rows = [round(q * (speed.shape[1] - 1)) for q in QUANTILES]
    return np.log(np.concatenate([speed[:, k] for k in rows], axis=1) + LEAST_QUANTILE)


def _third(x: FloatArray) -> FloatArray:
    return np.asarray((x * x * x).mean(axis=1))


def _fourth(x: FloatArray) -> FloatArray:
    square = x * x
    return np.asarray((square * square).mean(axis=1))


def _correlations(x: FloatArray) -> FloatArray:
    pairs = np.triu_indices(x.shape[2], 1)
    return np.asarray((np.swapaxes(x, 1, 2) @ x / x.shape[1])[:, pairs[0], pairs[1]])


def _lagged(x: FloatArray, m: Moments, lags_s: tuple[float, ...]) -> FloatArray:
    steps = [m.step(lag_s) for lag_s in lags_s]
    return np.concatenate([(x[:, k:] * x[:, :-k]).mean(axis=1) for k in steps], axis=1)


def _fisher_z(r: FloatArray) -> FloatArray:
    return np.arctanh(np.clip(r, -MOST_CORRELATED, MOST_CORRELATED))


def _same(x: FloatArray) -> FloatArray:
    return x


def _log_kurtosis(x: FloatArray) -> FloatArray:
    return np.log(np.maximum(x, LEAST_KURTOSIS))


Statistic = Callable[[Moments], FloatArray]
Transform = Callable[[FloatArray], FloatArray]

SECOND_ORDER: tuple[Statistic, ...] = (log_deviations, channel_correlations, autocorrelations)
"""Descriptors A: the plain second-order ones."""

RICHER: tuple[Statistic, ...] = (*SECOND_ORDER, velocity_correlations, skewness, kurtosis)
"""Descriptors B: the baseline to beat."""

FULL: Mapping[Statistic, Transform] = {
    log_deviations: _same,
    channel_correlations: _fisher_z,
    velocity_correlations: _fisher_z,
    autocorrelations: _fisher_z,
    lambda m: _lagged(m.channels, m, LONG_LAGS_S): _fisher_z,
    lambda m: _lagged(m.velocities, m, VELOCITY_LAGS_S): _fisher_z,
    skewness: np.arcsinh,
    lambda m: _third(m.velocities): np.arcsinh,
    kurtosis: _log_kurtosis,
    lambda m: _fourth(m.velocities): _log_kurtosis,
    _log_increments: _same,
    _log_speed_quantiles: _same,
}
"""All descriptors, and what brings each near a normal distribution."""


def describe(
    windows: FloatArray, rate_hz: float, scale: FloatArray, present: BoolArray | None = None
) -> FloatArray:
    """All descriptors of windows: the mean of a window's own and those of its shorter parts.

    Parts vary more, and what they have in common with the window is the speaker's.

    Args:
        windows: (W, T, 2 C) centred channels, then their velocities.
        rate_hz: Frames per second.
        scale: (2 C,) usual standard deviation of the features; channels for which it is 0 never
            move and are left out.
        present: (C,) channels that this recording has; None for all.

    Returns:
        (W, K) float32; NaN in descriptors of channels that the recording lacks.
    """
    live = live_channels(scale)
    columns = np.tile(live, 2)
    moving, usual = windows[:, :, columns], scale[columns]
    n_frames = round(PART_S * rate_hz)
    n_parts = windows.shape[1] // n_frames
    rows = _described(moving, rate_hz, usual)
    if n_parts > 1:
        starts = np.linspace(0, windows.shape[1] - n_frames, n_parts + 1).round().astype(int)
        for start in starts:
            part = _described(moving[:, start : start + n_frames], rate_hz, usual)
            rows += part / len(starts)
        rows *= 0.5
    if present is not None:
        mask_channels(rows, windows.shape[1], rate_hz, scale, present)
    return rows


def mask_channels(
    rows: FloatArray, n_frames: int, rate_hz: float, scale: FloatArray, present: BoolArray
) -> None:
    """Set to NaN the descriptors of channels that a recording lacks.

    Args:
        rows: (W, K) descriptors of windows, changed in place.
        n_frames: T, frames of a window.
        rate_hz: Frames per second.
        scale: (2 C,) usual standard deviation of the features.
        present: (C,) channels that the recording has.
    """
    own = present[live_channels(scale)]
    if not own.all():
        rows[:, ~_defined(n_frames, rate_hz, own)] = np.nan


def _described(windows: FloatArray, rate_hz: float, scale: FloatArray) -> FloatArray:
    m = Moments.of(windows, rate_hz, scale)
    return np.concatenate([change(of(m)) for of, change in FULL.items()], axis=1, dtype=np.float32)


def plain_descriptors(
    statistics: tuple[Statistic, ...], windows: FloatArray, rate_hz: float, scale: FloatArray
) -> FloatArray:
    """(W, K) float32 descriptors as they are, such as `SECOND_ORDER`, of the live channels."""
    live = np.tile(live_channels(scale), 2)
    m = Moments.of(windows[:, :, live], rate_hz, scale[live])
    return np.concatenate([of(m) for of in statistics], axis=1, dtype=np.float32)


def live_channels(scale: FloatArray) -> BoolArray:
    """(C,) whether each channel ever moves, of (2 C,) scales of channels and velocities."""
    return np.asarray(scale[: len(scale) // 2] > 0.0)


def n_descriptors(n_channels: int) -> int:
    """K for so many live channels."""
    single = 2 + len(LAGS_S) + len(LONG_LAGS_S) + len(VELOCITY_LAGS_S) + 4
    each = single + len(INCREMENTS_S) + len(QUANTILES)
    return n_channels * (n_channels - 1) + each * n_channels


def _defined(n_frames: int, rate_hz: float, present: BoolArray) -> BoolArray:
    """(K,) whether a descriptor is of channels that are there alone.

    Every statistic is computed of windows in which what lacks is NaN: so no table of columns has
    to be kept beside the statistics themselves.
    """
    n = len(present)
    probe = np.random.default_rng(0).normal(size=(1, n_frames, 2 * n))
    probe[:, :, ~np.tile(present, 2)] = np.nan
    marked = Moments.of(probe, rate_hz, np.ones(2 * n))
    with np.errstate(invalid="ignore"):
        values = np.concatenate([of(marked) for of in FULL], axis=1)
    return np.asarray(np.isfinite(values[0]))
