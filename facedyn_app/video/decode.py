"""Decoding of a video: its properties, and its frames one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av

from facedyn_app.errors import InputError
from facedyn_app.records import Frame, VideoInfo
from facedyn_app.video.source import Source, broken_off, open_video

# A video counts as cut short when this much of its stated duration is missing.
_MISSING_SECONDS = 0.5
_LEAST_STEP = 1e-3


class FrameClock:
    """Presentation times from the first frame, s, always growing.

    Args:
        fps: Rate taken for frames without a time stamp.
    """

    def __init__(self, fps: float) -> None:
        self._step = 1.0 / fps
        self._origin: float | None = None
        self._last = 0.0

    def seconds(self, frame: av.VideoFrame) -> float:
        """Time of the next frame from the first, s."""
        if self._origin is None:
            self._origin = frame.time or 0.0
            return 0.0
        now = self._last + self._step if frame.time is None else frame.time - self._origin
        self._last = max(now, self._last + _LEAST_STEP)
        return self._last


def _no_frames(path: Path) -> InputError:
    return InputError(
        f"The video '{path}' holds no picture that can be read.", "Copy or export the video again."
    )


def describe(source: Source, first: av.VideoFrame) -> VideoInfo:
    """What an open video says of itself; `first` is its first picture."""
    width, height = source.geometry(first).size
    fps, seconds = source.fps, source.seconds
    n_frames = source.stream.frames or None
    if n_frames is None and seconds is not None:
        n_frames = max(1, round(seconds * fps))
    simulated, when = source.simulated, source.recorded_at
    return VideoInfo(source.path, width, height, fps, n_frames, seconds, simulated, when)


def probe_video(path: Path) -> VideoInfo:
    """Read what a video says of itself, and decode its first frame.

    A still picture is a video of one frame.

    Raises:
        InputError: The file is missing, no video, or holds no picture that can be read.
    """
    with open_video(path) as source:
        first = next(source.frames(), None)
        if first is None:
            raise _no_frames(source.path)
        return describe(source, first)


def read_frames(path: Path) -> Iterator[Frame]:
    """Decode a video frame by frame, in memory that does not grow with its length.

    Pictures are upright (the rotation that phones record is applied) with square pixels; times
    are the true ones, from the first frame, also where the rate varies.

    Args:
        path: The file.

    Yields:
        The frames in order.

    Raises:
        InputError: The file cannot be read, or breaks off: then after the last good frame.
    """
    with open_video(path) as source:
        clock, geometry = FrameClock(source.fps), None
        seconds, end = 0.0, 0.0
        for index, frame in enumerate(source.frames()):
            geometry = geometry or source.geometry(frame)
            seconds = clock.seconds(frame)
            length = float(frame.duration * frame.time_base) if frame.duration else 0.0
            end = seconds + max(length, 1.0 / source.fps)
            yield Frame(index, seconds, geometry.upright(frame))
        if geometry is None:
            raise _no_frames(source.path)
        if source.seconds is not None and end < source.seconds - _MISSING_SECONDS:
            raise broken_off(source.path, seconds)
