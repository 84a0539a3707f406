"""A video that plays as if it were a camera."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from itertools import count
from pathlib import Path

from facedyn_app.records import ByteArray, Frame
from facedyn_app.video.camera import SourceChoice
from facedyn_app.video.decode import probe_video, read_frames


class PacedVideo:
    """A video that plays at its own pace as if it were a camera, again and again.

    Args:
        path: The video.

    Raises:
        InputError: The video cannot be read.
    """

    def __init__(self, path: Path) -> None:
        info = probe_video(path)
        self.simulated = info.simulated
        self._frames = _again_and_again(path, 1.0 / info.fps)
        self._began: float | None = None

    def read(self) -> ByteArray:
        """Wait until the next picture is due.

        Raises:
            InputError: The video cannot be read any more.
        """
        frame = next(self._frames)
        if self._began is None:
            self._began = time.perf_counter()
        time.sleep(max(0.0, self._began + frame.seconds - time.perf_counter()))
        return frame.image

    def close(self) -> None:
        """Close the file."""
        self._frames.close()


def _again_and_again(path: Path, step: float) -> Generator[Frame, None, None]:
    """The video's frames without end, their times going on."""
    begins, index = 0.0, count()
    while True:
        seconds = begins
        for frame in read_frames(path):
            seconds = begins + frame.seconds
            yield Frame(next(index), seconds, frame.image)
        begins = seconds + step


def paced_choice(path: Path) -> SourceChoice:
    """A video to choose as a source."""
    return SourceChoice(path.name, partial(PacedVideo, path))
