from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from facedyn_app.fitting.arrow import Curvature, NormalEquations, arrow_step, solve_arrow
from facedyn_app.fitting.landmark_head import pose_landmarks
from facedyn_app.fitting.priors import TemporalPrior, usual_steps
from facedyn_app.fitting.state import FaceState
from facedyn_app.headmodel.model import HeadModel
from tests.fitting.conftest import MadeMotion, made_errors, make_motion


def _elsewhere(motion: MadeMotion) -> FaceState:
    generator = torch.Generator().manual_seed(0)

    def off(like: torch.Tensor, size: float) -> torch.Tensor:
        return like + size * torch.randn(like.shape, generator=generator, dtype=like.dtype)

    truth = motion.truth
    return dataclasses.replace(
        truth,
        translation=off(truth.translation, 0.01),
        jaw=off(truth.jaw, 0.05),
        expression=off(truth.expression, 0.1).clamp(0.05, 0.95),
        shape=off(truth.shape, 0.3),
    )


@pytest.mark.parametrize(
    ("n_groups", "coupled", "scored"), [(1, False, False), (3, False, True), (1, True, True)]
)
def test_gradient_is_that_of_the_cost(
    face_head: HeadModel, n_groups: int, coupled: bool, scored: bool
) -> None:
    errors = made_errors(face_head) if scored else None
    motion = make_motion(face_head, 7, noise_px=1.0, n_groups=n_groups, errors=errors)
    problem, state = motion.problem, _elsewhere(motion)
    if coupled:
        close = torch.tensor([1.0, 1.0, 0.0, 2.0, 1.0, 1.0]).double()
        endless = [torch.full_like(part[0], torch.inf) for part in (state.jaw, state.expression)]
        quick = torch.tensor([9, 11])  # two of the expression
        pace = TemporalPrior(close, usual_steps(problem.settings, *endless), quick)
        problem = dataclasses.replace(problem, temporal=pace)
    look = problem.evaluate(state)
    model = problem.linearise(look, problem.curvature(look))
    n, m, step = model.g_f.shape[1], state.shape.shape[1], 1e-6

    def slope(step_f: torch.Tensor, step_s: torch.Tensor) -> float:
        ahead = problem.cost(problem.retract(state, step * step_f, step * step_s))
        behind = problem.cost(problem.retract(state, -step * step_f, -step * step_s))
        return float(ahead - behind) / (2 * step)

    zero_f, zero_s = torch.zeros(7, n).double(), torch.zeros(n_groups, m).double()
    for k in range(n):
        unit = zero_f.clone()
        unit[4, k] = 1.0
        assert slope(unit, zero_s) == pytest.approx(float(model.g_f[4, k]), rel=1e-4, abs=1e-3)
    for k in range(m):
        unit = zero_s.clone()
        unit[-1, k] = 1.0
        assert slope(zero_f, unit) == pytest.approx(float(model.g_s[-1, k]), rel=1e-4, abs=1e-3)


def test_landmarks_are_the_heads_vertices(face_head: HeadModel) -> None:
    """The landmarks' own forward function against skinning written out vertex by vertex."""
    motion = make_motion(face_head, 3)
    state = motion.truth
    posed = pose_landmarks(
        motion.problem.head, state.shape, motion.problem.group, state.expression, state.jaw
    )
    head, table = face_head, face_head.landmarks
    assert table is not None
    for t in range(3):
        shape, expression = state.shape[0].numpy(), state.expression[t].numpy()
        R = posed.jaw_rotation[t].numpy()
        rest = head.v_template + head.shapedirs @ shape + head.exprdirs @ expression
        joint = head.J_regressor[2] @ rest
        corrected = rest + head.jaw_posedirs @ (R - torch.eye(3).numpy()).ravel()
        turned = (corrected - joint) @ R.T + joint
        skinned = head.weights[:, [1]] * corrected + head.weights[:, [2]] * turned
        expected = (skinned[head.faces[table.face]] * table.bary[..., None]).sum(axis=1).T
        assert posed.points[t].numpy() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n_groups", [1, 3])
def test_elimination_equals_the_dense_solve(face_head: HeadModel, n_groups: int) -> None:
    motion = make_motion(face_head, 9, noise_px=1.0, n_groups=n_groups)
    look = motion.problem.evaluate(_elsewhere(motion))
    model = motion.problem.linearise(look, motion.problem.curvature(look))
    anywhere = torch.full_like(model.g_f, torch.inf)
    model = dataclasses.replace(model, lowest=-anywhere, highest=anywhere)
    step = arrow_step(model, motion.problem.group, 0.01)
    assert step is not None
    T, n, m = model.H_fs.shape
    dense = torch.zeros(T * n + n_groups * m, T * n + n_groups * m).double()
    gradient = torch.cat([model.g_f.flatten(), model.g_s.flatten()])
    for t in range(T):
        rows = slice(t * n, (t + 1) * n)
        first = T * n + int(motion.problem.group[t]) * m
        dense[rows, rows] = model.H_ff[t]
        dense[rows, first : first + m] = model.H_fs[t]
        dense[first : first + m, rows] = model.H_fs[t].T
    for g in range(n_groups):
        block = slice(T * n + g * m, T * n + (g + 1) * m)
        dense[block, block] = model.H_ss[g]
    dense = dense + 0.01 * torch.diag(torch.diagonal(dense))
    expected = -torch.linalg.solve(dense, gradient)
    assert torch.cat([step[0].flatten(), step[1].flatten()]) == pytest.approx(expected, abs=1e-8)


@dataclasses.dataclass(frozen=True)
class _Place:
    state: torch.Tensor
    cost: torch.Tensor


@dataclasses.dataclass(frozen=True)
class _Bowl:
    """Half d H d + g d in two frames of two unknowns each and one shared, d kept in bounds."""

    H: torch.Tensor
    g: torch.Tensor
    lowest: float
    highest: float
    group: torch.Tensor

    def evaluate(self, state: torch.Tensor) -> _Place:
        return _Place(state, 0.5 * state @ self.H @ state + self.g @ state)

    def curvature(self, look: _Place) -> Curvature:
        H = self.H
        frames = torch.stack([H[:2, :2], H[2:4, 2:4]])
        return Curvature(frames, torch.stack([H[:2, 4:], H[2:4, 4:]]), H[None, 4:, 4:])

    def linearise(self, look: _Place, curvature: Curvature) -> NormalEquations:
        g = self.H @ look.state + self.g
        frames = look.state[:4].reshape(2, 2)
        return NormalEquations(
            H_ff=curvature.H_ff,
            H_fs=curvature.H_fs,
            H_ss=curvature.H_ss,
            g_f=g[:4].reshape(2, 2),
            g_s=g[None, 4:],
            lowest=self.lowest - frames,
            highest=self.highest - frames,
        )

    def retract(
        self, state: torch.Tensor, step_f: torch.Tensor, step_s: torch.Tensor
    ) -> torch.Tensor:
        return state + torch.cat([step_f.flatten(), step_s.flatten()])


@pytest.mark.parametrize("seed", range(6))
def test_bounded_steps_lead_to_the_minimum_within_the_bounds(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(5, 5, generator=generator).double()
    H = root @ root.T + 0.5 * torch.eye(5)
    H[:2, 2:4] = H[2:4, :2] = 0.0
    H = H + 2.0 * torch.eye(5)
    g = 3.0 * torch.randn(5, generator=generator).double()
    bowl = _Bowl(H, g, -0.1, 0.2, torch.zeros(2, dtype=torch.int64))
    start = torch.zeros(5).double()
    found = solve_arrow(bowl, start, max_iterations=30, tolerance=1e-12).state
    best = minimize(
        lambda d: 0.5 * d @ H.numpy() @ d + g.numpy() @ d,
        np.zeros(5),
        bounds=[(-0.1, 0.2)] * 4 + [(None, None)],
        method="L-BFGS-B",
        options={"ftol": 1e-14, "gtol": 1e-10},
    )
    assert (np.abs(best.x[:4] + 0.1) < 1e-9).any() or (np.abs(best.x[:4] - 0.2) < 1e-9).any()
    assert found.numpy() == pytest.approx(best.x, abs=1e-5)
