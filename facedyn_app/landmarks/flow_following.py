"""Optical flow of a face over a recording, measured in a second pass over the pixels, in a file."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import islice

import numpy as np
import torch

from facedyn_app.errors import MismatchError
from facedyn_app.landmarks.models import n_workers
from facedyn_app.landmarks.optical_flow import FaceFlow, reference_frame
from facedyn_app.landmarks.track_store import (
    FLOW_WIDTH,
    NOWHERE,
    RowFile,
    StoredFlow,
    StoredTrack,
    flow_row,
)
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import ByteArray, FloatArray, Frame

STAGE = "following the skin"
BLOCK_FRAMES = 16


def follow_skin(
    decode: Callable[[], Iterable[Frame]], track: StoredTrack, on_progress: OnProgress = ignore
) -> StoredTrack:
    """The landmarks of a face with its optical flow in all frames of its video.

    Args:
        decode: Gives the video's T frames in order, from the first; called twice.
        track: The face's landmarks in them.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        MismatchError: There are other frames than before.
        OutputError: The system's folder for temporary files cannot be written.
    """
    reference = reference_frame(track)
    with closing(_with_face(decode(), track, reference)) as frames:
        flow = FaceFlow(*next(frames)[1:])

    def measured(image: ByteArray, points: FloatArray) -> FloatArray:
        return flow_row(*flow.measure(image, points))

    row, file, n_frames = np.full(len(track.seconds), NOWHERE), RowFile(FLOW_WIDTH), len(track.row)
    threads = n_workers(torch.device("cpu"))
    with (
        closing(_with_face(decode(), track)) as frames,
        ThreadPoolExecutor(threads, "optical flow") as pool,
    ):
        while block := list(islice(frames, BLOCK_FRAMES)):
            numbers, images, points = zip(*block, strict=True)
            on_progress(Progress(STAGE, numbers[0], n_frames))
            first = file.extend(np.stack(list(pool.map(measured, images, points))))
            row[list(numbers)] = first + np.arange(len(block))
    return replace(track, flow=StoredFlow(reference, row, file))


def _with_face(
    frames: Iterable[Frame], track: StoredTrack, first: int = 0
) -> Generator[tuple[int, ByteArray, FloatArray], None, None]:
    """Numbers, pictures and landmarks (L, 2), px, of the frames with the face, from one on.

    Raises:
        MismatchError: There are other frames than the track has.
    """
    found, n_frames = track.found, 0
    for number, frame in enumerate(frames):
        n_frames = number + 1
        if number < first or n_frames > len(found) or not found[number]:
            continue
        yield number, frame.image, track.only(np.array([number])).points[0]
    if n_frames != len(found):
        raise MismatchError(
            f"The video has {n_frames} frames where {len(found)} were followed: it has changed.",
            "Fit it again.",
        )
