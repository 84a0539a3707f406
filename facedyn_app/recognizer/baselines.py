"""Baselines and controls beside every result.

Baselines are plain statistics of the windows: they learn discriminant directions from the enrolled
sessions and compare by cosine; descriptors B are the baseline to beat. Controls tell motion from
leaked shape: the same windows with a cue taken away. A recognizer that stays good on them has
learnt something else than how a face moves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from scipy.linalg import svd

from facedyn_app.recognizer.accuracy import Scores
from facedyn_app.recognizer.backend import fit_whitening, speaker_means
from facedyn_app.recognizer.descriptors import RICHER, SECOND_ORDER, plain_descriptors
from facedyn_app.recognizer.motion_windows import MotionWindows
from facedyn_app.recognizer.scoring import plain_space
from facedyn_app.recognizer.trials import EmbeddedTrials, score_trials
from facedyn_app.records import Embedding, FloatArray

SMOOTHING = np.hanning(15)[1:-1]
"""Weights of neighbouring frames in the noise of `amplitude_only`: half a second at 25 frames/s."""


class Control(Protocol):
    """Changes windows; the same `rng` state changes them in the same way."""

    def __call__(self, cut: MotionWindows, rng: np.random.Generator) -> FloatArray:
        """(W, T, 2 C) changed windows."""


def shuffled(cut: MotionWindows, rng: np.random.Generator) -> FloatArray:
    """Frames in another order, each with its own velocities: what poses there are, not how."""
    order = rng.random(cut.values.shape[:2]).argsort(axis=1)
    return np.take_along_axis(cut.values, order[:, :, None], axis=1)


def session_mean(cut: MotionWindows, rng: np.random.Generator) -> FloatArray:
    """The session's mean in every frame, without velocities: the shape leaked into expression."""
    still = np.concatenate([cut.mean, np.zeros_like(cut.mean)])
    return np.broadcast_to(still, cut.values.shape).astype(cut.values.dtype)


def velocities_only(cut: MotionWindows, rng: np.random.Generator) -> FloatArray:
    """Velocities without the channels."""
    changed = cut.values.copy()
    changed[:, :, : len(cut.mean)] = 0.0
    return changed


def uncentred(cut: MotionWindows, rng: np.random.Generator) -> FloatArray:
    """The session's mean put back on the channels."""
    changed = cut.values.copy()
    changed[:, :, : len(cut.mean)] += cut.mean
    return changed


def amplitude_only(cut: MotionWindows, rng: np.random.Generator) -> FloatArray:
    """Noise of the deviation of each channel in a window: amplitude, without any course."""
    n_windows, n_steps, _ = cut.values.shape
    n_channels = len(cut.mean)
    noise = rng.normal(size=(n_windows, n_steps + len(SMOOTHING) - 1, n_channels))
    steps = range(len(SMOOTHING))
    smooth = sum(SMOOTHING[k] * noise[:, k : k + n_steps] for k in steps)
    smooth -= smooth.mean(axis=1, keepdims=True)
    smooth /= smooth.std(axis=1, keepdims=True)
    channels = smooth * cut.values[:, :, :n_channels].std(axis=1, keepdims=True)
    velocities = np.gradient(channels, axis=1) * cut.rate_hz
    return np.concatenate([channels, velocities], axis=2).astype(cut.values.dtype)


CONTROLS: Mapping[str, Control] = {
    "shuffled": shuffled,
    "session_mean": session_mean,
    "velocities_only": velocities_only,
    "uncentred": uncentred,
    "amplitude_only": amplitude_only,
}
"""The five controls by their names in results; gallery and probes are changed alike."""


Describe = Callable[[MotionWindows, FloatArray], FloatArray]
"""From windows and the features' usual scale to (W, K) numbers."""


def mean_features(cut: MotionWindows, _scale: FloatArray) -> FloatArray:
    """(W, C) mean of each channel in each window, the session's mean put back."""
    n_channels = len(cut.mean)
    return np.asarray(cut.values[:, :, :n_channels].mean(axis=1) + cut.mean)


def descriptors_a(cut: MotionWindows, scale: FloatArray) -> FloatArray:
    """(W, K) second-order descriptors: deviations, correlations, autocorrelations."""
    return plain_descriptors(SECOND_ORDER, cut.values, cut.rate_hz, scale)


def descriptors_b(cut: MotionWindows, scale: FloatArray) -> FloatArray:
    """(W, K) those and correlations of velocities, skewness and kurtosis."""
    return plain_descriptors(RICHER, cut.values, cut.rate_hz, scale)


BASELINES: Mapping[str, Describe] = {
    "session_mean": mean_features,
    "descriptors_a": descriptors_a,
    "descriptors_b": descriptors_b,
}
"""Descriptions of windows for the discriminant directions, by the names in results."""
BESIDE_CONTROLS: Mapping[str, str] = {"session_mean": "window_means"}
"""What baselines are called where controls stand in the same table: one has a control's name."""


def discriminant_scores(
    enrolled: Sequence[tuple[str, FloatArray]], probes: Sequence[tuple[str, FloatArray]]
) -> Scores:
    """Scores of probes by the cosine in the discriminant directions of the enrolled windows.

    The windows are whitened within speakers; the directions are those that the G speakers' means
    span there, G - 1 at most.

    Args:
        enrolled: Speaker and (W, K) window features of each session.
        probes: The same of the sessions asked about.
    """
    names = sorted({name for name, _ in enrolled})
    labels = np.concatenate([np.full(len(rows), names.index(name)) for name, rows in enrolled])
    rows = np.concatenate([rows for _, rows in enrolled])
    whitening = fit_whitening(rows, labels, most_directions=rows.shape[1])
    means = speaker_means(whitening(rows), labels)
    spanned = svd(means - means.mean(axis=0), full_matrices=False)[2]
    directions = spanned[: min(len(names) - 1, rows.shape[1])].T

    def embedded(rows: FloatArray) -> Embedding:
        vectors = np.asarray(whitening(rows) @ directions, dtype=np.float32)
        return Embedding(vectors, np.tile([0.0, 1.0], (len(rows), 1)))

    gallery: dict[str, list[Embedding]] = {name: [] for name in names}
    for name, own in enrolled:
        gallery[name].append(embedded(own))
    asked = [(name, embedded(own)) for name, own in probes]
    return score_trials(EmbeddedTrials(gallery, asked), plain_space(directions.shape[1]))
