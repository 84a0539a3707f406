"""Batches of P speakers times K windows, positives from different sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.records import IntArray


def session_batches(
    speakers: Sequence[str],
    n_speakers: int,
    n_windows: int,
    rng: np.random.Generator,
) -> Iterator[IntArray]:
    """Endless batches of sessions, for one random window of each.

    Speakers come in shuffled rounds, so that all are seen about equally often. A speaker gives
    `n_windows` different sessions, or as many as he has; one with a single session is only ever
    a negative.

    Args:
        speakers: The speaker of each session.
        n_speakers: P, or as many as there are.
        n_windows: K.
        rng: Source of randomness.

    Yields:
        Indices into `speakers`.

    Raises:
        TooLittleError: Nobody has two sessions, or there is only one speaker.
    """
    sessions: dict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(speakers):
        sessions[name].append(index)
    if len(sessions) < 2 or max(len(own) for own in sessions.values()) < 2:
        raise TooLittleError(
            "Training needs at least two speakers, and two sessions of at least one of them.",
            "Add more recordings.",
        )
    groups = list(sessions.values())
    order: list[int] = []
    while True:
        if len(order) < min(n_speakers, len(groups)):
            order = [int(i) for i in rng.permutation(len(groups))]
        chosen = [groups[order.pop()] for _ in range(min(n_speakers, len(groups)))]
        picks = [rng.permutation(own)[:n_windows] for own in chosen]
        yield np.concatenate(picks)
