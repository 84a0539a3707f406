"""Folders of numbered stills as videos: properties, frames in order, random access."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import av
import numpy as np

from facedyn_app.errors import InputError, unreadable
from facedyn_app.numbered_stills import Series, series_in
from facedyn_app.records import ByteArray, FloatArray, Frame, VideoInfo
from facedyn_app.settings import VideoSettings
from facedyn_app.video.geometry import Geometry
from facedyn_app.video.source import open_video
from facedyn_app.video.timing import ASSUMED_FPS, as_asked

MOST_BAD_FIRST: Final = 50
"""Stills at the beginning that may be damaged."""


@dataclass(frozen=True, slots=True, eq=False)
class Stills:
    """A series of stills that is read as a video.

    Attributes:
        files: The picture of each frame, from the first that can be decoded; None where its number
            is missing.
        info: What there is to say of them.
        geometry: How all of them become the size of the first.
        first: The first picture.
        settings: How they are read.
    """

    files: tuple[Path | None, ...]
    info: VideoInfo
    geometry: Geometry
    first: av.VideoFrame
    settings: VideoSettings

    def seconds(self, number: int) -> float:
        """Time of a frame from the first, s."""
        return number / self.info.fps

    def picture(
        self, number: int, *, as_shown: bool, flipped: bool
    ) -> tuple[ByteArray, float] | None:
        """A frame as `Geometry.picture` gives it; None where it is missing or damaged."""
        path = self.files[number]
        with suppress(InputError):
            if path is not None:
                frame, own = _decode(path, self.settings)
                return self.geometry.picture(
                    frame, as_shown=as_shown, flipped=flipped, orientation=own.orientation
                )
        return None


def open_stills(folder: Path, settings: VideoSettings | None = None) -> Stills:
    """Find the series of stills in a folder and decode the first of them.

    Raises:
        InputError: The folder cannot be read, has no numbered stills, not the series that is asked
            for, or none that can be decoded.
    """
    settings = settings or VideoSettings()
    try:
        series = series_in(folder)
    except OSError as error:
        raise unreadable(folder, error) from error
    if not series:
        raise InputError(
            f"'{folder}' is a folder, and holds no numbered stills.",
            "Choose a video file, or a folder of stills such as 0001.png, 0002.png.",
        )
    if settings.stream >= len(series):
        raise InputError(
            f"The folder '{folder}' holds {len(series)} series of stills: there is no number "
            f"{settings.stream}.",
            "The first one is number 0.",
        )
    number = settings.stream
    if number < 0:
        number = max(range(len(series)), key=lambda k: len(series[k].files))
    return _opened(folder, series, number, settings)


def _opened(folder: Path, series: list[Series], number: int, settings: VideoSettings) -> Stills:
    chosen = series[number]
    n_bad, first, geometry = _first_picture(chosen, settings)
    fps = settings.fps if settings.fps > 0 else ASSUMED_FPS
    files = chosen.files[n_bad:]
    info = VideoInfo(
        path=folder,
        width=geometry.width,
        height=geometry.height,
        fps=fps,
        n_frames=len(files),
        seconds=len(files) / fps,
        mirrored=geometry.orientation.mirrored != settings.mirrored_pixels,
        stream=number if len(series) > 1 else None,
        fps_assumed=settings.fps <= 0,
        n_missing=files.count(None),
        films=tuple(f"{one.name}, {len(one.files)} frames" for one in series if len(series) > 1),
        notes=tuple(_notes(series, number, n_bad, settings)),
    )
    return Stills(files, info, geometry, first, settings)


def _first_picture(series: Series, settings: VideoSettings) -> tuple[int, av.VideoFrame, Geometry]:
    """How many stills at the beginning cannot be decoded, and the first that can."""
    reason: InputError | None = None
    for n_bad, path in enumerate(series.files[:MOST_BAD_FIRST]):
        if path is None:
            continue
        try:
            return n_bad, *_decode(path, settings)
        except InputError as error:
            reason = reason or error
    raise InputError(
        f"None of the first stills '{series.name}' can be decoded.",
        "" if reason is None else reason.sentence,
    )


def _decode(path: Path, settings: VideoSettings) -> tuple[av.VideoFrame, Geometry]:
    """The first picture of a file.

    Raises:
        InputError: There is none, or it is larger than is allowed.
    """
    with open_video(path, replace(settings, stream=-1)) as source:
        source.stream.codec_context.thread_count = 1
        with suppress(av.FFmpegError):
            for frame in source.container.decode(source.stream):
                return frame, source.geometry(frame)
    raise InputError(f"'{path}' holds no picture that can be read.")


def _notes(series: list[Series], number: int, n_bad: int, settings: VideoSettings) -> Iterator[str]:
    chosen = series[number]
    if len(series) > 1:
        yield (
            f"The folder holds {len(series)} series of stills: number {number} is taken "
            f"('{chosen.name}'; the first is number 0)."
        )
    if settings.fps > 0:
        yield as_asked(settings.fps)
    else:
        yield f"Stills have no times: even steps at {ASSUMED_FPS:g} frames/s are assumed."
    if chosen.step > 1:
        yield f"The stills' numbers go on by {chosen.step}: from each to the next is one step."
    if chosen.gappy:
        yield "More of the stills' numbers are missing than are there: they are taken in a row."
    if n_bad:
        yield f"The first {n_bad} stills cannot be decoded and are left out."
    if n_missing := chosen.files[n_bad:].count(None):
        first = chosen.first or 0
        last = first + (len(chosen.files) - 1) * chosen.step
        yield (
            f"Of the stills {first} to {last}, {n_missing} are missing: each keeps its time, as a "
            "damaged picture."
        )
    if settings.mirrored_pixels:
        yield "Taken as recorded mirrored: left and right are exchanged back."


def still_frames(stills: Stills, *, as_shown: bool = False) -> Iterator[Frame]:
    """The frames of a series, as `decode.read_frames` gives those of a video."""
    flipped = stills.settings.mirrored_pixels and not as_shown
    image, zoom = stills.geometry.picture(stills.first, as_shown=as_shown, flipped=flipped)
    for number in range(len(stills.files)):
        found = stills.picture(number, as_shown=as_shown, flipped=flipped)
        if found is not None:
            image, zoom = found
        yield Frame(number, stills.seconds(number), image, found is None, zoom)


class StillsReader:
    """Random access to the frames of a series, as `reader.VideoReader` gives those of a video.

    A missing or damaged picture is shown as the last good one before it.

    Args:
        path: The folder.
        settings: How it is read.
        as_shown: Give the pictures as players show them, not as they are measured.

    Attributes:
        info: What there is to say of the stills.
        seconds: (T,) time of every frame from the first, s.

    Raises:
        InputError: There are no stills, or they cannot be read.
    """

    def __init__(
        self, path: Path, settings: VideoSettings | None = None, *, as_shown: bool = True
    ) -> None:
        self._stills, self._as_shown = open_stills(path, settings), as_shown
        self.info = self._stills.info
        self.seconds: FloatArray = np.arange(self.n_frames) / self.info.fps

    @property
    def n_frames(self) -> int:
        """Frames in the series."""
        return len(self._stills.files)

    def close(self) -> None:
        """No file stays open."""

    def __enter__(self) -> StillsReader:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def frame(self, index: int) -> Frame:
        """The frame of a number; numbers outside the series give its first or last frame."""
        stills = self._stills
        index = shown = min(max(index, 0), self.n_frames - 1)
        flipped = stills.settings.mirrored_pixels and not self._as_shown
        found = None
        while found is None and shown > 0:
            found = stills.picture(shown, as_shown=self._as_shown, flipped=flipped)
            shown -= found is None
        image, zoom = found or stills.geometry.picture(
            stills.first, as_shown=self._as_shown, flipped=flipped
        )
        return Frame(index, float(self.seconds[index]), image, shown != index, zoom)
