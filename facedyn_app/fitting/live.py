"""A first fit of the frames as they arrive, for the eye; the session's fit replaces it."""

from __future__ import annotations

import dataclasses

import numpy as np
import roma
import torch

from facedyn_app.fitting.arrow import solve_arrow
from facedyn_app.fitting.landmark_head import LandmarkHead, landmark_head
from facedyn_app.fitting.residuals import FaceProblem
from facedyn_app.fitting.session_fit import (
    choose_device,
    error_in_px,
    one_shape_problem,
    trusted,
)
from facedyn_app.fitting.start import start_state
from facedyn_app.fitting.state import FaceState
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
        self._head = landmark_head(head, n_shape=settings.n_shape, device=choose_device(device))
        self._activations = head.activations
        self._settings = settings
        self._shape = self._head.fixed_shape.new_zeros(1, self._head.n_shape)
        self._bank: list[Landmarks] = []
        self._last: FaceState | None = None
        self._n_shape_frames = 0

    def fit(self, landmarks: Landmarks) -> PartialFit:
        """The motion in the next frames.

        Args:
            landmarks: The next few frames of one person, in order.
        """
        found = np.flatnonzero(landmarks.found)
        part = _nothing(landmarks, self._head.n_expression)
        if len(found) == 0:
            return part
        self._learn_shape(landmarks)
        known = self._head.with_shape(self._shape[0])
        problem = self._problem(known, landmarks, found)
        state = self._solve(problem, self._shape[:, :0], BLOCK_ITERATIONS)
        self._last = state.frames(slice(-1, None))
        good = trusted(landmarks, found, state, error_in_px(problem, state), self._settings)
        part.valid[found] = good
        for target, values in (
            (part.expression, state.expression),
            (part.jaw, state.jaw),
            (part.rotation, roma.rotmat_to_rotvec(state.rotation)),
            (part.translation, state.translation),
        ):
            target[found[good]] = values.cpu().numpy()[good]
        return part

    def _problem(self, head: LandmarkHead, landmarks: Landmarks, found: np.ndarray) -> FaceProblem:
        return one_shape_problem(
            head, landmarks, found, self._settings, activations=self._activations
        )

    def _solve(self, problem: FaceProblem, shape: torch.Tensor, iterations: int) -> FaceState:
        start = start_state(problem.head, problem.seen, shape)
        if self._last is not None:
            # a face moves little in a few frames: begin with what it did last
            start = dataclasses.replace(
                start,
                jaw=self._last.jaw.expand_as(start.jaw),
                expression=self._last.expression.expand_as(start.expression),
            )
        tolerance = self._settings.tolerance
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
        problem = self._problem(self._head, seen, found[:wanted])
        self._shape = self._solve(problem, self._shape, SHAPE_ITERATIONS).shape
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
    return dataclasses.replace(
        parts[0],
        seconds=np.concatenate([part.seconds for part in parts]),
        points=np.concatenate([part.points for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
    )
