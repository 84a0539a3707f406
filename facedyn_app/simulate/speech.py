"""Speech of a simulated speaker: syllables of mouth shapes, followed by sluggish articulators.

Each syllable is a consonant and a vowel, each a target shape of jaw and lips (the shapes are the
project's own simplification of the usual viseme classes); the articulators follow the targets as
critically damped systems with the speaker's own time constants and leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facedyn_app.records import FloatArray
from facedyn_app.simulate.population import ARTICULATORS, both_sides
from facedyn_app.simulate.signals import follow
from facedyn_app.simulate.speaker import Speaking

INNER_HZ = 100.0
"""Rate at which the articulators are followed, Hz."""

Shape = Mapping[str, float]

VOWELS: tuple[Shape, ...] = (
    {"jaw": 1.0, "mouthLowerDown": 0.45, "mouthUpperUp": 0.2},
    {"jaw": 0.6, "mouthLowerDown": 0.4, "mouthUpperUp": 0.25, "mouthStretch": 0.28},
    {
        "jaw": 0.25,
        "mouthLowerDown": 0.3,
        "mouthStretch": 0.35,
        "mouthSmile": 0.2,
        "mouthDimple": 0.1,
    },
    {"jaw": 0.65, "mouthFunnel": 0.55, "mouthPucker": 0.2, "mouthLowerDown": 0.1},
    {"jaw": 0.25, "mouthPucker": 0.6, "mouthFunnel": 0.3},
)
"""Targets of a, e, i, o, u; the jaw as a share of the speaker's opening."""

CONSONANTS: tuple[Shape, ...] = (
    {
        "jaw": 0.02,
        "mouthPress": 0.4,
        "mouthRollLower": 0.15,
        "mouthRollUpper": 0.12,
        "mouthClose": 0.05,
    },
    {"jaw": 0.12, "mouthRollLower": 0.4, "mouthUpperUp": 0.25},
    {"jaw": 0.1, "mouthStretch": 0.15, "mouthLowerDown": 0.2},
    {"jaw": 0.15, "mouthFunnel": 0.4, "mouthPucker": 0.2},
    {"jaw": 0.3, "mouthLowerDown": 0.2, "mouthShrugLower": 0.08},
)
"""Targets of lip sounds (m b p), f v, t d s, sh, and sounds made behind the lips."""

CONSONANT_SHARE = 0.38
"""Share of a syllable that its consonant takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """What speech adds to the face.

    Attributes:
        channels: (T,) activation of each moved channel, by its full name.
        opening: (T,) jaw opening as a share of the speaker's own.
        stress_s: Times of stressed vowels, s.
    """

    channels: Mapping[str, FloatArray]
    opening: FloatArray
    stress_s: FloatArray


@dataclass(slots=True, eq=False)
class _Score:
    """Targets as they are laid down, one row each: onset, shape, size."""

    onsets: list[float]
    shapes: list[int]
    sizes: list[float]
    stress_s: list[float]

    def add(self, onset: float, shape: int, size: float) -> None:
        self.onsets.append(onset)
        self.shapes.append(shape)
        self.sizes.append(size)


def speak(
    style: Speaking, seconds: FloatArray, rng: np.random.Generator, talk: float, tempo: float
) -> Speech:
    """Speech over a recording.

    Args:
        style: The speaker's manner.
        seconds: (T,) frame times from 0, s.
        rng: Source of randomness.
        talk: Talkativeness of the session, 1 is usual: longer phrases, shorter pauses.
        tempo: Speed of the session, 1 is usual.
    """
    duration = float(seconds[-1]) + 1.0
    score = _write_score(style, duration, rng, talk, tempo)
    inner = np.arange(0.0, duration, 1.0 / INNER_HZ)
    channels: dict[str, FloatArray] = {}
    for group, names in ARTICULATORS.items():
        targets = _targets(score, inner + style.lead_s[group], names)
        moved = follow(targets, style.tau_s[group], INNER_HZ)
        for k, name in enumerate(names):
            channels[name] = np.interp(seconds, inner, moved[:, k])
    opening = channels.pop("jaw")
    return Speech(
        channels=_to_sides(channels, style.sizes),
        opening=opening,
        stress_s=np.asarray(score.stress_s),
    )


def _to_sides(
    channels: Mapping[str, FloatArray], sizes: Mapping[str, float]
) -> dict[str, FloatArray]:
    sided: dict[str, FloatArray] = {}
    for name, values in channels.items():
        for full in both_sides(name) or (name,):
            sided[full] = values * sizes[full]
    return sided


def _targets(score: _Score, at_s: FloatArray, names: tuple[str, ...]) -> FloatArray:
    """(T, K) target of each articulator channel at the given times; 0 where nobody speaks."""
    inventory = [{}, *CONSONANTS, *VOWELS]
    table = np.asarray([[shape.get(name, 0.0) for name in names] for shape in inventory])
    row = np.searchsorted(np.asarray(score.onsets), at_s, side="right") - 1
    row = np.clip(row, 0, None)
    return np.asarray(table[np.asarray(score.shapes)[row]] * np.asarray(score.sizes)[row][:, None])


def _write_score(
    style: Speaking, duration: float, rng: np.random.Generator, talk: float, tempo: float
) -> _Score:
    score = _Score([0.0], [0], [0.0], [])
    at = rng.exponential(0.5 * style.pause_s)
    while at < duration:
        end = at + style.phrase_s * talk * rng.gamma(4.0, 0.25) + 0.4
        loudness = np.exp(0.15 * rng.standard_normal())
        while at < end:
            at += _syllable(style, score, at, loudness, tempo, rng, last=at + 0.25 >= end)
        score.add(at, 0, 0.0)
        at += style.pause_s / talk * rng.gamma(3.0, 1.0 / 3.0) + 0.15
    return score


def _syllable(
    style: Speaking,
    score: _Score,
    at: float,
    loudness: float,
    tempo: float,
    rng: np.random.Generator,
    *,
    last: bool,
) -> float:
    """Lay down one syllable and return its length, s."""
    length = np.exp(style.jitter * rng.standard_normal()) / (style.syllable_hz * tempo)
    length *= style.final_s if last else 1.0
    stressed = bool(rng.uniform() < style.stress_share)
    size = (
        loudness * np.exp(0.15 * rng.standard_normal()) * (1.0 if stressed else 1.0 / style.stress)
    )
    consonant = 1 + int(rng.integers(len(CONSONANTS)))
    vowel = 1 + len(CONSONANTS) + int(rng.choice(len(VOWELS), p=style.vowels))
    score.add(at, consonant, 0.5 + 0.5 * size)
    score.add(at + CONSONANT_SHARE * length, vowel, size)
    if stressed:
        score.stress_s.append(at + CONSONANT_SHARE * length)
    return float(length)
