"""Fit of a recording's landmarks: one shape, every frame, and the shape of each second.

The shape and the session's landmark errors are estimated together with the frames, from frames
spread over the recording. With them known, all frames are fitted in blocks of whole seconds, so
that the memory does not grow with the recording, each block with a margin of its neighbours'
frames, which ties it to them as if it had been fitted with them. Several threads each take a
block; within one torch computes alone, so that the digits do not depend on how many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from torch import Tensor

from facedyn_app.device import one_thread, use_one_thread
from facedyn_app.errors import TooLittleError
from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.fitter import Fitter, make_fitter
from facedyn_app.fitting.focal import estimate_focal, with_focal
from facedyn_app.fitting.frames_fit import FramesFit
from facedyn_app.fitting.gaze import joint_gaze
from facedyn_app.fitting.shape_fit import evenly_spread, fit_shape
from facedyn_app.fitting.skin_following import follow_skin
from facedyn_app.fitting.surface_points import SurfacePoints, surface_points
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import FaceVideo
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import FaceTrack, HeadFit, Motion

MIN_FRAMES = 3
BLOCK_SECONDS = 16.0
FOCAL_FRAMES = 30
MOST_THREADS = 2
"""Each takes some 170 MiB of memory."""
FRAMES_STAGE = "fitting"


def fit_session(
    head: HeadModel,
    landmarks: FaceTrack,
    settings: FitSettings,
    *,
    device: str = "auto",
    fitter: Fitter | None = None,
    pictures: FaceVideo | None = None,
    skin: Callable[[HeadModel, Tensor], SurfacePoints] = surface_points,
    on_progress: OnProgress = ignore,
) -> HeadFit:
    """Fit a head to the landmarks of one person's recording.

    Args:
        head: The head, its landmarks placed.
        landmarks: Landmarks of T frames, of which a block a thread is in memory at a time.
        settings: Noise, priors, limits.
        device: "auto", "cpu" or "cuda".
        fitter: Of this head, settings and device, where there is one; None makes it.
        pictures: Of the face, to follow its skin as well; None fits the landmarks alone.
        skin: Gives the points of the skin, of the head and the person's shape (S,).
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The head has no landmark table, or the device is not there.
        TooLittleError: Fewer than three frames have a face.
        MismatchError: The pictures are no longer those that the landmarks are of.
    """
    found = np.flatnonzero(landmarks.found)
    if len(found) < MIN_FRAMES:
        raise TooLittleError(
            f"A face was found in {len(found)} of {len(landmarks.seconds)} frames: too few to fit.",
            "Use a video in which a face is seen from the front, at least 50 px high.",
        )
    with one_thread() as n_threads:
        fitter = fitter or make_fitter(head, settings, device)
        spread = landmarks.only(evenly_spread(found, FOCAL_FRAMES))
        focal = estimate_focal(fitter, spread, on_progress)
        fitter = with_focal(fitter, focal).seen_as_in(spread)
        shape = fit_shape(fitter, landmarks, found, on_progress)
        frames = FramesFit.of(fitter, head, landmarks, found, shape)
        on_processor = fitter.head.weight.device.type == "cpu"
        n_at_once = min(n_threads, MOST_THREADS) if on_processor else 1
        converged = _fit_blocks(frames, n_at_once, on_progress)
        if pictures is not None:
            points = skin(head, shape.joint.state.shape[0, : head.n_shape])
            follow_skin(frames, points, pictures, n_at_once, on_progress)
    fit = _gather(frames, shape.joint.converged and converged)
    return replace(fit, focal_log_sd=focal.log_sd if focal.is_known(settings) else None)


def _fit_blocks(frames: FramesFit, n_threads: int, on_progress: OnProgress) -> bool:
    """Fit all blocks, a few at a time; whether all have converged."""
    pool = ThreadPoolExecutor(n_threads, "fit", use_one_thread)
    converged = True
    try:
        blocks = list(frames.chunks.blocks(BLOCK_SECONDS))
        fits = [pool.submit(frames.fit, *block) for block in blocks]
        for (first, _), fit in zip(blocks, fits, strict=True):
            on_progress(Progress(FRAMES_STAGE, first, len(frames.found)))
            converged = fit.result() and converged
    finally:
        pool.shutdown(cancel_futures=True)
    return converged


def _gather(frames: FramesFit, converged: bool) -> HeadFit:
    landmarks, tracks, joint = frames.landmarks, frames.tracks, frames.shape.joint
    trusted = np.where((tracks.reason == 0)[:, None, None], tracks.gaze, np.float32(np.nan))
    gaze = joint_gaze(trusted, tracks.openings)
    n_shape = frames.shapes.shape[1]
    return HeadFit(
        motion=Motion(
            seconds=landmarks.seconds,
            valid=tracks.reason == 0,
            names=frames.fitter.names,
            expression=tracks.expression,
            jaw=tracks.jaw,
            rotation=tracks.rotation,
            translation=tracks.translation,
            gaze=None if np.isnan(gaze).all() else gaze,
        ),
        shape=np.asarray(joint.state.shape[0, :n_shape].cpu().numpy(), np.float32),
        shape_chunks=frames.shapes,
        shape_chunk_seconds=frames.chunks.middle,
        error_px=tracks.error_px,
        face_px=landmarks.face_px.astype(np.float32),
        focal_px=frames.focal_px,
        converged=converged,
        n_iterations=joint.n_iterations,
        invalid_reason=tracks.reason,
        shape_certainty=frames.shape.certainty,
    )
