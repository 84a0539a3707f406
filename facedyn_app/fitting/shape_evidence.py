"""What a recording tells of a face's shape: less than its frames seem to.

Two kinds of displacement stay the same over a recording, or a second, and look like shape: an
expression that is held (a mood), and the way in which this person's expressions differ from the
head's own. So the shape is estimated with

- a prior of jaw and expression that is as wide as a held expression is, and counts once in a
  recording instead of once a frame;
- landmarks that differ by a person's own variant of each action, over and above the landmarker's
  errors: a Gaussian field over the face, smooth within `variation_reach`, in proportion to how far
  the actions move each landmark,

      V_ij = v^2 s^2 k(|x_i - x_j|) sum_e |d_ie| |d_je|,   k(r) = exp(-r^2 / (2 l^2)),

  with d_ie the displacement of landmark i by action e, s the actions' deviation, v
  `action_variation` and l `variation_reach`; the same along x and along y;
- blendshape scores that count little: a face's scores at rest tell of its looks, not of its shape.

The posterior covariance of the shape, with pose, expression and the session's errors marginalised,
is the inverse of the Schur complement of this problem. Its directions of little variance are those
that the recording shows; the rest is the prior, and a difference there is no drift
(`dynamics.drift`). The model of a person's variants is this project's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from facedyn_app.fitting.arrow import ArrowResult, shared_covariance
from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.residuals import FaceProblem
from facedyn_app.fitting.state import FaceState
from facedyn_app.fitting.whitening import Whitening, make_whitening
from facedyn_app.records import N_ACTIONS, FloatArray
from facedyn_app.settings import FitSettings


@dataclass(frozen=True, slots=True, eq=False)
class ShapeEvidence:
    """The measurement and the prior with which a shape is estimated.

    Attributes:
        whitening: Of the head's landmarks and readings.
        precision: (3 + E, 3 + E) of jaw and expression.
    """

    whitening: Whitening
    precision: Tensor

    def of(self, problem: FaceProblem) -> FaceProblem:
        """A problem of the same head with this measurement and prior."""
        n_unknowns = problem.head.n_expression + problem.head.n_shared
        whitening = self.whitening.first(n_unknowns)
        return replace(problem, whitening=whitening, precision=self.precision)


def shape_evidence(head: LandmarkHead, precision: Tensor, settings: FitSettings) -> ShapeEvidence:
    """The measurement and the prior for the shape of a head.

    Args:
        head: The head at its landmarks.
        precision: (3 + E, 3 + E) of jaw and expression in a frame.
        settings: How much is held, and how much persons vary.
    """
    wider = replace(head, spread=_spread(head, settings))
    held = 1.0 / (settings.held_share**2 * settings.shape_frames)
    return ShapeEvidence(make_whitening(wider, settings), held * precision)


def shape_covariance(problem: FaceProblem, fit: ArrowResult[FaceState]) -> FloatArray:
    """(S, S) posterior covariance of a recording's shape, everything else marginalised.

    Args:
        problem: The frames that the shape was estimated from, of one group.
        fit: Their fit.
    """
    look = problem.look(fit.state)
    covariance = shared_covariance(problem.curvature(look), problem.group)[0]
    # the cost counts all frames, the prior as many times as they count (FaceProblem)
    covariance = covariance * problem.frames_per_independent(1)[0]
    n_shape = problem.head.n_shape
    return covariance[:n_shape, :n_shape].cpu().numpy()


def _spread(head: LandmarkHead, settings: FitSettings) -> Tensor:
    """(2K + R, 2K + R) the covariance of what is not explained, for the shape."""
    spread = head.spread.clone()
    n_flat = 2 * len(head.weight)
    factor = spread.new_ones(len(spread))
    factor[n_flat : n_flat + N_ACTIONS] = settings.shape_score_noise
    spread *= factor[:, None] * factor
    points = head.mean_points.mT
    near = torch.exp(-0.5 * (torch.cdist(points, points) / settings.variation_reach).square())
    moved = head.expression.sum(0)[:2].square().sum(0).sqrt()
    field = (settings.action_variation * settings.expression_sd) ** 2 * near * (moved @ moved.mT)
    # as much in each of the frames' worth of evidence that there is in a recording
    own = settings.shape_frames * field
    for rows in (slice(0, n_flat // 2), slice(n_flat // 2, n_flat)):
        spread[rows, rows] += own
    return spread
