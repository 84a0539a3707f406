"""Live fit of the frames as they arrive, for the eye; the session's fit replaces it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.arrow import solve_arrow
from facedyn_app.fitting.fitter import make_fitter
from facedyn_app.fitting.frame_validity import invalid_reasons, usual_sharpness
from facedyn_app.fitting.frames_fit import error_in_px
from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.residuals import FaceProblem
from facedyn_app.fitting.state import FaceState
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FRAME_ARRAYS, FloatArray, IntArray, Landmarks, Motion, PartialFit

FIRST_SHAPE_FRAMES = 25
SHAPE_FRAMES = 100
SHAPE_ITERATIONS = 6
BLOCK_ITERATIONS = 5
TIED_FRAMES = 3
"""Frames before the new ones that are fitted again with them, so that these follow smoothly."""
LIVE_TOLERANCE = 0.05
"""Relative fall of the cost below which the next frame is due rather than another step."""
GAP_SECONDS, JUMP_HEIGHTS = 0.5, 0.5
"""A face that comes again later than this, or so far away, is fitted anew."""
SHARPNESS_FRAMES = 250


class LiveFit:
    """Fits frames in order, one or a few at a time, with a shape from the frames seen so far.

    The shape is estimated twice: from the first 25 frames and from the first 100; in between it is
    taken as known, which makes a frame cheap.

    Args:
        head: The head, its landmarks placed.
        settings: Noise, priors, limits.
        device: "auto", "cpu" or "cuda".
        learner: Where the shape is estimated while frames go on; without one they wait for it.
    """

    def __init__(
        self, head: HeadModel, settings: FitSettings, device: str, learner: Executor | None = None
    ) -> None:
        self._fitter = make_fitter(head, settings, device)
        self._steps = self._fitter.steps()
        shape = self._fitter.head.weight.new_zeros(1, self._fitter.head.n_shared)
        self._set_shape(shape, self._fitter.head.with_shape(shape[0]))
        self._learner = learner
        self._learning: Future[tuple[Tensor, LandmarkHead]] | None = None
        self._bank: list[Landmarks] = []
        self._last: FaceState | None = None
        self._tied: Landmarks | None = None
        self._n_shape_frames = 0
        self._sharpness: deque[float] = deque(maxlen=SHARPNESS_FRAMES)

    def fit(self, landmarks: Landmarks) -> PartialFit:
        """The motion in the next frames.

        Args:
            landmarks: The next frames of one person, in order.
        """
        with torch.inference_mode():  # a tenth quicker where the tensors are as small as here
            return self._fit(landmarks)

    def _fit(self, landmarks: Landmarks) -> PartialFit:
        found = np.flatnonzero(landmarks.found)
        part = _nothing(landmarks, self._fitter.names)
        if len(found) == 0:
            return part
        new = landmarks.only(found)
        self._learn_shape(new)
        before = self._tied if self._tied is not None and _goes_on(self._tied, new) else None
        seen = new if before is None else _join([before, new])
        problem, start = self._fitter.problem(self._known, seen, self._steps)
        if before is not None and self._last is not None:
            # a face moves little in a few frames: begin with what it did last
            same = torch.zeros(len(seen.seconds), dtype=torch.long)
            start = replace(self._last.frames(same), shape=start.shape)
        state = _solve(problem, start, BLOCK_ITERATIONS, LIVE_TOLERANCE)
        self._last = state.frames(slice(-1, None))
        self._tied = seen.only(np.arange(len(seen.seconds))[-TIED_FRAMES:])
        self._take(part, found, new, problem, state)
        return part

    def _take(
        self,
        part: PartialFit,
        found: IntArray,
        new: Landmarks,
        problem: FaceProblem,
        state: FaceState,
    ) -> None:
        """Put the new frames' motion, the last of those that were fitted, into the answer."""
        rows = torch.arange(len(state.jaw))[-len(found) :]
        problem, state = problem.only(rows), state.frames(rows)
        self._sharpness.extend(new.sharpness.tolist())
        usual = usual_sharpness(np.array(self._sharpness))
        error_px = error_in_px(problem, state)
        good = invalid_reasons(new, state, error_px, self._fitter.settings, usual) == 0
        part.motion.valid[found] = good
        for name, values in state.motion().items():
            getattr(part.motion, name)[found[good]] = values[good]

    def _learn_shape(self, new: Landmarks) -> None:
        if self._learning is not None and self._learning.done():
            self._set_shape(*self._learning.result())
            self._learning = None
        if self._n_shape_frames >= SHAPE_FRAMES:
            return
        self._bank.append(new)
        wanted = FIRST_SHAPE_FRAMES if self._n_shape_frames == 0 else SHAPE_FRAMES
        if self._learning is not None or sum(len(p.seconds) for p in self._bank) < wanted:
            return
        learn = partial(self._shape_of, _join(self._bank).only(np.arange(wanted)), self._shape)
        self._n_shape_frames = wanted
        if self._learner is None:
            self._set_shape(*learn())
        else:
            self._learning = self._learner.submit(learn)
        if wanted == SHAPE_FRAMES:
            self._bank.clear()

    def _shape_of(self, landmarks: Landmarks, shape: Tensor) -> tuple[Tensor, LandmarkHead]:
        """(1, S + P) the shape in some frames, sought from another, and the head that has it."""
        fitter = self._fitter.seen_as_in(landmarks)
        problem, start = fitter.shape_problem(landmarks)
        start, tolerance = replace(start, shape=shape), self._fitter.settings.tolerance
        state = _solve(problem, start, SHAPE_ITERATIONS, tolerance)
        return state.shape, self._fitter.evidence.known_head(problem, problem.evaluate(state))

    def _set_shape(self, shape: Tensor, known: LandmarkHead) -> None:
        self._shape, self._known = shape, known


def _solve(problem: FaceProblem, start: FaceState, iterations: int, tolerance: float) -> FaceState:
    return solve_arrow(problem, start, max_iterations=iterations, tolerance=tolerance).state


def _nothing(landmarks: Landmarks, names: tuple[str, ...]) -> PartialFit:
    n_frames = len(landmarks.seconds)

    def blank(width: int) -> FloatArray:
        return np.full((n_frames, width), np.nan, np.float32)

    return PartialFit(
        motion=Motion(
            seconds=landmarks.seconds,
            valid=np.zeros(n_frames, bool),
            names=names,
            expression=blank(len(names)),
            jaw=blank(3),
            rotation=blank(3),
            translation=blank(3),
        ),
        points=landmarks.points[-1],
    )


def _goes_on(before: Landmarks, new: Landmarks) -> bool:
    """Whether a face is still about where it was a moment ago."""
    place, last = (np.median(part, axis=0) for part in (new.points[0], before.points[-1]))
    near = np.linalg.norm(place - last) < JUMP_HEIGHTS * before.face_px[-1]
    return bool(near and new.seconds[0] - before.seconds[-1] < GAP_SECONDS)


def _join(parts: Sequence[Landmarks]) -> Landmarks:
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in FRAME_ARRAYS
    }
    return replace(parts[0], **joined)
