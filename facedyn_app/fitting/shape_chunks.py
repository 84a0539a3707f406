"""Shape chunks: the shape of each second of a recording, estimated by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from facedyn_app.fitting.arrow import arrow_step
from facedyn_app.fitting.fitter import Fitter
from facedyn_app.fitting.residuals import FaceProblem
from facedyn_app.fitting.state import FaceState
from facedyn_app.records import FloatArray, IntArray

CHUNK_DAMPING = 1e-6
MIN_CHUNK_SHARE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Chunks:
    """Frames counted into chunks of shape.

    Attributes:
        number: (T,) chunk of each frame with a face.
        kept: (C,) numbers of the chunks with enough frames.
        middle: (C,) their middles, s.
        seconds: Length of a chunk, s.
    """

    number: IntArray
    kept: IntArray
    middle: FloatArray
    seconds: float

    @classmethod
    def of(cls, seconds: FloatArray, chunk_seconds: float) -> Chunks:
        """The chunks of frames at (T,) times, s."""
        number = np.floor((seconds - seconds[0]) / chunk_seconds).astype(np.int64)
        present, counts = np.unique(number, return_counts=True)
        kept = present[counts >= MIN_CHUNK_SHARE * np.median(counts)]
        return cls(number, kept, seconds[0] + (kept + 0.5) * chunk_seconds, chunk_seconds)

    def blocks(self, block_seconds: float) -> Iterator[tuple[int, int]]:
        """First frame and the one after the last of each block of whole chunks."""
        block = self.number // max(1, round(block_seconds / self.seconds))
        edges = np.flatnonzero(np.diff(block)) + 1
        yield from zip([0, *edges.tolist()], [*edges.tolist(), len(block)], strict=True)


def shape_chunks(
    fitter: Fitter,
    problem: FaceProblem,
    state: FaceState,
    shared: Tensor,
    number: IntArray,
    chunks: Chunks,
) -> tuple[IntArray, FloatArray]:
    """Chunks of a block and their shapes: one more step, each second with its own.

    From the session's optimum the step of the same solver, its frames grouped by second, leads
    to the second's own optimum: the problem is nearly quadratic there. The errors of the session
    stay as they are.

    Args:
        fitter: The head.
        problem: Of the block's T frames, each by itself.
        state: Their fit.
        shared: (1, S + P) shape and modes of the session.
        number: (T,) the chunk of each frame.
        chunks: All chunks.

    Returns:
        (K,) which of the chunks kept, and their shapes (K, S).
    """
    kept = np.flatnonzero(np.isin(chunks.kept, number))
    frames = np.flatnonzero(np.isin(number, chunks.kept))
    where = torch.as_tensor(frames, device=shared.device)
    group = np.searchsorted(chunks.kept[kept], number[frames])
    head = fitter.head.with_session_modes(shared[0])
    shape = shared[:, : head.n_shape].repeat(len(kept), 1)
    start = replace(state.frames(where), shape=shape)
    grouped = problem.only(where, torch.as_tensor(group, device=shared.device))
    grouped = fitter.evidence.of(replace(grouped, head=head))
    step = None
    if len(kept):
        evaluation = grouped.evaluate(start)
        equations = grouped.linearise(evaluation, grouped.curvature(evaluation))
        step = arrow_step(equations, grouped.group, CHUNK_DAMPING)
    shapes = shape if step is None else shape + step[1]
    return kept, np.asarray(shapes.cpu().numpy(), np.float32)
