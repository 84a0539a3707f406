"""Levenberg-Marquardt solver for block-arrow least squares; knows nothing of faces.

Many small blocks of unknowns ("frames", n each) are coupled only through few shared ones (m in
each of G groups). The normal equations then have the shape of an arrow,

    [ H_ff  H_fs ] [step_f]     [g_f]
    [ H_sf  H_ss ] [step_s] = - [g_s],     H_ff block-diagonal over the T frames,

and the frames can be eliminated exactly by the Schur complement (Triggs et al. 2000, "Bundle
adjustment", section 6):

    (H_ss - sum_t H_sf H_ff^-1 H_fs) step_s = -(g_s - sum_t H_sf H_ff^-1 g_f).

The damped system is solved by Cholesky factors. A damping that fails is raised tenfold
(Marquardt 1963). Frames may also be coupled to their neighbours, which makes H_ff block-tridiagonal
(chain.py). Bounds are kept by projection (Bertsekas 1982, "Projected Newton methods"): unknowns at
a bound that would rather be beyond it rest, the others take their step as far as their bounds.
Where many would go further, the step of the rest is solved again with theirs known: they would
otherwise pull the others along.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

from facedyn_app.fitting.chain import chain_product, chain_solve
from facedyn_app.progress import OnProgress, Progress, ignore

State = TypeVar("State")

FIRST_DAMPING = 1e-3
LEAST_DAMPING = 1e-7
MOST_DAMPING = 1e6
SETTLED = 0.1
"""After a step that lowered the cost by a smaller share the curvature is kept."""
FEW = 0.01
"""Share of unknowns that may be stopped by their bounds without another solution."""


@dataclass(frozen=True, slots=True, eq=False)
class Curvature:
    """The second derivatives of a cost, but for what couples the frames.

    They change little where a next step is short, and then need not be made anew for it: gradients
    are always the state's own, so the steps lead to the same place.

    Attributes:
        H_ff: (T, n, n) frame blocks.
        H_fs: (T, n, m) frame against shared.
        H_ss: (G, m, m) shared blocks.
    """

    H_ff: Tensor
    H_fs: Tensor
    H_ss: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class NormalEquations:
    """The quadratic model of the cost around a state.

    Attributes:
        H_ff: (T, n, n) frame blocks.
        H_fs: (T, n, m) frame against shared.
        H_ss: (G, m, m) shared blocks.
        g_f: (T, n) gradient of the frames' unknowns.
        g_s: (G, m) gradient of the shared unknowns.
        lowest: (T, n) least step that each unknown may make, 0 or less; -inf without a bound.
        highest: (T, n) largest step, 0 or more.
        coupling: (T - 1, n) precisions of the differences between neighbouring frames' unknowns,
            their share of H_ff and g_f included there; None where frames are independent.
    """

    H_ff: Tensor
    H_fs: Tensor
    H_ss: Tensor
    g_f: Tensor
    g_s: Tensor
    lowest: Tensor
    highest: Tensor
    coupling: Tensor | None = None


class Costed(Protocol):
    """A state as a problem evaluates it, and its cost."""

    @property
    def cost(self) -> Tensor:
        """The whole cost, priors included."""


Evaluation = TypeVar("Evaluation", bound=Costed)


class ArrowProblem(Protocol[State, Evaluation]):
    """A problem as the solver uses it."""

    @property
    def group(self) -> Tensor:
        """(T,) int64: the group of shared unknowns that each frame belongs to."""

    def evaluate(self, state: State) -> Evaluation:
        """A state and its cost, with all that its equations are made from."""

    def curvature(self, evaluation: Evaluation) -> Curvature:
        """The second derivatives there."""

    def linearise(self, evaluation: Evaluation, curvature: Curvature) -> NormalEquations:
        """The normal equations there, with the curvature there or near."""

    def retract(self, state: State, step_f: Tensor, step_s: Tensor) -> State:
        """The state after a step (T, n), (G, m), brought back into its bounds."""


@dataclass(frozen=True, slots=True, eq=False)
class ArrowResult(Generic[State]):
    """Result of the solver.

    Attributes:
        state: The best state found.
        cost: Its cost.
        n_iterations: Steps tried.
        converged: Whether a next step would have lowered the cost by less than the tolerance.
        message: The same in words.
    """

    state: State
    cost: float
    n_iterations: int
    converged: bool
    message: str


def solve_arrow(
    problem: ArrowProblem[State, Evaluation],
    state: State,
    *,
    max_iterations: int,
    tolerance: float,
    on_progress: OnProgress = ignore,
    stage: str = "fitting",
) -> ArrowResult[State]:
    """Minimise a block-arrow least-squares cost.

    Args:
        problem: The problem.
        state: Where to start.
        max_iterations: Most steps tried.
        tolerance: Relative fall of the cost, expected of the next step from the last two, below
            which it has converged.
        on_progress: Called once a step; may raise Cancelled.
        stage: What the reports call the work.

    Returns:
        The best state found; the cost never rises.
    """
    evaluation = problem.evaluate(state)
    cost, damping, last_fall, settled = float(evaluation.cost), FIRST_DAMPING, 0.0, False
    for iteration in range(1, max_iterations + 1):
        on_progress(Progress(stage, iteration, max_iterations))
        if not settled:
            curvature = problem.curvature(evaluation)
        step = arrow_step(problem.linearise(evaluation, curvature), problem.group, damping)
        trial = state if step is None else problem.retract(state, *step)
        trial_evaluation = evaluation if step is None else problem.evaluate(trial)
        trial_cost = float("inf") if step is None else float(trial_evaluation.cost)
        if not trial_cost <= cost:
            damping, settled = damping * 10.0, False
            if damping > MOST_DAMPING:
                return _result(state, cost, iteration, converged=False)
            continue
        fall = (cost - trial_cost) / max(cost, 1e-30)
        settled = fall < SETTLED
        state, cost, evaluation = trial, trial_cost, trial_evaluation
        damping = max(LEAST_DAMPING, damping / 10.0)
        # steps shrink at least geometrically here: what the next would bring is known beforehand
        next_fall, last_fall = fall * min(1.0, fall / max(last_fall, 1e-30)), fall
        if next_fall < tolerance:
            return _result(state, cost, iteration, converged=True)
    return _result(state, cost, max_iterations, converged=False)


def _result(state: State, cost: float, iterations: int, *, converged: bool) -> ArrowResult[State]:
    words = "converged" if converged else "stopped before it converged"
    message = f"The fit {words} after {iterations} steps."
    return ArrowResult(state, cost, iterations, converged, message)


def arrow_step(
    model: NormalEquations, group: Tensor, damping: float
) -> tuple[Tensor, Tensor] | None:
    """The damped step within its bounds, (T, n) and (G, m).

    Returns:
        None where the matrix is not positive definite.
    """
    rests = (model.lowest >= 0) & (model.g_f > 0) | (model.highest <= 0) & (model.g_f < 0)
    step = _solve(_without(model, rests), group, damping)
    if step is None:
        return None
    bounded = step[0].clamp(model.lowest, model.highest)
    stopped = bounded != step[0]
    if float(stopped.sum()) > FEW * stopped.numel():
        given = bounded.where(stopped, 0.0)
        step = _solve(_without(_after(model, group, given), rests | stopped), group, damping)
        if step is None:
            return None
        bounded = (given + step[0]).clamp(model.lowest, model.highest)
    return bounded, step[1]


def shared_covariance(curvature: Curvature, group: Tensor) -> Tensor:
    """(G, m, m) inverse of the Schur complement: the covariance of the shared unknowns.

    The frames' unknowns are marginalised as if none had a bound and no two frames were coupled.

    Args:
        curvature: The second derivatives of the cost, priors included, positive definite.
        group: (T,) the group of each frame.
    """
    H_ff, H_fs, H_ss = (H.double() for H in (curvature.H_ff, curvature.H_fs, curvature.H_ss))
    solved = torch.cholesky_solve(H_fs, torch.linalg.cholesky(H_ff))
    schur = H_ss - _sum_over_frames(H_fs.mT, solved, group, len(H_ss))
    return torch.cholesky_inverse(torch.linalg.cholesky(schur))


def _solve(model: NormalEquations, group: Tensor, damping: float) -> tuple[Tensor, Tensor] | None:
    """The damped step without bounds."""
    H_ff, H_ss = (_damped(H, damping) for H in (model.H_ff, model.H_ss))
    right = torch.cat([model.H_fs, model.g_f.unsqueeze(2)], dim=2)
    solved = _eliminate(H_ff, model.coupling, right)
    if solved is None:
        return None
    eliminated = _sum_over_frames(model.H_fs.mT, solved, group, len(H_ss))
    schur, gradient = H_ss - eliminated[..., :-1], model.g_s - eliminated[..., -1]
    schur_factor, failed = torch.linalg.cholesky_ex(schur)
    if bool(failed.any()):
        return None
    step_s = -torch.cholesky_solve(gradient.unsqueeze(2), schur_factor)
    step_f = -(solved[..., -1:] + solved[..., :-1] @ step_s[group])
    return step_f.squeeze(2), step_s.squeeze(2)


def _damped(H: Tensor, damping: float) -> Tensor:
    H = H.clone()
    torch.diagonal(H, dim1=1, dim2=2).mul_(1.0 + damping)
    return H


def _eliminate(H_ff: Tensor, coupling: Tensor | None, right: Tensor) -> Tensor | None:
    """(T, n, c) of the frames' own system, None where it is not positive definite."""
    if coupling is not None:
        return chain_solve(H_ff, coupling, right)
    factor, failed = torch.linalg.cholesky_ex(H_ff)
    return None if bool(failed.any()) else torch.cholesky_solve(right, factor)


def _after(model: NormalEquations, group: Tensor, given: Tensor) -> NormalEquations:
    """The equations of the further step after some of it, (T, n)."""
    g_f = model.g_f + (model.H_ff @ given.unsqueeze(2)).squeeze(2)
    if model.coupling is not None:
        g_f = g_f + chain_product(model.coupling, given)
    shared_gradient = (model.H_fs.mT @ given.unsqueeze(2)).squeeze(2)
    return replace(model, g_f=g_f, g_s=model.g_s.index_add(0, group, shared_gradient))


def _without(model: NormalEquations, rests: Tensor) -> NormalEquations:
    """The equations of the unknowns that do not rest; rows of those that do become the identity."""
    if not bool(rests.any()):
        return model
    free = (~rests).to(model.g_f.dtype)
    H_ff = (model.H_ff * free.unsqueeze(1)).mul_(free.unsqueeze(2))
    torch.diagonal(H_ff, dim1=1, dim2=2).add_(rests)
    coupling = model.coupling
    return replace(
        model,
        H_ff=H_ff,
        H_fs=model.H_fs * free.unsqueeze(2),
        g_f=model.g_f * free,
        coupling=None if coupling is None else coupling * free[1:] * free[:-1],
    )


def _sum_over_frames(left: Tensor, right: Tensor, group: Tensor, n_groups: int) -> Tensor:
    """(G, a, b): sum over each group's frames of left (T, a, n) @ right (T, n, b)."""
    if n_groups == 1:
        return (left.transpose(0, 1).flatten(1) @ right.flatten(0, 1)).unsqueeze(0)
    total = left.new_zeros(n_groups, left.shape[1], right.shape[2])
    return total.index_add_(0, group, left @ right)
