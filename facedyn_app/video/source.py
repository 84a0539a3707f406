"""An opened video file: its streams, tags and geometry; why it cannot be opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import av

from facedyn_app.errors import InputError
from facedyn_app.files import open_plain
from facedyn_app.path_checks import refuse_web_address
from facedyn_app.settings import VideoSettings
from facedyn_app.video.exif import exif_orientation
from facedyn_app.video.films import films_in, main_film
from facedyn_app.video.geometry import Geometry

SIMULATED = "simulated by facedyn: rendered, not filmed"
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
# a name such as "%d.png" is that file's, not a pattern for others
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": _CONTAINERS,
    "pattern_type": "none",
}
_UNTIMED = frozenset({"h264", "hevc", "m4v", "mpegvideo", "mjpeg", "av1", "obu"})
"""Streams without a container: what FFmpeg says of their times it has made up."""
_SAYS_FAULTS = frozenset({"hevc", "mjpeg", "mpeg1video", "mpeg2video", "mpeg4"})
"""Decoders that, asked to, refuse pictures with faults in place of drawing over them. That of H.264
may refuse all that follows, too; it marks what it has drawn over."""
_SLACK = 1.1
"""FFmpeg counts the rims of its buffers in."""
_MOST_BOXES = 1000
_HINT = "Choose a video file that a video player can open, such as an MP4, MOV, MKV, AVI or WebM."


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """An open video; a context manager that closes it.

    Attributes:
        path: The file.
        container: PyAV's input container.
        stream: The film that was chosen.
        settings: How it is read.
        n_films: Films in the file.
        film: Which of them this is, from 0.
    """

    path: Path
    container: av.container.InputContainer
    stream: av.VideoStream
    settings: VideoSettings
    n_films: int = 1
    film: int = 0

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    @property
    def is_timed(self) -> bool:
        """Whether the file is of a kind that holds times."""
        return self.container.format.name not in _UNTIMED

    @property
    def is_broadcast(self) -> bool:
        """Whether it is of the kind that is sent, and recorded as it comes, with what is lost."""
        return self.container.format.name in ("mpegts", "mpeg")

    @property
    def is_photograph(self) -> bool:
        """Whether the file is of a kind that holds a single picture."""
        name = str(self.container.format.name)
        return name == "image2" or name.endswith("_pipe")

    @property
    def films(self) -> tuple[str, ...]:
        """What there is to say of each film in the file; nothing where it has one."""
        sizes = [one.codec_context for one in films_in(self.container)]
        if self.n_films < 2:
            return ()
        return tuple(f"{one.width} x {one.height}, {one.name}" for one in sizes)

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
        """How this video's pictures become upright, from its first picture.

        Raises:
            InputError: The pictures are larger than is allowed.
        """
        aspect = float(self.stream.sample_aspect_ratio or 1)
        # the decoder's matrix lies beside EXIF data, which PyAV cannot name
        orientation = exif_orientation(self.path) if self.is_photograph else None
        geometry = Geometry.of(frame, aspect if 0.25 <= aspect <= 4.0 else 1.0, orientation)
        self.check_size(geometry.width, geometry.height)
        return geometry

    def check_size(self, width: int, height: int) -> None:
        """Refuse pictures that are larger than is allowed.

        Raises:
            InputError: They are.
        """
        most = self.settings.most_megapixels
        if width * height > 1e6 * most:
            raise InputError(
                f"The pictures of '{self.path}' are {width} x {height} px, more than "
                f"{most:g} megapixels.",
                "Export the video smaller, or raise the limit in the window: "
                "Edit > Settings… > Video.",
            )


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


def _check_file(path: Path) -> None:
    """Raise InputError where `path` is no file with something in it; a pipe is not waited for."""
    try:
        if path.is_dir():
            raise InputError(f"'{path}' is a folder, not a video.", _HINT)
        if not path.exists():
            refuse_web_address(path)
            raise InputError(
                f"The video '{path}' does not exist.", "Check the name and the folder."
            )
        with open_plain(path) as file:
            empty = not file.read(1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"The video '{path}' cannot be opened: {reason}.") from error
    if empty:
        raise InputError(f"The video '{path}' is empty.", "Copy or export the video again.")


def _unopened(path: Path) -> InputError:
    """Why FFmpeg cannot open a file: it is no video, or one that ends before its index."""
    with open_plain(path) as file:
        kinds = list(islice(_boxes(file), _MOST_BOXES))
    if kinds[:1] == [b"ftyp"] and b"moov" not in kinds:
        return InputError(
            f"The video '{path}' breaks off before its index, which MP4 and MOV files have at "
            "their end: it was not copied or not recorded to its end.",
            "Copy it again from the camera or phone. Where that is all there is, a repair program "
            "can often rebuild the index from a whole recording of the same camera.",
        )
    return InputError(f"The file '{path}' is no video that can be read.", _HINT)


def _boxes(file: BinaryIO) -> Iterator[bytes]:
    """Kinds of the outer boxes of an MP4 or MOV file (ISO 14496-12, 4.2)."""
    while len(head := file.read(16)) >= 8:
        yield head[4:8]
        size = int.from_bytes(head[:4], "big")
        if size == 1:  # the true one follows
            size = int.from_bytes(head[8:], "big")
        if size < 8:
            return
        file.seek(size - len(head), os.SEEK_CUR)


def open_video(
    path: Path, settings: VideoSettings | None = None, *, lenient: bool = False
) -> Source:
    """Open a video file for decoding; nothing but this file is read, and nothing is fetched.

    Args:
        path: The file.
        settings: How it is read.
        lenient: Take pictures in which the decoder has found faults, and has drawn over them.

    Raises:
        InputError: The file is missing, no ordinary file, empty, no video, has no pictures, not the
            film that is asked for, or larger pictures than is allowed.
    """
    path, settings = Path(path), settings or VideoSettings()
    _check_file(path)
    try:
        container = _container(path)
    except (av.FFmpegError, OSError) as error:
        raise _unopened(path) from error
    try:
        source = _choose_film(path, container, settings)
    except InputError:
        container.close()
        raise
    codec = source.stream.codec_context
    codec.thread_type = "AUTO"
    codec.options = {"max_pixels": str(round(1e6 * _SLACK * settings.most_megapixels))}
    if codec.name in _SAYS_FAULTS and not lenient:
        codec.options |= {"err_detect": "explode"}
    return source


def _container(path: Path) -> av.container.InputContainer:
    return av.open(str(path.absolute()), options=dict(_OPTIONS))


def _choose_film(
    path: Path, container: av.container.InputContainer, settings: VideoSettings
) -> Source:
    """The film that is asked for, or the main one."""
    films = films_in(container)
    if not films:
        raise InputError(f"The file '{path}' holds no pictures, only sound or data.", _HINT)
    if settings.stream >= len(films):
        count = "1 film" if len(films) == 1 else f"{len(films)} films"
        raise InputError(
            f"The file '{path}' holds {count}: there is no number {settings.stream}.",
            "The first one is number 0.",
        )
    number = max(0, settings.stream)
    if settings.stream < 0 and len(films) > 1:
        with _container(path) as again:
            number = main_film(again)
    stream = films[number]
    source = Source(path, container, stream, settings, len(films), number)
    source.check_size(stream.codec_context.width, stream.codec_context.height)
    return source
