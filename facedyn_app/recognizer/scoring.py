"""Who is it? Cosines of a recording's windows, and of all together, with speakers' directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.recognizer.backend import ScoreSpace
from facedyn_app.recognizer.calibration import Calibration
from facedyn_app.records import Embedding, FloatArray, Match


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
