"""True motion of a simulated speaker in one session: what a perfect measurement would see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.records import FloatArray, Motion
from facedyn_app.simulate.background import background_motion
from facedyn_app.simulate.ceiling import below_ceiling
from facedyn_app.simulate.population import EXPRESSION_NAMES
from facedyn_app.simulate.session_effects import SessionEffects, draw_session_effects
from facedyn_app.simulate.signals import ease, event_times, pulse, smooth_wander, wander
from facedyn_app.simulate.speaker import Blinking, Speaker, SpeakerGesture, make_speaker
from facedyn_app.simulate.speech import Speech, speak

LARGEST_JAW_RAD = 0.42
"""The mouth opens no wider than this in speech, rad."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedMotion:
    """How a simulated speaker moved in one session.

    Attributes:
        speaker: Number of the speaker.
        session: Number of the session.
        seed: Which simulated population.
        fps: Frames per second.
        motion: How the face moves, every frame valid; activations 0..1, the translation against
            where the session put the head.
        gaze: (T, 2) float32 turn of both eyes: to the subject's left, up; rad.
    """

    speaker: int
    session: int
    seed: int
    fps: float
    motion: Motion
    gaze: FloatArray

    @property
    def channels(self) -> FloatArray:
        """(T, E + 3) expression, then jaw."""
        return np.concatenate([self.motion.expression, self.motion.jaw], axis=1, dtype=np.float64)


def simulate_motion(
    speaker: int,
    session: int,
    seconds: float,
    *,
    fps: float = 25.0,
    seed: int = 0,
    names: Sequence[str] = EXPRESSION_NAMES,
    individuality: float = 1.0,
) -> SimulatedMotion:
    """One session of one simulated speaker.

    Args:
        speaker: Number of the speaker, 0 or more.
        session: Number of the session, 0 or more.
        seconds: Length, s.
        fps: Frames per second.
        seed: Which simulated population; another seed is other people.
        names: Channels wanted, in their order; one that no habit moves stays 0.
        individuality: How far people differ; 0 makes them all alike.

    Returns:
        The motion; the same arguments always give the same numbers.

    Raises:
        ValueError: Less than one frame is asked for.
    """
    n_frames = round(seconds * fps)
    if n_frames < 1:
        raise ValueError(f"{seconds} s at {fps} frames/s is less than one frame")
    person = make_speaker(speaker, seed, individuality)
    rng = np.random.default_rng([seed, 103, speaker, session])
    times = np.arange(n_frames) / fps
    effects = draw_session_effects(rng, person)
    speech = speak(person.speaking, times, rng, effects.talk, effects.tempo)
    face = _face(person, effects, speech, times, fps, rng)
    rotation, translation = _head(person, speech, times, fps, rng)
    still = np.zeros(n_frames)
    return SimulatedMotion(
        motion=Motion(
            seconds=times,
            valid=np.ones(len(times), bool),
            names=tuple(names),
            expression=np.stack([face.get(name, still) for name in names], axis=1).astype(
                np.float32
            ),
            jaw=_jaw(person, speech, effects.arousal, fps, rng).astype(np.float32),
            rotation=rotation.astype(np.float32),
            translation=translation.astype(np.float32),
        ),
        gaze=_gaze(times, rng).astype(np.float32),
        speaker=speaker,
        session=session,
        seed=seed,
        fps=fps,
    )


def _face(
    person: Speaker,
    effects: SessionEffects,
    speech: Speech,
    times: FloatArray,
    fps: float,
    rng: np.random.Generator,
) -> Mapping[str, FloatArray]:
    """The (T,) activation of each expression channel, of all that moves the face."""
    face: dict[str, FloatArray] = {name: np.zeros(len(times)) for name in EXPRESSION_NAMES}
    for name, values in speech.channels.items():
        _join(face, name, np.clip(effects.arousal * values, 0.0, 0.9))
    for gesture, rate, stretch in zip(person.gestures, effects.rates, effects.times, strict=True):
        _gesture(face, gesture, rate, stretch, effects.arousal, times, rng)
    _background(face, person, effects, times, fps, rng)
    _beat(face, person, speech, times, rng)
    for name, strength in effects.strengths.items():
        face[name] = np.clip(strength * face[name], 0.0, 0.95)
    face = below_ceiling(face)
    _blink(face, person.blinking, effects.blink, times, rng)
    return face


def _join(face: Mapping[str, FloatArray], name: str, activation: FloatArray) -> None:
    """Add an activation to a channel; two at once approach 1 and never pass it."""
    face[name][:] = 1.0 - (1.0 - face[name]) * (1.0 - activation)


def _gesture(
    face: Mapping[str, FloatArray],
    gesture: SpeakerGesture,
    rate: float,
    stretch: float,
    arousal: float,
    times: FloatArray,
    rng: np.random.Generator,
) -> None:
    rise, hold, fall = (stretch * time_s for time_s in gesture.times_s)
    total = np.zeros_like(times)
    at_s = event_times(rng, times[-1], gesture.per_minute * rate, gesture.regularity, rise + fall)
    for at in at_s:
        size = np.exp(0.2 * rng.standard_normal())
        shape = pulse(times, at, rise, hold * rng.gamma(6.0, 1.0 / 6.0), fall)
        total = np.maximum(total, size * shape)
    for name, peak in gesture.sizes.items():
        _join(face, name, np.clip(arousal * peak * total, 0.0, 0.95))


def _background(
    face: Mapping[str, FloatArray],
    person: Speaker,
    effects: SessionEffects,
    times: FloatArray,
    fps: float,
    rng: np.random.Generator,
) -> None:
    today = effects.background(person.background)
    moved = background_motion(today, times, fps, rng, effects.loudness)
    for name, activation in moved.items():
        _join(face, name, activation)


def _beat(
    face: Mapping[str, FloatArray],
    person: Speaker,
    speech: Speech,
    times: FloatArray,
    rng: np.random.Generator,
) -> None:
    """Brows that go up with stressed syllables."""
    total = np.zeros_like(times)
    for at in speech.stress_s:
        size = person.speaking.brow_beat * rng.gamma(2.0, 0.5)
        total = np.maximum(total, size * pulse(times, at - 0.08, 0.14, 0.06, 0.2))
    for name in ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"):
        _join(face, name, np.clip(total, 0.0, 0.8))


def _blink(
    face: Mapping[str, FloatArray],
    blinking: Blinking,
    rate: float,
    times: FloatArray,
    rng: np.random.Generator,
) -> None:
    close, hold, reopen = blinking.times_s
    onsets = event_times(rng, times[-1], blinking.per_minute * rate, blinking.regularity, 0.5)
    doubled = onsets[rng.uniform(size=len(onsets)) < blinking.double_share]
    total = np.zeros_like(times)
    for at in (*onsets, *(doubled + close + hold + reopen + 0.05)):
        stretch = np.exp(0.08 * rng.standard_normal())
        total = np.maximum(total, pulse(times, at, close * stretch, hold, reopen * stretch))
    for name, peak in blinking.sizes.items():
        _join(face, name, peak * total)
    for name in ("eyeWideLeft", "eyeWideRight"):
        face[name] *= 1.0 - total


def _jaw(
    person: Speaker, speech: Speech, size: float, fps: float, rng: np.random.Generator
) -> FloatArray:
    opening = np.clip(person.speaking.jaw_rad * size * speech.opening, 0.0, LARGEST_JAW_RAD)
    pace_s = np.full(3, float(np.median(person.background.paces_s)))
    idle = size * smooth_wander(rng, len(opening), pace_s, fps) * person.jaw_idle_rad
    rest = np.clip(idle[:, 0] + person.jaw_idle_rad[0], 0.0, None)
    sideways = person.speaking.jaw_side * opening + idle[:, 1]
    return np.stack([opening + rest, sideways, idle[:, 2]], axis=1)


def _head(
    person: Speaker, speech: Speech, times: FloatArray, fps: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    n_frames = len(times)
    slow, quick = wander(rng, n_frames, 2.5, fps, 3), wander(rng, n_frames, 0.35, fps, 3)
    share = np.array([0.8, 1.0, 0.5])
    rotation = person.sway_rad * share * (0.9 * _smooth(slow, fps) + 0.25 * _smooth(quick, fps))
    for at in speech.stress_s:
        nod = person.speaking.nod_rad * rng.gamma(2.0, 0.5)
        rotation[:, 0] += nod * pulse(times, at - 0.1, 0.16, 0.02, 0.22)
    translation = 0.006 * _smooth(wander(rng, n_frames, 3.0, fps, 3), fps)
    return rotation, translation


def _smooth(values: FloatArray, fps: float, sigma_s: float = 0.12) -> FloatArray:
    """Take the corners off: a head has mass."""
    reach = np.arange(-round(3 * sigma_s * fps), round(3 * sigma_s * fps) + 1) / fps
    kernel = np.exp(-0.5 * (reach / sigma_s) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(values, ((len(reach) // 2, len(reach) // 2), (0, 0)), mode="edge")
    return np.stack(
        [np.convolve(padded[:, k], kernel, mode="valid") for k in range(values.shape[1])], axis=1
    )


def _gaze(times: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Fixations joined by quick saccades."""
    onsets = event_times(rng, float(times[-1]), 45.0, 1.5, 0.2)
    targets = rng.standard_normal((len(onsets) + 1, 2)) * np.array([0.07, 0.04])
    gaze = np.tile(targets[0], (len(times), 1))
    for at, jump in zip(onsets, np.diff(targets, axis=0), strict=True):
        gaze += ease((times - at) / 0.05)[:, None] * jump
    return gaze
