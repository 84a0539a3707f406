"""Simulated speakers: what of their motion stays the same over their sessions.

Every number is a population mean (rates, times and sizes of the order that the literature on
blinks, speech and facial actions reports) times the speaker's own factor. The factors' spreads were
chosen so that simulated speakers, as the fit sees them, differ in what people differ in and as much
(`facedyn bench realism`); `individuality` scales all of them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facedyn_app.records import FloatArray
from facedyn_app.simulate.background import Background, make_background
from facedyn_app.simulate.population import ARTICULATORS, GESTURES, Gesture, Variation, both_sides
from facedyn_app.simulate.signals import near_ceiling

DIFFERENCE = 1.2
"""Scales all spreads: how far speakers must differ for what the fit leaves of it to be people's."""

EXPRESSIVENESS = 0.7
"""Spread of the logarithm of how much people's faces move altogether: people differ in nothing as
much (handbook/simulator.md). Gestures take half of it in size and half in rate."""
MOST_EXPRESSIVENESS = 2.7
"""Expressiveness comes near to it and never reaches it: the liveliest of 45 people at a game moved
2.7 times as far as the usual one (median over action units)."""
GESTURE_SIZE = 0.75
"""Factor on the gestures' peaks, so that the most expressive speakers seldom reach the bounds."""


@dataclass(frozen=True, slots=True)
class SpeakerGesture:
    """A gesture in one speaker's manner.

    Attributes:
        sizes: Peak activation of each channel, by its full name.
        per_minute: Their rate.
        regularity: 1 random in time, larger more even.
        times_s: Their rise, hold and fall, s.
    """

    sizes: Mapping[str, float]
    per_minute: float
    regularity: float
    times_s: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Blinking:
    """How a speaker blinks: rate, close, hold and open times (s), sides, squint, double blinks."""

    per_minute: float
    regularity: float
    times_s: tuple[float, float, float]
    sizes: Mapping[str, float]
    double_share: float


@dataclass(frozen=True, slots=True)
class Speaking:
    """How a speaker speaks.

    Attributes:
        syllable_hz: Syllables per second within a phrase.
        jitter: Variation of the logarithm of syllable durations.
        phrase_s: Mean length of a phrase, s.
        pause_s: Mean pause between phrases, s.
        jaw_rad: Opening of a stressed open vowel, rad.
        jaw_side: Sideways turn per opening.
        vowels: (5,) how often each vowel comes.
        stress: Size of a stressed against an unstressed syllable.
        stress_share: Share of syllables stressed.
        final_s: Lengthening of a phrase's last syllable, factor.
        tau_s: Time constant of each articulator, s.
        lead_s: How far each articulator runs ahead of the jaw, s.
        sizes: Factor on each mouth channel, by its full name.
        nod_rad: Nod on a stressed syllable, rad.
        brow_beat: Brow raise on a stressed syllable, activation.
    """

    syllable_hz: float
    jitter: float
    phrase_s: float
    pause_s: float
    jaw_rad: float
    jaw_side: float
    vowels: FloatArray
    stress: float
    stress_share: float
    final_s: float
    tau_s: Mapping[str, float]
    lead_s: Mapping[str, float]
    sizes: Mapping[str, float]
    nod_rad: float
    brow_beat: float


@dataclass(frozen=True, slots=True)
class Speaker:
    """A simulated person: all that stays the same over their sessions.

    Attributes:
        number: Which of the population.
        seed: Which population.
        gestures: Their gestures, in their manner.
        blinking: How they blink.
        speaking: How they speak.
        background: How their face moves between gestures.
        jaw_idle_rad: Size of the jaw's small movements about each axis, rad.
        sway_rad: Size of head turns, rad.
    """

    number: int
    seed: int
    gestures: tuple[SpeakerGesture, ...]
    blinking: Blinking
    speaking: Speaking
    background: Background
    jaw_idle_rad: tuple[float, float, float]
    sway_rad: float


def make_speaker(number: int, seed: int = 0, individuality: float = 1.0) -> Speaker:
    """A person of a simulated population.

    Args:
        number: Which person, 0 or more.
        seed: Which population.
        individuality: How far people differ; 0 makes them all alike, 1 is the default variation.

    Returns:
        The same person for the same arguments.
    """
    variation = Variation(np.random.default_rng([seed, 101, number]), DIFFERENCE * individuality)
    expressiveness = float(near_ceiling(variation.factor(EXPRESSIVENESS), MOST_EXPRESSIVENESS))
    return Speaker(
        number=number,
        seed=seed,
        gestures=tuple(
            _speaker_gesture(gesture, variation, expressiveness) for gesture in GESTURES
        ),
        blinking=_blinking(variation),
        speaking=_speaking(variation),
        background=make_background(variation, expressiveness),
        jaw_idle_rad=(
            0.006 * variation.factor(0.4),
            0.004 * variation.factor(0.4),
            0.002 * variation.factor(0.4),
        ),
        sway_rad=0.05 * variation.factor(0.35),
    )


def speaker_shape(number: int, n_shape: int, seed: int = 0) -> FloatArray:
    """(S,) true head shape of a simulated speaker, standard deviations."""
    return np.random.default_rng([seed, 102, number]).standard_normal(n_shape)


def _sided(
    form: Mapping[str, float], bias: float, sigma: float, variation: Variation
) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for name, size in form.items():
        own = size * variation.factor(sigma)
        pair = both_sides(name)
        if pair is None:
            sizes[name] = own
        else:
            sizes[pair[0]], sizes[pair[1]] = own * np.exp(bias), own * np.exp(-bias)
    return sizes


def _speaker_gesture(
    gesture: Gesture, variation: Variation, expressiveness: float
) -> SpeakerGesture:
    root = float(np.sqrt(expressiveness))
    form = {name: GESTURE_SIZE * root * size for name, size in gesture.form.items()}
    sizes = _sided(form, variation.shift(0.3), 0.4, variation)
    kept = "Left" if variation.side() else "Right"
    if gesture.one_sided:
        sizes = {name: size for name, size in sizes.items() if name.endswith(kept)}
    rise, hold, fall = gesture.times_s
    return SpeakerGesture(
        sizes=sizes,
        per_minute=gesture.per_minute * root * variation.factor(0.55),
        regularity=1.5 * variation.factor(0.3),
        times_s=(
            rise * variation.factor(0.45),
            hold * variation.factor(0.5),
            fall * variation.factor(0.45),
        ),
    )


def _blinking(variation: Variation) -> Blinking:
    lid = variation.shift(0.04)
    sizes = {"eyeBlinkLeft": min(1.0, 0.97 + lid), "eyeBlinkRight": min(1.0, 0.97 - lid)}
    squint, brow = 0.12 * variation.factor(0.8), 0.06 * variation.factor(1.0)
    sizes |= {"eyeSquintLeft": squint, "eyeSquintRight": squint}
    sizes |= {"browDownLeft": brow, "browDownRight": brow}
    return Blinking(
        per_minute=18.0 * variation.factor(0.55),
        regularity=2.5 * variation.factor(0.4),
        times_s=(
            0.09 * variation.factor(0.25),
            0.035 * variation.factor(0.6),
            0.19 * variation.factor(0.4),
        ),
        sizes=sizes,
        double_share=0.08 * variation.factor(0.8),
    )


def _speaking(variation: Variation) -> Speaking:
    bias = variation.shift(0.25)
    channels = [name for group in ARTICULATORS.values() for name in group if name != "jaw"]
    vowels = np.asarray([variation.factor(0.45) for _ in range(5)])
    return Speaking(
        syllable_hz=4.4 * variation.factor(0.2),
        jitter=0.22 * variation.factor(0.4),
        phrase_s=2.4 * variation.factor(0.45),
        pause_s=0.7 * variation.factor(0.45),
        jaw_rad=0.17 * variation.factor(0.45),
        jaw_side=variation.shift(0.1),
        vowels=vowels / vowels.sum(),
        stress=1.5 * variation.factor(0.16),
        stress_share=min(0.7, 0.35 * variation.factor(0.4)),
        final_s=1.4 * variation.factor(0.15),
        tau_s={name: 0.032 * variation.factor(0.28) for name in ARTICULATORS},
        lead_s={name: variation.shift(0.025) for name in ARTICULATORS},
        sizes=_sided(dict.fromkeys(channels, 1.0), bias, 0.6, variation),
        nod_rad=0.02 * variation.factor(0.6),
        brow_beat=0.1 * variation.factor(1.1),
    )
