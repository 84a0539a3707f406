"""Write pictures as a video."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from facedyn_app.errors import OutputError
from facedyn_app.records import ByteArray

# VP9 (libvpx, BSD licence): the wheel's H.264 encoder is under the GPL.
_ENCODER = "libvpx-vp9"
_SUFFIXES = (".mp4", ".mkv", ".webm")


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
    path = Path(path)
    if path.suffix.lower() not in _SUFFIXES:
        raise OutputError(
            f"The video '{path}' cannot be written: its name must end in .mp4, .mkv or .webm."
        )
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        n_written = _encode(part, iter(images), fps, _encoder_options(crf, effort), comment)
        if n_written:
            part.replace(path)
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"The video '{path}' cannot be written: {reason}.", "Choose another folder."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    if not n_written:
        raise OutputError(f"The video '{path}' was not written: there are no pictures for it.")
    return n_written


def _encode(
    path: Path, images: Iterable[ByteArray], fps: float, options: dict[str, str], comment: str
) -> int:
    """Encode all pictures into `path`; without pictures no file is made."""
    images = iter(images)
    first = next(images, None)
    if first is None:
        return 0
    rate = Fraction(fps).limit_denominator(1001)
    n_written = 0
    # bitexact leaves the time of writing and the program's version out of the file.
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        if comment:
            container.metadata["comment"] = comment
        stream = container.add_stream(_ENCODER, rate=rate, options=options)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for image in itertools.chain([first], images):
            if image.shape != first.shape:
                raise ValueError(f"picture {n_written} is {image.shape}, not {first.shape}")
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            container.mux(stream.encode(frame))
            n_written += 1
        container.mux(stream.encode(None))
    return n_written
