"""Picture sources: the cameras there are, and videos that play as if they were one."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, Protocol

import cv2

from facedyn_app.errors import InputError
from facedyn_app.records import ByteArray, Frame
from facedyn_app.video.reader import probe_video, read_frames

SYSTEM, DEVICES = Path("/sys/class/video4linux"), Path("/dev")
"""Where Linux names its cameras, and where they are opened."""
MOST_PROBED: Final = 4


class FrameSource(Protocol):
    """Something that shows pictures, one after the other, until it is closed."""

    @property
    def simulated(self) -> bool:
        """Whether what it shows is rendered, not filmed."""

    def read(self) -> ByteArray:
        """Wait for the next picture, (height, width, 3) uint8 RGB.

        Raises:
            InputError: No more come.
        """

    def close(self) -> None:
        """Let it go, so that another program may have it."""


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """A source that can be opened.

    Attributes:
        name: What people call it.
        open: Opens it; raises InputError where it cannot be had.
    """

    name: str
    open: Callable[[], FrameSource]


ListSources = Callable[[], tuple[SourceChoice, ...]]


def list_cameras() -> tuple[SourceChoice, ...]:
    """The cameras of this machine.

    Linux names them. Elsewhere the first few numbers are tried, which takes a moment.
    """
    if sys.platform.startswith("linux"):
        return tuple(_choice(index, name) for index, name in named_cameras(SYSTEM, DEVICES))
    found = []
    for index in range(MOST_PROBED):
        capture = _capture(index)
        if capture.isOpened():
            found.append(_choice(index, f"Camera {len(found) + 1}"))
        capture.release()
    return tuple(found)


def named_cameras(system: Path, devices: Path) -> list[tuple[int, str]]:
    """Number and name of each camera that Linux knows.

    Args:
        system: Its folder of video devices (`SYSTEM`).
        devices: Its folder of devices (`DEVICES`).
    """
    found = []
    for folder in system.glob("video*"):
        number = folder.name.removeprefix("video")
        try:
            # the further devices of a camera carry no pictures
            first = (folder / "index").read_text(encoding="utf-8").strip() == "0"
            name = (folder / "name").read_text(encoding="utf-8").strip()
        except OSError:
            continue  # unplugged at this moment
        if first and number.isdecimal() and (devices / folder.name).exists():
            found.append((int(number), name or f"Camera {number}"))
    return sorted(found)


def choose_source(choices: tuple[SourceChoice, ...], number: int) -> SourceChoice:
    """One of the sources that there are.

    Args:
        choices: The sources.
        number: Which one, from 1.

    Raises:
        InputError: There is none, or not so many.
    """
    if not choices:
        raise InputError(
            "There is no camera on this machine.",
            "Connect one and try again; File > Open video… takes a recording instead.",
        )
    if not 1 <= number <= len(choices):
        names = ", ".join(f"{place} is “{one.name}”" for place, one in enumerate(choices, start=1))
        raise InputError(f"There is no camera {number}: {names}.", "Choose one of these.")
    return choices[number - 1]


def _choice(index: int, name: str) -> SourceChoice:
    return SourceChoice(name, partial(CameraSource, index, name))


class CameraSource:
    """A camera; it is this program's own from here until `close`.

    Args:
        index: The system's number of it.
        name: What people call it.

    Raises:
        InputError: It is not there, may not be used, or another program has it.
    """

    simulated = False

    def __init__(self, index: int, name: str) -> None:
        self._name = name
        _check_allowed(DEVICES / f"video{index}", name)
        self._capture = _capture(index)
        self._first: ByteArray | None = self._grab()
        if self._first is None:
            self.close()
            raise InputError(
                f"The camera “{name}” shows no picture: another program may be using it.",
                "Close the other program, or connect the camera again, and try again.",
            )

    def read(self) -> ByteArray:
        """Wait for the next picture.

        Raises:
            InputError: The camera has been unplugged or taken away.
        """
        image, self._first = self._first, None
        if image is None:
            image = self._grab()
        if image is None:
            raise InputError(
                f"The camera “{self._name}” sends no more pictures.",
                "Connect it again and try again.",
            )
        return image

    def close(self) -> None:
        """Let the camera go."""
        self._capture.release()

    def _grab(self) -> ByteArray | None:
        try:
            there, image = self._capture.read()
        except cv2.error:
            return None
        if not there:
            return None
        rgb: ByteArray = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        return rgb


def _check_allowed(device: Path, name: str) -> None:
    if sys.platform.startswith("linux") and device.exists() and not os.access(device, os.R_OK):
        raise InputError(
            f"You may not use the camera “{name}”: the system keeps '{device}' from you.",
            "Ask for membership in the group 'video', then log in again.",
        )


def _capture(index: int) -> Any:
    with _opencv_silent():
        return cv2.VideoCapture(index)


@contextmanager
def _opencv_silent() -> Iterator[None]:
    """Keep OpenCV's own words about a camera that does not open off the user's screen."""
    logging = cv2.utils.logging
    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)


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
