"""What plain statistics of the windows reach: the baselines beside every result.

They learn discriminant directions from the enrolled sessions and compare by cosine. Descriptors B
are the baseline to beat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.linalg import svd

from facedyn_app.recognizer.accuracy import Scores
from facedyn_app.recognizer.backend import fit_whitening, plain_space, speaker_means
from facedyn_app.recognizer.descriptors import RICHER, SECOND_ORDER, plain_descriptors
from facedyn_app.recognizer.evaluation import EmbeddedTrials, score_trials
from facedyn_app.recognizer.model import MotionWindows
from facedyn_app.records import Embedding, FloatArray

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
"""What describes a window for the discriminant directions, by the names in results."""


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
