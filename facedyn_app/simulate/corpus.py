"""A corpus of simulated speakers: sessions as a fit would observe them, in memory or as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.errors import OutputError
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import BoolArray, FloatArray, Motion, Session, SessionInfo
from facedyn_app.simulate.motion import SimulatedMotion, simulate_motion
from facedyn_app.simulate.observation import (
    Observation,
    guessed_observation,
    perfect_observation,
    pose_dependent_errors,
)
from facedyn_app.simulate.population import EXPRESSION_NAMES
from facedyn_app.simulate.signals import smooth_both_ways, wander
from facedyn_app.simulate.speaker import speaker_shape

EACH_VARIANCE = 1.25
"""Of a draw for a channel and half of one for all; it keeps the mean square of errors."""


@dataclass(frozen=True, slots=True)
class ObservationVariation:
    """How far the measurement differs from session to session.

    What a fit makes of a face depends on the face: part of a session's departure from the mean
    comes back in all sessions of the speaker.

    Attributes:
        gain: Spread of the logarithm of the gain of each channel, and half of that for all at once.
        offset: Deviation of a constant offset (shape in disguise) over that of the errors.
        noise: Spread of the logarithm of each channel's errors, and half of that for all.
        lost_share: Share of frames lost, in runs of one to three.
        shape_error: Standard deviation of a session's error of the shape.
        shape_wobble: Standard deviation of a chunk's error of the shape.
        of_face: Share of the variance of gains, offsets and errors that is the face's, the
            same in all its sessions. Realism as fitted depends on it.
    """

    gain: float = 0.25
    offset: float = 0.4
    noise: float = 0.5
    lost_share: float = 0.004
    shape_error: float = 0.15
    shape_wobble: float = 0.25
    of_face: float = 0.5


DEFAULT_VARIATION = ObservationVariation()
NO_VARIATION = ObservationVariation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Every session is measured alike, and no frame is lost."""


def observe(
    simulated: SimulatedMotion,
    rng: np.random.Generator,
    observation: Observation | None = None,
    variation: ObservationVariation = DEFAULT_VARIATION,
    n_shape: int = 80,
) -> Session:
    """A session as if it had been fitted from a video of this motion.

    Args:
        simulated: True motion.
        rng: Source of randomness: another draw is another recording of the same motion.
        observation: What the fit does on average; None for the guessed one.
        variation: How that differs from session to session.
        n_shape: Shape coefficients, S.

    Returns:
        A session of the open head that says that it is simulated.
    """
    model = guessed_observation(simulated.motion.names) if observation is None else observation
    n_frames, n_expression = simulated.motion.expression.shape
    fitted = _fitted(simulated, model, variation, rng)
    fitted[:, :n_expression] = np.clip(fitted[:, :n_expression], 0.0, 1.0)
    rotation = simulated.motion.rotation + 0.01 * wander(rng, n_frames, 0.3, simulated.fps, 3)
    valid = _valid(n_frames, variation.lost_share, rng)
    shape, chunks = _shapes(simulated, n_shape, variation, rng)
    return Session(
        motion=Motion(
            seconds=simulated.motion.seconds,
            valid=valid,
            expression=_masked(fitted[:, :n_expression], valid),
            names=simulated.motion.names,
            jaw=_masked(fitted[:, n_expression:], valid),
            rotation=_masked(rotation, valid),
            translation=_masked(simulated.motion.translation + np.array([0.0, 0.0, 0.7]), valid),
        ),
        shape=shape.astype(np.float32),
        shape_chunks=chunks.astype(np.float32),
        shape_chunk_seconds=np.arange(len(chunks)) + 0.5,
        error_px=_masked(np.full(n_frames, 1.2), valid),
        face_px=_masked(np.full(n_frames, 240.0), valid),
        info=SessionInfo(
            head_id=DEFAULT_HEAD,
            fps=simulated.fps,
            simulated=True,
            speaker=simulated.speaker,
            session=simulated.session,
            population=simulated.seed,
        ),
    )


def _fitted(
    simulated: SimulatedMotion,
    model: Observation,
    variation: ObservationVariation,
    rng: np.random.Generator,
) -> FloatArray:
    """(T, K) fitted channels, before activations are stopped at 0 and 1.

    Whatever departs from the mean is drawn twice, once for the face, from a source that is the same
    in all its sessions, and once for the session.
    """
    face = np.random.default_rng([simulated.seed, 105, simulated.speaker])
    n = len(model.names)

    def departure(draw: Callable[[np.random.Generator], FloatArray]) -> FloatArray:
        share = variation.of_face
        return np.asarray(np.sqrt(share) * draw(face) + np.sqrt(1.0 - share) * draw(rng))

    def each(source: np.random.Generator) -> FloatArray:
        """(n,) one draw for a channel, and half of one for all."""
        return np.clip(source.standard_normal(n) + 0.5 * source.standard_normal(), -3.0, 3.0)

    gain = np.exp(variation.gain * departure(each))
    noise = np.exp(variation.noise * departure(each) - EACH_VARIANCE * variation.noise**2)
    deviation = np.linalg.norm(model.noise, axis=1)
    offset = variation.offset * deviation * departure(lambda source: source.standard_normal(n))
    errors = departure(lambda source: pose_dependent_errors(simulated, model, source))
    seen = (simulated.channels - model.pose) @ model.response.T
    latent = model.level + gain * seen + offset + noise * errors
    return smooth_both_ways(latent, model.smoothing_s, simulated.fps)


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
    simulated: SimulatedMotion,
    n_shape: int,
    variation: ObservationVariation,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """The session's shape (S,) and its chunks (C, S): truth, a session's error, a wobble."""
    n_chunks = max(1, int(len(simulated.motion.seconds) / simulated.fps))
    size = variation.shape_error * np.exp(0.5 * rng.standard_normal())
    shape = speaker_shape(simulated.speaker, n_shape, simulated.seed) + size * rng.standard_normal(
        n_shape
    )
    wobble = variation.shape_wobble * wander(rng, n_chunks, 2.0, 1.0, n_shape)
    return shape, shape + wobble


def simulate_sessions(
    speaker: int,
    n_sessions: int,
    seconds: float,
    *,
    seed: int = 0,
    fps: float = 25.0,
    individuality: float = 1.0,
    observation: Observation | None = None,
    variation: ObservationVariation = DEFAULT_VARIATION,
) -> Iterator[Session]:
    """The observed sessions of one simulated speaker, one after the other.

    Args:
        speaker: Number of the speaker, 0 or more.
        n_sessions: Sessions wanted.
        seconds: Length of each, s.
        seed: Which simulated population.
        fps: Frames per second.
        individuality: How far speakers differ.
        observation: What the measurement does to the motion; None for the guessed one.
        variation: How that differs from session to session.

    Yields:
        Sessions 0, 1, ...; the same arguments always give the same numbers.
    """
    for number in range(n_sessions):
        motion = simulate_motion(
            speaker, number, seconds, fps=fps, seed=seed, individuality=individuality
        )
        rng = np.random.default_rng([seed, 104, speaker, number])
        yield observe(motion, rng, observation, variation)


def true_sessions(
    speaker: int, n_sessions: int, seconds: float, *, seed: int = 0
) -> Iterator[Session]:
    """The same sessions as a perfect measurement would give them.

    Args:
        speaker: Number of the speaker, 0 or more.
        n_sessions: Sessions wanted.
        seconds: Length of each, s.
        seed: Which simulated population.

    Returns:
        Sessions 0, 1, ...
    """
    exact = perfect_observation(EXPRESSION_NAMES)
    return simulate_sessions(
        speaker, n_sessions, seconds, seed=seed, observation=exact, variation=NO_VARIATION
    )


def write_corpus(
    out: Path,
    n_speakers: int,
    n_sessions: int,
    seconds: float,
    save: Callable[[Session, Path], None],
    *,
    seed: int = 0,
    first_speaker: int = 0,
    observation: Observation | None = None,
    on_progress: OnProgress = ignore,
) -> list[Path]:
    """Write a corpus, one folder a speaker: OUT/speaker00000/session00.npz.

    Args:
        out: Folder, made when it is not there.
        n_speakers: Speakers.
        n_sessions: Sessions of each.
        seconds: Length of each session, s.
        save: What writes one session file.
        seed: Which simulated population.
        first_speaker: Number of the first speaker.
        observation: What the measurement does to the motion; None for the guessed one.
        on_progress: Told of every session; may raise `Cancelled`.

    Returns:
        The files, in order.

    Raises:
        OutputError: A folder cannot be made; and what `save` raises.
    """
    files: list[Path] = []
    for speaker in range(first_speaker, first_speaker + n_speakers):
        folder = out / f"speaker{speaker:05d}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder '{folder}' cannot be made: {error.strerror}.",
                "Choose another place.",
            ) from error
        sessions = simulate_sessions(
            speaker,
            n_sessions,
            seconds,
            seed=seed,
            observation=observation,
        )
        for number, session in enumerate(sessions):
            on_progress(Progress("simulating", len(files), n_speakers * n_sessions))
            path = folder / f"session{number:02d}.npz"
            save(session, path)
            files.append(path)
    on_progress(Progress("simulating", len(files), n_speakers * n_sessions))
    return files
