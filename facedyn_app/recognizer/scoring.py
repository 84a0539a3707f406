"""Score space and gallery: cosines of a recording's windows with speakers' directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.recognizer.calibration import Calibration
from facedyn_app.records import Embedding, FloatArray, Match


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


def rank(probe: Embedding, gallery: Gallery, calibration: Calibration) -> list[Match]:
    """Rank the enrolled speakers.

    The score of a recording is the cosine of its mean direction with a speaker's: unlike the mean
    of its windows' cosines it does not fall with how much the windows differ.

    Args:
        probe: Whose windows are asked about.
        gallery: The speakers.
        calibration: Turns scores into probabilities.

    Returns:
        A match for every speaker, most probable first.
    """
    windows = gallery.space.directions(probe.vectors) @ gallery.directions.T
    scores = gallery.space.mean_direction(probe.vectors) @ gallery.directions.T
    probability = calibration.probability(scores, covered_seconds(probe))
    matches = [
        Match(name, float(scores[k]), float(probability[k]), windows[:, k])
        for k, name in enumerate(gallery.names)
    ]
    return [matches[k] for k in np.argsort(-scores, kind="stable")]
