"""Engines that follow the faces of a video: the bundle's networks, or MediaPipe's own graph."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager, closing
from typing import Protocol

import torch

from facedyn_app.landmarks.faces import FrameFaces
from facedyn_app.landmarks.mediapipe_tracking import MediaPipeTracker
from facedyn_app.landmarks.read_ahead import read_ahead
from facedyn_app.landmarks.tracking import FaceTracker
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import Frame, VideoInfo
from facedyn_app.settings import MEDIAPIPE, LandmarkSettings

# Frames measured together, in bounded memory for large pictures.
_LEAST_BLOCK, _BLOCK_BYTES = 8, 256 << 20


class Tracker(AbstractContextManager["Tracker"], Protocol):
    """Follows the faces of one video, each with a number of its own; may be used in any thread.

    Attributes:
        n_at_once: Frames that are worth giving it together.
    """

    n_at_once: int

    def track(self, frames: Sequence[Frame]) -> list[FrameFaces]:
        """Find the faces of the next frames.

        Args:
            frames: A block of frames, `n_at_once` or fewer; frames come in order of time.
        """

    def close(self) -> None:
        """End the threads."""


def open_tracker(
    settings: LandmarkSettings | None = None, device: torch.device | None = None
) -> Tracker:
    """The tracker of the engine that the settings name.

    Args:
        settings: The engine and what it is to do.
        device: Where the bundle's networks compute; MediaPipe's graph is on the processor always.

    Raises:
        InputError: The model is missing or damaged, or the engine cannot be used.
    """
    settings = settings or LandmarkSettings()
    if settings.engine == MEDIAPIPE:
        return MediaPipeTracker(settings)
    return FaceTracker(settings, device)


def track_faces(
    frames: Iterable[Frame],
    info: VideoInfo,
    settings: LandmarkSettings | None = None,
    on_progress: OnProgress = ignore,
    device: torch.device | None = None,
) -> Generator[FrameFaces, None, None]:
    """Find and follow the faces in a video's frames, in bounded memory.

    One thread decodes a few frames ahead, others find the faces a block ahead of the caller's own
    work. Whoever stops early closes the generator (`contextlib.closing`), which ends the threads.

    Args:
        frames: The frames in order, such as `read_frames` gives them.
        info: What the video says of itself.
        settings: The engine, confidences, the most faces at a time, the mean with the mirrored
            picture.
        on_progress: Told of every frame; stage "landmarks".
        device: Where to compute; a GPU where there is one, if not given.

    Yields:
        Every frame with its faces.

    Raises:
        InputError: The frames cannot be read, the model is missing, or the engine cannot be used.
    """
    with (
        open_tracker(settings, device) as tracker,
        closing(read_ahead(frames)) as decoded,
        closing(_blocks(decoded, tracker, info)) as blocks,
        closing(read_ahead(blocks, n_ahead=1)) as waiting,
    ):
        for block in waiting:
            for found in block:
                yield found
                on_progress(Progress("landmarks", found.frame.index + 1, info.n_frames))


def _blocks(
    frames: Iterable[Frame], tracker: Tracker, info: VideoInfo
) -> Generator[list[FrameFaces], None, None]:
    """The frames with their faces, a block at a time."""
    fitting = _BLOCK_BYTES // max(1, 3 * info.width * info.height)
    n = max(_LEAST_BLOCK, min(tracker.n_at_once, fitting))
    block: list[Frame] = []
    for frame in frames:
        block.append(frame)
        if len(block) == n:
            yield tracker.track(block)
            block = []
    if block:
        yield tracker.track(block)
