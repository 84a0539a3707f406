"""Decodes the frames that the player asks for, off the GUI thread; the newest wish counts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from facedyn_app.records import ByteArray, Frame

log = logging.getLogger(__name__)


class FrameReader(Protocol):
    """Random access to a video's frames (video.VideoReader)."""

    def frame(self, index: int) -> Frame:
        """The frame with this number."""

    def close(self) -> None:
        """Let the file go."""


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


class FrameLoader(QObject):
    """One thread that keeps one video open; wishes that come too fast are dropped.

    Args:
        open_reader: Opens a video for random access; called on the loader's thread.

    Attributes:
        loaded: LoadedFrame.
        failed: (Path, Exception).
    """

    loaded = Signal(object)
    failed = Signal(object, object)

    def __init__(
        self, open_reader: Callable[[Path], FrameReader], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_reader = open_reader
        self._condition = threading.Condition()
        self._wish: tuple[Path, int] | None = None
        self._size = QSize(1280, 720)
        self._closing = self._stale = False
        self._thread = threading.Thread(target=self._serve, name="frame loader", daemon=True)
        self._thread.start()

    def request(self, path: Path, index: int) -> None:
        """Ask for a frame; a wish that has not been begun is replaced."""
        with self._condition:
            self._wish = (path, index)
            self._condition.notify()

    def reopen(self) -> None:
        """Open the video anew for the next wish: another of its films is wanted."""
        with self._condition:
            self._stale = True

    def forget(self) -> None:
        """Drop a wish that has not been begun."""
        with self._condition:
            self._wish = None

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
        reader: FrameReader | None = None
        opened: Path | None = None
        try:
            while (wish := self._next_wish()) is not None:
                path, index = wish
                try:
                    if self._is_stale() or reader is None or path != opened:
                        if reader is not None:
                            reader.close()
                            reader = None
                        reader, opened = self._open_reader(path), path
                    self._hand_out(path, reader.frame(index))
                except Exception as error:
                    log.exception("frame %d of %s cannot be shown", index, path)
                    self.failed.emit(path, error)
        finally:
            if reader is not None:
                reader.close()

    def _is_stale(self) -> bool:
        with self._condition:
            stale, self._stale = self._stale, False
        return stale

    def _next_wish(self) -> tuple[Path, int] | None:
        with self._condition:
            while self._wish is None and not self._closing:
                self._condition.wait()
            wish, self._wish = self._wish, None
            return None if self._closing else wish

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
