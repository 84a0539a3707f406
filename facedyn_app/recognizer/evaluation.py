"""How often a recognizer is right, on sessions that it was not trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.progress import Progress, Report, ignore
from facedyn_app.recognizer.scoring import centroids, covered_seconds, normalised_scores
from facedyn_app.records import BoolArray, Embedding, FloatArray, IntArray, Session

N_BOOTSTRAP = 1000


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSession:
    """A session and whose it is."""

    speaker: str
    session: Session


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Held-out sessions: some are enrolled, the others asked about.

    Attributes:
        enrolled: Sessions that make the gallery.
        probes: Sessions to be recognised, other recordings of the same speakers.
    """

    enrolled: Sequence[LabelledSession]
    probes: Sequence[LabelledSession]


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedTrials:
    """Trials after the recognizer has embedded them.

    Attributes:
        gallery: Enrolled embeddings of each speaker.
        probes: (speaker, embedding) of each probe.
    """

    gallery: Mapping[str, Sequence[Embedding]]
    probes: Sequence[tuple[str, Embedding]]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Closed-set and verification accuracy.

    Attributes:
        n_speakers: Speakers in the gallery.
        n_probes: Sessions asked about.
        n_windows: Windows asked about.
        top1_window: Share of windows whose speaker is ranked first.
        top1_session: Share of sessions whose speaker is ranked first.
        top1_session_interval: 90 % bootstrap interval of it, over speakers.
        eer: Equal error rate of probe-speaker comparisons.
        chance_uniform: 1 / n_speakers.
        chance_majority: Share of the probes of the most frequent speaker among them.
    """

    n_speakers: int
    n_probes: int
    n_windows: int
    top1_window: float
    top1_session: float
    top1_session_interval: tuple[float, float]
    eer: float
    chance_uniform: float
    chance_majority: float

    def as_json(self) -> dict[str, Any]:
        """Plain values, rounded to four digits."""
        values = asdict(self)
        values["top1_session_interval"] = [round(x, 4) for x in self.top1_session_interval]
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}


def embed_trials(
    trials: Trials, embed: Callable[[Session], Embedding], report: Report = ignore
) -> EmbeddedTrials:
    """Embed all sessions of held-out trials; those too short to embed are left out.

    Args:
        trials: Held-out sessions.
        embed: What embeds one.
        report: Told of every session; may raise `Cancelled`.
    """
    total = len(trials.enrolled) + len(trials.probes)
    gallery: dict[str, list[Embedding]] = {}
    for number, item in enumerate(trials.enrolled):
        report(Progress("testing", number, total))
        if (embedding := _embedded(item, embed)) is not None:
            gallery.setdefault(item.speaker, []).append(embedding)
    probes = []
    for number, item in enumerate(trials.probes, start=len(trials.enrolled)):
        report(Progress("testing", number, total))
        if (embedding := _embedded(item, embed)) is not None and item.speaker in gallery:
            probes.append((item.speaker, embedding))
    return EmbeddedTrials(gallery=gallery, probes=probes)


def measure_accuracy(
    trials: EmbeddedTrials, cohort: FloatArray, rng: np.random.Generator
) -> Accuracy:
    """Top-1 and equal error rate, with both chances computed from the gallery at hand.

    Args:
        trials: Embedded held-out sessions.
        cohort: (K, D) centroids for the normalisation; may be empty.
        rng: For the bootstrap.

    Raises:
        TooLittleError: There are no probes, or fewer than two speakers.
    """
    if not trials.probes or len(trials.gallery) < 2:
        raise TooLittleError("There are no held-out sessions to measure the accuracy on.")
    names = list(trials.gallery)
    own = np.asarray([names.index(name) for name, _ in trials.probes])
    window_own = np.repeat(own, [len(e.vectors) for _, e in trials.probes])
    window_scores, scores = _score_matrices(trials, cohort)
    right = scores.argmax(axis=1) == own
    counts = Counter(name for name, _ in trials.probes)
    is_own = own[:, None] == np.arange(len(names))[None]
    return Accuracy(
        n_speakers=len(names),
        n_probes=len(own),
        n_windows=len(window_own),
        top1_window=float((window_scores.argmax(axis=1) == window_own).mean()),
        top1_session=float(right.mean()),
        top1_session_interval=_interval_over_speakers(right, own, rng),
        eer=equal_error_rate(scores[is_own], scores[~is_own]),
        chance_uniform=1.0 / len(names),
        chance_majority=max(counts.values()) / len(own),
    )


def comparison_table(
    trials: EmbeddedTrials, cohort: FloatArray
) -> tuple[FloatArray, BoolArray, FloatArray]:
    """All comparisons of probes, whole and cut to their first windows, with all speakers.

    Shortened probes let the calibration learn what duration does.

    Returns:
        (N,) normalised scores, (N,) whether same speaker, (N,) seconds of the probe.
    """
    names = list(trials.gallery)
    speakers = centroids(trials.gallery)
    scores, same, seconds = [], [], []
    for name, embedding in trials.probes:
        n_windows = len(embedding.vectors)
        for count in sorted({1, 2, 4, n_windows} & set(range(1, n_windows + 1))):
            part = Embedding(embedding.vectors[:count], embedding.window_seconds[:count])
            row = normalised_scores(part.vectors.mean(axis=0)[None], speakers, cohort)[0]
            scores.append(row)
            same.append(np.asarray([name == other for other in names]))
            seconds.append(np.full(len(names), covered_seconds(part)))
    return np.concatenate(scores), np.concatenate(same), np.concatenate(seconds)


def equal_error_rate(same: FloatArray, different: FloatArray) -> float:
    """Where the share of refused same-speaker comparisons equals that of accepted others.

    Args:
        same: (N,) scores of same-speaker comparisons.
        different: (M,) scores of different-speaker comparisons.

    Returns:
        The mean of both shares at the threshold where they are closest, 0..1.
    """
    thresholds = np.unique(np.concatenate([same, different, [np.inf]]))
    refused = np.searchsorted(np.sort(same), thresholds, side="left") / len(same)
    accepted = 1.0 - np.searchsorted(np.sort(different), thresholds, side="left") / len(different)
    closest = int(np.argmin(np.abs(refused - accepted)))
    return float(0.5 * (refused[closest] + accepted[closest]))


def _embedded(item: LabelledSession, embed: Callable[[Session], Embedding]) -> Embedding | None:
    try:
        return embed(item.session)
    except TooLittleError:
        return None


def _score_matrices(trials: EmbeddedTrials, cohort: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Normalised scores of all windows (W, G) and of all probes (N, G)."""
    speakers = centroids(trials.gallery)
    vectors = np.concatenate([e.vectors for _, e in trials.probes])
    means = np.stack([e.vectors.mean(axis=0) for _, e in trials.probes])
    return (
        normalised_scores(vectors, speakers, cohort),
        normalised_scores(means, speakers, cohort),
    )


def _interval_over_speakers(
    right: BoolArray, own: IntArray, rng: np.random.Generator
) -> tuple[float, float]:
    speakers, index = np.unique(own, return_inverse=True)
    n_right = np.bincount(index, weights=right)
    n_probes = np.bincount(index)
    draws = rng.integers(len(speakers), size=(N_BOOTSTRAP, len(speakers)))
    shares = n_right[draws].sum(axis=1) / n_probes[draws].sum(axis=1)
    low, high = np.quantile(shares, [0.05, 0.95])
    return float(low), float(high)
