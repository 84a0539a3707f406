"""The skin followed through a recording: its frames aligned with their pictures, a second pass."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import numpy as np
import torch

from facedyn_app.device import use_one_thread
from facedyn_app.fitting.contrast import contrast_pictures
from facedyn_app.fitting.frames_fit import FramesFit, Tracks
from facedyn_app.fitting.image_alignment import align, align_reference
from facedyn_app.fitting.shape_fit import evenly_spread
from facedyn_app.fitting.surface_points import SurfacePoints
from facedyn_app.landmarks import FaceSquares, FaceVideo
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import FloatArray, IntArray

REST_STAGE, SKIN_STAGE = "looking at the face at rest", "following the skin"
MOST_LOOKED_AT = 400
"""Frames among which those at rest are chosen."""
N_REFERENCE = 16
"""Frames at rest of which the person's own contrast is the median."""
REST_PERCENTILE = 25.0
"""Of an activation in the recording: what it is at rest, which is not 0 in every face."""
JAW_WEIGHT, TURN_WEIGHT = 9.0, 4.0
"""Of squared turns of jaw and head, rad, beside the squares of the activations."""
LEAST_SHARPNESS = 0.8
"""Of a frame at rest, of the median over the recording."""


def follow_skin(
    frames: FramesFit,
    points: SurfacePoints,
    pictures: FaceVideo,
    n_threads: int = 1,
    on_progress: OnProgress = ignore,
) -> None:
    """Align all valid frames of a recording that is fitted, in place; two passes over its pictures.

    The shape, which frames are valid and how far the landmarks lie apart stay as they were.

    Args:
        frames: The recording, all its blocks fitted.
        points: Of the skin.
        pictures: Of the face.
        n_threads: Blocks that are aligned at the same time.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        MismatchError: The pictures are no longer those that the landmarks are of.
    """
    valid = np.flatnonzero(frames.tracks.reason == 0)
    if not len(valid):
        return
    at_rest = frames_at_rest(frames.tracks, frames.landmarks.sharpness, valid)
    with closing(pictures.squares(at_rest, REST_STAGE, on_progress)) as blocks:
        shown = list(contrast_pictures(next(blocks), points.area))
    appearances = align_reference(*frames.as_fitted(at_rest, tied=False), points, shown)
    # blocks overlap, and none is fitted to what another has made of their common frames
    given = replace(frames, tracks=frames.tracks.copy())

    def aligned(squares: FaceSquares) -> None:
        fit = given.as_fitted(squares.frames, tied=True)
        state = align(*fit, points, contrast_pictures(squares, points.area), appearances)
        own = torch.arange(squares.own.start, squares.own.stop)
        frames.take(squares.frames[squares.own], state.frames(own))

    pool = ThreadPoolExecutor(n_threads, "skin", use_one_thread)
    pending: deque[Future[None]] = deque()
    try:
        with closing(pictures.squares(valid, SKIN_STAGE, on_progress)) as blocks:
            for squares in blocks:
                pending.append(pool.submit(aligned, squares))
                if len(pending) > n_threads:
                    pending.popleft().result()
        for one in pending:
            one.result()
    finally:
        pool.shutdown(cancel_futures=True)


def frames_at_rest(tracks: Tracks, sharpness: FloatArray, valid: IntArray) -> IntArray:
    """The frames in which a face is most at rest, turned as it usually is, and sharp.

    Args:
        tracks: Fit of the recording.
        sharpness: (T,) of its frames.
        valid: The valid frames.

    Returns:
        At most `N_REFERENCE` of them, ascending.
    """
    looked_at = evenly_spread(valid, MOST_LOOKED_AT)
    expression = tracks.expression[looked_at]
    jaw, turn = tracks.jaw[looked_at], tracks.rotation[looked_at]
    moved = np.square(expression - np.percentile(expression, REST_PERCENTILE, axis=0)).sum(axis=1)
    moved += JAW_WEIGHT * np.square(jaw - np.percentile(jaw, REST_PERCENTILE, axis=0)).sum(axis=1)
    moved += TURN_WEIGHT * np.square(turn - np.median(turn, axis=0)).sum(axis=1)
    blurred = sharpness[looked_at] < LEAST_SHARPNESS * np.median(sharpness[looked_at])
    order = np.lexsort((moved, blurred))
    return np.sort(looked_at[order[:N_REFERENCE]])
