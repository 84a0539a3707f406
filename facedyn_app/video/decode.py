"""Decoding of a video: its properties, and its frames one after the other."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av

from facedyn_app.errors import InputError
from facedyn_app.records import BoolArray, ByteArray, FloatArray, Frame, VideoInfo
from facedyn_app.settings import VideoSettings
from facedyn_app.video.geometry import Geometry
from facedyn_app.video.pictures import pictures
from facedyn_app.video.source import Source, open_video
from facedyn_app.video.stills import Stills, open_stills, still_frames
from facedyn_app.video.timing import Rule, Timing, as_asked, timing_of

MISSING_SECONDS = 0.5
"""A video counts as cut short when this much of its stated duration is missing."""


def describe(source: Source, timing: Timing, first: av.VideoFrame) -> VideoInfo:
    """What an open video says of itself; `first` is its first picture."""
    geometry = source.geometry(first)
    n_frames = source.stream.frames or None
    seconds = None if timing.even else source.seconds
    if timing.rule is Rule.EVEN and n_frames is not None:
        seconds = n_frames / timing.fps
    if n_frames is None and seconds is not None:
        n_frames = max(1, round(seconds * timing.fps))
    mirrored = geometry.orientation.mirrored
    return VideoInfo(
        path=source.path,
        width=geometry.width,
        height=geometry.height,
        fps=timing.fps,
        n_frames=n_frames,
        seconds=seconds,
        simulated=source.simulated,
        recorded_at=source.recorded_at,
        mirrored=mirrored != source.settings.mirrored_pixels,
        stream=source.film if source.n_films > 1 else None,
        films=source.films,
        fps_assumed=timing.assumed,
        notes=tuple(_notes(source, timing, mirrored=mirrored)),
    )


def _notes(source: Source, timing: Timing, *, mirrored: bool) -> list[str]:
    notes = []
    if source.n_films > 1:
        size = source.stream.codec_context
        notes.append(
            f"The file holds {source.n_films} films: number {source.film} is taken "
            f"({size.width} x {size.height}; the first is number 0)."
        )
    rate = f"{timing.fps:g} frames/s"
    if source.settings.fps > 0:
        notes.append(as_asked(timing.fps))
    elif timing.even:
        given = f"{rate} are assumed" if timing.assumed else f"the stated {rate} are taken"
        notes.append(f"The file has no true times: even steps at {given}.")
    if mirrored:
        notes.append("The file asks to be shown mirrored: left and right are the person's.")
    if source.settings.mirrored_pixels:
        notes.append("Taken as recorded mirrored: left and right are exchanged back.")
    return notes


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """What the first pictures of a video file tell of the others."""

    timing: Timing
    geometry: Geometry
    is_photograph: bool


@dataclass(frozen=True, slots=True, eq=False)
class ProbedVideo:
    """What the first pictures of a video tell: all that is needed to decode it from its beginning.

    Attributes:
        info: What the video says of itself.
        settings: How it is read.
    """

    info: VideoInfo
    settings: VideoSettings
    _pictures: _File | Stills
    _stamp: tuple[int, int]

    @classmethod
    def of(cls, path: Path, settings: VideoSettings | None = None) -> ProbedVideo:
        """Open a video, or a folder of numbered stills, and decode the first pictures.

        Raises:
            InputError: It is missing, no video, a single photograph, or holds no picture that can
                be read.
        """
        probed = cls._opened(path, settings)
        if isinstance(probed._pictures, _File) and probed._pictures.is_photograph:
            raise InputError(
                f"'{path}' is a single photograph: motion is measured in a video, or in a folder "
                "of numbered stills with their rate (--fps).",
            )
        return probed

    @classmethod
    def _opened(cls, path: Path, settings: VideoSettings | None) -> ProbedVideo:
        if path.is_dir():
            stamp, stills = _file_stamp(path), open_stills(path, settings)
            return cls(stills.info, stills.settings, stills, stamp)
        with open_video(path, settings) as source:
            stamp = _file_stamp(source.path)
            timing, first = timing_of(source)
            info = describe(source, timing, first)
            file = _File(timing, source.geometry(first), source.is_photograph)
        return cls(info, source.settings, file, stamp)

    @property
    def is_current(self) -> bool:
        """Whether the file is still the one that was probed."""
        try:
            return _file_stamp(self.info.path) == self._stamp
        except OSError:
            return False

    def frames(self, *, as_shown: bool = False) -> Generator[Frame, None, None]:
        """The frames in order, as `read_frames` gives them.

        Raises:
            InputError: The file cannot be read any more.
        """
        if isinstance(self._pictures, Stills):
            yield from still_frames(self._pictures, as_shown=as_shown)
            return
        flipped = self.settings.mirrored_pixels and not as_shown
        draw = partial(self._pictures.geometry.picture, as_shown=as_shown, flipped=flipped)
        drawn: tuple[ByteArray, float] | None = None
        timing = self._pictures.timing
        with open_video(self.info.path, self.settings, lenient=timing.lenient) as source:
            for picture in pictures(source, timing):
                if picture.frame is not None:
                    drawn = draw(picture.frame)
                elif drawn is None:
                    drawn = draw(self._first_picture())
                image, zoom = drawn
                yield Frame(picture.number, picture.seconds, image, picture.frame is None, zoom)

    def _first_picture(self) -> av.VideoFrame:
        """What stands for damaged pictures before the first good one."""
        with open_video(self.info.path, self.settings) as source:
            return timing_of(source)[1]


def _file_stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def probe_video(path: Path, settings: VideoSettings | None = None) -> VideoInfo:
    """Read what a video says of itself, and decode its first frames.

    A folder of numbered stills is a video.

    Raises:
        InputError: The file is missing, no video, a single photograph, or holds no picture that
            can be read.
    """
    return ProbedVideo.of(path, settings).info


def read_frames(
    path: Path, settings: VideoSettings | None = None, *, as_shown: bool = False
) -> Generator[Frame, None, None]:
    """Decode a video frame by frame, in memory that does not grow with its length.

    Pictures are upright (the rotation that phones record is applied) with square pixels; left and
    right are the person's. Times are the true ones, from the first frame, also where the rate
    varies. A picture that cannot be decoded keeps its place (`Frame.damaged`).

    Args:
        path: The file, or a folder of numbered stills.
        settings: How it is read.
        as_shown: Give the pictures as a player shows them, mirrored where the file asks for it.

    Yields:
        The frames in order.

    Raises:
        InputError: The file cannot be read, or holds no picture that can be.
    """
    yield from ProbedVideo._opened(path, settings).frames(as_shown=as_shown)


def video_notes(
    info: VideoInfo, seconds: FloatArray, damaged: BoolArray, zooms: set[float]
) -> tuple[str, ...]:
    """All there is to say of a video that has been read: what it says of itself, and what was lost.

    Args:
        info: What it says of itself.
        seconds: (T,) times of its frames, s.
        damaged: (T,) whether each could not be decoded.
        zooms: How large its cameras' pictures are drawn (`Frame.zoom`).
    """
    notes = list(info.notes)
    if len(zooms) > 1:
        notes.append(
            "The picture changes its shape: each part is fitted into the first one's and padded "
            "with black, and has its own camera."
        )
    if n_damaged := int(damaged.sum()) - info.n_missing:
        notes.append(
            f"{n_damaged} of {len(damaged)} pictures cannot be decoded: the file is damaged there."
        )
    end = float(seconds[-1]) + 1.0 / info.fps if len(seconds) else 0.0
    if info.seconds is not None and end < info.seconds - MISSING_SECONDS:
        notes.append(
            f"The file breaks off after {end:.1f} of {info.seconds:.1f} s: it is damaged or cut "
            "short."
        )
    return tuple(notes)
