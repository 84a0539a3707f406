"""Fit of a recording's frames with its shape known: in blocks that do not depend on each other."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.arrow import ArrowResult, solve_arrow
from facedyn_app.fitting.fitter import Fitter
from facedyn_app.fitting.frame_validity import invalid_reasons, reason_code, usual_sharpness
from facedyn_app.fitting.gaze import (
    Eyes,
    eye_openings,
    gaze_angles,
    head_eyes,
    symmetric_eyes,
)
from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.residuals import FaceProblem
from facedyn_app.fitting.shape_evidence import Chunks, shape_chunks
from facedyn_app.fitting.shape_fit import ShapeFit
from facedyn_app.fitting.state import FRAME_UNKNOWNS, FaceState, interpolated_state
from facedyn_app.fitting.symmetry import head_mirror
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import ByteArray, FaceTrack, FloatArray, IntArray, Landmarks

MARGIN_FRAMES = 12
FRAMES_TOLERANCE = 0.15
"""Of the shape's tolerance: with the shape known, steps are cheap and shrink slowly."""


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
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
    def empty(cls, landmarks: FaceTrack, head: LandmarkHead) -> Tracks:
        """Those of a recording of which nothing is fitted yet."""
        n_frames = len(landmarks.seconds)

        def blank(*width: int) -> FloatArray:
            return np.full((n_frames, *width), np.nan, np.float32)

        reason = np.full(n_frames, reason_code("no face"), np.uint8)
        motion = (blank(head.n_expression), blank(3), blank(3), blank(3), blank(2, 2))
        return cls(*motion, blank(2), blank(), reason)

    def copy(self) -> Tracks:
        """The same in arrays of their own."""
        return Tracks(**{one.name: getattr(self, one.name).copy() for one in fields(self)})

    def take(
        self, frames: IntArray, state: FaceState, error_px: FloatArray, reason: ByteArray
    ) -> None:
        """Keep the fit of some frames."""
        self.error_px[frames] = error_px
        self.reason[frames] = reason
        good = reason == 0
        self.keep(frames[good], state.frames(torch.as_tensor(np.flatnonzero(good))))

    def keep(self, frames: IntArray, state: FaceState) -> None:
        """Keep the fit of some frames that are trusted."""
        for name, values in state.motion().items():
            getattr(self, name)[frames] = values

    def state(self, frames: IntArray, shape: Tensor) -> FaceState:
        """What is kept of some frames, with a shape."""
        return FaceState.of({name: getattr(self, name)[frames] for name in FRAME_UNKNOWNS}, shape)


@dataclass(frozen=True, slots=True, eq=False)
class FramesFit:
    """A recording of which the shape is known, and the fit of its frames; blocks in any order.

    Attributes:
        fitter: The head, its shape unknown.
        landmarks: Landmarks of the recording.
        found: (F,) the frames with a face.
        shape: The recording's shape.
        chunks: Into which these frames are counted.
        tracks: Of all frames, NaN where no block has been fitted yet.
        shapes: (C, S) of the chunks, likewise.
        focal_px: Focal length, px.
    """

    fitter: Fitter
    landmarks: FaceTrack
    found: IntArray
    shape: ShapeFit
    chunks: Chunks
    tracks: Tracks
    shapes: FloatArray
    focal_px: float
    _eyes: Eyes | None
    _usual: float
    _steps: Tensor
    _before: FaceState
    _sampled: FaceState

    @classmethod
    def of(
        cls,
        fitter: Fitter,
        head: HeadModel,
        landmarks: FaceTrack,
        found: IntArray,
        shape: ShapeFit,
    ) -> FramesFit:
        """Get ready: frames spread over the recording tell where the others start."""
        known, joint, settings = shape.known, shape.joint, fitter.settings
        chunks = Chunks.of(landmarks.seconds[found], settings.chunk_seconds)
        shapes = np.full((len(chunks.kept), fitter.head.n_shape), np.nan, np.float32)
        spread = landmarks.only(shape.frames)
        sample, before = fitter.problem(known, spread)
        # the shape's evidence leaves expressions freer than they are in a frame
        sampled = _solve(sample, replace(joint.state, shape=before.shape), settings).state
        return cls(
            fitter=fitter,
            landmarks=landmarks,
            found=found,
            shape=shape,
            chunks=chunks,
            tracks=Tracks.empty(landmarks, fitter.head),
            shapes=shapes,
            focal_px=sample.seen.focal_px,
            _eyes=_eyes_of(head, fitter, known),
            _usual=usual_sharpness(landmarks.sharpness),
            _steps=fitter.steps(sampled),
            _before=before,
            _sampled=sampled,
        )

    def fit(self, first: int, last: int) -> bool:
        """Fit the frames of a block of whole chunks, and their chunks; whether they converged.

        Args:
            first: First of the frames found.
            last: The one after the last.
        """
        rows = slice(max(0, first - MARGIN_FRAMES), last + MARGIN_FRAMES)
        frames, own = self.found[first:last], slice(first - rows.start, last - rows.start)
        part = self.landmarks.only(self.found[rows])
        problem, start = self.fitter.problem(self.shape.known, part, self._steps)
        place = _place(self.shape.frames, self.found[rows])
        start = interpolated_state(start, place, self._before, self._sampled)
        result = _solve(problem, start, self.fitter.settings)
        error_px = error_in_px(problem, result.state)
        reason = invalid_reasons(part, result.state, error_px, self.fitter.settings, self._usual)
        inner = torch.arange(own.start, own.stop)
        self.tracks.take(frames, result.state.frames(inner), error_px[own], reason[own])
        self._look(frames, part.only(np.asarray(inner)), result.state.frames(inner))
        which, values = shape_chunks(
            self.fitter.head,
            self.fitter.evidence,
            problem.only(inner),
            result.state.frames(inner),
            self.shape.joint.state.shape,
            self.chunks.number[first:last],
            self.chunks,
        )
        self.shapes[which] = values
        return result.converged

    def as_fitted(self, frames: IntArray, *, tied: bool) -> tuple[FaceProblem, FaceState]:
        """The problem of some frames and their fit; all of them are valid.

        Args:
            frames: Their numbers, ascending.
            tied: Whether they follow each other, or are fitted each for itself.
        """
        steps = self._steps if tied else None
        problem, start = self.fitter.problem(self.shape.known, self.landmarks.only(frames), steps)
        return problem, self.tracks.state(frames, start.shape)

    def take(self, frames: IntArray, state: FaceState) -> None:
        """Keep another fit of some frames, all of them valid."""
        self.tracks.keep(frames, state)
        self._look(frames, self.landmarks.only(frames), state)

    def _look(self, frames: IntArray, part: Landmarks, state: FaceState) -> None:
        """Where the eyes look in some frames."""
        if self._eyes is not None:
            whole = replace(state, shape=self.shape.joint.state.shape)
            self.tracks.gaze[frames] = gaze_angles(self._eyes, part, whole, self.focal_px)
            self.tracks.openings[frames] = eye_openings(part.points)


def error_in_px(problem: FaceProblem, state: FaceState) -> FloatArray:
    """(T,) weighted mean distance of the measured landmarks from the head's, px."""
    x, y = (problem.reprojection(state) - problem.seen.points).unbind(2)
    distance = torch.hypot(x, y)
    weight = problem.head.weight / problem.head.weight.sum()
    return np.asarray((distance @ weight).cpu().numpy(), np.float32)


def _solve(problem: FaceProblem, start: FaceState, settings: FitSettings) -> ArrowResult[FaceState]:
    tolerance = FRAMES_TOLERANCE * settings.tolerance
    most = settings.max_iterations
    return solve_arrow(problem, start, max_iterations=most, tolerance=tolerance)


def _eyes_of(head: HeadModel, fitter: Fitter, known: LandmarkHead) -> Eyes | None:
    """The head's eyes, left and right alike where it is symmetric."""
    eyes, mirror = head_eyes(head, known.weight), head_mirror(fitter.head)
    return eyes if eyes is None or mirror is None else symmetric_eyes(eyes, mirror)


def _place(frames: IntArray, wanted: IntArray) -> Tensor:
    """(T,) where the wanted frames lie among some N frames, ascending; 0..N - 1."""
    return torch.as_tensor(np.interp(wanted, frames, np.arange(len(frames))))
