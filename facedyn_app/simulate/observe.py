"""A simulated session as a fit would give it: true motion through an imperfect measurement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.records import BoolArray, FloatArray, Session
from facedyn_app.simulate.habits import speaker_shape
from facedyn_app.simulate.motion import SimulatedMotion
from facedyn_app.simulate.motion_size import MotionSize, motion_size
from facedyn_app.simulate.observation import (
    Observation,
    guessed_observation,
)
from facedyn_app.simulate.signals import wander

HEAD_ID = "open-head-1"
JAW_UNIT_RAD = 0.2
"""A jaw turn that counts as much as one activation where channels are mixed, rad."""

USUAL_TURN_RAD = 0.05
"""Usual deviation of the head's rotation, to give the spread a size."""

LEAST_NOISE = 0.4
"""The noise of a face that hardly moves, of the usual."""

PACE_OF_NOISE = 0.7
"""Powers of the pace (speed over amplitude) of the whole face, and of the channel, by which the
correlation time of the noise falls."""


@dataclass(frozen=True, slots=True)
class ObservationSpread:
    """How far the measurement differs from session to session.

    What a fit makes of a face depends on the face: part of a session's departure from the mean
    comes back in all sessions of the speaker.

    Attributes:
        gain: Spread of the logarithm of the gain of each channel, and half of that for all at once.
        crosstalk: How much of the noise is other channels', differently in each session, as a
            share of its deviation. It grows with the motion.
        leak: How much of it is the head's rotation, likewise.
        offset: Deviation of a constant offset (shape in disguise) over that of the noise.
        noise: Spread of the logarithm of the noise.
        mixing: How much of the noise is correlated between channels in another way than usual, as
            a share of its deviation.
        lost_share: Share of frames lost, in runs of one to three.
        shape_error: Standard deviation of a session's error of the shape.
        shape_wobble: Standard deviation of a chunk's error of the shape.
        of_face: Share of the variance of gains, crosstalk, leak and noise that is the face's, the
            same in all its sessions. Estimates disagree, between 0.3 and more than 0.5
            (resources/handbook/simulator.md), and realism as fitted depends on it.
    """

    gain: float = 0.2
    crosstalk: float = 0.4
    leak: float = 0.3
    offset: float = 1.0
    noise: float = 0.3
    mixing: float = 0.5
    lost_share: float = 0.004
    shape_error: float = 0.15
    shape_wobble: float = 0.25
    of_face: float = 0.5


DEFAULT_SPREAD = ObservationSpread()
NO_SPREAD = ObservationSpread(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Every session is measured alike, and no frame is lost."""


def observe(
    motion: SimulatedMotion,
    rng: np.random.Generator,
    observation: Observation | None = None,
    spread: ObservationSpread = DEFAULT_SPREAD,
    n_shape: int = 80,
) -> Session:
    """A session as if it had been fitted from a video of this motion.

    Args:
        motion: True motion.
        rng: Source of randomness: another draw is another recording of the same motion.
        observation: What the fit does on average; None for the guessed one.
        spread: How that differs from session to session.
        n_shape: Shape coefficients, S.

    Returns:
        A session of head "open-head-1" with `simulated` true in its meta. Activations may leave
        0..1 a little: the model is linear.
    """
    model = guessed_observation(motion.names) if observation is None else observation
    n_frames, n_expression = motion.expression.shape
    true = np.concatenate([motion.expression, motion.jaw], axis=1)
    rotation = motion.rotation + 0.01 * wander(rng, n_frames, 0.3, motion.fps, 3)
    depart = _Departures(motion, rng, spread.of_face)
    fitted = true @ _session_response(model, spread, depart).T
    size = motion_size(motion)
    fitted += _session_noise(model, size, rotation, spread, motion.fps, depart, rng)
    valid = _valid(n_frames, spread.lost_share, rng)
    shape, chunks = _shapes(motion, n_shape, spread, rng)
    return Session(
        seconds=motion.seconds,
        valid=valid,
        expression=_masked(fitted[:, :n_expression], valid),
        expression_names=motion.names,
        jaw=_masked(fitted[:, n_expression:], valid),
        rotation=_masked(rotation, valid),
        translation=_masked(motion.translation + np.array([0.0, 0.0, 0.7]), valid),
        shape=shape.astype(np.float32),
        shape_chunks=chunks.astype(np.float32),
        shape_chunk_seconds=np.arange(len(chunks)) + 0.5,
        error_px=_masked(np.full(n_frames, 1.2), valid),
        face_px=_masked(np.full(n_frames, 240.0), valid),
        meta={
            "head_id": HEAD_ID,
            "head_sha256": None,
            "source": None,
            "fps": motion.fps,
            "simulated": True,
            "speaker": motion.speaker,
            "session": motion.session,
            "population": motion.seed,
        },
    )


class _Departures:
    """Standard normal draws, a share of their variance the face's and the rest the session's.

    The draws of a face must always be asked for in the same order.
    """

    def __init__(self, motion: SimulatedMotion, rng: np.random.Generator, of_face: float) -> None:
        self._face = np.random.default_rng([motion.seed, 105, motion.speaker])
        self._session, self._share = rng, of_face

    def __call__(self, size: tuple[int, ...] = ()) -> FloatArray:
        face, session = (rng.standard_normal(size) for rng in (self._face, self._session))
        return np.asarray(np.sqrt(self._share) * face + np.sqrt(1.0 - self._share) * session)


def _session_response(
    model: Observation, spread: ObservationSpread, depart: _Departures
) -> FloatArray:
    """The mean response with this session's gains and crosstalk."""
    size = len(model.response)
    common = 0.5 * spread.gain * np.clip(depart(), -2.5, 2.5)
    gain = np.exp(common + spread.gain * np.clip(depart((size,)), -2.5, 2.5))
    usual = np.full(size, model.usual.mean_amplitude)
    usual[-3:] *= JAW_UNIT_RAD
    share = spread.crosstalk / np.sqrt(size) * _deviation(model)[:, None] / usual[None]
    return np.asarray(gain[:, None] * model.response + share * depart((size, size)))


def _session_noise(
    model: Observation,
    size: MotionSize,
    rotation: FloatArray,
    spread: ObservationSpread,
    fps: float,
    depart: _Departures,
    rng: np.random.Generator,
) -> FloatArray:
    """(T, K) what is not the face's motion: noise, a leak of head rotation, an offset."""
    deviation, n = _deviation(model), len(model.noise)
    level, pace = _relative_to_usual(model, size)
    tau_s = model.noise_tau_s * pace**-PACE_OF_NOISE * np.exp(0.2 * depart())
    left = np.sqrt(max(0.0, 1.0 - spread.crosstalk**2 - spread.leak**2))
    level = left * level * np.exp(spread.noise * (0.5 * depart() + depart((n,))))
    own = spread.mixing / np.sqrt(n) * depart((n, n)) + np.sqrt(1.0 - spread.mixing**2) * np.eye(n)
    noise = level * (wander(rng, len(rotation), tau_s, fps, n) @ (model.noise @ own).T)
    leak = spread.leak / np.sqrt(3.0) / USUAL_TURN_RAD * depart((3, n))
    offset = spread.offset * rng.standard_normal(n)
    return np.asarray(noise + (rotation @ leak + offset) * deviation)


def _relative_to_usual(model: Observation, size: MotionSize) -> tuple[FloatArray, FloatArray]:
    """(K,) level and (K,) pace of the noise, 1 for the motion that it was measured on.

    What a linear response leaves is mostly motion misread, not jitter: on rendered videos the
    logarithm of a channel's noise went up with that of the whole face's amplitude and with that of
    the channel's own signal, half as steeply with each, and its pace likewise with their paces.
    """
    mine, usual = size.seen_through(model.response), model.usual.seen_through(model.response)
    amplitude = size.mean_amplitude / model.usual.mean_amplitude * mine.amplitude / usual.amplitude
    speed = size.mean_speed / model.usual.mean_speed * mine.speed / usual.speed
    pace = speed / np.maximum(amplitude, LEAST_NOISE**2)
    level = np.sqrt(amplitude)
    return np.maximum(level, LEAST_NOISE), np.clip(pace, 0.25, 4.0)


def _deviation(model: Observation) -> FloatArray:
    """(K,) standard deviation of each channel's noise."""
    return np.asarray(np.sqrt((model.noise**2).sum(axis=1)))


def _valid(n_frames: int, lost_share: float, rng: np.random.Generator) -> BoolArray:
    valid = np.ones(n_frames, dtype=bool)
    for at in np.flatnonzero(rng.uniform(size=n_frames) < lost_share / 2.0):
        valid[at : at + int(rng.integers(1, 4))] = False
    return valid


def _masked(values: FloatArray, valid: BoolArray) -> FloatArray:
    """float32 values, NaN in the invalid frames."""
    masked = values.astype(np.float32)
    masked[~valid] = np.nan
    return masked


def _shapes(
    motion: SimulatedMotion, n_shape: int, spread: ObservationSpread, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """The session's shape (S,) and its chunks (C, S): truth, a session's error, a wobble."""
    n_chunks = max(1, int(len(motion.seconds) / motion.fps))
    size = spread.shape_error * np.exp(0.5 * rng.standard_normal())
    shape = speaker_shape(motion.speaker, n_shape, motion.seed) + size * rng.standard_normal(
        n_shape
    )
    wobble = spread.shape_wobble * wander(rng, n_chunks, 2.0, 1.0, n_shape)
    return shape, shape + wobble
