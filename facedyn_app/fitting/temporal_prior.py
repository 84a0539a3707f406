"""Temporal prior: the residuals that couple the motion of neighbouring frames.

A random walk: the difference of an unknown between neighbouring frames, over its usual size.
Under Cauchy's cost, since a face rests most of the time and now and then moves fast: noise at
rest is smoothed away, and a blink pays no more than a slow movement. Both neighbours pull alike,
so nothing lags. Frames that are far apart in time are not coupled.
"""

from __future__ import annotations

from dataclasses import dataclass

import roma
import torch
from torch import Tensor

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.state import FaceState

LEAST_STEP = 1e-4
"""However still a face is: an activation, or rad."""
RATE_HZ = 25.0
"""The frame rate that the usual steps are of."""
LONGEST_GAP_S = 0.1
CURVATURE = 0.7
"""Of the weight that a difference has under Cauchy's cost, what its curvature is taken as. The
weight itself is more than the cost ever curves, and steps by it are sure and short; by less than
half of it they would not end."""


@dataclass(frozen=True, slots=True, eq=False)
class TemporalPrior:
    """Expected differences between T frames in order.

    Attributes:
        close: (T - 1,) how close neighbours are, 1 at 25 frames/s; 0 across gaps.
        steps: (n,) usual difference of each of a frame's unknowns at 25 frames/s.
    """

    close: Tensor
    steps: Tensor


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


def temporal_prior(seconds: Tensor, steps: Tensor) -> TemporalPrior:
    """The prior of frames at (T,) seconds, in order, for usual steps (n,)."""
    gap = seconds.diff()
    close = (gap > 0) & (gap <= LONGEST_GAP_S)
    return TemporalPrior(
        torch.where(close, 1.0 / (RATE_HZ * gap.clamp_min(1e-6)), 0.0).to(steps), steps
    )


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
    cost = torch.log1p(size2[:, 3:]).sum().double() + torch.log1p(turned2).sum().double()
    size2 = torch.cat([turned2.expand(-1, 3), size2[:, 3:]], dim=1)
    precision = close / (prior.steps**2 * (1.0 + size2))
    return TemporalCoupling(0.5 * tail**2 * cost, precision * difference, CURVATURE * precision)
