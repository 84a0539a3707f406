"""Batches of P speakers times K windows, positives from different sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.records import IntArray


class SessionBatches:
    """Endless batches of sessions, for one random window of each.

    Speakers come in shuffled rounds, so that all are seen about equally often. A speaker gives
    `n_windows` different sessions, or as many as they have; one with a single session is only ever
    a negative.

    Args:
        speakers: The speaker of each session.
        n_speakers: P, or as many as there are.
        n_windows: K.
        rng: Source of randomness.

    Attributes:
        order: The speakers still to come in this round; with the state of `rng` it says what
            follows.

    Raises:
        TooLittleError: Nobody has two sessions, or there is only one speaker.
    """

    def __init__(
        self,
        speakers: Sequence[str],
        n_speakers: int,
        n_windows: int,
        rng: np.random.Generator,
    ) -> None:
        sessions: dict[str, list[int]] = defaultdict(list)
        for index, name in enumerate(speakers):
            sessions[name].append(index)
        if len(sessions) < 2 or max(len(own) for own in sessions.values()) < 2:
            raise TooLittleError(
                "Training needs at least two speakers, and two sessions of at least one of them.",
                "Add more recordings.",
            )
        self.order: list[int] = []
        self._groups = list(sessions.values())
        self._n_speakers = min(n_speakers, len(self._groups))
        self._n_windows, self._rng = n_windows, rng

    def __iter__(self) -> SessionBatches:
        return self

    def __next__(self) -> IntArray:
        """The numbers of the sessions of the next batch."""
        if len(self.order) < self._n_speakers:
            self.order = [int(i) for i in self._rng.permutation(len(self._groups))]
        chosen = [self._groups[self.order.pop()] for _ in range(self._n_speakers)]
        return np.concatenate([self._rng.permutation(own)[: self._n_windows] for own in chosen])
