"""A corpus of simulated speakers: in memory for training, or on disk as session files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from facedyn_app.errors import OutputError
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import Session
from facedyn_app.simulate.motion import simulate_motion
from facedyn_app.simulate.observation import Observation, perfect_observation
from facedyn_app.simulate.observe import (
    DEFAULT_VARIATION,
    NO_VARIATION,
    ObservationVariation,
    observe,
)
from facedyn_app.simulate.population import EXPRESSION_NAMES


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
    speaker: int, n_sessions: int, seconds: float, *, seed: int = 0, fps: float = 25.0
) -> Iterator[Session]:
    """The same sessions as a perfect measurement would give them.

    Args:
        speaker: Number of the speaker, 0 or more.
        n_sessions: Sessions wanted.
        seconds: Length of each, s.
        seed: Which simulated population.
        fps: Frames per second.

    Returns:
        Sessions 0, 1, ...
    """
    exact = perfect_observation(EXPRESSION_NAMES)
    return simulate_sessions(
        speaker, n_sessions, seconds, seed=seed, fps=fps, observation=exact, variation=NO_VARIATION
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
    individuality: float = 1.0,
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
        individuality: How far speakers differ.
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
            individuality=individuality,
            observation=observation,
        )
        for number, session in enumerate(sessions):
            on_progress(Progress("simulating", len(files), n_speakers * n_sessions))
            path = folder / f"session{number:02d}.npz"
            save(session, path)
            files.append(path)
    on_progress(Progress("simulating", len(files), n_speakers * n_sessions))
    return files
