"""What a fit makes of true motion: a linear model of its gains, confusions and noise.

The model is either guessed (`guessed_observation`), or measured on sessions that were fitted from
rendered videos of known motion (`measure_observation`), as the one that comes with the program.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.assets import model_file
from facedyn_app.dynamics.features import JAW_NAMES, columns_by_name, interpolate
from facedyn_app.errors import InputError, MismatchError, TooLittleError
from facedyn_app.records import FloatArray, Session
from facedyn_app.simulate.motion import SimulatedMotion
from facedyn_app.simulate.motion_size import MotionSize, motion_size

SHIPPED = "observation.json"
"""The measured model that comes with the program, in `models/`."""
FORMAT, VERSION = "facedyn-observation", 2

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


GUESSED_AMPLITUDE, GUESSED_JAW_RAD, GUESSED_PACE_HZ = 0.12, 0.03, 7.0


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """fitted = response true + noise, over the K = E + 3 channels (expression, then jaw).

    Attributes:
        names: The K channel names.
        response: (K, K) mean response; row: fitted channel, column: true channel.
        noise: (K, K) factor of the noise covariance, noise = factor white.
        noise_tau_s: Correlation time of the noise, s.
        usual: Size and pace of the true motion that this was measured on.
        measured: Whether it was measured, or guessed.
    """

    names: tuple[str, ...]
    response: FloatArray
    noise: FloatArray
    noise_tau_s: float
    usual: MotionSize
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
    return Observation(
        names,
        response,
        np.diag([noise for *_, noise in rows]),
        0.06,
        _guessed_size(names),
        measured=False,
    )


def perfect_observation(expression_names: Sequence[str]) -> Observation:
    """A measurement that gives the true motion."""
    names = (*expression_names, *JAW_NAMES)
    n = len(names)
    return Observation(
        names, np.eye(n), np.zeros((n, n)), 0.06, _guessed_size(names), measured=False
    )


def shipped_observation() -> Observation:
    """What the program's fit was measured to make of the open head's motion.

    Raises:
        InputError: The file is missing, or has other bytes than it should.
    """
    return read_observation(model_file(SHIPPED))


def measure_observation(
    truths: Sequence[SimulatedMotion], fits: Sequence[Session], ridge: float = 1e-3
) -> Observation:
    """Measure what a fit makes of known motion, by ridge regression over all sessions.

    Each session is centred first, as the features are.

    Args:
        truths: The motion that was rendered.
        fits: The sessions fitted from the videos, in the same order and channels.
        ridge: Variance added to the true channels (squared activation).

    Raises:
        MismatchError: A fit lacks channels of its truth.
        TooLittleError: There are fewer frames than ten times the channels.
    """
    names = (*truths[0].names, *JAW_NAMES)
    pairs = [_paired(truth, fit) for truth, fit in zip(truths, fits, strict=True)]
    true, fitted = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    if len(true) < 10 * len(names):
        raise TooLittleError(f"{len(true)} frames are too few to measure {len(names)} channels.")
    scale = np.full(len(names), ridge * len(true))
    scale[-3:] *= 0.05
    response = np.linalg.solve(true.T @ true + np.diag(scale), true.T @ fitted).T
    rest = [y - x @ response.T for x, y in pairs]
    covariance = sum(r.T @ r for r in rest) / len(true)
    lag = sum(float((r[1:] * r[:-1]).sum()) for r in rest) / max(
        sum(float((r * r).sum()) for r in rest), 1e-12
    )
    step_s = float(np.median(np.diff(fits[0].seconds)))
    tau_s = -step_s / np.log(np.clip(lag, 0.05, 0.95))
    factor = np.linalg.cholesky(covariance + 1e-10 * np.eye(len(names)))
    sizes = [motion_size(truth) for truth in truths]
    usual = MotionSize(
        np.mean([size.amplitude for size in sizes], axis=0),
        np.mean([size.speed for size in sizes], axis=0),
    )
    return Observation(names, response, factor, float(tau_s), usual, measured=True)


def _guessed_size(names: Sequence[str]) -> MotionSize:
    amplitude = np.full(len(names), GUESSED_AMPLITUDE)
    amplitude[-len(JAW_NAMES) :] = GUESSED_JAW_RAD
    return MotionSize(amplitude, GUESSED_PACE_HZ * amplitude)


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
        "response": rows(observation.response),
        "noise": rows(observation.noise),
        "noise_tau_s": observation.noise_tau_s,
        "usual_amplitude": rows(observation.usual.amplitude[None])[0],
        "usual_speed": rows(observation.usual.speed[None])[0],
        "measured": observation.measured,
    }
    path.write_text(json.dumps(content) + "\n", encoding="utf-8")


def read_observation(path: Path) -> Observation:
    """Read what `write_observation` wrote.

    Raises:
        InputError: The file cannot be read or is no observation model of this version.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT or content["version"] != VERSION:
            raise InputError(f"'{path}' is no observation model of version {VERSION}.")
        names = tuple(str(name) for name in content["names"])
        size = (len(names), len(names))
        return Observation(
            names=names,
            response=np.asarray(content["response"], dtype=float).reshape(size),
            noise=np.asarray(content["noise"], dtype=float).reshape(size),
            noise_tau_s=float(content["noise_tau_s"]),
            usual=MotionSize(
                *(
                    np.asarray(content[key], dtype=float).reshape(len(names))
                    for key in ("usual_amplitude", "usual_speed")
                )
            ),
            measured=bool(content["measured"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"'{path}' is no observation model that can be read.") from error


def _sides(names: Sequence[str], source: str, target: str) -> list[tuple[int, int]]:
    where = {name: i for i, name in enumerate(names)}
    pairs = [(source + side, target + side) for side in ("Left", "Right")]
    return [(where[a], where[b]) for a, b in pairs if a in where and b in where]


def _paired(truth: SimulatedMotion, fit: Session) -> tuple[FloatArray, FloatArray]:
    """True and fitted channels at the fit's valid frames, both centred."""
    columns = columns_by_name(fit.expression_names, truth.names)
    if columns is None:
        raise MismatchError("A fitted session lacks channels of the motion that was rendered.")
    times = np.asarray(fit.seconds, dtype=float)[fit.valid]
    true = interpolate(truth.seconds, np.concatenate([truth.expression, truth.jaw], axis=1), times)
    fitted = np.concatenate([fit.expression[:, columns], fit.jaw], axis=1)[fit.valid]
    fitted = fitted.astype(float)
    return true - true.mean(axis=0), fitted - fitted.mean(axis=0)
