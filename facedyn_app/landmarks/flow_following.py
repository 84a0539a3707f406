"""Optical flow of a face over a recording, measured in a second pass over the pixels, in a file."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
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
    reference, found = reference_frame(track), np.flatnonzero(track.found)
    with closing(_with_face(decode(), track, reference)) as frames:
        _, image = next(frames)
    flow = FaceFlow(image, track.only(np.array([reference])).points[0])

    def measured(image: ByteArray, points: FloatArray) -> FloatArray:
        return flow_row(*flow.measure(image, points))

    file, n_frames = RowFile(FLOW_WIDTH), len(track.row)
    threads = n_workers(torch.device("cpu"))
    with (
        closing(_with_face(decode(), track)) as frames,
        ThreadPoolExecutor(threads, "optical flow") as pool,
    ):
        rows: Iterator[FloatArray] = iter(())
        while block := list(islice(frames, BLOCK_FRAMES)):
            numbers, images = zip(*block, strict=True)
            on_progress(Progress(STAGE, numbers[0], n_frames))
            points = track.only(np.array(numbers)).points
            # a block is measured while the next is decoded
            before, rows = rows, pool.map(measured, images, points)
            _keep(file, before)
        _keep(file, rows)
    row = np.full(n_frames, NOWHERE)
    row[found] = np.arange(len(found))  # they came in order
    return replace(track, flow=StoredFlow(row, file))


def _keep(file: RowFile, rows: Iterator[FloatArray]) -> None:
    """Write rows as soon as they are there."""
    block = list(rows)
    if block:
        file.extend(np.stack(block))


def _with_face(
    frames: Iterable[Frame], track: StoredTrack, first: int = 0
) -> Generator[tuple[int, ByteArray], None, None]:
    """Numbers and pictures of the frames with the face, from one on.

    Raises:
        MismatchError: There are other frames than the track has.
    """
    found, n_frames = track.found, 0
    for number, frame in enumerate(frames):
        n_frames = number + 1
        if first <= number < len(found) and found[number]:
            yield number, frame.image
    if n_frames != len(found):
        raise MismatchError(
            f"The video has {n_frames} frames where {len(found)} were followed: it has changed.",
            "Fit it again.",
        )
