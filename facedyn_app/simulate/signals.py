"""Building blocks of simulated motion: coloured noise, pulses, event times."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from facedyn_app.records import FloatArray

WARM_UP = 8.0
"""So many time constants go by before smooth noise is taken: it has forgotten its start."""


def wander(
    rng: np.random.Generator, n_frames: int, tau_s: FloatArray | float, fps: float, n: int = 1
) -> FloatArray:
    """Stationary first-order noise of unit variance (an Ornstein-Uhlenbeck process, sampled).

    Args:
        rng: Source of randomness.
        n_frames: T.
        tau_s: Correlation time, s; one for all columns, or (n,) of them.
        fps: Frames per second.
        n: Columns.

    Returns:
        (T, n) noise.
    """
    decay = np.exp(-1.0 / (fps * np.broadcast_to(np.asarray(tau_s, dtype=float), (n,))))
    white = rng.standard_normal((n_frames, n))
    white[1:] *= np.sqrt(1.0 - decay**2)
    return np.stack([lfilter([1.0], [1.0, -a], white[:, k]) for k, a in enumerate(decay)], axis=1)


def smooth_wander(
    rng: np.random.Generator, n_frames: int, tau_s: FloatArray, fps: float
) -> FloatArray:
    """Stationary second-order noise of unit variance: white noise through two equal low-passes.

    Its autocorrelation is `(1 + t / tau) exp(-t / tau)` where tau is many frames, so that its
    velocity has a finite size, 1 / tau: a movement of something that has mass. With the decay
    `a = exp(-1 / (fps tau))` of each low-pass, unit white noise comes out with the variance
    `(1 + a^2) / (1 - a^2)^3`.

    Args:
        rng: Source of randomness.
        n_frames: T.
        tau_s: (K,) time constants, s.
        fps: Frames per second.

    Returns:
        (T, K) noise.
    """
    decay = np.exp(-1.0 / (fps * tau_s))
    n_before = int(np.ceil(WARM_UP * float(tau_s.max()) * fps))
    white = rng.standard_normal((n_before + n_frames, len(tau_s)))
    white *= np.sqrt((1.0 - decay**2) ** 3 / (1.0 + decay**2))
    columns = [
        lfilter([1.0], [1.0, -2.0 * a, a * a], white[:, k])[n_before:] for k, a in enumerate(decay)
    ]
    return np.stack(columns, axis=1)


def ease(x: FloatArray) -> FloatArray:
    """Minimum-jerk step from 0 (x <= 0) to 1 (x >= 1), the profile of a quick human movement."""
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x**3 * (10.0 + x * (6.0 * x - 15.0)))


def pulse(
    seconds: FloatArray, onset_s: float, rise_s: float, hold_s: float, fall_s: float
) -> FloatArray:
    """A movement out and back, (T,) of 0..1: minimum-jerk rise, a hold, minimum-jerk fall."""
    rise = ease((seconds - onset_s) / rise_s)
    fall = ease((seconds - onset_s - rise_s - hold_s) / fall_s)
    return np.asarray(rise * (1.0 - fall))


def near_ceiling(values: FloatArray | float, most: float) -> FloatArray:
    """Values of 0 or more that come near to a ceiling and never reach it.

    `x (1 + (x / most)^4)^(-1/4)`: half the ceiling is kept to 2 %.
    """
    return np.asarray(values * (1.0 + (values / most) ** 4) ** -0.25)


def event_times(
    rng: np.random.Generator, seconds: float, per_minute: float, regularity: float, rest_s: float
) -> FloatArray:
    """Times of repeated events, gamma-distributed gaps after a refractory rest.

    Args:
        rng: Source of randomness.
        seconds: Length of the recording, s.
        per_minute: Mean rate.
        regularity: Shape of the gamma distribution: 1 is a Poisson process, 10 nearly a clock.
        rest_s: Least gap, s.

    Returns:
        Ascending times from 0 on, s.
    """
    mean_s = max(60.0 / per_minute - rest_s, 0.05)
    count = int(seconds / mean_s * 2) + 12
    gaps = rest_s + rng.gamma(regularity, mean_s / regularity, count)
    gaps[0] *= rng.uniform()
    times = np.cumsum(gaps)
    return np.asarray(times[times < seconds])


def follow(targets: FloatArray, tau_s: float, fps: float) -> FloatArray:
    """Critically damped following of targets (two equal low-passes), (T, K), from rest at 0."""
    a = float(np.exp(-1.0 / (fps * tau_s)))
    once = lfilter([1.0 - a], [1.0, -a], targets, axis=0)
    return np.asarray(lfilter([1.0 - a], [1.0, -a], once, axis=0))


def smooth_both_ways(values: FloatArray, tau_s: FloatArray, fps: float) -> FloatArray:
    """Columns through a two-sided exponential window, as a smoother of random walks weighs frames.

    Args:
        values: (T, K).
        tau_s: (K,) time constants, s; 0 leaves a column as it is.
        fps: Frames per second.

    Returns:
        (T, K); both ends are mirrored.
    """
    smoothed = np.array(values, dtype=float)
    for tau in np.unique(tau_s[tau_s > 0.0]):
        columns = tau_s == tau
        n_more = min(len(values) - 1, int(np.ceil(WARM_UP * tau * fps)))
        x = np.pad(smoothed[:, columns], ((n_more, n_more), (0, 0)), mode="reflect")
        a = float(np.exp(-1.0 / (fps * tau)))
        for _ in range(2):  # forwards, then backwards
            x = lfilter([1.0 - a], [1.0, -a], x, axis=0, zi=a * x[:1])[0][::-1]
        smoothed[:, columns] = x[n_more : n_more + len(values)]
    return smoothed
