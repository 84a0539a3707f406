"""Frames of a video: decoded in order, or any of them for the player."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.records import FloatArray, Frame, IntArray, VideoInfo
from facedyn_app.video.source import Source, broken_off, open_video

# A video counts as cut short when this much of its stated duration is missing.
_MISSING_SECONDS = 0.5
_LEAST_STEP = 1e-3
_CACHE_BYTES = 96_000_000


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


class VideoReader:
    """Random access to the frames of a video, numbered as `read_frames` numbers them.

    Opening reads the whole file's time stamps once, without decoding. Steps in either direction
    and playing are quick; a jump decodes from the keyframe before. To be used from one thread
    at a time, and to be closed (a context manager).

    Args:
        path: The file.

    Raises:
        InputError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        with open_video(path) as source:
            self._ticks, self._keys = _time_stamps(source)
        self._source = open_video(path)
        first = next(self._source.frames(), None)
        if first is None or not len(self._ticks):
            self._source.close()
            raise InputError(f"The video '{path}' holds no picture that can be read.")
        self._geometry = self._source.geometry(first)
        self.info: VideoInfo = describe(self._source, first)
        self._cache: OrderedDict[int, av.VideoFrame] = OrderedDict()
        size = first.width * first.height * 3 // 2
        self._cache_length = int(np.clip(_CACHE_BYTES // size, 4, 64))
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._next = len(self._ticks)

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and forget the frames kept."""
        self._cache.clear()
        self._frames = iter(())
        self._source.close()

    @property
    def n_frames(self) -> int:
        """Frames in the video."""
        return len(self._ticks)

    @property
    def seconds(self) -> FloatArray:
        """(T,) presentation time of every frame from the first, s."""
        base = float(self._source.stream.time_base)
        return np.asarray((self._ticks - self._ticks[0]) * base, dtype=np.float64)

    def index_at(self, seconds: float) -> int:
        """Number of the frame that is shown at a time from the first frame, s."""
        index = int(np.searchsorted(self.seconds, seconds + 1e-6, side="right")) - 1
        return min(max(index, 0), self.n_frames - 1)

    def at(self, seconds: float) -> Frame:
        """The frame that is shown at a time from the first frame, s.

        Raises:
            InputError: The frame cannot be decoded.
        """
        return self.frame(self.index_at(seconds))

    def frame(self, index: int) -> Frame:
        """The frame of a number; numbers outside the video give its first or last frame.

        Raises:
            InputError: The frame cannot be decoded.
        """
        index = min(max(index, 0), self.n_frames - 1)
        if index not in self._cache:
            self._decode_to(index)
        shown = self._cache[index]
        self._cache.move_to_end(index)
        return Frame(index, float(self.seconds[index]), self._geometry.upright(shown))

    def _decode_to(self, index: int) -> None:
        """Decode until frame `index` is among the frames kept."""
        key = int(np.searchsorted(self._keys, index, side="right")) - 1
        if not max(self._keys[max(key, 0)], 0) <= self._next <= index:
            self._seek(max(key, 0))
        while not self._take_until(index):
            # An open group of pictures: the frame needs the keyframe before its own.
            key -= 1
            if key < 0:
                raise broken_off(self._source.path, float(self.seconds[index]))
            self._seek(key)

    def _seek(self, key: int) -> None:
        """Go to the keyframe that is number `key` of the keyframes."""
        tick = int(self._ticks[self._keys[key]])
        self._source.container.seek(tick, stream=self._source.stream, backward=True)
        self._frames = self._source.frames()
        self._next = int(self._keys[key])

    def _take_until(self, index: int) -> bool:
        """Decode on until `index` is kept; False where decoding came out behind it."""
        for shown in self._frames:
            found = self._index_of(shown)
            self._keep(found, shown)
            self._next = found + 1
            if found >= index:
                break
        return index in self._cache

    def _index_of(self, shown: av.VideoFrame) -> int:
        """Number of a decoded frame, by its time stamp."""
        if shown.pts is None:
            return min(self._next, self.n_frames - 1)
        return min(int(np.searchsorted(self._ticks, shown.pts)), self.n_frames - 1)

    def _keep(self, index: int, shown: av.VideoFrame) -> None:
        self._cache[index] = shown
        self._cache.move_to_end(index)
        while len(self._cache) > self._cache_length:
            self._cache.popitem(last=False)


def _time_stamps(source: Source) -> tuple[IntArray, IntArray]:
    """Ascending time stamps (T,) of all frames, in the stream's ticks, and keyframe numbers."""
    stamps: list[tuple[int, bool]] = []
    try:
        for packet in source.container.demux(source.stream):
            if packet.size and not packet.is_discard and packet.pts is not None:
                stamps.append((packet.pts, packet.is_keyframe))
    except av.FFmpegError as error:
        raise broken_off(source.path, 0.0) from error
    stamps = sorted(dict(stamps).items())
    ticks = np.array([tick for tick, _ in stamps], dtype=np.int64)
    keys = np.flatnonzero([is_key for _, is_key in stamps])
    return ticks, keys if len(keys) else np.zeros(1, dtype=np.int64)
