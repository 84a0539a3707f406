"""Engines that follow a video's faces ahead of who uses them: the bundle's, or MediaPipe's."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from queue import Full, Queue
from threading import Event
from typing import Generic, Protocol, TypeVar

import torch

from facedyn_app.landmarks.faces import FrameFaces
from facedyn_app.landmarks.mediapipe_tracking import MediaPipeTracker
from facedyn_app.landmarks.tracking import FaceTracker
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import Frame, VideoInfo
from facedyn_app.settings import MEDIAPIPE, LandmarkSettings

Item = TypeVar("Item")
_WAIT_SECONDS = 0.1
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


class _Fetcher(Generic[Item]):
    """What the thread does: fetch items into a queue until they end or it is stopped.

    Args:
        items: Where the items come from.
        n_ahead: Most items that wait.
    """

    def __init__(self, items: Iterable[Item], n_ahead: int) -> None:
        self._items = items
        self._stop = Event()
        self.queue: Queue[Item | None] = Queue(n_ahead)

    def stop(self) -> None:
        """Make the thread end soon."""
        self._stop.set()

    def run(self) -> None:
        """Fetch all items, then None as the end's mark."""
        iterator = iter(self._items)
        try:
            for item in iterator:
                self._put(item)
                if self._stop.is_set():
                    break
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()
            self._put(None)

    def _put(self, item: Item | None) -> None:
        while not self._stop.is_set():
            try:
                self.queue.put(item, timeout=_WAIT_SECONDS)
            except Full:
                continue
            return


def read_ahead(items: Iterable[Item], n_ahead: int = 8) -> Generator[Item, None, None]:
    """Pass items on in order while a thread fetches up to `n_ahead` of the next.

    The thread ends with the generator, also when that is closed early. What `items` raises is
    raised here, after the items before it.

    Args:
        items: Where the items come from, none of them None; used in the thread only.
        n_ahead: Most items that wait.
    """
    fetcher = _Fetcher(items, n_ahead)
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        fetching = pool.submit(fetcher.run)
        try:
            while (item := fetcher.queue.get()) is not None:
                yield item
            fetching.result()
        finally:
            fetcher.stop()
