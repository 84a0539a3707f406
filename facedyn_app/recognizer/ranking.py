"""Ranking of enrolled speakers for a recording, exact, by one matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np

from facedyn_app.recognizer.scoring import Calibration, Gallery, against_others, covered_seconds
from facedyn_app.records import Embedding, FloatArray, IntArray, Match


@dataclass(frozen=True, slots=True, eq=False)
class RankedMatches(Sequence[Match]):
    """A match for every speaker of a gallery, best first; each is made when it is asked for.

    Of 100,000 speakers nobody looks at more than the first ones.

    Attributes:
        gallery: The G speakers.
        order: (G,) their numbers, best first.
        scores: (G,) cosine with each speaker, in the gallery's order.
        probabilities: (G,) likewise.
        windows: (W, D) directions of the probe's windows.
        judged: The first ones, where more is known of them.
    """

    gallery: Gallery
    order: IntArray
    scores: FloatArray
    probabilities: FloatArray
    windows: FloatArray
    judged: tuple[Match, ...] = ()

    def __len__(self) -> int:
        return len(self.order)

    @overload
    def __getitem__(self, place: int) -> Match: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Match, ...]: ...
    def __getitem__(self, place: int | slice) -> Match | tuple[Match, ...]:
        """The match at a place of the ranking, or some of them."""
        places = range(len(self))[place]
        if isinstance(places, range):
            return tuple(self._match(one) for one in places)
        return self._match(places)

    def _match(self, place: int) -> Match:
        if place < len(self.judged):
            return self.judged[place]
        k = int(self.order[place])
        return Match(
            self.gallery.names[k],
            float(self.scores[k]),
            float(self.probabilities[k]),
            self.windows @ self.gallery.directions[k],
        )

    def with_judged(self, judged: Sequence[Match]) -> RankedMatches:
        """The same, its first matches replaced by these."""
        return replace(self, judged=tuple(judged))


def rank(probe: Embedding, gallery: Gallery, calibration: Calibration) -> RankedMatches:
    """Rank the enrolled speakers, most probable first.

    The score of a recording is the cosine of its mean direction with a speaker's: unlike the mean
    of its windows' cosines it does not fall with how much the windows differ. The probability takes
    the others into account.

    Args:
        probe: Whose windows are asked about.
        gallery: The speakers.
        calibration: Turns scores into probabilities.
    """
    scores = gallery.directions @ gallery.space.mean_direction(probe.vectors)
    return RankedMatches(
        gallery,
        np.argsort(-scores, kind="stable"),
        scores,
        calibration.probability(against_others(scores[None])[0], covered_seconds(probe)),
        gallery.space.directions(probe.vectors),
    )
