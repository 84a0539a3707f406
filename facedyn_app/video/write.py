"""Writing of pictures as a video."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from facedyn_app.errors import OutputError
from facedyn_app.records import ByteArray

# VP9 (libvpx, BSD licence): the wheel's H.264 encoder is under the GPL.
_ENCODER = "libvpx-vp9"
_FORMATS = {".mp4": "mp4", ".mkv": "matroska", ".webm": "webm"}
"""FFmpeg's containers by the ending of the name."""
_TICK = Fraction(1, 1000)
"""Unit of the times of pictures that have their own, s."""


def _encoder_options(crf: int, effort: int) -> dict[str, str]:
    # One thread and no row threading: the same pictures give the same bytes on every machine.
    return {
        "crf": str(crf),
        "b": "0",
        "deadline": "good",
        "cpu-used": str(effort),
        "row-mt": "0",
        "threads": "1",
        "g": "100",
    }


def write_video(
    path: Path,
    images: Iterable[ByteArray],
    fps: float,
    crf: int = 32,
    effort: int = 4,
    comment: str = "",
) -> int:
    """Write pictures as a VP9 video; the same pictures give the same bytes.

    The file appears under its name only when it is complete.

    Args:
        path: Where to, ending in .mp4, .mkv or .webm.
        images: (height, width, 3) uint8 RGB pictures, all of one size.
        fps: Frames per second.
        crf: Quality, 0 (best) to 63 (smallest).
        effort: Speed of the encoder, 0 (slow, smaller) to 8.
        comment: Kept in the file; `SIMULATED` (source.py) marks a rendered video as such.

    Returns:
        The number of pictures written.

    Raises:
        OutputError: The file cannot be written there, or there are no pictures.
    """
    file = VideoFile(path, fps, _encoder_options(crf, effort), comment)
    try:
        for image in images:
            file.add(image)
        return file.finish()
    finally:
        file.discard()


class VideoFile:
    """A VP9 video in the making; it has its name only when it is finished.

    Args:
        path: Where to, ending in .mp4, .mkv or .webm.
        fps: Frames per second, which the file states.
        options: Of the encoder.
        comment: Kept in the file.
        part: Where it is until then; a hidden file beside it by default, which is never swept: of
            what a camera has seen it may be all there is.

    Raises:
        OutputError: The name has another ending.
    """

    def __init__(
        self,
        path: Path,
        fps: float,
        options: dict[str, str],
        comment: str = "",
        part: Path | None = None,
    ) -> None:
        self._path = path = Path(path)
        if path.suffix.lower() not in _FORMATS:
            raise OutputError(
                f"The video '{path}' cannot be written: its name must end in .mp4, .mkv or .webm."
            )
        self._part = part or path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
        self._rate = Fraction(fps).limit_denominator(1001)
        self._options, self._comment = options, comment
        self._container: Any = None
        self._stream: Any = None
        self._shape: tuple[int, ...] = ()
        self._last_tick = -1
        self.n_written = 0

    def add(self, image: ByteArray, seconds: float | None = None) -> None:
        """Write the next picture.

        Args:
            image: (height, width, 3) uint8 RGB, of the same size as those before.
            seconds: Its time, s, later than the last one's; None for one every 1 / fps.

        Raises:
            OutputError: It cannot be written.
        """
        with _said(self._path):
            if self._container is None:
                self._open(image.shape, timed=seconds is not None)
            if image.shape != self._shape:
                raise ValueError(f"picture {self.n_written} is {image.shape}, not {self._shape}")
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            if seconds is not None:
                # two in one tick would be refused
                self._last_tick = max(round(seconds / _TICK), self._last_tick + 1)
                frame.pts, frame.time_base = self._last_tick, _TICK
            self._container.mux(self._stream.encode(frame))
            self.n_written += 1

    def finish(self) -> int:
        """Write what the encoder still holds, and give the file its name.

        Returns:
            The number of pictures written.

        Raises:
            OutputError: It cannot be written, or there are no pictures.
        """
        if self._container is None:
            raise OutputError(
                f"The video '{self._path}' was not written: there are no pictures for it."
            )
        with _said(self._path):
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self._part.replace(self._path)
        return self.n_written

    def keep(self) -> None:
        """Give the file its name although it could not be finished: with what is in it."""
        with contextlib.suppress(av.FFmpegError, OSError):
            self._container.close()
        with contextlib.suppress(OSError):
            self._part.replace(self._path)

    def discard(self) -> None:
        """Leave nothing behind of a file that is not finished."""
        if self._container is not None:
            with contextlib.suppress(av.FFmpegError, OSError):
                self._container.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _open(self, shape: tuple[int, ...], *, timed: bool) -> None:
        self._part.touch()  # FFmpeg would find out only with the first packet
        # bitexact leaves the time of writing and the program's version out of the file.
        container = _FORMATS[self._path.suffix.lower()]
        options = {"fflags": "+bitexact"}
        self._container = av.open(str(self._part), "w", container, options=options)
        if self._comment:
            self._container.metadata["comment"] = self._comment
        self._shape = shape
        self._stream = self._container.add_stream(_ENCODER, rate=self._rate, options=self._options)
        self._stream.height, self._stream.width = shape[:2]
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.thread_count = 1
        if timed:
            self._stream.codec_context.time_base = _TICK


@contextlib.contextmanager
def _said(path: Path) -> Iterator[None]:
    """Say in a sentence why a video cannot be written."""
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"The video '{path}' cannot be written: {reason}.", "Choose another folder."
        ) from error
