"""A first fit of the frames as they arrive, for the eye; the session's fit replaces it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import roma
import torch

from facedyn_app.fitting.arrow import solve_arrow
from facedyn_app.fitting.fitter import begin_with, make_fitter
from facedyn_app.fitting.residuals import FaceProblem
from facedyn_app.fitting.session_fit import error_in_px
from facedyn_app.fitting.state import FaceState
from facedyn_app.fitting.trust import distrust, usual_sharpness
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, Landmarks, PartialFit
from facedyn_app.settings import FitSettings

FIRST_SHAPE_FRAMES = 25
SHAPE_FRAMES = 100
SHAPE_ITERATIONS = 6
BLOCK_ITERATIONS = 5


class LiveFit:
    """Fits blocks of frames in order, with a shape from the frames seen so far.

    The shape is estimated twice: from the first 25 frames and from 100 spread over the first
    frames after; in between it is taken as known, which makes a block cheap.
    """

    def __init__(self, head: HeadModel, settings: FitSettings, device: str) -> None:
        self._fitter = make_fitter(head, settings, device)
        self._shape = self._fitter.head.weight.new_zeros(1, self._fitter.head.n_shared)
        self._bank: list[Landmarks] = []
        self._last: FaceState | None = None
        self._n_shape_frames = 0

    def fit(self, landmarks: Landmarks) -> PartialFit:
        """The motion in the next frames.

        Args:
            landmarks: The next few frames of one person, in order.
        """
        found = np.flatnonzero(landmarks.found)
        part = _nothing(landmarks, self._fitter.head.n_expression)
        if len(found) == 0:
            return part
        self._learn_shape(landmarks)
        known = self._fitter.head.with_shape(self._shape[0])
        seen = landmarks.only(found)
        problem, start = self._fitter.problem(known, seen, smooth=True)
        if self._last is not None:
            # a face moves little in a few frames: begin with what it did last
            start = begin_with(start, self._last.frames(torch.zeros(len(found), dtype=torch.long)))
        state = self._solve(problem, start, BLOCK_ITERATIONS)
        self._last = state.frames(slice(-1, None))
        error_px = error_in_px(problem, state)
        usual = usual_sharpness(landmarks.sharpness)
        good = distrust(seen, state, error_px, self._fitter.settings, usual) == 0
        part.valid[found] = good
        for target, values in (
            (part.expression, state.expression),
            (part.jaw, state.jaw),
            (part.rotation, roma.rotmat_to_rotvec(state.rotation)),
            (part.translation, state.translation),
        ):
            target[found[good]] = values.cpu().numpy()[good]
        return part

    def _solve(self, problem: FaceProblem, start: FaceState, iterations: int) -> FaceState:
        tolerance = self._fitter.settings.tolerance
        return solve_arrow(problem, start, max_iterations=iterations, tolerance=tolerance).state

    def _learn_shape(self, landmarks: Landmarks) -> None:
        if self._n_shape_frames >= SHAPE_FRAMES:
            return
        self._bank.append(landmarks)
        seen = _join(self._bank)
        found = np.flatnonzero(seen.found)
        wanted = FIRST_SHAPE_FRAMES if self._n_shape_frames == 0 else SHAPE_FRAMES
        if len(found) < wanted:
            return
        first = seen.only(found[:wanted])
        problem, start = self._fitter.problem(self._fitter.head, first, smooth=False)
        start = replace(start, shape=self._shape)
        self._shape = self._solve(problem, start, SHAPE_ITERATIONS).shape
        self._n_shape_frames = wanted


def _nothing(landmarks: Landmarks, n_expression: int) -> PartialFit:
    n_frames = len(landmarks.seconds)

    def blank(width: int) -> FloatArray:
        return np.full((n_frames, width), np.nan, np.float32)

    return PartialFit(
        seconds=landmarks.seconds,
        valid=np.zeros(n_frames, bool),
        expression=blank(n_expression),
        jaw=blank(3),
        rotation=blank(3),
        translation=blank(3),
        points=landmarks.points[-1],
    )


def _join(parts: list[Landmarks]) -> Landmarks:
    return replace(
        parts[0],
        seconds=np.concatenate([part.seconds for part in parts]),
        points=np.concatenate([part.points for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        certainty=np.concatenate([part.certainty for part in parts]),
        sharpness=np.concatenate([part.sharpness for part in parts]),
    )
