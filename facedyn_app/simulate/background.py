"""Background motion: a face between its gestures, in one speaker's manner.

A few sources of activity, each smooth and with its own pace, run through the whole recording. A
channel takes up a weighted sum of them, a little early or late, and turns it into activation by an
exponential, cut at rest: activations are log-normal, mostly small and at times large. The weights,
paces, sizes, leads and the spread of the logarithm are the speaker's own. They make what is found
in people: how much, how smoothly and how unevenly each part of a face moves, and what moves
together (handbook/simulator.md). The form is the project's own choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facedyn_app.records import FloatArray
from facedyn_app.simulate.population import (
    BACKGROUND_CHANNELS,
    BACKGROUND_SOURCES,
    Variation,
    both_sides,
)
from facedyn_app.simulate.signals import smooth_wander

SIZE, LARGEST_ACTIVATION = 0.035, 0.7
"""Size of a usual channel's background, and the most it ever is, activation."""
PACE_S, BURST = 0.2, 0.7
"""Population's time constant of the sources, s, and spread of the logarithm of an activation."""
OWN_WEIGHT, SIDE_WEIGHT, STRANGE_WEIGHT = 0.6, 0.25, 0.6
"""Weights beside the 1 of a channel's own part of the face: of the source that it has for itself,
of what differs between its sides, and, drawn for each speaker, of all shared sources: that is what
moves together in one person and not in another."""


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A speaker's background movement of C channels out of K + C sources.

    Attributes:
        names: The C channels, by their full names.
        weights: (C, K + C) of the sources, rows of unit length: K that channels share, then one
            that each has for itself.
        paces_s: (K + C,) time constants of the sources, s.
        leads_s: (C,) how far each channel runs ahead, s.
        sizes: (C,) deviation of an activation where its logarithm varies little.
        bursts: (C,) spread of the logarithm.
    """

    names: tuple[str, ...]
    weights: FloatArray
    paces_s: FloatArray
    leads_s: FloatArray
    sizes: FloatArray
    bursts: FloatArray

    def __post_init__(self) -> None:
        """Check that channels and sources go together."""
        n, m = self.weights.shape
        if not n == len(self.names) == len(self.leads_s) == len(self.sizes) == len(self.bursts):
            raise ValueError("Background needs a value per channel")
        if len(self.paces_s) != m:
            raise ValueError("Background needs a pace per source")


def make_background(variation: Variation, expressiveness: float) -> Background:
    """Draw a speaker's background movement.

    Left and right of a channel have the same weights but for a little.

    Args:
        variation: How the speaker departs from the population.
        expressiveness: Factor on all sizes.
    """
    n_shared = len(BACKGROUND_SOURCES)
    burst, pace = variation.factor(0.2), variation.factor(0.35)
    names: list[str] = []
    weights, leads, sizes, bursts = [], [], [], []
    for base, usual in BACKGROUND_CHANNELS.items():
        shared = [float(base in source) for source in BACKGROUND_SOURCES]
        mixed = np.array([one + variation.shift(STRANGE_WEIGHT) for one in shared])
        size, own_burst, lead = variation.factor(0.5), variation.factor(0.2), variation.shift(0.05)
        for name in both_sides(base) or (base,):
            names.append(name)
            weights.append(mixed + [variation.shift(SIDE_WEIGHT) for _ in range(n_shared)])
            sizes.append(SIZE * usual * expressiveness * size * variation.factor(0.2))
            bursts.append(BURST * burst * own_burst * variation.factor(0.1))
            leads.append(lead + variation.shift(0.02))
    n = len(names)
    own = OWN_WEIGHT * np.eye(n)
    together = np.concatenate([np.stack(weights), own], axis=1)
    return Background(
        names=tuple(names),
        weights=together / np.linalg.norm(together, axis=1, keepdims=True),
        paces_s=np.array([PACE_S * pace * variation.factor(0.35) for _ in range(n_shared + n)]),
        leads_s=np.array(leads),
        sizes=np.array(sizes),
        bursts=np.array(bursts),
    )


def background_motion(
    background: Background,
    times: FloatArray,
    fps: float,
    rng: np.random.Generator,
    loudness: FloatArray,
) -> Mapping[str, FloatArray]:
    """The (T,) activation of each channel in one session.

    With unit-variance sources z, weights w, size s and burst b of a channel:
    `u(t) = w z(t + lead)`, `activation = max(0, s (exp(b u) - exp(-b)) / b)`: at rest where the
    sum lies a deviation or more below its mean.

    Args:
        background: The speaker's manner, as it is in this session.
        times: (T,) frame times from 0, s.
        fps: Frames per second.
        rng: Source of randomness.
        loudness: (K + C,) factors of this session on the sources.
    """
    sources = smooth_wander(rng, len(times), background.paces_s, fps) * loudness
    sums = sources @ background.weights.T
    moved: dict[str, FloatArray] = {}
    for k, name in enumerate(background.names):
        early = np.interp(times + background.leads_s[k], times, sums[:, k])
        burst = background.bursts[k]
        open_ended = background.sizes[k] * (np.exp(burst * early) - np.exp(-burst)) / burst
        moved[name] = np.clip(open_ended, 0.0, LARGEST_ACTIVATION)
    return moved
