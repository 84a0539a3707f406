"""A made session as a fit would give it: true motion through an imperfect measurement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.records import BoolArray, FloatArray, Session
from facedyn_app.simulate.habits import speaker_shape
from facedyn_app.simulate.motion import SimulatedMotion
from facedyn_app.simulate.observation import Observation, guessed_observation
from facedyn_app.simulate.signals import wander

HEAD_ID = "open-head-1"
JAW_UNIT_RAD = 0.2
"""A jaw turn that counts as much as one activation where channels are mixed, rad."""

USUAL_MOTION, USUAL_TURN_RAD = 0.12, 0.05
"""Usual deviations of an activation and of the head's rotation, to give the spread a size."""


@dataclass(frozen=True, slots=True)
class ObservationSpread:
    """How far the measurement differs from session to session.

    Attributes:
        gain: Spread of the logarithm of the gain of each channel, and half of that for all at once.
        crosstalk: How much of the noise is other channels', differently in each session, as a
            share of its deviation.
        leak: How much of it is the head's rotation, likewise.
        offset: Deviation of a constant offset (shape in disguise) over that of the noise.
        noise: Spread of the logarithm of the noise.
        lost_share: Share of frames lost, in runs of one to three.
        shape_error: Standard deviation of a session's error of the shape.
        shape_wobble: Standard deviation of a chunk's error of the shape.
    """

    gain: float = 0.2
    crosstalk: float = 0.5
    leak: float = 0.4
    offset: float = 1.0
    noise: float = 0.3
    lost_share: float = 0.004
    shape_error: float = 0.15
    shape_wobble: float = 0.25


DEFAULT_SPREAD = ObservationSpread()
NO_SPREAD = ObservationSpread(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
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
    fitted = true @ _session_response(model, spread, rng).T
    fitted += _session_noise(model, rotation, spread, motion.fps, rng)
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


def _session_response(
    model: Observation, spread: ObservationSpread, rng: np.random.Generator
) -> FloatArray:
    """The mean response with this session's gains and crosstalk."""
    size = len(model.response)
    common = 0.5 * spread.gain * np.clip(rng.standard_normal(), -2.5, 2.5)
    gain = np.exp(common + spread.gain * np.clip(rng.standard_normal(size), -2.5, 2.5))
    usual = np.full(size, USUAL_MOTION)
    usual[-3:] *= JAW_UNIT_RAD
    share = spread.crosstalk / np.sqrt(size) * _deviation(model)[:, None] / usual[None]
    return np.asarray(gain[:, None] * model.response + share * rng.standard_normal((size, size)))


def _session_noise(
    model: Observation,
    rotation: FloatArray,
    spread: ObservationSpread,
    fps: float,
    rng: np.random.Generator,
) -> FloatArray:
    """(T, K) what is not the face's motion: noise, a leak of head rotation, an offset."""
    deviation = _deviation(model)
    tau_s = model.noise_tau_s * np.exp(0.4 * rng.standard_normal())
    left = np.sqrt(max(0.0, 1.0 - spread.crosstalk**2 - spread.leak**2))
    level = left * np.exp(spread.noise * rng.standard_normal())
    noise = level * wander(rng, len(rotation), tau_s, fps, len(deviation)) @ model.noise.T
    leak = spread.leak / np.sqrt(3.0) / USUAL_TURN_RAD * rng.standard_normal((3, len(deviation)))
    offset = spread.offset * rng.standard_normal(len(deviation))
    return np.asarray(noise + (rotation @ leak + offset) * deviation)


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
