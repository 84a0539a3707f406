"""Frame loader: decoding off the GUI thread, where the newest request counts."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from facedyn_app.errors import FacedynError
from facedyn_app.records import ByteArray, Frame
from facedyn_app.settings import VideoSettings
from facedyn_app.video import StillsReader, VideoReader, open_reader

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class LoadedFrame:
    """A decoded frame.

    Attributes:
        path: The video.
        index: The frame's number.
        image: The picture, scaled down to what the view can show.
        width: Width of the video, px.
        height: Height of the video, px.
    """

    path: Path
    index: int
    image: QImage
    width: int
    height: int


def image_to_qimage(image: ByteArray) -> QImage:
    """(H, W, 3) uint8 RGB to a QImage of its own memory."""
    pixels = np.ascontiguousarray(image)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


RELEASE: Final = (Path(), VideoSettings(), -1)
"""In place of a request for a frame: close the video."""


class _Opened:
    """The video that is open, if any."""

    def __init__(self) -> None:
        self._reader: VideoReader | StillsReader | None = None
        self._of: tuple[Path, VideoSettings] | None = None

    def reader(self, path: Path, film: VideoSettings) -> VideoReader | StillsReader:
        """What reads a film; another that is open is closed."""
        if self._reader is None or self._of != (path, film):
            self.close()
            self._reader, self._of = open_reader(path, film), (path, film)
        return self._reader

    def close(self) -> None:
        """Close it."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()


class FrameLoader(QObject):
    """One thread that keeps one video open; requests that come too fast are dropped.

    Attributes:
        loaded: LoadedFrame.
        failed: (Path, Exception).
    """

    loaded = Signal(object)
    failed = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._condition = threading.Condition()
        self._request: tuple[Path, VideoSettings, int] | None = None
        self._size = QSize(1280, 720)
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="frame loader", daemon=True)
        self._thread.start()

    def request(self, path: Path, film: VideoSettings, index: int) -> None:
        """Ask for a frame; a request that has not been begun is replaced.

        Args:
            path: The video.
            film: How it is read, and which of its films.
            index: Number of the frame.
        """
        with self._condition:
            self._request = (path, film, index)
            self._condition.notify()

    def release(self) -> None:
        """Close the video that is open."""
        with self._condition:
            self._request = RELEASE
            self._condition.notify()

    def set_size(self, size: QSize) -> None:
        """Tell the size of the view, device px; frames are not handed out larger."""
        with self._condition:
            self._size = QSize(size)

    def close(self) -> None:
        """Stop the thread and wait for it."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    def _serve(self) -> None:
        opened = _Opened()
        try:
            while (request := self._next_request()) is not None:
                if request is RELEASE:
                    opened.close()
                else:
                    self._answer(opened, *request)
        finally:
            opened.close()

    def _answer(self, opened: _Opened, path: Path, film: VideoSettings, index: int) -> None:
        try:
            self._hand_out(path, opened.reader(path, film).frame(index))
        except FacedynError as error:  # which is shown
            log.warning("frame %d of %s cannot be shown: %s", index, path, error)
            self.failed.emit(path, error)
        except Exception as error:
            log.exception("frame %d of %s cannot be shown", index, path)
            self.failed.emit(path, error)

    def _next_request(self) -> tuple[Path, VideoSettings, int] | None:
        with self._condition:
            while self._request is None and not self._closing:
                self._condition.wait()
            request, self._request = self._request, None
            return None if self._closing else request

    def _hand_out(self, path: Path, frame: Frame) -> None:
        height, width = frame.image.shape[:2]
        image = image_to_qimage(frame.image)
        with self._condition:
            size = QSize(self._size)
        if width > size.width() or height > size.height():
            image = image.scaled(
                size,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        self.loaded.emit(LoadedFrame(path, frame.index, image, width, height))
