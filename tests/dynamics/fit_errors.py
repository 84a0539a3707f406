"""Errors that a fit of a rendered face makes, put on a session of a true motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facedyn_app.records import Session
from facedyn_app.simulate.signals import wander

GAIN_SD, WANDER, WHITE = 0.1, 0.02, 0.01
"""What a fit of a rendered face makes of a true activation: a gain for each channel and face, a
slow wander and white noise; sizes as `bench clinical` finds them."""


def with_errors(session: Session, rng: np.random.Generator, gain_sd: float = GAIN_SD) -> Session:
    """A session as a fit would give it: gains of channels, a slow wander, white noise.

    Args:
        session: Of a true motion.
        rng: Source of the errors.
        gain_sd: Standard deviation of the logarithm of the gains.
    """
    motion = session.motion
    n_frames, n_channels = motion.expression.shape
    rate = 1.0 / float(np.median(np.diff(motion.seconds)))
    gain = np.exp(gain_sd * rng.standard_normal(n_channels))
    slow = wander(rng, n_frames, 1.0, rate, n_channels)
    noise = WANDER * slow + WHITE * rng.standard_normal((n_frames, n_channels))
    expression = np.clip(gain * motion.expression + noise, 0.0, 1.0).astype(np.float32)
    return replace(session, motion=replace(motion, expression=expression))
