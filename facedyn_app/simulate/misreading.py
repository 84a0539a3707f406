"""What a fit misreads: smooth random functions of the face's pose.

What a linear response leaves of fitted motion is no jitter. On rendered videos of 30 simulated
speakers it stands still where the face does, moves as fast as the face does (its speed goes with
the power 0.8 of the face's), and is larger in whoever moves more: it is a function of the pose,
another one for every face and recording. Such functions are drawn from a Gaussian process, kernel
`exp(-|a - b|^2 / (2 reach^2))`, by random Fourier features (Rahimi and Recht 2007, "Random features
for large-scale kernel machines").
"""

from __future__ import annotations

import numpy as np

from facedyn_app.records import FloatArray
from facedyn_app.simulate.motion import SimulatedMotion
from facedyn_app.simulate.observation import Observation

REACH = 1.0
"""Distance over which a function changes, of the usual distance between a face's poses."""

USUAL_TURN_RAD = 0.05
"""Usual deviation of the head's rotation, rad: it is part of the pose."""

N_FEATURES = 200


def misreadings(
    motion: SimulatedMotion, model: Observation, rng: np.random.Generator
) -> FloatArray:
    """(T, K) what is misread of a motion, by random functions that are 0 in the usual pose.

    Args:
        motion: True motion.
        model: The usual pose and its deviation, and how channels are misread together.
        rng: Source of randomness; the same state gives the same functions.
    """
    facing = np.zeros(motion.rotation.shape[1])
    unit = np.concatenate([model.amplitude, facing + USUAL_TURN_RAD])
    poses = np.concatenate([motion.channels, motion.rotation], axis=1) / unit
    usual = np.concatenate([model.pose, facing]) / unit
    waves = rng.standard_normal((len(unit), N_FEATURES)) / (REACH * np.sqrt(len(unit)))
    phases = rng.uniform(0.0, 2.0 * np.pi, N_FEATURES)
    weights = rng.standard_normal((N_FEATURES, len(model.names))) * np.sqrt(2.0 / N_FEATURES)
    features = np.cos(poses @ waves + phases) - np.cos(usual @ waves + phases)
    return np.asarray(features @ weights @ model.noise.T)
