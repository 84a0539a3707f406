"""Shape evidence of a recording and of its single seconds: less than their frames seem to give.

Three kinds of displacement stay the same over a recording, or a second, and look like shape: an
expression that is held (a mood), the way in which this person's expressions differ from the
head's own, and what no shape of the head has. So the shape is estimated with

- a prior of jaw and expression that is as wide as a held expression is, and counts once in a
  recording instead of once a frame;
- an offset of the person's own, constant over the recording. Of the landmarks it is a Gaussian
  field over the face, smooth within `variation_reach`, in proportion to how far the actions move
  each landmark,

      O_ij = v^2 k(|x_i - x_j|) sum_e s_e^2 |d_ie| |d_je|,   k(r) = exp(-r^2 / (2 l^2)),

  with d_ie the displacement of landmark i by action e, s_e the action's deviation, v
  `action_variation` and l `variation_reach`; the same along x and along y. Of the blendshape scores
  it is as their errors, `rest_score_noise` times: a face's scores at rest tell of its looks;
- an error of each landmark by itself, constant over the recording, of the covariance
  N = `point_noise`^2 I. The landmarker's errors hardly change from a landmark to the next, so that
  without it the shape follows the finest differences between neighbours, which no head has right.

A recording's errors, of covariance C in a frame, count as n = `shape_frames` independent ones. So
the mean r of what is measured minus what the head predicts has the covariance C / n + O + N, and
the offset is expected at O (C / n + O + N)^-1 r. The frames are then fitted with the head that has
it, so that it is taken for no expression.

The posterior covariance P of the shape, with pose, expression and the session's errors
marginalised, is the inverse of the Schur complement of this problem. Its directions of little
variance are those that the recording shows; the rest is the prior, and a difference there is no
drift (`dynamics.drift`). The estimate, shrunken by the prior, scatters about the truth by P - P P.
From recording to recording of one person it scatters less: that person's own offset is the same in
all of them. With G the estimate's derivative by an offset it makes G O G^T of P - P P, which is
taken off. The model of a person's variants is this project's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.arrow import arrow_step, shared_covariance
from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.residuals import LOOSE, Evaluation, FaceProblem
from facedyn_app.fitting.state import FaceState
from facedyn_app.fitting.whitening import CovarianceFactor, Whitening, make_whitening
from facedyn_app.records import N_BLENDSHAPES, FloatArray, IntArray, ShapeCertainty

CHUNK_DAMPING = 1e-6
MIN_CHUNK_SHARE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class ShapeEvidence:
    """The measurement and the prior with which a shape is estimated.

    Attributes:
        whitening: Of the head's landmarks and readings, errors and offset together.
        precision: (3 + E, 3 + E) of jaw and expression.
        own: (2K + R, 2K + R) covariance O of a person's own offset.
        offset_gain: (2K + R, 2K + R) from the mean of what is measured minus what the head
            predicts to the person's own offset.
    """

    whitening: Whitening
    precision: Tensor
    own: Tensor
    offset_gain: Tensor

    def of(self, problem: FaceProblem) -> FaceProblem:
        """A problem of the same head with this measurement and prior."""
        n_unknowns = problem.head.n_expression + problem.head.n_shared
        whitening = self.whitening.first(n_unknowns)
        return replace(problem, whitening=whitening, precision=self.precision)

    def known_head(self, problem: FaceProblem, evaluation: Evaluation) -> LandmarkHead:
        """The head of a recording, its shape and the person's own offset known.

        Args:
            problem: The frames that the shape was estimated from, with this evidence.
            evaluation: Their fit, of one group.
        """
        total = torch.stack([view.total_rows() for view in evaluation.views]).sum(0)
        weight = torch.stack([view.weight.sum() for view in evaluation.views]).sum()
        offset = -self.offset_gain @ (total / weight)
        return problem.head.with_shape(evaluation.state.shape[0]).with_offset(offset)


def shape_evidence(head: LandmarkHead, precision: Tensor, settings: FitSettings) -> ShapeEvidence:
    """The measurement and the prior for the shape of a head.

    Args:
        head: The head at its landmarks.
        precision: (3 + E, 3 + E) of jaw and expression in a frame.
        settings: How much is held, and how much persons vary.
    """
    own = _offset_covariance(head, precision, settings)
    frames = settings.shape_frames
    alone = torch.zeros_like(own[0])
    alone[: 2 * len(head.weight)] = settings.point_noise**2
    # in each of the frames' worth of errors as much as there is in a recording
    whole = head.covariance + frames * (own + torch.diag(alone))
    factor = CovarianceFactor.of(whole)
    gain = factor.solve_transposed(factor.solve(frames * own.double())).mT.to(own.dtype)
    held = 1.0 / (settings.held_share**2 * frames)
    whitening = make_whitening(head, settings, factor)
    return ShapeEvidence(whitening, held * precision, own, gain)


def shape_certainty(
    problem: FaceProblem, evaluation: Evaluation, evidence: ShapeEvidence
) -> ShapeCertainty:
    """Certainty of the shape of a recording, everything else marginalised.

    Args:
        problem: The frames that the shape was estimated from, of one group, with that evidence.
        evaluation: Their fit.
        evidence: The measurement and the prior.
    """
    n_shape = problem.head.n_shape
    covariance = shared_covariance(problem.curvature(evaluation), problem.group)[0]
    # the cost counts all frames, the prior as many times as they count (FaceProblem)
    covariance = covariance * problem.frames_per_independent(1)[0]
    posterior = covariance[:n_shape, :n_shape]
    by_offset = shape_by_offset(problem, evaluation).double()
    own = by_offset @ evidence.own.double() @ by_offset.mT
    return ShapeCertainty.of(posterior.cpu().numpy(), own.cpu().numpy())


def shape_by_offset(problem: FaceProblem, evaluation: Evaluation) -> Tensor:
    """(S, 2K + R) of the shape by an offset of landmarks, m, and readings in all frames.

    Of the mean of the frames: `(J J^T + prior)^-1 J W^T` with the mean J of their derivatives.

    Args:
        problem: The frames, of one group.
        evaluation: Their fit.
    """
    mean = problem.mean_derivatives(evaluation)
    shared = problem.shared_precision(1)[0] / len(problem.group)
    motion = problem.precision
    pose = motion.new_full((len(mean) - len(motion) - len(shared),), LOOSE)
    prior = torch.diag(torch.cat([pose, motion.diagonal(), shared]))
    prior[len(pose) : -len(shared), len(pose) : -len(shared)] = motion
    by_residual: Tensor = torch.linalg.solve(mean @ mean.mT + prior, mean)
    first = len(pose) + len(motion)
    return by_residual[first : first + problem.head.n_shape] @ problem.whitening.matrix.mT


def _offset_covariance(head: LandmarkHead, precision: Tensor, settings: FitSettings) -> Tensor:
    """(2K + R, 2K + R) of a person's own offset, landmarks' x, then y, m, then readings."""
    own = torch.zeros_like(head.covariance)
    n_flat = 2 * len(head.weight)
    scores = slice(n_flat, n_flat + N_BLENDSHAPES)
    own[scores, scores] = settings.rest_score_noise**2 * head.covariance[scores, scores]
    points = head.mean_points.mT
    near = torch.exp(-0.5 * (torch.cdist(points, points) / settings.variation_reach).square())
    deviation = torch.linalg.inv(precision.double()).diagonal()[3:].sqrt().to(own.dtype)
    moved = (deviation * head.expression.sum(0)[:2]).square().sum(0).sqrt()
    field = settings.action_variation**2 * near * (moved @ moved.mT)
    for rows in (slice(0, n_flat // 2), slice(n_flat // 2, n_flat)):
        own[rows, rows] = field
    return own


@dataclass(frozen=True, slots=True, eq=False)
class Chunks:
    """Frames counted into chunks of shape.

    Attributes:
        number: (T,) chunk of each frame with a face.
        kept: (C,) numbers of the chunks with enough frames.
        middle: (C,) their middles, s.
        seconds: Length of a chunk, s.
    """

    number: IntArray
    kept: IntArray
    middle: FloatArray
    seconds: float

    @classmethod
    def of(cls, seconds: FloatArray, chunk_seconds: float) -> Chunks:
        """The chunks of frames at (T,) times, s."""
        number = np.floor((seconds - seconds[0]) / chunk_seconds).astype(np.int64)
        present, counts = np.unique(number, return_counts=True)
        kept = present[counts >= MIN_CHUNK_SHARE * np.median(counts)]
        return cls(number, kept, seconds[0] + (kept + 0.5) * chunk_seconds, chunk_seconds)

    def blocks(self, block_seconds: float) -> Iterator[tuple[int, int]]:
        """First frame and the one after the last of each block of whole chunks."""
        block = self.number // max(1, round(block_seconds / self.seconds))
        edges = np.flatnonzero(np.diff(block)) + 1
        yield from zip([0, *edges.tolist()], [*edges.tolist(), len(block)], strict=True)


def shape_chunks(
    head: LandmarkHead,
    evidence: ShapeEvidence,
    problem: FaceProblem,
    state: FaceState,
    shared: Tensor,
    number: IntArray,
    chunks: Chunks,
) -> tuple[IntArray, FloatArray]:
    """Chunks of a block and their shapes: one more step, each second with its own.

    From the session's optimum the step of the same solver, its frames grouped by second, leads
    to the second's own optimum: the problem is nearly quadratic there. The errors of the session
    stay as they are.

    Args:
        head: The head at its landmarks, session modes unknown.
        evidence: With which shapes are estimated.
        problem: Of the block's T frames, each by itself.
        state: Their fit.
        shared: (1, S + P) shape and modes of the session.
        number: (T,) the chunk of each frame.
        chunks: All chunks.

    Returns:
        (K,) which of the chunks kept, and their shapes (K, S).
    """
    kept = np.flatnonzero(np.isin(chunks.kept, number))
    frames = np.flatnonzero(np.isin(number, chunks.kept))
    where = torch.as_tensor(frames, device=shared.device)
    group = np.searchsorted(chunks.kept[kept], number[frames])
    head = head.with_session_modes(shared[0])
    shape = shared[:, : head.n_shape].repeat(len(kept), 1)
    start = replace(state.frames(where), shape=shape)
    grouped = problem.only(where, torch.as_tensor(group, device=shared.device))
    grouped = evidence.of(replace(grouped, head=head))
    step = None
    if len(kept):
        evaluation = grouped.evaluate(start)
        equations = grouped.linearise(evaluation, grouped.curvature(evaluation))
        step = arrow_step(equations, grouped.group, CHUNK_DAMPING)
    shapes = shape if step is None else shape + step[1]
    return kept, np.asarray(shapes.cpu().numpy(), np.float32)
