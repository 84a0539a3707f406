"""Random access to the frames of a video, for a player."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import av
import numpy as np

from facedyn_app.records import FloatArray, Frame, VideoInfo
from facedyn_app.settings import VideoSettings
from facedyn_app.video.decode import describe
from facedyn_app.video.index import Index
from facedyn_app.video.packets import ascending, packets
from facedyn_app.video.pictures import Damage, pictures
from facedyn_app.video.source import open_video
from facedyn_app.video.stills import StillsReader
from facedyn_app.video.timing import timing_of

_CACHE_BYTES = 96_000_000
SURE_KEYS = 2
"""A picture is lost when decoding from so many keyframes before its own does not give it."""
START = -1
"""Stands for the file's beginning among the numbers of keyframes."""
NOTHING = -1
"""Stands for no good picture among the numbers of frames: the first one ever decoded is shown."""


class VideoReader:
    """Random access to the frames of a video, numbered as `read_frames` numbers them.

    Opening reads the whole file's time stamps once, without decoding. Steps in either direction
    and playing are quick; a jump decodes from the keyframe before, and where that does not give
    the picture from farther back, at last from the start. A picture that cannot be decoded is
    shown as the last good one. To be used from one thread at a time, and to be closed (a context
    manager).

    Args:
        path: The file.
        settings: How it is read.
        as_shown: Give the pictures as players show them, not as they are measured.

    Attributes:
        info: What the video says of itself.
        seconds: (T,) presentation time of every frame from the first, s.

    Raises:
        InputError: The file cannot be read.
    """

    def __init__(
        self, path: Path, settings: VideoSettings | None = None, *, as_shown: bool = True
    ) -> None:
        self._path, self._settings = path, settings or VideoSettings()
        self._as_shown = as_shown
        with open_video(path, settings) as source:
            self._timing, self._first = timing_of(source)
            self.info: VideoInfo = describe(source, self._timing, self._first)
            self._geometry = source.geometry(self._first)
        self._index = Index.of(path, self._settings, self._timing)
        numbers = np.arange(len(self._index.stamps))
        self.seconds: FloatArray = self._timing.seconds(numbers, self._index.stamps)
        self._source = open_video(path, settings, lenient=self._timing.lenient)
        self._cache: OrderedDict[int, av.VideoFrame] = OrderedDict()
        size = self.info.width * self.info.height * 3 // 2
        self._cache_length = int(np.clip(_CACHE_BYTES // size, 4, 64))
        self._lost: dict[int, int] = {}
        self._run: Iterator[tuple[int, av.VideoFrame | None]] = iter(())
        self._next, self._began, self._good = len(numbers), START, NOTHING

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and forget the frames kept."""
        self._cache.clear()
        self._run = iter(())
        self._source.close()

    @property
    def n_frames(self) -> int:
        """Frames in the video."""
        return len(self._index.stamps)

    def index_at(self, seconds: float) -> int:
        """Number of the frame that is shown at a time from the first frame, s."""
        index = int(np.searchsorted(self.seconds, seconds + 1e-6, side="right")) - 1
        return min(max(index, 0), self.n_frames - 1)

    def at(self, seconds: float) -> Frame:
        """The frame that is shown at a time from the first frame, s.

        Raises:
            InputError: The file cannot be read any more.
        """
        return self.frame(self.index_at(seconds))

    def frame(self, index: int) -> Frame:
        """The frame of a number; numbers outside the video give its first or last frame.

        Raises:
            InputError: The file cannot be read any more.
        """
        index = shown = min(max(index, 0), self.n_frames - 1)
        while shown != NOTHING and shown not in self._cache:
            if shown in self._lost:
                shown = self._lost[shown]
            else:
                self._decode_to(shown)
        picture = self._first
        if shown != NOTHING:
            picture = self._cache[shown]
            self._cache.move_to_end(shown)
        flipped = self._settings.mirrored_pixels and not self._as_shown
        image, zoom = self._geometry.picture(picture, as_shown=self._as_shown, flipped=flipped)
        return Frame(index, float(self.seconds[index]), image, shown != index, zoom)

    def _decode_to(self, index: int) -> None:
        """Decode until frame `index` is among the frames kept, or known to be lost."""
        stamp = int(self._index.stamps[index])
        key = int(np.searchsorted(self._index.keys, stamp, side="right")) - 1
        near = self._index.seekable and key >= 0 and self._index.keys[key] > self._stamp_of_next()
        if self._next <= index and not near and self._take_until(index, key):
            return
        back = 0
        while self._index.seekable and back <= key:
            self._begin(key - back)
            if self._take_until(index, key):
                return
            back = 2 * back or 1
        self._begin(START)
        self._take_until(index, key)

    def _stamp_of_next(self) -> int:
        return int(self._index.stamps[min(self._next, self.n_frames - 1)])

    def _begin(self, key: int) -> None:
        """Go to a keyframe by its number, or to the file's beginning."""
        self._began, self._good = key, NOTHING
        if key != START:
            tick = int(self._index.keys[key])
            try:
                self._source.container.seek(tick, stream=self._source.stream, backward=True)
            except av.FFmpegError:  # not everything that can be opened can be sought in
                self._run, self._next = iter(()), 0
                return
            self._run, self._next = self._from_keyframe(), 0
            return
        self._source.close()
        self._source = open_video(self._path, self._settings, lenient=self._timing.lenient)
        read = pictures(self._source, self._timing)
        self._run, self._next = ((one.number, one.frame) for one in read), 0

    def _from_keyframe(self) -> Iterator[tuple[int, av.VideoFrame | None]]:
        """Pictures by number from the next keyframe on; those that lead up to it are unsure.

        What damage has spoilt is passed over, as what is damaged itself.
        """
        read = packets(self._source)
        key = self._next_keyframe(read)
        if key is None or key.pts is None:
            return
        stamps, damage = self._index.stamps, Damage()
        last = min(int(np.searchsorted(stamps, key.pts)), self.n_frames - 1) - 1
        for stamp, frame in ascending(chain([key], read)):
            number = int(np.searchsorted(stamps, stamp))
            shown = number < self.n_frames and stamps[number] == stamp
            if not shown or stamp < key.pts:
                continue
            seconds = float(self.seconds[number])
            if number > last + 1:
                damage.begin(float(self.seconds[last + 1]))
            if frame is None:
                damage.begin(seconds)
            elif not damage.spoils(frame, seconds):
                yield number, frame
            last = number

    def _next_keyframe(self, read: Iterator[av.Packet]) -> av.Packet | None:
        """Read on to the next keyframe; None where there is none, or it has another stamp here."""
        for packet in read:
            if packet.is_keyframe and packet.pts is not None:
                if not self._index.holds(packet):
                    self._index = Index.from_start(self._index.stamps)
                    return None
                # it may be a later one than was asked for
                self._began = int(np.searchsorted(self._index.keys, packet.pts, side="right")) - 1
                return packet
        return None

    def _take_until(self, index: int, key: int) -> bool:
        """Decode on until `index` is kept or known to be lost; False where it is neither.

        Args:
            index: The wanted frame.
            key: Number of the keyframe before it.
        """
        for number, frame in self._run:
            self._next, before = number + 1, self._good
            if frame is None:
                self._lost[number] = before
            else:
                self._keep(number, frame)
            if number == index:
                return True
            if number > index:
                return self._lose(index, number, before, key)
        self._next = self.n_frames
        return self._lose(index, self.n_frames, self._good, key)

    def _lose(self, first: int, end: int, good: int, key: int) -> bool:
        """Take frames as lost that decoding has passed over; False where it began too late."""
        sure = good != NOTHING and self._began <= key - SURE_KEYS
        if not sure and self._began != START:
            return False
        self._lost.update(dict.fromkeys(range(first, end), good))
        return True

    def _keep(self, number: int, frame: av.VideoFrame) -> None:
        self._good = number
        self._cache[number] = frame
        self._cache.move_to_end(number)
        while len(self._cache) > self._cache_length:
            self._cache.popitem(last=False)


def open_reader(path: Path, settings: VideoSettings | None = None) -> VideoReader | StillsReader:
    """Random access to the frames of a video file or of a folder of numbered stills, as shown.

    Raises:
        InputError: It cannot be read.
    """
    return (StillsReader if path.is_dir() else VideoReader)(path, settings)
