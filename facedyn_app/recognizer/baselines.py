"""What plain statistics of the windows reach: the baselines beside every result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from facedyn_app.recognizer.accuracy import Scores
from facedyn_app.recognizer.lda import fit_discriminant
from facedyn_app.recognizer.model import MotionWindows
from facedyn_app.records import FloatArray

LAGS_S = (0.12, 0.32, 0.8)
"""Delays of the lag correlations, s."""

LEAST_POWER = 1e-8

Describe = Callable[[MotionWindows, float], FloatArray]


def mean_features(cut: MotionWindows, _rate_hz: float) -> FloatArray:
    """(W, C) mean of each channel in each window, the session's mean put back."""
    n_channels = len(cut.mean)
    return np.asarray(cut.values[:, :, :n_channels].mean(axis=1) + cut.mean)


def second_order_features(cut: MotionWindows, rate_hz: float) -> FloatArray:
    """(W, K) second-order dynamics of each window.

    Logarithms of the standard deviations of channels and velocities, correlations of all pairs of
    channels, and each channel's correlation with itself after `LAGS_S`.
    """
    n_channels = len(cut.mean)
    values = cut.values.astype(np.float64)
    centred = values - values.mean(axis=1, keepdims=True)
    power = (centred**2).mean(axis=1) + LEAST_POWER
    x = (centred / np.sqrt(power)[:, None])[:, :, :n_channels]
    pairs = np.triu_indices(n_channels, 1)
    correlation = (np.swapaxes(x, 1, 2) @ x / x.shape[1])[:, pairs[0], pairs[1]]
    lagged = []
    for lag_s in LAGS_S:
        step = min(max(1, round(lag_s * rate_hz)), x.shape[1] - 1)
        lagged.append((x[:, step:] * x[:, :-step]).mean(axis=1))
    return np.concatenate([0.5 * np.log(power), correlation, *lagged], axis=1, dtype=np.float32)


BASELINES: Mapping[str, Describe] = {
    "session_mean_lda": mean_features,
    "second_order_lda": second_order_features,
}
"""What describes a window for the discriminant analysis, by the names in results."""


def discriminant_scores(
    names: Sequence[str],
    enrolled: Sequence[tuple[str, FloatArray]],
    probes: Sequence[tuple[str, FloatArray]],
) -> Scores:
    """Scores of probes by a discriminant analysis of the enrolled windows.

    Args:
        names: The G speakers, all of them enrolled.
        enrolled: Speaker and (W, K) window features of each session.
        probes: The same of the sessions asked about.

    Returns:
        Log posteriors of windows, and their means over each probe's windows.
    """
    number = {name: k for k, name in enumerate(names)}
    labels = np.concatenate([np.full(len(rows), number[name]) for name, rows in enrolled])
    fitted = fit_discriminant(np.concatenate([rows for _, rows in enrolled]), labels)
    windows = [fitted.log_posteriors(rows) for _, rows in probes]
    own = np.asarray([number[name] for name, _ in probes])
    return Scores(
        names=tuple(names),
        own=own,
        probes=np.stack([rows.mean(axis=0) for rows in windows]),
        window_own=np.repeat(own, [len(rows) for rows in windows]),
        windows=np.concatenate(windows),
    )
