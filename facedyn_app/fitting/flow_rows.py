"""Rows of the optical flow: how the landmarks have moved, beside where the network sees them.

What the network sees of a motion is known from rendered faces, and is another in each face
(landmark_errors.py). Optical flow tells how the skin itself has gone since a reference picture,
but not where the landmarks were in it. So once the shape is known, each landmark is there a second
time: at its place on the head, without the network's errors, and with a constant of its own, the
median over frames of the recording, weighted by certainty, of what is measured less what the head
predicts. What it errs by is said in flow_errors.py.

Where the flow is off by more than its noise in a frame, or less sure there than that noise says,
the frames are fitted once more with it at the weight

    w = min(1, noise / |r|) min(1, certainty (noise / flow_noise)^2),

Huber's, by pseudo-observations y = prediction + w (measured - prediction), which leave the
whitening as it is (Huber 1981, Robust Statistics, section 7.8).
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from facedyn_app.fitting.arrow import ArrowResult, solve_arrow
from facedyn_app.fitting.fitter import Fitter
from facedyn_app.fitting.flow_errors import LEAST_CERTAINTY, flow_covariances
from facedyn_app.fitting.landmark_errors import landmark_head
from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.residuals import FaceProblem
from facedyn_app.fitting.state import FaceState
from facedyn_app.fitting.symmetry import symmetric
from facedyn_app.fitting.whitening import CovarianceFactor, make_whitening
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import N_LANDMARKS, Landmarks

FIRST_STEPS = 1
"""Steps before the weights: they hardly change with a further one."""


def has_flow(landmarks: Landmarks) -> bool:
    """Whether the optical flow of a face was measured."""
    return bool(landmarks.flow.shape[1])


def has_flow_rows(head: LandmarkHead) -> bool:
    """Whether a head comes from `with_flow`."""
    return bool((head.index >= N_LANDMARKS).any())


def with_flow(
    fitter: Fitter,
    head: HeadModel,
    known: LandmarkHead,
    shape: Tensor,
    landmarks: Landmarks,
    state: FaceState,
) -> tuple[Fitter, LandmarkHead, FaceState]:
    """A fitter whose landmarks are there twice, and the head of the recording for it.

    Args:
        fitter: The head as the network sees it.
        head: The head itself, its landmarks placed.
        known: The head of the recording, K landmarks: shape and offset known.
        shape: (S,) of the recording.
        landmarks: Frames spread over the recording, with the flow.
        state: Their fit.

    Returns:
        The fitter, the head of the recording with 2K landmarks, and the frames' fit with the flow.
    """
    settings, index = fitter.settings, known.index.cpu().numpy()
    exact = symmetric(landmark_head(head, settings, device=known.weight.device))
    certainty = torch.as_tensor(landmarks.flow_certainty[:, index].mean(axis=0)).to(known.weight)
    errors = flow_covariances(exact, certainty, settings.flow_noise)
    both = _joined(known, exact.with_shape(shape[: exact.n_shape]), *errors)
    blocks = _row_blocks(len(index), len(known.readings.rest), shape.device)
    factor = CovarianceFactor.of(both.covariance, *blocks)
    fitter = replace(fitter, head=both, whitening=make_whitening(both, settings, factor))
    problem, _ = fitter.problem(both, landmarks)
    problem = problem.of(both.with_offset(_constants(problem, state)))
    state = solve_with_flow(problem, state, settings.tolerance).state
    return fitter, problem.head.with_offset(_constants(problem, state)), state


def solve_with_flow(
    problem: FaceProblem, start: FaceState, tolerance: float
) -> ArrowResult[FaceState]:
    """The frames' fit, what the flow says too unlikely counting less.

    Args:
        problem: The frames, of a head from `with_flow`.
        start: Where to start.
        tolerance: Relative fall of the cost below which it has converged.
    """
    most, sureness = problem.settings.max_iterations, _sureness(problem)
    sure = _weighted(problem, start, sureness)
    first = solve_arrow(sure, start, max_iterations=FIRST_STEPS, tolerance=tolerance).state
    weighted = _weighted(problem, first, sureness * _likelihood(problem, first))
    return solve_arrow(weighted, first, max_iterations=most, tolerance=tolerance)


def _joined(
    known: LandmarkHead, exact: LandmarkHead, x_errors: Tensor, y_errors: Tensor
) -> LandmarkHead:
    """The landmarks of a head twice: as the network sees them, then as they are.

    Args:
        known: K landmarks and R readings.
        exact: The same landmarks.
        x_errors: (K, K) covariance of the flow along x, m^2.
        y_errors: (K, K) along y.
    """
    n, n_readings = len(known.weight), len(known.readings.rest)
    blocks = _row_blocks(n, n_readings, x_errors.device)
    covariance = x_errors.new_zeros(4 * n + n_readings, 4 * n + n_readings)
    for rows, part in zip(blocks, (known.covariance, x_errors, y_errors), strict=True):
        covariance[rows[:, None], rows] = part
    by_view = known.by_view.new_zeros(len(covariance), known.by_view.shape[1])
    by_view[blocks[0]] = known.by_view

    def both(name: str) -> Tensor:
        return torch.cat([getattr(known, name), getattr(exact, name)], dim=2)

    return replace(
        known,
        index=torch.cat([known.index, known.index + N_LANDMARKS]),
        weight=torch.cat([known.weight, torch.zeros_like(known.weight)]),
        covariance=covariance,
        mean=both("mean"),
        shape=both("shape"),
        expression=both("expression"),
        pose=both("pose"),
        by_view=by_view,
    )


def _row_blocks(
    n_landmarks: int, n_readings: int, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """Numbers of the rows of a head from `_joined` that err independently of the others.

    What the network sees and reads, the flow along x, and along y.
    """
    rows = torch.arange(4 * n_landmarks + n_readings, device=device)
    x, flow_x, y, flow_y, readings = torch.split(rows, [*4 * (n_landmarks,), n_readings])
    return torch.cat([x, y, readings]), flow_x, flow_y


def _constants(problem: FaceProblem, state: FaceState) -> Tensor:
    """(4K + R,) what is to be added to the head's landmarks so that the flow is right mostly."""
    offset = torch.zeros_like(problem.head.covariance[0])
    certainty = _certainty(problem) + LEAST_CERTAINTY
    for flow, rows in zip(_flow_rows(problem.head), _differences(problem, state), strict=True):
        offset[flow] = -_median(rows, certainty)
    return offset


def _differences(problem: FaceProblem, state: FaceState) -> tuple[Tensor, Tensor]:
    """(T, K) along x, and along y, m, the head's landmarks less where the flow sees them.

    No view changes them, as it does what the network sees.
    """
    rows = torch.cat([view.rows for view in problem.evaluate(state).views])
    x, y = _flow_rows(problem.head)
    return rows[:, x], rows[:, y]


def _weighted(problem: FaceProblem, state: FaceState, weight: Tensor) -> FaceProblem:
    """The problem with the flow's pseudo-observations at a state, of weights (T, K)."""
    points, n = problem.seen.points.clone(), weight.shape[1]
    predicted = problem.reprojection(state)[:, n:]
    points[:, n:] = torch.lerp(predicted, points[:, n:], weight[..., None])
    return replace(problem, seen=replace(problem.seen, points=points))


def _sureness(problem: FaceProblem) -> Tensor:
    """(T, K) min(1, certainty (noise / flow_noise)^2)."""
    usual = (problem.settings.flow_noise / _noise(problem.head)).square()
    return (_certainty(problem) / usual).clamp_max(1.0)


def _likelihood(problem: FaceProblem, state: FaceState) -> Tensor:
    """(T, K) Huber's weights min(1, noise / |r|) at a state."""
    x, y = _differences(problem, state)
    size = torch.sqrt((x.square() + y.square()) / 2)
    return (_noise(problem.head) / size).clamp_max(1.0)


def _noise(head: LandmarkHead) -> Tensor:
    """(K,) deviation of the flow along x, m; along y it is no more."""
    return head.covariance.diagonal()[_flow_rows(head)[0]].sqrt()


def _certainty(problem: FaceProblem) -> Tensor:
    """(T, K) how sure the flow is at the landmarks."""
    n = len(problem.head.weight) // 2
    return problem.seen.certainty[:, problem.head.index[:n]]


def _flow_rows(head: LandmarkHead) -> tuple[slice, slice]:
    """The rows of the flow along x, and along y."""
    n = len(head.weight) // 2
    return slice(n, 2 * n), slice(3 * n, 4 * n)


def _median(values: Tensor, weight: Tensor) -> Tensor:
    """(K,) medians of the columns of (T, K) values, weighted."""
    ordered, place = values.sort(dim=0)
    below = torch.gather(weight, 0, place).cumsum(0)
    middle = (below < 0.5 * below[-1]).sum(0)
    return torch.gather(ordered, 0, middle[None])[0]
