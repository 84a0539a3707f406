"""Who is it? Cosines to speakers' centroids, normalised by a cohort of other speakers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.recognizer.calibration import Calibration
from facedyn_app.records import Embedding, FloatArray, Match

TOP_COHORT = 300
"""Nearest speakers of the cohort that a score is compared with."""

LEAST_COHORT = 10
"""A smaller cohort says nothing; scores then stay cosines."""


def centroid(sessions: Sequence[Embedding]) -> FloatArray:
    """(D,) mean of all windows of a speaker's sessions, of length 1."""
    mean = np.concatenate([session.vectors for session in sessions]).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12))


def centroids(gallery: Mapping[str, Sequence[Embedding]]) -> FloatArray:
    """(G, D) centroid of every speaker, in the gallery's order.

    Raises:
        TooLittleError: The gallery is empty.
    """
    if not gallery:
        raise TooLittleError("Nobody is enrolled.", "Enrol at least one speaker first.")
    return np.stack([centroid(sessions) for sessions in gallery.values()])


def covered_seconds(embedding: Embedding) -> float:
    """Duration that the windows cover together, overlaps counted once, s."""
    spans = embedding.window_seconds[np.argsort(embedding.window_seconds[:, 0])]
    reached = np.maximum.accumulate(spans[:, 1])
    new_from = np.maximum(spans[1:, 0], reached[:-1])
    first = float(spans[0, 1] - spans[0, 0])
    return first + float(np.maximum(spans[1:, 1] - new_from, 0.0).sum())


def normalised_scores(
    probes: FloatArray, speakers: FloatArray, cohort: FloatArray, top: int = TOP_COHORT
) -> FloatArray:
    """Adaptive symmetric normalisation (AS-norm) of the cosines.

    After Matejka et al. 2017, "Analysis of score normalization in multilingual speaker
    recognition", equation 5, with one cohort for both sides:
    ((s - m_p) / d_p + (s - m_g) / d_g) / 2 with mean m and deviation d of the `top` highest
    cosines of the probe (p) and of the enrolled speaker (g) with the cohort.

    Args:
        probes: (N, D) mean window vector of each probe, not of length 1: its product with a
            centroid is the mean cosine of the windows.
        speakers: (G, D) centroids.
        cohort: (K, D) centroids of other speakers; with fewer than `LEAST_COHORT` the cosines
            come back as they are, times 10 to have a similar range.
        top: Highest cosines used.

    Returns:
        (N, G) normalised scores.
    """
    scores = probes @ speakers.T
    if len(cohort) < LEAST_COHORT:
        return np.asarray(10.0 * scores)
    probe_mean, probe_sd = _top_statistics(probes @ cohort.T, top)
    own_mean, own_sd = _top_statistics(speakers @ cohort.T, top)
    by_probe = (scores - probe_mean[:, None]) / probe_sd[:, None]
    by_speaker = (scores - own_mean[None]) / own_sd[None]
    return np.asarray(0.5 * (by_probe + by_speaker))


def rank(
    probe: Embedding,
    gallery: Mapping[str, Sequence[Embedding]],
    calibration: Calibration,
    cohort: FloatArray | None = None,
) -> list[Match]:
    """Rank the enrolled speakers.

    Args:
        probe: Whose windows are asked about.
        gallery: Each speaker's enrolled sessions.
        calibration: Turns normalised scores into probabilities.
        cohort: (K, D) centroids of other speakers; None for no normalisation.

    Returns:
        A match for every speaker, most probable first.

    Raises:
        TooLittleError: The gallery is empty.
        MismatchError: The embeddings have different lengths.
    """
    speakers = centroids(gallery)
    if speakers.shape[1] != probe.vectors.shape[1]:
        raise MismatchError(
            f"The probe's embedding has {probe.vectors.shape[1]} numbers, the gallery's "
            f"{speakers.shape[1]}: they come from different recognizers.",
            "Embed both with the same recognizer.",
        )
    cohort = np.zeros((0, speakers.shape[1])) if cohort is None else cohort
    windows = probe.vectors @ speakers.T
    normalised = normalised_scores(probe.vectors.mean(axis=0)[None], speakers, cohort)[0]
    probability = calibration.probability(normalised, covered_seconds(probe))
    matches = [
        Match(name, float(windows[:, k].mean()), float(probability[k]), windows[:, k])
        for k, name in enumerate(gallery)
    ]
    order = np.lexsort([-windows.mean(axis=0), -normalised])
    return [matches[k] for k in order]


def _top_statistics(scores: FloatArray, top: int) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the highest scores of each row."""
    top = min(top, scores.shape[1])
    highest = np.partition(scores, scores.shape[1] - top, axis=1)[:, -top:]
    return highest.mean(axis=1), np.maximum(highest.std(axis=1), 1e-6)
