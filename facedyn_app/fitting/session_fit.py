"""Fit of a recording's landmarks: one shape, every frame, and the shape of each second.

The shape and the session's landmark errors are estimated together with the frames, from frames
spread over the recording. With them known, all frames are fitted in blocks of whole seconds, so
that the memory does not grow with the recording, each block with a margin of its neighbours'
frames, which ties it to them as if it had been fitted with them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from facedyn_app.errors import TooLittleError
from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.arrow import ArrowResult, solve_arrow
from facedyn_app.fitting.fitter import Fitter, make_fitter
from facedyn_app.fitting.flow_rows import has_flow, has_flow_rows, solve_with_flow, with_flow
from facedyn_app.fitting.focal import estimate_focal, with_focal
from facedyn_app.fitting.frame_validity import invalid_reasons, reason_code, usual_sharpness
from facedyn_app.fitting.gaze import (
    Eyes,
    eye_openings,
    gaze_angles,
    head_eyes,
    joint_gaze,
    symmetric_eyes,
)
from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.residuals import FaceProblem
from facedyn_app.fitting.shape_evidence import Chunks, shape_certainty, shape_chunks
from facedyn_app.fitting.state import FaceState, interpolated_state
from facedyn_app.fitting.symmetry import head_mirror
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import (
    ByteArray,
    FaceTrack,
    FloatArray,
    HeadFit,
    IntArray,
    Motion,
    ShapeCertainty,
)

MIN_FRAMES = 3
BLOCK_SECONDS = 16.0
MARGIN_FRAMES = 12
FOCAL_FRAMES = 30
FRAMES_TOLERANCE = 0.15
"""Of the shape's tolerance: with the shape known, steps are cheap and shrink slowly."""
SHAPE_STAGE, FRAMES_STAGE = "fitting the shape", "fitting"


def fit_session(
    head: HeadModel,
    landmarks: FaceTrack,
    settings: FitSettings,
    *,
    device: str = "auto",
    on_progress: OnProgress = ignore,
) -> HeadFit:
    """Fit a head to the landmarks of one person's recording.

    Args:
        head: The head, its landmarks placed.
        landmarks: Landmarks of T frames, of which a block is in memory at a time.
        settings: Noise, priors, limits.
        device: "auto", "cpu" or "cuda".
        on_progress: Called several times a second; may raise Cancelled.

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
    fitter = make_fitter(head, settings, device)
    focal = estimate_focal(fitter, landmarks.only(_evenly_spread(found, FOCAL_FRAMES)), on_progress)
    fitter = with_focal(fitter, focal)
    shape_fit = fit_shape(fitter, landmarks, found, on_progress)
    sampled, joint, known = shape_fit.frames, shape_fit.joint, shape_fit.known
    chunks = Chunks.of(landmarks.seconds[found], settings.chunk_seconds)
    shapes = np.full((len(chunks.kept), fitter.head.n_shape), np.nan, np.float32)
    tracks = _Tracks.empty(landmarks, fitter.head)
    eyes = _eyes(head, fitter, known)
    sample, before = fitter.problem(known, landmarks.only(sampled))
    # the shape's evidence leaves expressions freer than they are in a frame
    fitted = _solve(sample, replace(joint.state, shape=before.shape), settings).state
    flow = has_flow(landmarks.only(sampled[:1]))
    of_frames, with_constants = fitter, known
    if flow:
        of_frames, with_constants, fitted = with_flow(
            fitter, head, known, joint.state.shape[0], landmarks.only(sampled), fitted
        )
    steps = fitter.steps(fitted)
    converged, usual = joint.converged, usual_sharpness(landmarks.sharpness)
    for first, last in chunks.blocks(BLOCK_SECONDS):
        on_progress(Progress(FRAMES_STAGE, first, len(found)))
        rows = slice(max(0, first - MARGIN_FRAMES), last + MARGIN_FRAMES)
        part = landmarks.only(found[rows])
        problem, start = of_frames.problem(with_constants, part, steps)
        start = interpolated_state(start, _place(sampled, found[rows]), before, fitted)
        result = _solve(problem, start, settings)
        converged = converged and result.converged
        own = torch.arange(first, last) - rows.start
        inner = own.numpy()
        error_px = error_in_px(problem, result.state)
        reason = invalid_reasons(part, result.state, error_px, settings, usual)
        state = result.state.frames(own)
        tracks.take(found[first:last], state, error_px[inner], reason[inner])
        if eyes is not None:
            whole = replace(result.state, shape=joint.state.shape)
            angles = gaze_angles(eyes, part, whole, problem.seen.focal_px)
            tracks.gaze[found[first:last]] = angles[inner]
            tracks.openings[found[first:last]] = eye_openings(part.points[inner])
        number = chunks.number[first:last]
        if flow:  # it tells nothing of the shape
            problem, _ = fitter.problem(known, part)
        which, values = shape_chunks(
            fitter.head,
            fitter.evidence,
            problem.only(own),
            state,
            joint.state.shape,
            number,
            chunks,
        )
        shapes[which] = values
    fit = _gather(
        fitter.names, landmarks, tracks, joint, problem.seen.focal_px, chunks, shapes, converged
    )
    focal_log_sd = focal.log_sd if focal.is_known(settings) else None
    return replace(fit, focal_log_sd=focal_log_sd, shape_certainty=shape_fit.certainty)


@dataclass(frozen=True, slots=True, eq=False)
class ShapeFit:
    """The shape of a recording, estimated together with frames spread over it.

    Attributes:
        frames: (N,) the frames that were used.
        joint: Their fit and the shape.
        known: The head with that shape and the person's own offset.
        certainty: How sure the shape is.
    """

    frames: IntArray
    joint: ArrowResult[FaceState]
    known: LandmarkHead
    certainty: ShapeCertainty


def fit_shape(
    fitter: Fitter, landmarks: FaceTrack, found: IntArray, on_progress: OnProgress = ignore
) -> ShapeFit:
    """The shape of a recording.

    Args:
        fitter: The head.
        landmarks: Landmarks of the recording.
        found: The frames with a face.
        on_progress: Called once a step; may raise Cancelled.
    """
    frames = _evenly_spread(found, fitter.settings.most_shape_frames)
    problem, start = fitter.shape_problem(landmarks.only(frames))
    joint = solve_arrow(
        problem,
        start,
        max_iterations=fitter.settings.max_iterations,
        tolerance=fitter.settings.tolerance,
        on_progress=on_progress,
        stage=SHAPE_STAGE,
    )
    evaluation, evidence = problem.evaluate(joint.state), fitter.evidence
    known = evidence.known_head(problem, evaluation)
    return ShapeFit(frames, joint, known, shape_certainty(problem, evaluation, evidence))


def _evenly_spread(found: IntArray, most: int) -> IntArray:
    """Some of the frames, evenly over the recording."""
    step = max(1.0, len(found) / most)
    return np.asarray(found[np.floor(np.arange(0, len(found) - 1e-6, step)).astype(np.int64)])


def error_in_px(problem: FaceProblem, state: FaceState) -> FloatArray:
    """(T,) weighted mean distance of the measured landmarks from the head's, px."""
    x, y = (problem.reprojection(state) - problem.seen.points).unbind(2)
    distance = torch.hypot(x, y)
    weight = problem.head.weight / problem.head.weight.sum()
    return np.asarray((distance @ weight).cpu().numpy(), np.float32)


def _solve(problem: FaceProblem, start: FaceState, settings: FitSettings) -> ArrowResult[FaceState]:
    tolerance = FRAMES_TOLERANCE * settings.tolerance
    if has_flow_rows(problem.head):
        return solve_with_flow(problem, start, tolerance)
    most = settings.max_iterations
    return solve_arrow(problem, start, max_iterations=most, tolerance=tolerance)


def _eyes(head: HeadModel, fitter: Fitter, known: LandmarkHead) -> Eyes | None:
    """The head's eyes, left and right alike where it is symmetric."""
    eyes, mirror = head_eyes(head, known.weight), head_mirror(fitter.head)
    return eyes if eyes is None or mirror is None else symmetric_eyes(eyes, mirror)


def _place(frames: IntArray, wanted: IntArray) -> Tensor:
    """(T,) where the wanted frames lie among some N frames, ascending; 0..N - 1."""
    return torch.as_tensor(np.interp(wanted, frames, np.arange(len(frames))))


@dataclass(frozen=True, slots=True, eq=False)
class _Tracks:
    """The arrays of a HeadFit, filled block by block; NaN in frames that are not trusted."""

    expression: FloatArray
    jaw: FloatArray
    rotation: FloatArray
    translation: FloatArray
    gaze: FloatArray
    openings: FloatArray
    error_px: FloatArray
    reason: ByteArray

    @classmethod
    def empty(cls, landmarks: FaceTrack, head: LandmarkHead) -> _Tracks:
        n_frames = len(landmarks.seconds)

        def blank(*width: int) -> FloatArray:
            return np.full((n_frames, *width), np.nan, np.float32)

        reason = np.full(n_frames, reason_code("no face"), np.uint8)
        motion = (blank(head.n_expression), blank(3), blank(3), blank(3), blank(2, 2))
        return cls(*motion, blank(2), blank(), reason)

    def take(
        self, frames: IntArray, state: FaceState, error_px: FloatArray, reason: ByteArray
    ) -> None:
        """Keep the fit of some frames."""
        self.error_px[frames] = error_px
        self.reason[frames] = reason
        good = reason == 0
        for name, values in state.motion().items():
            getattr(self, name)[frames[good]] = values[good]


def _gather(
    names: tuple[str, ...],
    landmarks: FaceTrack,
    tracks: _Tracks,
    joint: ArrowResult[FaceState],
    focal_px: float,
    chunks: Chunks,
    shapes: FloatArray,
    converged: bool,
) -> HeadFit:
    n_shape = shapes.shape[1]
    trusted = np.where((tracks.reason == 0)[:, None, None], tracks.gaze, np.float32(np.nan))
    gaze = joint_gaze(trusted, tracks.openings)
    return HeadFit(
        motion=Motion(
            seconds=landmarks.seconds,
            valid=tracks.reason == 0,
            names=names,
            expression=tracks.expression,
            jaw=tracks.jaw,
            rotation=tracks.rotation,
            translation=tracks.translation,
            gaze=None if np.isnan(gaze).all() else gaze,
        ),
        shape=np.asarray(joint.state.shape[0, :n_shape].cpu().numpy(), np.float32),
        shape_chunks=shapes,
        shape_chunk_seconds=chunks.middle,
        error_px=tracks.error_px,
        face_px=landmarks.face_px.astype(np.float32),
        focal_px=focal_px,
        converged=converged,
        n_iterations=joint.n_iterations,
        invalid_reason=tracks.reason,
    )
