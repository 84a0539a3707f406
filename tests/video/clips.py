"""Small clips whose pictures show their own number, in blocks that every codec keeps."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import av
import numpy as np
from av.stream import Disposition

from facedyn_app.records import ByteArray

N_PICTURES, FPS = 30, 25
N_BITS, BLOCK = 6, 28
WIDTH, HEIGHT = 176, 144
X264 = {"preset": "veryfast", "x264-params": "bframes=3:b-adapt=0:keyint=12:scenecut=0"}


class Kind(NamedTuple):
    """A container with a codec in it."""

    ending: str
    codec: str
    options: Mapping[str, str] = MappingProxyType({})
    pix_fmt: str = "yuv420p"
    container: str = ""
    size: tuple[int, int] = (WIDTH, HEIGHT)
    fps: int = FPS


def numbered_picture(number: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> ByteArray:
    """A picture that shows a number: bright blocks for ones, in a row and below it inverted."""
    width, height = size
    image = np.full((height, width, 3), 60, dtype=np.uint8)
    for bit in range(N_BITS):
        one = bool(number >> bit & 1)
        columns = slice(4 + BLOCK * bit, 4 + BLOCK * (bit + 1))
        image[16:64, columns] = 235 if one else 20
        image[80:128, columns] = 20 if one else 235
    return image


def number_in(image: ByteArray, stored_width: int = WIDTH) -> int:
    """The number that a picture shows; -1 where it cannot be read."""
    grey = image.mean(axis=2)
    wide = image.shape[1] / stored_width  # oblong pixels are made square
    number = 0
    for bit in range(N_BITS):
        columns = slice(
            round(wide * (4 + BLOCK * bit + 8)), round(wide * (4 + BLOCK * (bit + 1) - 8))
        )
        above, below = grey[28:52, columns].mean(), grey[92:116, columns].mean()
        if abs(above - below) < 60:
            return -1
        number |= int(above > below) << bit
    return number


def write_clip(
    path: Path, kind: Kind, n_pictures: int = N_PICTURES, fps: int | None = None
) -> None:
    """Write the numbered pictures."""
    fps = fps or kind.fps
    with av.open(str(path), "w", format=kind.container or None) as container:
        stream = container.add_stream(kind.codec, rate=fps, options=dict(kind.options))
        stream.width, stream.height = kind.size
        stream.pix_fmt = kind.pix_fmt
        stream.codec_context.thread_count = 1
        if "crf" not in kind.options:
            stream.bit_rate = 2_000_000
        for number in range(n_pictures):
            frame = av.VideoFrame.from_ndarray(numbered_picture(number, kind.size), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_films(
    path: Path,
    films: list[tuple[int, int, int]],
    n_pictures: int = 5,
    default: int | None = None,
) -> None:
    """Films of one shade each: width, height and shade."""
    with av.open(str(path), "w") as container:
        streams = []
        for number, (width, height, _) in enumerate(films):
            stream = container.add_stream("mjpeg", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
            if default is not None:
                stream.disposition = Disposition.default if number == default else Disposition(0)
            streams.append(stream)
        for tick in range(n_pictures):
            for stream, (width, height, shade) in zip(streams, films, strict=True):
                image = np.full((height, width, 3), shade, dtype=np.uint8)
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = tick, Fraction(1, 25)
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
