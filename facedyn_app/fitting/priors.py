"""Priors of the fit: jaw and expression of a frame, and their change from frame to frame.

Of one frame: a Gaussian over the jaw's rotation vector and the E expression coefficients.
Coefficients without names are independent. Named activations are shares of few co-activation
patterns and parts of their own,

    x_i = s (sqrt(c) sum_k f_ik a_k + sqrt(1 - c) |f_i| e_i),   a_k, e_i ~ N(0, 1),

with f_ik the loadings, |f_i| their root sum of squares over the patterns, scaled so that its mean
over the channels in a pattern is 1, s the mean deviation (`expression_sd`) and c the share of the
variance that is common (`coactivation`). The jaw has deviations of its own (`jaw_sd`). So of
several explanations of the same displacement that with the usual combination of actions is taken,
not that with the fewest, and what usually moves far moves first.

The patterns are published prototypes, not fitted to any recording: the basic emotions' action units
(Ekman, Friesen and Hager 2002, Facial Action Coding System, Investigator's Guide, table 10-2;
1+2+5+26 for surprise and so on) in ARKit's names, the articulators of speech (opening, rounding,
seal), and what lids, brows, cheeks and lips do by themselves. A lid closes as what raises it gives
way (Evinger, Manning and Sibony 1991, Eyelid movements, Invest. Ophthalmol. Vis. Sci. 32). Faces
are expected to move both sides alike, but each pattern is also expected on one side alone
(`ONE_SIDED`): a one-sided smile or a palsy is no noise.

From frame to frame: a random walk, the difference of an unknown between neighbours over its usual
size, under Cauchy's cost, since a face rests most of the time and now and then moves fast: noise at
rest is smoothed away, and what moves fast pays little more than what moves slowly. A blink is over
within a few frames and would still be made shallower, a partial one more than a complete one: lids
of a face that blinks are under the cost of Geman and McClure (1987, Statistical methods
for tomographic image reconstruction), which is bounded. Both neighbours pull alike, so nothing
lags. Frames that are far apart in time are not coupled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import roma
import torch
from torch import Tensor

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.state import FaceState
from facedyn_app.records import FloatArray
from facedyn_app.topology import LIDS

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
    {"browInnerUp": 0.35, "browDown": 0.15, "mouthFrown": 0.5, "mouthShrugLower": 0.25},
    {"browDown": 0.5, "eyeSquint": 0.25, "mouthPress": 0.25, "noseSneer": 0.1},
    {"noseSneer": 0.4, "mouthUpperUp": 0.3, "browDown": 0.15, "mouthFrown": 0.15,
     "cheekSquint": 0.15},
    {"mouthDimple": 0.3},
    # lids, brows, cheeks, lips and jaw by themselves
    {"eyeBlink": 0.8, "eyeWide": -0.4}, {"eyeSquint": 0.3, "cheekSquint": 0.2},
    {"browOuterUp": 0.35}, {"cheekPuff": 0.25}, {"jawForward": 0.15}, {"mouthPucker": 0.3},
    {"mouthLeft": 0.35, "jawY": 0.15}, {"mouthRight": 0.35, "jawY": -0.15},
    {"mouthShrugUpper": 0.15, "mouthShrugLower": 0.15}, {"jawY": 0.2}, {"jawZ": 0.2},
)  # fmt: skip
"""Loadings of the co-activation patterns; a name without a side stands for both sides."""
LEAST_QUICK = 0.01
"""Usual step of a lid that blinks at all: one that does not is held like all else."""
LEAST_STEP = 1e-4
"""However still a face is: an activation, or rad."""
RATE_HZ = 25.0
"""The frame rate that the usual steps are of."""
LONGEST_GAP_S = 0.1
CURVATURE = 0.7
"""Of the weight that a difference has under its cost, what its curvature is taken as. The weight
itself is more than the cost ever curves, and steps by it are sure and short; by less than half of
it they would not end."""


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


@dataclass(frozen=True, slots=True, eq=False)
class TemporalPrior:
    """Expected differences between T frames in order.

    Attributes:
        close: (T - 1,) how close neighbours are, 1 at 25 frames/s; 0 across gaps.
        steps: (n,) usual difference of each of a frame's unknowns at 25 frames/s.
        quick: Numbers of the unknowns that pay no more for a large difference.
    """

    close: Tensor
    steps: Tensor
    quick: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class TemporalCoupling:
    """The coupling at a state.

    Attributes:
        cost: Scalar.
        force: (T - 1, n) slope of the cost by the difference, later frame minus earlier.
        curvature: (T - 1, n) taken of it.
    """

    cost: Tensor
    force: Tensor
    curvature: Tensor

    def add_to(self, H_ff: Tensor, g_f: Tensor) -> tuple[Tensor, Tensor]:
        """Diagonal blocks (T, n, n) and gradient (T, n) with the coupling's share."""
        force, diagonal = torch.zeros_like(g_f), torch.zeros_like(g_f)
        force[1:] += self.force
        force[:-1] -= self.force
        diagonal[1:] += self.curvature
        diagonal[:-1] += self.curvature
        return H_ff + torch.diag_embed(diagonal), g_f + force


def temporal_prior(seconds: Tensor, steps: Tensor, names: Sequence[str]) -> TemporalPrior:
    """The prior of frames in order.

    Args:
        seconds: (T,) their times.
        steps: (n,) usual steps.
        names: The E expression channels, of the last unknowns.
    """
    gap = seconds.diff()
    near = (gap > 0) & (gap <= LONGEST_GAP_S)
    close = torch.where(near, 1.0 / (RATE_HZ * gap.clamp_min(1e-6)), 0.0).to(steps)
    first = len(steps) - len(names)
    lids = [first + k for k, name in enumerate(names) if name in LIDS]
    # both eyes alike: sides are compared
    quick = lids if (steps[lids] > LEAST_QUICK).any() else []
    return TemporalPrior(close, steps, torch.tensor(quick, dtype=torch.int64, device=steps.device))


def usual_steps(settings: FitSettings, jaw_sd: Tensor, expression_sd: Tensor) -> Tensor:
    """(n,) usual difference of each of a frame's unknowns between frames at 25 frames/s.

    A motion that swings by its spread within a given time has steps in proportion to that spread.
    Taken so, the noise of a face at rest is held, and a lively action is left free.

    Args:
        settings: The steps of a lively face, and the share.
        jaw_sd: (3,) spread of the jaw's rotation vector in the recording, rad; infinite where
            it is not known.
        expression_sd: (E,) the same of the expression.
    """

    def steps(most: float, sd: Tensor) -> Tensor:
        own = (settings.step_share * sd).clamp_min(LEAST_STEP)
        return own.clamp_max(most)

    pose = jaw_sd.new_tensor([settings.turn_step] * 3 + [settings.shift_step] * 3)
    jaw = steps(settings.jaw_step, jaw_sd)
    return torch.cat([pose, jaw, steps(settings.expression_step, expression_sd)])


def temporal_coupling(state: FaceState, prior: TemporalPrior, tail: float) -> TemporalCoupling:
    """The coupling of T frames in order.

    Args:
        state: The frames' unknowns.
        prior: How they follow each other.
        tail: Difference, in usual steps, beyond which it pays less than its square.
    """
    turn = roma.rotmat_to_rotvec(state.rotation[:-1].mT @ state.rotation[1:])
    parts = [turn, state.translation.diff(dim=0), state.jaw.diff(dim=0)]
    difference = torch.cat([*parts, state.expression.diff(dim=0)], dim=1)
    close = prior.close[:, None]
    size2 = (difference / prior.steps).square() * close / tail**2
    # the three numbers of a turn count together: no axis is special
    turned2 = size2[:, :3].sum(1, keepdim=True)
    size2 = torch.cat([turned2.expand(-1, 3), size2[:, 3:]], dim=1)
    weight = 1.0 / (1.0 + size2)
    each = torch.log1p(size2[:, 2:])  # a turn's three numbers are one
    each[:, prior.quick - 2] = size2[:, prior.quick] * weight[:, prior.quick]
    weight[:, prior.quick] *= weight[:, prior.quick]
    precision = close * weight / prior.steps**2
    cost = 0.5 * tail**2 * each.sum().double()
    return TemporalCoupling(cost, precision * difference, CURVATURE * precision)
