"""Prior of facial motion: which actions and jaw openings are expected together.

A Gaussian over the jaw's rotation vector and the E expression coefficients. Coefficients without
names are independent. Named activations are shares of few co-activation patterns and parts of
their own,

    x_i = s (sqrt(c) sum_k f_ik a_k + sqrt(1 - c) |f_i| e_i),   a_k, e_i ~ N(0, 1),

with f_ik the loadings, |f_i| their root sum of squares over the patterns, scaled so that its mean
over the channels in a pattern is 1, s the mean deviation (`expression_sd`) and c the share of the
variance that is common (`coactivation`). The jaw has deviations of its own (`jaw_sd`). So of
several explanations of the same displacement that with the usual combination of actions is taken,
not that with the fewest, and what usually moves far moves first.

The patterns are published prototypes, not fitted to any recording: the basic emotions' action
units (Ekman, Friesen and Hager 2002, Facial Action Coding System, Investigator's Guide, table 10-2;
1+2+5+26 for surprise and so on) in ARKit's names, the articulators of speech (opening, rounding,
seal), and what lids, brows, cheeks and lips do by themselves. Faces are expected to move both sides
alike, but each pattern is also expected on one side alone (`ONE_SIDED`): a one-sided smile or a
palsy is no noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from facedyn_app.fit_settings import FitSettings
from facedyn_app.records import FloatArray

JAW_CHANNELS = ("jawX", "jawY", "jawZ")
"""The jaw's rotation vector; its first number opens the mouth."""
ONE_SIDED = 0.5
"""Loading of a pattern on one side alone, of its loading on both."""
LEAST_MOVED = 0.5
"""Deviation of an activation in no pattern, of the mean over those that are in one."""
_SIDES = ("Left", "Right")

PATTERNS: tuple[Mapping[str, float], ...] = (
    # speech
    {"jawX": 1.0, "mouthLowerDown": 0.6, "mouthUpperUp": 0.35, "mouthStretch": 0.3,
     "mouthShrugLower": -0.5, "mouthPress": -0.3, "mouthRollLower": -0.2},
    {"mouthFunnel": 0.7, "mouthPucker": 0.6, "jawX": 0.3},
    {"mouthPress": 0.35, "mouthRollLower": 0.3, "mouthRollUpper": 0.25, "mouthShrugLower": 0.2},
    {"mouthClose": 0.15, "jawX": 0.15},
    # happiness 6+12, surprise 1+2+5+26, fear 1+2+4+5+20+26, sadness 1+4+15+17, anger 4+7+24,
    # disgust 9+10+15, contempt 14 (one-sided)
    {"mouthSmile": 0.8, "cheekSquint": 0.4, "mouthDimple": 0.35, "mouthUpperUp": 0.2,
     "eyeSquint": 0.2, "mouthStretch": 0.2},
    {"browInnerUp": 0.8, "browOuterUp": 0.8, "eyeWide": 0.7, "jawX": 0.4, "mouthLowerDown": 0.2,
     "eyeBlink": -0.3, "eyeSquint": -0.2},
    {"browInnerUp": 0.6, "browOuterUp": 0.5, "browDown": 0.2, "eyeWide": 0.6, "mouthStretch": 0.5,
     "mouthLowerDown": 0.3, "jawX": 0.3, "eyeBlink": -0.2, "eyeSquint": -0.1},
    {"browInnerUp": 0.35, "browDown": 0.15, "mouthFrown": 0.35, "mouthShrugLower": 0.25},
    {"browDown": 0.5, "eyeSquint": 0.25, "mouthPress": 0.25, "noseSneer": 0.1},
    {"noseSneer": 0.4, "mouthUpperUp": 0.3, "browDown": 0.15, "mouthFrown": 0.15,
     "cheekSquint": 0.15},
    {"mouthDimple": 0.3},
    # lids, brows, cheeks, lips and jaw by themselves
    {"eyeBlink": 0.8}, {"eyeSquint": 0.3, "cheekSquint": 0.2}, {"browOuterUp": 0.35},
    {"cheekPuff": 0.25}, {"jawForward": 0.15},
    {"mouthLeft": 0.35, "jawY": 0.15}, {"mouthRight": 0.35, "jawY": -0.15},
    {"mouthShrugUpper": 0.15, "mouthShrugLower": 0.15}, {"jawY": 0.2}, {"jawZ": 0.2},
)  # fmt: skip
"""Loadings of the co-activation patterns; a name without a side stands for both sides."""


def motion_precision(
    names: Sequence[str], settings: FitSettings, *, activations: bool, like: Tensor
) -> Tensor:
    """(3 + E, 3 + E) inverse covariance of jaw (rad) and expression.

    Args:
        names: The E expression channels.
        settings: Deviations and the common share.
        activations: Whether the channels are activations named as in ARKit; others are taken as
            independent.
        like: Gives device and precision.
    """
    channels = (*JAW_CHANNELS, *names)
    loadings = _loadings(channels) if activations else np.zeros((len(channels), 0))
    size = np.sqrt(np.square(loadings).sum(axis=1))
    common = settings.coactivation * _correlation(loadings, size)
    np.fill_diagonal(common, 1.0)
    moved = _usual_size(size[len(JAW_CHANNELS) :])
    sd = np.array([*settings.jaw_sd, *(settings.expression_sd * moved)])
    precision = np.linalg.inv(common) / sd[:, None] / sd
    return torch.as_tensor(precision, dtype=like.dtype, device=like.device)


def _usual_size(size: FloatArray) -> FloatArray:
    """(E,) deviations of the activations, of which those in a pattern are 1 in the mean."""
    named = size > 0
    if not named.any():
        return np.ones_like(size)
    return np.asarray(np.where(named, size / size[named].mean(), LEAST_MOVED))


def _correlation(loadings: FloatArray, size: FloatArray) -> FloatArray:
    """(N, N) correlations of what the patterns make, of loadings (N, K) with sizes (N,)."""
    scale = np.where(size > 0, size, 1.0)
    return np.asarray(loadings @ loadings.T / scale[:, None] / scale)


def _loadings(channels: Sequence[str]) -> FloatArray:
    """(N, K) of the patterns on both sides, then of those with sides on each alone."""
    columns = []
    for pattern in PATTERNS:
        left, right = (_column(channels, pattern, side) for side in _SIDES)
        columns.append(np.where(left != 0, left, right))
        if (left != right).any():
            columns += [ONE_SIDED * left, ONE_SIDED * right]
    return np.stack(columns, axis=1)


def _column(channels: Sequence[str], pattern: Mapping[str, float], side: str) -> FloatArray:
    """(N,) loadings of a pattern on the middle of the face and one of its sides."""
    known = {name: load for name, load in pattern.items() if name in channels}
    sided = {name + side: load for name, load in pattern.items() if name not in known}
    return np.array([{**known, **sided}.get(name, 0.0) for name in channels])
