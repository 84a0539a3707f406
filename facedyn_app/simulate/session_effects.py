"""Session effects: how a simulated speaker moves today, by mood, arousal, the subject at hand.

The spreads were chosen together with those of the speakers (`speaker`, `background`): what of the
variance between sessions is the speaker's is then what it is in people who were recorded several
times in one visit (`facedyn bench realism`). Sessions months apart may well differ more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from facedyn_app.records import FloatArray
from facedyn_app.simulate.background import Background
from facedyn_app.simulate.population import EXPRESSION_NAMES, Variation
from facedyn_app.simulate.speaker import Speaker

TALK, BLINK = 0.25, 0.25
"""Spreads of a session's talkativeness and rate of blinks."""
TEMPO, AROUSAL, STRENGTHS = 0.12, 0.12, 0.2
"""Spreads of a session's speed and size of all movement, and of the size of each channel's."""
RATES, TIMES, LOUDNESS, PACES, BURSTS = 0.55, 0.25, 0.2, 0.45, 0.5
"""Spreads of a session's rate and times of each gesture, of the size and speed of each background
source, and of how unevenly each channel takes them up."""


@dataclass(frozen=True, slots=True, eq=False)
class SessionEffects:
    """The factors of one session, 1 is usual.

    Attributes:
        talk: On talkativeness.
        tempo: On the speed of all movement but blinks.
        arousal: On the size of all movement but blinks.
        strengths: Likewise, of each channel by itself.
        blink: On the rate of blinks.
        rates: On each gesture's rate.
        times: On each gesture's times.
        loudness: (K + C,) on each source of the background.
        paces: (K + C,) on the speed of each.
        bursts: (C,) on how unevenly each channel takes them up.
    """

    talk: float
    tempo: float
    arousal: float
    strengths: Mapping[str, float]
    blink: float
    rates: tuple[float, ...]
    times: tuple[float, ...]
    loudness: FloatArray
    paces: FloatArray
    bursts: FloatArray

    def background(self, usual: Background) -> Background:
        """A speaker's background as it is in this session, but for its loudness."""
        return replace(usual, paces_s=usual.paces_s / self.paces, bursts=usual.bursts * self.bursts)


def draw_session_effects(rng: np.random.Generator, person: Speaker) -> SessionEffects:
    """Draw what a session changes.

    Args:
        rng: Source of randomness.
        person: Whose session it is.
    """
    variation = Variation(rng)
    sources, n_gestures = len(person.background.paces_s), len(person.gestures)
    tempo, arousal = variation.factor(TEMPO), variation.factor(AROUSAL)
    return SessionEffects(
        talk=variation.factor(TALK),
        tempo=tempo,
        arousal=arousal,
        strengths={name: variation.factor(STRENGTHS) for name in EXPRESSION_NAMES},
        blink=variation.factor(BLINK),
        rates=tuple(variation.factor(RATES) for _ in range(n_gestures)),
        times=tuple(variation.factor(TIMES) / tempo for _ in range(n_gestures)),
        loudness=arousal * np.array([variation.factor(LOUDNESS) for _ in range(sources)]),
        paces=tempo * np.array([variation.factor(PACES) for _ in range(sources)]),
        bursts=np.array([variation.factor(BURSTS) for _ in person.background.names]),
    )
