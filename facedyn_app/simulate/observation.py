"""The observation model: gains, confusions, errors by pose, smoothing and rest at 0 of a fit.

The model is either guessed (`guessed_observation`), or measured on sessions that were fitted from
rendered videos of known motion (packaging/measure_observation.py), as the one that comes with the
program.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.assets import model_file
from facedyn_app.dynamics.features import JAW_NAMES
from facedyn_app.errors import InputError
from facedyn_app.files import read_plain
from facedyn_app.records import FloatArray
from facedyn_app.simulate.motion import SimulatedMotion

SHIPPED = "observation.json"
"""The measured model that comes with the program, in `models/`."""
FORMAT, VERSION = "facedyn-observation", 3
MOST_BYTES = 2**24

_MATRICES = ("response", "noise")
_VECTORS = ("level", "smoothing_s", "pose", "amplitude")

GUESSED: tuple[tuple[str, float, float], ...] = (
    ("jaw_x", 0.9, 0.012),
    ("jaw_", 0.7, 0.006),
    ("eyeBlink", 0.9, 0.03),
    ("mouthSmile", 0.85, 0.04),
    ("brow", 0.8, 0.04),
    ("mouthLeft", 0.8, 0.03),
    ("mouthRight", 0.8, 0.03),
    ("mouthPucker", 0.75, 0.05),
    ("mouthFunnel", 0.7, 0.05),
    ("mouthLowerDown", 0.75, 0.05),
    ("mouthUpperUp", 0.7, 0.05),
    ("eyeWide", 0.7, 0.04),
    ("mouthStretch", 0.6, 0.05),
    ("mouthFrown", 0.6, 0.05),
    ("mouth", 0.5, 0.05),
    ("noseSneer", 0.5, 0.05),
    ("eyeSquint", 0.4, 0.05),
    ("", 0.3, 0.05),
)
"""Beginning of a channel's name, gain and noise (activation; jaw in rad), first match counts.

Blinks, smiles and jaw after the correlations measured with the prototype (0.93, 0.86, 0.82); the
others are guesses in the same spirit: what moves few landmarks, or little, is lost in part.
"""

REACH = 1.0
"""Distance over which a function changes, of the usual distance between a face's poses."""
USUAL_TURN_RAD = 0.05
"""Usual deviation of the head's rotation, rad: it is part of the pose."""
N_FEATURES = 200
"""Random Fourier features of each function."""

GUESSED_AMPLITUDE, GUESSED_JAW_RAD = 0.12, 0.03
SEEN_SHARE = 0.5
"""Deviation of the errors within a recording, of that over all poses a face could take."""


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What a fit measures of K = E + 3 channels (expression, then jaw).

    `fitted = smoothed(level + response (true - pose) + noise f(true))`, expression stopped at 0 and
    1, with K random functions f of the pose (`pose_dependent_errors`).

    Attributes:
        names: The K channel names.
        level: (K,) what is fitted in the usual pose.
        response: (K, K) mean response; row: fitted channel, column: true channel.
        noise: (K, K) from functions of variance 1 to the errors.
        smoothing_s: (K,) time constants of the two-sided exponential smoothing, s.
        pose: (K,) the usual pose: mean of the true motion that this was measured on.
        amplitude: (K,) its standard deviation (activation; jaw in rad).
        measured: Whether it was measured, or guessed.
    """

    names: tuple[str, ...]
    level: FloatArray
    response: FloatArray
    noise: FloatArray
    smoothing_s: FloatArray
    pose: FloatArray
    amplitude: FloatArray
    measured: bool


def guessed_observation(expression_names: Sequence[str]) -> Observation:
    """A plausible fit, for want of a measured one."""
    names = (*expression_names, *JAW_NAMES)
    rows = [next(row for row in GUESSED if name.startswith(row[0])) for name in names]
    response = np.diag([gain for _, gain, _ in rows])
    for source, target, share in (
        ("eyeBlink", "eyeSquint", 0.25),
        ("mouthSmile", "cheekSquint", 0.15),
    ):
        for i, j in _sides(names, source, target):
            response[j, i] = share
    noise = np.diag([noise for *_, noise in rows]) / SEEN_SHARE
    return _unmeasured(names, response, noise)


def perfect_observation(expression_names: Sequence[str]) -> Observation:
    """A measurement that gives the true motion."""
    names = (*expression_names, *JAW_NAMES)
    n = len(names)
    return _unmeasured(names, np.eye(n), np.zeros((n, n)))


def _unmeasured(names: tuple[str, ...], response: FloatArray, noise: FloatArray) -> Observation:
    amplitude = np.full(len(names), GUESSED_AMPLITUDE)
    amplitude[-len(JAW_NAMES) :] = GUESSED_JAW_RAD
    rest = np.zeros(len(names))
    return Observation(names, rest, response, noise, rest, rest, amplitude, measured=False)


def pose_dependent_errors(
    simulated: SimulatedMotion, model: Observation, rng: np.random.Generator
) -> FloatArray:
    """(T, K) errors of a measurement: random functions of the pose that are 0 in the usual one.

    What a linear response leaves of fitted motion is no jitter. On rendered videos of 30 simulated
    speakers it stands still where the face does, moves as fast as the face does (its speed goes
    with the power 0.8 of the face's), and is larger in whoever moves more: it is a function of the
    pose, another one for every face and recording. Such functions are drawn from a Gaussian
    process, kernel `exp(-|a - b|^2 / (2 reach^2))`, by random Fourier features (Rahimi and Recht
    2007, "Random features for large-scale kernel machines").

    Args:
        simulated: True motion.
        model: The usual pose and its deviation, and how channels err together.
        rng: Source of randomness; the same state gives the same functions.
    """
    facing = np.zeros(simulated.motion.rotation.shape[1])
    unit = np.concatenate([model.amplitude, facing + USUAL_TURN_RAD])
    poses = np.concatenate([simulated.channels, simulated.motion.rotation], axis=1) / unit
    usual = np.concatenate([model.pose, facing]) / unit
    waves = rng.standard_normal((len(unit), N_FEATURES)) / (REACH * np.sqrt(len(unit)))
    phases = rng.uniform(0.0, 2.0 * np.pi, N_FEATURES)
    weights = rng.standard_normal((N_FEATURES, len(model.names))) * np.sqrt(2.0 / N_FEATURES)
    features = np.cos(poses @ waves + phases) - np.cos(usual @ waves + phases)
    return np.asarray(features @ weights @ model.noise.T)


def shipped_observation() -> Observation:
    """What the program's fit was measured to make of the open head's motion.

    Raises:
        InputError: The file is missing, or has other bytes than it should.
    """
    return read_observation(model_file(SHIPPED))


def write_observation(observation: Observation, path: Path) -> None:
    """Write an observation model as JSON, numbers to four digits.

    Raises:
        OSError: The file cannot be written.
    """

    def rows(matrix: FloatArray) -> list[list[float]]:
        return [[float(f"{x:.4g}") for x in row] for row in matrix]

    content = {
        "format": FORMAT,
        "version": VERSION,
        "names": list(observation.names),
        **{key: rows(getattr(observation, key)) for key in _MATRICES},
        **{key: rows(getattr(observation, key)[None])[0] for key in _VECTORS},
        "measured": observation.measured,
    }
    path.write_text(json.dumps(content) + "\n", encoding="utf-8")


def read_observation(path: Path) -> Observation:
    """Read what `write_observation` wrote.

    Raises:
        InputError: The file cannot be read or is no observation model of this version.
    """
    try:
        content = json.loads(read_plain(path, MOST_BYTES))
        if content["format"] != FORMAT or content["version"] != VERSION:
            raise InputError(f"'{path}' is no observation model of version {VERSION}.")
        names = tuple(str(name) for name in content["names"])
        n = len(names)
        shapes = {**dict.fromkeys(_MATRICES, (n, n)), **dict.fromkeys(_VECTORS, (n,))}
        arrays = {
            key: np.asarray(content[key], dtype=float).reshape(shape)
            for key, shape in shapes.items()
        }
        return Observation(names=names, measured=bool(content["measured"]), **arrays)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"'{path}' is no observation model that can be read.") from error


def _sides(names: Sequence[str], source: str, target: str) -> list[tuple[int, int]]:
    where = {name: i for i, name in enumerate(names)}
    pairs = [(source + side, target + side) for side in ("Left", "Right")]
    return [(where[a], where[b]) for a, b in pairs if a in where and b in where]
