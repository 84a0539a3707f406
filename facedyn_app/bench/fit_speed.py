"""Speed and least cost of the fit, beside Adam over the batch and scipy frame by frame."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import roma
import torch
from scipy.optimize import least_squares
from torch import Tensor

from facedyn_app.bench.cases import Case, Take
from facedyn_app.bench.rendered_truth import simulated_landmarks
from facedyn_app.bench.speed import Speed, device_name, devices, timed
from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.arrow import solve_arrow
from facedyn_app.fitting.fitter import Fitter, make_fitter
from facedyn_app.fitting.landmark_head import pose_landmarks
from facedyn_app.fitting.residuals import FaceProblem
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.fitting.shape_fit import ShapeFit, fit_shape
from facedyn_app.fitting.state import FaceState
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import FloatArray, HeadFit, Landmarks

N_SHAPE, N_EXPRESSION = 100, 50
SECONDS, QUICK_SECONDS = 24.0, 3.0
WARM_UP = Case(Take.TALK, seconds=2.0)
N_SCIPY_FRAMES, MOST_SCIPY_STEPS, ADAM_STEPS, ADAM_RATE = 2, 30, 250, 0.02
CONVERGED_STEPS, CONVERGED_TOLERANCE = 100, 1e-9
WAVE_PER_M, FIELD_M, WIDE_SEED = 40.0, 0.001, 20261


def measure_fit_speed(
    head: HeadModel, settings: FitSettings, *, quick: bool, on_progress: OnProgress = ignore
) -> tuple[Speed, ...]:
    """The program's fit on every device, Adam over the batch, and scipy frame by frame.

    All minimise the same residuals. How far the cost is above the fully converged one is given for
    the program of its frames, shape and the person's own offset known, and for Adam, which has no
    such offset, of frames and shape together.

    Args:
        head: The head; directions are added or left out until it has 100 and 50.
        settings: Of the fit.
        quick: Whether the film is short.
        on_progress: Told of every part; may raise Cancelled.
    """
    wide = wide_head(head, N_SHAPE, N_EXPRESSION)
    film = Case(Take.ACTIONS, seconds=QUICK_SECONDS if quick else SECONDS)
    landmarks = simulated_landmarks(wide, film)
    found: list[Speed] = []
    for device in devices():
        on_progress(Progress(f"fitting on {device}", len(found), 2 + 2 * len(devices())))
        fitter, shape = _shape(wide, landmarks, settings, device)
        found.append(_own(wide, landmarks, fitter, shape, device))
        found.append(_adam(*_whole(fitter, landmarks, shape), device, on_progress))
    on_progress(Progress("scipy", len(found), len(found) + 1))
    found.append(_scipy(wide, landmarks, settings, 1 if quick else N_SCIPY_FRAMES))
    return tuple(found)


def _own(
    head: HeadModel, landmarks: Landmarks, fitter: Fitter, shape: ShapeFit, device: str
) -> Speed:
    """The whole fit of a session, chunks of shape included, and the cost of its frames."""
    settings = fitter.settings
    fit_session(head, simulated_landmarks(head, WARM_UP), settings, device=device)
    fits: list[HeadFit] = []
    seconds = timed(lambda: fits.append(fit_session(head, landmarks, settings, device=device)))
    problem, start = fitter.problem(shape.known, landmarks, fitter.steps(shape.joint.state))
    state = _state_of(fits[0], start)
    excess = 100 * (float(problem.cost(state)) / _least_cost(problem, state) - 1)
    n_frames = len(landmarks.seconds)
    return Speed("the program", device_name(device), n_frames, seconds, True, excess)


def _whole(fitter: Fitter, landmarks: Landmarks, shape: ShapeFit) -> tuple[FaceProblem, FaceState]:
    """All frames and the shape as one problem, coupled as in a session, and where to start."""
    return fitter.problem(fitter.head, landmarks, fitter.steps(shape.joint.state))


def _shape(
    head: HeadModel, landmarks: Landmarks, settings: FitSettings, device: str
) -> tuple[Fitter, ShapeFit]:
    fitter = make_fitter(head, settings, device)
    return fitter, fit_shape(fitter, landmarks, np.flatnonzero(landmarks.found))


def _least_cost(problem: FaceProblem, state: FaceState) -> float:
    result = solve_arrow(
        problem, state, max_iterations=CONVERGED_STEPS, tolerance=CONVERGED_TOLERANCE
    )
    return result.cost


def _state_of(fit: HeadFit, start: FaceState) -> FaceState:
    """The frames of a fit in place of those of a start; frames that were not trusted rest."""

    def tensor(values: FloatArray) -> Tensor:
        return torch.as_tensor(np.nan_to_num(values)).to(start.jaw)

    return FaceState(
        rotation=roma.rotvec_to_rotmat(tensor(fit.motion.rotation)),
        translation=tensor(fit.motion.translation),
        jaw=tensor(fit.motion.jaw),
        expression=tensor(fit.motion.expression),
        shape=start.shape,
    )


def _adam(problem: FaceProblem, start: FaceState, device: str, on_progress: OnProgress) -> Speed:
    """Adam on the same cost, every frame and the shape at once, from the same start."""
    unknowns = [
        roma.rotmat_to_rotvec(start.rotation), start.translation, start.jaw,
        start.expression, start.shape,
    ]  # fmt: skip
    unknowns = [one.clone().requires_grad_() for one in unknowns]
    rates = (0.2, 0.2, 0.5, 1.0, 2.0)
    groups = [
        {"params": [one], "lr": rate * ADAM_RATE} for one, rate in zip(unknowns, rates, strict=True)
    ]
    optimiser = torch.optim.Adam(groups)
    began = time.perf_counter()
    for step in range(ADAM_STEPS):
        on_progress(Progress(f"Adam on {device}", step, ADAM_STEPS))
        optimiser.zero_grad()
        torch.autograd.backward(problem.cost(_as_state(unknowns)))
        optimiser.step()
        with torch.no_grad():
            unknowns[3].clamp_(0.0, problem.settings.most_activation)
    seconds = time.perf_counter() - began
    state = _as_state([one.detach() for one in unknowns])
    excess = 100 * (float(problem.cost(state)) / _least_cost(problem, state) - 1)
    words = f"{ADAM_STEPS} steps of Adam over the batch"
    return Speed(words, device_name(device), len(problem.group), seconds, False, excess)


def _as_state(unknowns: list[Tensor]) -> FaceState:
    rotation, translation, jaw, expression, shape = unknowns
    return FaceState(roma.rotvec_to_rotmat(rotation), translation, jaw, expression, shape)


def _scipy(head: HeadModel, landmarks: Landmarks, settings: FitSettings, n_frames: int) -> Speed:
    """Least squares of scipy, a frame at a time, with the shape of its own and numeric slopes."""
    step = max(1, len(landmarks.seconds) // n_frames)
    frames = np.arange(0, len(landmarks.seconds), step)[:n_frames]
    fitter, shape = _shape(head, landmarks, settings, "cpu")
    problem, start = _whole(fitter, landmarks, shape)
    seconds = timed(lambda: [_one_frame(problem, start, int(frame), settings) for frame in frames])
    words = "scipy least_squares, frame by frame"
    return Speed(words, device_name("cpu"), len(frames), seconds)


def _one_frame(
    problem: FaceProblem, start: FaceState, frame: int, settings: FitSettings
) -> FloatArray:
    """The unknowns of one frame: turn, shift, jaw, expression, shape."""
    small, like = problem.head, problem.seen.points
    seen, face_px = like[frame].numpy(), float(problem.seen.face_px[frame])
    weight = small.weight.sqrt().numpy()[:, None] / (settings.landmark_noise * face_px)
    sd = np.concatenate(
        [settings.jaw_sd, np.full(small.n_expression, settings.expression_sd),
         np.full(small.n_shape, settings.shape_sd)]
    )  # fmt: skip
    group = torch.zeros(1, dtype=torch.int64)
    sizes = [3, 3, 3, small.n_expression, small.n_shape]
    facing = torch.tensor([1.0, -1.0, -1.0])

    def residuals(unknowns: FloatArray) -> FloatArray:
        values = torch.as_tensor(unknowns, dtype=like.dtype)[None]
        turn, shift, jaw, expression, shape = torch.split(values, sizes, dim=1)
        points = pose_landmarks(small, shape, group, expression, jaw).points.mT
        camera = points @ roma.rotvec_to_rotmat(turn).mT * facing + shift
        image = problem.seen.focal_px * camera[0, :, :2] / camera[0, :, 2:]
        return np.concatenate([((image.numpy() - seen) * weight).ravel(), unknowns[6:] / sd])

    first = np.zeros(sum(sizes))
    first[:3] = roma.rotmat_to_rotvec(start.rotation[frame]).numpy()
    first[3:6] = start.translation[frame].numpy()
    ways = {"diff_step": 1e-3, "ftol": 1e-4, "max_nfev": MOST_SCIPY_STEPS}
    return np.asarray(least_squares(residuals, first, **ways).x)


def wide_head(head: HeadModel, n_shape: int, n_expression: int) -> HeadModel:
    """The head with exactly so many directions: its own first, then smooth waves.

    Args:
        head: The head.
        n_shape: S.
        n_expression: E.
    """
    rng = np.random.default_rng(WIDE_SEED)
    shape = _filled_up(head.shapedirs, n_shape, np.asarray(head.v_template), rng)
    expression = _filled_up(head.exprdirs, n_expression, np.asarray(head.v_template), rng)
    own = head.expression_names[:n_expression]
    waves = [f"wave{k}" for k in range(n_expression - len(own))]
    return replace(
        head,
        head_id=f"{head.head_id} with {n_shape} shapes and {n_expression} expressions",
        shapedirs=shape,
        exprdirs=expression,
        expression_names=(*own, *waves),
        sha256=None,
    )


def _filled_up(
    directions: FloatArray, n: int, points: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """(V, 3, n) the directions, as many as wanted, and waves of a millimetre behind them."""
    kept = np.asarray(directions)[:, :, :n]
    missing = n - kept.shape[2]
    wave = WAVE_PER_M * rng.normal(size=(missing, 3))
    phase = rng.uniform(0, 2 * np.pi, missing)
    way = rng.normal(size=(3, missing))
    fields = np.sin(points @ wave.T + phase)[:, None] * (FIELD_M * way)
    return np.concatenate([kept, fields], axis=2).astype(np.float32)
