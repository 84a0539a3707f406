"""An opened video file: its streams, tags and geometry; why it cannot be opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from facedyn_app.errors import InputError
from facedyn_app.files import refuse_web_address
from facedyn_app.records import ByteArray

FALLBACK_FPS = 25.0
SIMULATED = "simulated by facedyn: rendered, not filmed"
MAX_BAD_PACKETS = 25
RECORDED_TAGS = ("com.apple.quicktime.creationdate", "creation_time")
"""Where containers say when they were recorded; phones keep the first one through an export."""
FIRST_PLAUSIBLE = datetime(2000, 1, 2, tzinfo=UTC)
"""Clocks that were never set begin in 1904, 1970, 1980 or on the first of January 2000."""

# FFmpeg would also "play" text, and play lists that name other files or the network.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,mxf,dv,wtv,rm,nut,"
    "ivf,h264,hevc,av1,m4v,mjpeg,yuv4mpegpipe,gif,apng,image2,jpeg_pipe,png_pipe,webp_pipe,"
    "bmp_pipe,tiff_pipe,mp3,wav,flac,aac"
)
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS}
_HINT = "Choose a video file that a video player can open, such as an MP4, MOV, MKV, AVI or WebM."


@dataclass(frozen=True, slots=True)
class Geometry:
    """How stored pictures become the pictures that a viewer sees.

    Attributes:
        stored_width: Width before turning, square pixels, px.
        stored_height: Height before turning, px.
        quarter_turns: Quarter turns counter-clockwise that make a picture upright, 0..3.
    """

    stored_width: int
    stored_height: int
    quarter_turns: int
    # one for all pictures: what it works out for a size costs more than a picture
    _reformatter: VideoReformatter = field(default_factory=VideoReformatter, compare=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright picture, px."""
        size = (self.stored_width, self.stored_height)
        return size if self.quarter_turns % 2 == 0 else size[::-1]

    def upright(self, frame: av.VideoFrame) -> ByteArray:
        """The picture as seen: (height, width, 3) uint8 RGB, square pixels, upright.

        A picture of another size, as web conferences write in mid-stream, is scaled to fit.
        """
        rgb = self._reformatter.reformat(
            frame, width=self.stored_width, height=self.stored_height, format="rgb24"
        )
        image = np.asarray(rgb.to_ndarray(), dtype=np.uint8)
        if self.quarter_turns:
            image = np.ascontiguousarray(np.rot90(image, self.quarter_turns))
        return image


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """An open video; a context manager that closes it.

    Attributes:
        path: The file.
        container: PyAV's input container.
        stream: Its first video stream.
    """

    path: Path
    container: av.container.InputContainer
    stream: av.VideoStream

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    @property
    def simulated(self) -> bool:
        """Whether the file is marked as rendered."""
        return self._tags.get("comment") == SIMULATED

    @property
    def recorded_at(self) -> datetime | None:
        """When it was recorded as the container states it, UTC; None where that cannot be so."""
        stated = (_tag_time(self._tags.get(tag, "")) for tag in RECORDED_TAGS)
        return next((when for when in stated if when is not None), None)

    @property
    def fps(self) -> float:
        """Mean frames per second as stated, or a usual rate where none is."""
        rate = self.stream.average_rate or self.stream.guessed_rate
        return float(rate) if rate else FALLBACK_FPS

    @property
    def seconds(self) -> float | None:
        """Duration of the pictures as stated, s; None when only the sound's may be stated."""
        stream = self.stream
        whole = self.container.duration / av.time_base if self.container.duration else None
        if stream.duration:
            own = float(stream.duration * stream.time_base)
            return own if whole is None else min(own, whole)
        tag = _tag_seconds(stream.metadata.get("DURATION", ""))
        if tag is not None:
            return tag
        return whole if len(self.container.streams) == 1 else None

    @property
    def _tags(self) -> dict[str, str]:
        return {key.lower(): value for key, value in self.container.metadata.items()}

    def geometry(self, frame: av.VideoFrame) -> Geometry:
        """How this video's pictures become upright, from its first picture."""
        aspect = float(self.stream.sample_aspect_ratio or 1)
        if not 0.25 <= aspect <= 4.0:
            aspect = 1.0
        turns = round(frame.rotation / 90) % 4
        return Geometry(max(1, round(frame.width * aspect)), frame.height, turns)

    def frames(self) -> Iterator[av.VideoFrame]:
        """The decoded pictures in order of presentation, from where the file stands.

        Single packets that cannot be decoded are left out; the times of the others stay true.

        Raises:
            InputError: The stream breaks off.
        """
        last, n_bad = 0.0, 0
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError as error:
                raise broken_off(self.path, last) from error
            if packet is None:
                break
            try:
                decoded = packet.decode()
            except av.FFmpegError as error:
                n_bad += 1
                if n_bad > MAX_BAD_PACKETS:
                    raise broken_off(self.path, last) from error
                continue
            if decoded:
                n_bad = 0
                last = decoded[-1].time if decoded[-1].time is not None else last
            yield from decoded
        if n_bad:
            raise broken_off(self.path, last)


def _tag_seconds(text: str) -> float | None:
    """Seconds of Matroska's "HH:MM:SS.fraction", or None."""
    try:
        hours, minutes, seconds = (float(part) for part in text.split(":"))
    except ValueError:
        return None
    return 3600 * hours + 60 * minutes + seconds


def _tag_time(text: str) -> datetime | None:
    """A time as containers state it, UTC; None where it is none, or cannot be of a recording."""
    try:
        when = datetime.fromisoformat(text.strip())
        when = (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return when if FIRST_PLAUSIBLE <= when <= datetime.now(UTC) + timedelta(days=1) else None


def broken_off(path: Path, seconds: float) -> InputError:
    """The error for a video that stops being readable after `seconds`."""
    return InputError(
        f"The video '{path}' breaks off after {seconds:.1f} s: the file is damaged or cut short.",
        "Copy or export the video again.",
    )


def _check_file(path: Path) -> None:
    """Raise InputError where `path` is no file with something in it."""
    if path.is_dir():
        raise InputError(f"'{path}' is a folder, not a video.", _HINT)
    if not path.exists():
        refuse_web_address(path)
        raise InputError(f"The video '{path}' does not exist.", "Check the name and the folder.")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"The video '{path}' cannot be opened: {reason}.") from error
    if empty:
        raise InputError(f"The video '{path}' is empty.", "Copy or export the video again.")


def open_video(path: Path) -> Source:
    """Open a video file for decoding; nothing but this file is read, and nothing is fetched.

    Raises:
        InputError: The file is missing, a folder, empty, no video, or has no pictures.
    """
    path = Path(path)
    _check_file(path)
    try:
        container = av.open(str(path.absolute()), options=dict(_OPTIONS))
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"The file '{path}' is no video that can be read.", _HINT) from error
    if not container.streams.video:
        container.close()
        raise InputError(f"The file '{path}' holds no pictures, only sound or data.", _HINT)
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return Source(path, container, stream)
