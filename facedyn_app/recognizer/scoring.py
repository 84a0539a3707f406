"""Scores of a recording against speakers: cosines in a score space, calibrated to probabilities.

A cosine says how much a recording is like one speaker's, whoever else is known. How far it speaks
for that speaker hangs on the others too: whoever is explained better by another one is less surely
this one. So probabilities are of the cosine *against the others* (`against_others`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.records import BoolArray, Embedding, FloatArray

REFERENCE_S = 10.0
"""Duration at which the duration term is zero, s."""

TAIL = (0.5, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.998, 0.999, 1.0)
"""Quantiles kept of the strangers' log odds."""
LEAST_RATE, MOST_RATE = 1.0 - TAIL[-2], 1.0 - TAIL[0]
"""False-accept rates between which something is known."""


class TrialsOf(StrEnum):
    """Whose trials probabilities were calibrated on."""

    NONE = "none"
    SIMULATED = "simulated speakers"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Calibration:
    """log odds of "same speaker" = weight score + duration log(seconds / 10) + offset.

    Same and different are taken as equally likely beforehand. The score is the cosine of a
    recording with a speaker, against the others who are known; learnt as if there were none, so
    that strangers reach a probability no more often than is said.

    Attributes:
        weight: Per unit of score.
        duration: Per unit of log duration of the probe.
        offset: Constant.
        stranger_log_odds: Log odds of trials with a stranger at the quantiles `TAIL`.
        made_on: What the trials were, in words for the user.
        trials: Whose they were.
    """

    weight: float
    duration: float
    offset: float
    stranger_log_odds: tuple[float, ...]
    made_on: str
    trials: TrialsOf

    def holds_for(self, *, simulated: bool) -> bool:
        """Whether probabilities of a recording can be relied on: of a person, or simulated."""
        return self.trials is TrialsOf.PEOPLE or (simulated and self.trials is TrialsOf.SIMULATED)

    def log_odds(self, scores: FloatArray, seconds: FloatArray | float) -> FloatArray:
        """Log odds of scores; both arguments broadcast."""
        length = np.log(np.maximum(seconds, 0.1) / REFERENCE_S)
        return np.asarray(self.weight * scores + self.duration * length + self.offset)

    def probability(self, scores: FloatArray, seconds: FloatArray | float) -> FloatArray:
        """Probability of "same speaker", 0..1."""
        return sigmoid(self.log_odds(scores, seconds))

    def threshold(self, false_accept_rate: float, n_enrolled: int) -> float:
        """Probability that the best of `n_enrolled` strangers' matches rarely reaches.

        A stranger is compared with every enrolled speaker, so each comparison may err at
        1 - (1 - rate)^(1 / n) only (comparisons taken as independent).

        Args:
            false_accept_rate: Share of strangers that may be taken for someone enrolled.
            n_enrolled: Speakers in the gallery.
        """
        each = 1.0 - (1.0 - false_accept_rate) ** (1.0 / max(1, n_enrolled))
        log_odds = np.interp(1.0 - each, TAIL, self.stranger_log_odds)
        return float(sigmoid(np.asarray(log_odds)))

    def false_accept_rate(self, probability: float) -> float:
        """Share of strangers who reach a probability with one speaker, 0.001..0.5.

        Beyond the 0.999 quantile and below the median of the trials nothing is known: the rate is
        held there.
        """
        odds = np.log(max(probability, 1e-12) / max(1.0 - probability, 1e-12))
        reached = np.interp(odds, self.stranger_log_odds, TAIL)
        return float(np.clip(1.0 - reached, LEAST_RATE, MOST_RATE))


def against_others(cosines: FloatArray) -> FloatArray:
    """(N, G) scores of N recordings with G speakers: cosines, less how far another one's is higher.

    Whoever is not speaker j is a stranger or one of the others who are known; how much better the
    likeliest of these explains the recording speaks against j (own). The order of a recording's
    speakers and the score of the first one stay, so that who is told from strangers stays too.

    Args:
        cosines: (N, G) of recordings with speakers.
    """
    best = cosines.max(axis=1, keepdims=True, initial=-1.0)
    return np.asarray(cosines - (best - cosines))


def sigmoid(x: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)) without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))


def fit_calibration(
    scores: FloatArray, same: BoolArray, seconds: FloatArray, made_on: str, trials: TrialsOf
) -> Calibration:
    """Fit the logistic by Newton's method, both kinds of trials weighing the same.

    Args:
        scores: (N,) scores of held-out trials.
        same: (N,) whether the trial's probe is the speaker.
        seconds: (N,) duration of the probe, s.
        made_on: What the trials were, in words.
        trials: Whose they were.

    Raises:
        TooLittleError: There are no trials of one of the kinds.
    """
    if not same.any() or same.all():
        raise TooLittleError("Calibration needs trials of the same and of different speakers.")
    length = np.log(np.maximum(seconds, 0.1) / REFERENCE_S)
    design = np.stack([scores, length, np.ones_like(scores)], axis=1).astype(np.float64)
    weight = np.where(same, 0.5 / same.sum(), 0.5 / (~same).sum())
    ridge = np.diag([1e-4, 1e-2, 1e-6])
    beta = np.zeros(3)
    for _ in range(60):
        p = sigmoid(design @ beta)
        gradient = design.T @ (weight * (same - p)) - ridge @ beta
        curvature = (design * (weight * p * (1.0 - p))[:, None]).T @ design + ridge
        step = np.linalg.solve(curvature, gradient)
        beta += step / max(1.0, float(np.abs(step).max()) / 2.0)
        if np.abs(step).max() < 1e-9:
            break
    strangers = (design @ beta)[~same]
    return Calibration(
        weight=max(float(beta[0]), 1e-6),
        duration=float(beta[1]),
        offset=float(beta[2]),
        stranger_log_odds=tuple(float(q) for q in np.quantile(strangers, TAIL)),
        made_on=made_on,
        trials=trials,
    )


def uncalibrated() -> Calibration:
    """A calibration that says little, for a recognizer trained without held-out trials."""
    tail = tuple(math.log(q / (1.0 - min(q, 0.9995))) for q in TAIL)
    return Calibration(
        10.0, 0.0, -4.0, tail, "nothing: there were no held-out sessions", TrialsOf.NONE
    )


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some columns of whitened coordinates, adapted to a gallery.

    Attributes:
        centre: (P,) taken off.
        whiten: (P, P) applied after.
        weight: Of this block's cosine in the sum, 0..1.
    """

    centre: FloatArray
    whiten: FloatArray
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class ScoreSpace:
    """Space of comparison: the product of vectors is the weighted sum of the blocks' cosines.

    Attributes:
        blocks: The blocks, in the order of their columns; the weights sum to 1.
    """

    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        """Check the weights."""
        if abs(sum(block.weight for block in self.blocks) - 1.0) > 1e-6:
            raise ValueError("ScoreSpace needs weights that sum to 1")

    def directions(self, vectors: FloatArray) -> FloatArray:
        """(N, D) vectors of length 1 of (N, D) coordinates."""
        parts = []
        for block, part in zip(self.blocks, self._split(vectors), strict=True):
            parts.append((part - block.centre) @ block.whiten)
        return self._normalised(parts)

    def mean_direction(self, vectors: FloatArray) -> FloatArray:
        """(D,) where (N, D) coordinates of several windows point together, of length 1."""
        mean = self.directions(vectors).mean(axis=0, keepdims=True)
        return np.asarray(self._normalised(self._split(mean))[0])

    def _split(self, vectors: FloatArray) -> list[FloatArray]:
        ends = np.cumsum([len(block.centre) for block in self.blocks])
        return np.split(vectors, ends[:-1], axis=1)

    def _normalised(self, parts: Sequence[FloatArray]) -> FloatArray:
        scaled = []
        for block, part in zip(self.blocks, parts, strict=True):
            length = np.linalg.norm(part, axis=1, keepdims=True)
            scaled.append(part * (block.weight**0.5 / np.maximum(length, 1e-12)))
        return np.concatenate(scaled, axis=1)


def identity_block(width: int, weight: float) -> Block:
    """A block that changes nothing."""
    return Block(np.zeros(width, dtype=np.float32), np.eye(width, dtype=np.float32), weight)


def plain_space(width: int) -> ScoreSpace:
    """The space of one kind of vectors, compared by their cosine as they are."""
    return ScoreSpace((identity_block(width, 1.0),))


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Enrolled speakers, as recordings are compared with them.

    Attributes:
        names: The G speakers.
        directions: (G, D) mean direction of each speaker's windows.
        space: Where they are compared, adapted to them.
    """

    names: tuple[str, ...]
    directions: FloatArray
    space: ScoreSpace

    def __post_init__(self) -> None:
        """Check that there is a direction for every name."""
        if len(self.names) != len(self.directions):
            raise ValueError("Gallery needs a direction for every name")


def compared_gallery(embeddings: Mapping[str, Sequence[Embedding]], space: ScoreSpace) -> Gallery:
    """Speakers, in their order, as recordings are compared with them.

    Args:
        embeddings: Each speaker's enrolled sessions.
        space: Where they are compared.

    Raises:
        TooLittleError: There is no speaker.
    """
    if not embeddings:
        raise TooLittleError("Nobody is enrolled.", "Enrol at least one speaker first.")
    directions = [
        space.mean_direction(np.concatenate([one.vectors for one in own]))
        for own in embeddings.values()
    ]
    return Gallery(tuple(embeddings), np.stack(directions), space)


def covered_seconds(embedding: Embedding) -> float:
    """Duration that the windows cover together, overlaps counted once, s."""
    spans = embedding.window_seconds[np.argsort(embedding.window_seconds[:, 0])]
    reached = np.maximum.accumulate(spans[:, 1])
    new_from = np.maximum(spans[1:, 0], reached[:-1])
    first = float(spans[0, 1] - spans[0, 0])
    return first + float(np.maximum(spans[1:, 1] - new_from, 0.0).sum())
