"""Landmarks of one recording to a HeadFit: one shape, every frame, and the shape of each second."""

from __future__ import annotations

import dataclasses

import numpy as np
import roma
import torch
from torch import Tensor

from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.fitting.arrow import ArrowResult, arrow_step, solve_arrow
from facedyn_app.fitting.landmark_head import LandmarkHead, landmark_head
from facedyn_app.fitting.residuals import FaceProblem
from facedyn_app.fitting.start import start_state
from facedyn_app.fitting.state import FaceState, observe
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import Report, ignore
from facedyn_app.records import BoolArray, FloatArray, HeadFit, Landmarks
from facedyn_app.settings import FitSettings

MIN_FRAMES = 3
CHUNK_DAMPING = 1e-6
MIN_CHUNK_SHARE = 0.5


def choose_device(name: str) -> torch.device:
    """The device of a name of "auto", "cpu" or "cuda".

    Raises:
        InputError: CUDA was asked for and there is none, or the name is another.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise InputError(f"There is no device '{name}'.", "Use auto, cpu or cuda.")
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise InputError("No CUDA device was found on this machine.", "Use --device cpu or auto.")
    return torch.device("cuda" if has_cuda and name != "cpu" else "cpu")


def fit_session(
    head: HeadModel,
    landmarks: Landmarks,
    settings: FitSettings,
    *,
    device: str = "auto",
    report: Report = ignore,
) -> HeadFit:
    """Fit a head to the landmarks of one person's recording (METHOD section 3).

    Args:
        head: The head, its landmarks placed.
        landmarks: Landmarks of T frames.
        settings: Noise, priors, limits.
        device: "auto", "cpu" or "cuda".
        report: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The head has no landmark table, or the device is not there.
        TooLittleError: Fewer than three frames have a face.
    """
    found = np.flatnonzero(landmarks.found)
    if len(found) < MIN_FRAMES:
        raise TooLittleError(
            f"A face was found in {len(found)} of {len(landmarks.seconds)} frames: too few to fit.",
            "Use a video in which a face is seen from the front, at least 50 px high.",
        )
    place = choose_device(device)
    small = landmark_head(head, n_shape=settings.n_shape, device=place)
    problem = one_shape_problem(small, landmarks, found, settings, activations=head.activations)
    result = solve_arrow(
        problem,
        start_state(small, problem.seen, small.fixed_shape.new_zeros(1, small.n_shape)),
        max_iterations=settings.max_iterations,
        tolerance=settings.tolerance,
        report=report,
    )
    error_px = error_in_px(problem, result.state)
    chunk_seconds, chunks = _shape_chunks(problem, result.state, landmarks.seconds[found], settings)
    valid = trusted(landmarks, found, result.state, error_px, settings)
    return _gather(landmarks, found, valid, result, error_px, chunk_seconds, chunks, problem)


def one_shape_problem(
    head: LandmarkHead,
    landmarks: Landmarks,
    frames: np.ndarray,
    settings: FitSettings,
    *,
    activations: bool,
) -> FaceProblem:
    """The problem of frames that all have the same shape.

    Args:
        head: The head at its landmarks.
        landmarks: Landmarks of a recording.
        frames: (T,) the frames to fit; all must have a face.
        settings: Noise and priors.
        activations: Whether expression coefficients are bounded to 0..1.
    """
    seen = observe(head, landmarks, frames, settings)
    group = torch.zeros(len(frames), dtype=torch.int64, device=seen.points.device)
    return FaceProblem(head, seen, group, settings, activations)


def error_in_px(problem: FaceProblem, state: FaceState) -> FloatArray:
    """(T,) weighted mean distance of the measured landmarks from the head's, px."""
    distance = (problem.reprojection(state) - problem.seen.points).norm(dim=2)
    weight = problem.head.weight / problem.head.weight.sum()
    return np.asarray((distance @ weight).cpu().numpy(), np.float32)


def _shape_chunks(
    problem: FaceProblem, state: FaceState, seconds: FloatArray, settings: FitSettings
) -> tuple[FloatArray, FloatArray]:
    """(C,) middles and (C, S) shapes: one more step, in which each second has its own shape.

    From the session's optimum the step of the same solver, its frames grouped by second, leads
    to the second's own optimum: the problem is nearly quadratic there.
    """
    number = np.floor((seconds - seconds[0]) / settings.chunk_seconds).astype(np.int64)
    counts = np.bincount(number)
    usual = np.median(counts[counts > 0])
    kept = np.flatnonzero(counts >= MIN_CHUNK_SHARE * usual)
    frames = np.flatnonzero(np.isin(number, kept))
    where = torch.as_tensor(frames, device=state.jaw.device)
    group = torch.as_tensor(np.searchsorted(kept, number[frames]), device=state.jaw.device)
    start = dataclasses.replace(state.frames(where), shape=state.shape.repeat(len(kept), 1))
    model = problem.only(where, group).linearise(start)
    step = arrow_step(model, group, CHUNK_DAMPING)
    shapes = start.shape if step is None else start.shape + step[1]
    middles = seconds[0] + (kept + 0.5) * settings.chunk_seconds
    return middles, np.asarray(shapes.cpu().numpy(), np.float32)


def trusted(
    landmarks: Landmarks,
    found: np.ndarray,
    state: FaceState,
    error_px: FloatArray,
    settings: FitSettings,
) -> BoolArray:
    """(T,) bool: frames fitted well, not turned too far away and large enough.

    Args:
        landmarks: Landmarks of the recording.
        found: The T frames that were fitted.
        state: Their fit.
        error_px: (T,) their landmark error, px.
        settings: The limits.
    """
    face_px = landmarks.face_px[found]
    # how far the face's own z axis is turned from the camera
    turn_deg = np.degrees(np.arccos(np.clip(state.rotation[:, 2, 2].cpu().numpy(), -1.0, 1.0)))
    return np.asarray(
        (error_px <= settings.max_error_share * face_px)
        & (turn_deg <= settings.max_yaw_deg)
        & (face_px >= settings.min_face_px)
    )


def _gather(
    landmarks: Landmarks,
    found: np.ndarray,
    valid: BoolArray,
    result: ArrowResult[FaceState],
    error_px: FloatArray,
    chunk_seconds: FloatArray,
    chunks: FloatArray,
    problem: FaceProblem,
) -> HeadFit:
    n_frames = len(landmarks.seconds)
    state = result.state

    def spread(values: Tensor) -> FloatArray:
        out = np.full((n_frames, values.shape[1]), np.nan, np.float32)
        out[found[valid]] = values.cpu().numpy()[valid]
        return out

    all_valid, all_error = np.zeros(n_frames, bool), np.full(n_frames, np.nan, np.float32)
    all_valid[found[valid]], all_error[found] = True, error_px
    return HeadFit(
        seconds=landmarks.seconds,
        valid=all_valid,
        expression=spread(state.expression),
        jaw=spread(state.jaw),
        rotation=spread(roma.rotmat_to_rotvec(state.rotation)),
        translation=spread(state.translation),
        shape=np.asarray(state.shape[0].cpu().numpy(), np.float32),
        shape_chunks=chunks,
        shape_chunk_seconds=chunk_seconds,
        error_px=all_error,
        face_px=landmarks.face_px.astype(np.float32),
        focal_px=problem.seen.focal_px,
        converged=result.converged,
        n_iterations=result.n_iterations,
    )
