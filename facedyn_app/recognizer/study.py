"""Study of accuracy against window length, number of sessions and shape drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.recognizer.accuracy import Accuracy, Scores, measure_scores
from facedyn_app.recognizer.evaluation import Assessment
from facedyn_app.recognizer.metrics import Correlation, pearson, ranks, spearman
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.scoring import ScoreSpace
from facedyn_app.recognizer.trials import EmbeddedTrials, LabelledSession, score_trials
from facedyn_app.records import Embedding, FloatArray

WINDOW_LENGTHS_S = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A point of a curve.

    Attributes:
        x: Seconds of a window, or sessions of a speaker.
        accuracy: What is reached there.
    """

    x: float
    accuracy: Accuracy


@dataclass(frozen=True, slots=True, eq=False)
class DriftRelation:
    """Recognition of speakers against the drift of their estimated shape.

    Attributes:
        speakers: The speakers that have both.
        accuracy: (G,) share of each speaker's tested windows that were recognised.
        dnr: (G,) drift-to-noise ratio.
        dnr_corrected: (G,) corrected ratio.
        correlations: By name, such as "spearman_dnr"; None where there is none.
    """

    speakers: tuple[str, ...]
    accuracy: FloatArray
    dnr: FloatArray
    dnr_corrected: FloatArray
    correlations: Mapping[str, Correlation | None]


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """Results of a study.

    Attributes:
        assessment: Headline, controls and baselines.
        by_length: Accuracy against the length of a window, s.
        by_sessions: Accuracy against the number of sessions that a speaker is known by.
        drift: Accuracy of speakers against the drift of their shape.
    """

    assessment: Assessment
    by_length: tuple[Point, ...]
    by_sessions: tuple[Point, ...]
    drift: DriftRelation


def accuracy_by_length(
    recognizer: Recognizer,
    gallery: Mapping[str, Sequence[Embedding]],
    probes: Sequence[LabelledSession],
    on_progress: OnProgress,
    lengths_s: Sequence[float] = WINDOW_LENGTHS_S,
) -> tuple[Point, ...]:
    """Accuracy of single windows of each length, without overlap.

    The gallery stays as it is. A length for which no probe has a whole window is left out.
    """
    found: dict[float, list[tuple[str, Embedding]]] = {length: [] for length in lengths_s}
    for number, item in enumerate(probes):
        on_progress(Progress("testing window lengths", number, len(probes)))
        if item.speaker not in gallery:
            continue
        for length in lengths_s:
            embedding = _whole_windows(recognizer, item, length)
            if embedding is not None:
                found[length].append((item.speaker, embedding))
    points = []
    space = recognizer.space(gallery)
    for length, embedded in found.items():
        if embedded:
            scores = score_trials(EmbeddedTrials(gallery, embedded), space)
            points.append(Point(length, measure_scores(scores, np.random.default_rng(0))))
    return tuple(points)


def accuracy_by_sessions(space: ScoreSpace, trials: EmbeddedTrials) -> tuple[Point, ...]:
    """Accuracy with each speaker known by their first session, their first two, and so on.

    Up to the number that half of the speakers have at least; who has fewer counts with those.
    """
    counts = sorted(len(sessions) for sessions in trials.gallery.values())
    points = []
    for n in range(1, counts[len(counts) // 2] + 1):
        gallery = {name: sessions[:n] for name, sessions in trials.gallery.items()}
        known = EmbeddedTrials(gallery, trials.probes)
        scores = score_trials(known, space)
        points.append(Point(float(n), measure_scores(scores, np.random.default_rng(0))))
    return tuple(points)


def relate_to_drift(
    scores: Scores, ratios: Mapping[str, tuple[float, float]], rng: np.random.Generator
) -> DriftRelation:
    """Correlate speakers' drift with the share of their windows that is recognised.

    Args:
        scores: Of the test.
        ratios: Drift-to-noise ratio and corrected ratio of the speakers that have them.
        rng: For the bootstrap and the shuffling.
    """
    first = ranks(scores.windows, scores.window_own) == 1
    n_windows = np.bincount(scores.window_own, minlength=len(scores.names))
    n_right = np.bincount(scores.window_own, weights=first, minlength=len(scores.names))
    chosen = [k for k, name in enumerate(scores.names) if n_windows[k] and name in ratios]
    names = tuple(scores.names[k] for k in chosen)
    share = (n_right / np.maximum(n_windows, 1))[chosen]
    dnr = np.asarray([ratios[name][0] for name in names])
    corrected = np.asarray([ratios[name][1] for name in names])
    correlations = {
        f"{kind.__name__}_{label}": kind(values, share, rng)
        for kind in (spearman, pearson)
        for label, values in (("dnr", dnr), ("dnr_corrected", corrected))
    }
    return DriftRelation(names, share, dnr, corrected, correlations)


def _whole_windows(
    recognizer: Recognizer, item: LabelledSession, length_s: float
) -> Embedding | None:
    features = replace(recognizer.features, window_s=length_s, hop_s=length_s)
    try:
        embedding = replace(recognizer, features=features).embed(item.session)
    except TooLittleError:
        return None
    spans = embedding.window_seconds
    whole = spans[:, 1] - spans[:, 0] > length_s - 1.5 / features.rate_hz
    return Embedding(embedding.vectors[whole], spans[whole]) if whole.any() else None
