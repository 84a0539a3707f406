"""Who is it? Cosines of a recording's windows, and of all together, with speakers' directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.recognizer.backend import ScoreSpace
from facedyn_app.recognizer.calibration import Calibration
from facedyn_app.records import Embedding, FloatArray, Match


def speaker_directions(gallery: Mapping[str, Sequence[Embedding]], space: ScoreSpace) -> FloatArray:
    """(G, D) mean direction of each speaker's windows, in the gallery's order.

    Raises:
        TooLittleError: The gallery is empty.
    """
    if not gallery:
        raise TooLittleError("Nobody is enrolled.", "Enrol at least one speaker first.")
    return np.stack(
        [
            space.mean_direction(np.concatenate([one.vectors for one in own]))
            for own in gallery.values()
        ]
    )


def covered_seconds(embedding: Embedding) -> float:
    """Duration that the windows cover together, overlaps counted once, s."""
    spans = embedding.window_seconds[np.argsort(embedding.window_seconds[:, 0])]
    reached = np.maximum.accumulate(spans[:, 1])
    new_from = np.maximum(spans[1:, 0], reached[:-1])
    first = float(spans[0, 1] - spans[0, 0])
    return first + float(np.maximum(spans[1:, 1] - new_from, 0.0).sum())


def rank(
    probe: Embedding,
    gallery: Mapping[str, Sequence[Embedding]],
    space: ScoreSpace,
    calibration: Calibration,
) -> list[Match]:
    """Rank the enrolled speakers.

    The score of a recording is the cosine of its mean direction with a speaker's: unlike the mean
    of its windows' cosines it does not fall with how much the windows differ.

    Args:
        probe: Whose windows are asked about.
        gallery: Each speaker's enrolled sessions.
        space: Where they are compared.
        calibration: Turns scores into probabilities.

    Returns:
        A match for every speaker, most probable first.

    Raises:
        TooLittleError: The gallery is empty.
    """
    speakers = speaker_directions(gallery, space)
    windows = space.directions(probe.vectors) @ speakers.T
    scores = space.mean_direction(probe.vectors) @ speakers.T
    probability = calibration.probability(scores, covered_seconds(probe))
    matches = [
        Match(name, float(scores[k]), float(probability[k]), windows[:, k])
        for k, name in enumerate(gallery)
    ]
    return [matches[k] for k in np.argsort(-scores, kind="stable")]
