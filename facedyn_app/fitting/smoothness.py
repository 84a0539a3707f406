"""How a face moves from frame to frame: the residuals that couple neighbouring frames.

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

from facedyn_app.fitting.state import FaceState
from facedyn_app.settings import FitSettings

RATE_HZ = 25.0
"""The frame rate that the usual steps are of."""
LONGEST_GAP_S = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Smoothness:
    """The coupling at a state.

    Attributes:
        cost: Scalar.
        precision: (T - 1, n) of each difference, the robust weight included.
        difference: (T - 1, n) of the frames' unknowns, later minus earlier.
    """

    cost: Tensor
    precision: Tensor
    difference: Tensor

    def add_to(self, H_ff: Tensor, g_f: Tensor) -> tuple[Tensor, Tensor]:
        """Diagonal blocks (T, n, n) and gradient (T, n) with the coupling's share."""
        pull, diagonal = torch.zeros_like(g_f), torch.zeros_like(g_f)
        force = self.precision * self.difference
        pull[1:] += force
        pull[:-1] -= force
        diagonal[1:] += self.precision
        diagonal[:-1] += self.precision
        return H_ff + torch.diag_embed(diagonal), g_f + pull


def frame_pace(seconds: Tensor) -> Tensor:
    """(T - 1,) how close neighbouring frames are, 1 at 25 frames/s; 0 across gaps."""
    gap = seconds.diff()
    close = (gap > 0) & (gap <= LONGEST_GAP_S)
    return torch.where(close, 1.0 / (RATE_HZ * gap.clamp_min(1e-6)), 0.0)


def smoothness(state: FaceState, pace: Tensor, settings: FitSettings) -> Smoothness:
    """The coupling of T frames in order.

    Args:
        state: The frames' unknowns.
        pace: (T - 1,) from `frame_pace`.
        settings: The usual steps.
    """
    turn = roma.rotmat_to_rotvec(state.rotation[:-1].mT @ state.rotation[1:])
    parts = [turn, state.translation.diff(dim=0), state.jaw.diff(dim=0)]
    difference = torch.cat([*parts, state.expression.diff(dim=0)], dim=1)
    usual = _usual_steps(state, settings)
    tail2 = settings.step_tail**2
    size2 = (difference / usual).square() * pace[:, None] / tail2
    # the three numbers of a turn count together: no axis is special
    turned2 = size2[:, :3].sum(1, keepdim=True)
    cost = torch.log1p(size2[:, 3:]).sum().double() + torch.log1p(turned2).sum().double()
    size2 = torch.cat([turned2.expand(-1, 3), size2[:, 3:]], dim=1)
    precision = pace[:, None] / (usual**2 * (1.0 + size2))
    return Smoothness(0.5 * tail2 * cost, precision, difference)


def _usual_steps(state: FaceState, settings: FitSettings) -> Tensor:
    sizes = (settings.turn_step, settings.shift_step, settings.jaw_step)
    return torch.cat(
        [
            state.jaw.new_tensor(sizes).repeat_interleave(3),
            state.jaw.new_full((state.expression.shape[1],), settings.expression_step),
        ]
    )
