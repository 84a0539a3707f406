"""Video panel: the video with its landmarks, its faces to choose from, a camera's bar."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.gui.frame_loader import image_to_qimage
from facedyn_app.gui.theme import GRID, colours_of, tabular_font
from facedyn_app.gui.widgets.camera_bar import CameraBar
from facedyn_app.gui.widgets.form_parts import TickBox
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.gui.widgets.task_guide import TaskGuide
from facedyn_app.records import FloatArray
from facedyn_app.topology import CONTOURS
from facedyn_app.workflows.records import Recording

POINT_COLOUR: Final = "#56B4E9"
CONTOUR_COLOUR: Final = "#F0E442"
PICTURE_PX: Final = 6 * GRID


class VideoView(QWidget):
    """Paints one picture as large as it fits, its landmarks over it.

    Attributes:
        resized: QSize: the room for the picture, device px.
    """

    resized = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._video_size = QSize(1, 1)
        self._points: FloatArray | None = None
        self._show_landmarks = True
        self.setMinimumSize(200, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def points(self) -> FloatArray | None:
        """(L, 2) the landmarks that are drawn, px of the video; None without a face."""
        return self._points

    @property
    def image(self) -> QImage | None:
        """The picture that is shown."""
        return self._image

    def show_picture(
        self, image: QImage | None, points: FloatArray | None, video_size: QSize
    ) -> None:
        """Show a picture.

        Args:
            image: The picture, of any size; None for none.
            points: (L, 2) landmarks in px of the video, or None.
            video_size: Size of the video, px.
        """
        self._image = image
        self._points = points if points is not None and np.isfinite(points[0, 0]) else None
        self._video_size = video_size
        self.update()

    def show_landmarks(self, on: bool) -> None:
        """Draw the landmarks or leave them out."""
        self._show_landmarks = on
        self.update()

    def picture_rect(self) -> QRectF:
        """Where the picture stands in the widget: centred, its proportions kept."""
        size = self._video_size.toSizeF()
        size.scale(self.size().toSizeF(), Qt.AspectRatioMode.KeepAspectRatio)
        corner = QPointF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2)
        return QRectF(corner, size)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint stage, picture and landmarks."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours_of(self).stage))
        if self._image is not None:
            rect = self.picture_rect()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(rect, self._image)
            if self._points is not None and self._show_landmarks:
                self._paint_landmarks(painter, rect, self._points)
        painter.end()

    def _paint_landmarks(self, painter: QPainter, rect: QRectF, points: FloatArray) -> None:
        scale = rect.width() / max(1, self._video_size.width())
        placed = points * scale + np.array([rect.x(), rect.y()])
        dots = [QPointF(float(x), float(y)) for x, y in placed]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(POINT_COLOUR), 1.5))
        painter.drawPoints(dots)
        lines = [QLineF(dots[a], dots[b]) for a, b in CONTOURS if max(a, b) < len(dots)]
        painter.setPen(QPen(QColor(CONTOUR_COLOUR), 1.25))
        painter.drawLines(lines)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Tell the loader how large a picture is worth decoding for."""
        super().resizeEvent(event)
        self.resized.emit(self.size() * self.devicePixelRatioF())


class FaceChooser(QComboBox):
    """The faces of the shown recording's video; hidden where there are not several.

    It stands at the face that is shown: one that is picked has yet to be fitted.

    Attributes:
        face_picked: int: number of the face that the user wants to see.
    """

    face_picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
        self.setAccessibleName("Face")
        self.setToolTip("Faces of this video: which one is fitted and shown")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.activated.connect(self._pick)
        self._shown = -1
        self.hide()

    def show_recording(self, recording: Recording | None) -> None:
        """List the faces of a recording's video, the shown one chosen."""
        self.clear()
        faces = () if recording is None else recording.faces
        for face in faces:
            picture = QPixmap.fromImage(image_to_qimage(face.thumbnail))
            text = f"face {face.number} · seen {face.seconds:.1f} s"
            self.addItem(QIcon(picture), text, face.number)
        self._shown = -1 if recording is None else self.findData(recording.face)
        self.setCurrentIndex(self._shown)
        self.setVisible(len(faces) > 1)

    @Slot(int)
    def _pick(self, place: int) -> None:
        if place != self._shown:
            number = self.itemData(place)
            self.setCurrentIndex(self._shown)
            self.face_picked.emit(number)


class VideoPanel(Panel):
    """The video, over it a camera's bar or faces to choose from, below it what is seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Drop a video here, or open the demo.",
            "File > Open video… takes any video with a face in it. Nothing leaves this machine.",
            parent,
        )
        self.camera = CameraBar()
        self.tasks = TaskGuide()
        self.view = VideoView()
        self.faces = FaceChooser()
        self.reading = QPushButton()
        self.reading.setToolTip("Choose film and frame rate, or say that it was recorded mirrored")
        self.reading.hide()
        self._readout = QLabel()
        self._readout.setFont(tabular_font(self.font()))
        self._landmarks = TickBox("Landmarks")
        self._landmarks.setChecked(True)
        self._landmarks.setToolTip("Draw the landmarks over the video")
        self._landmarks.toggled.connect(self.view.show_landmarks)
        row = QHBoxLayout()
        row.setContentsMargins(GRID, 0, GRID, 0)
        row.addWidget(self._readout, 1)
        row.addWidget(self._landmarks)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, GRID // 2)
        column.setSpacing(GRID // 2)
        column.addWidget(self.camera)
        column.addWidget(self.tasks)
        choices = QHBoxLayout()
        choices.addWidget(self.faces)
        choices.addWidget(self.reading)
        choices.addStretch(1)
        column.addLayout(choices)
        column.addWidget(self.view, 1)
        column.addLayout(row)

    def show_reading(self, recording: Recording | None) -> None:
        """Offer to choose how a recording's video is read, where something of it was guessed."""
        info = recording.info if recording is not None else None
        parts = []
        if info is not None and info.films and info.stream is not None:
            parts.append(f"film {info.stream} of {len(info.films)}")
        if info is not None and info.fps_assumed:
            parts.append(f"{info.fps:g} frames/s assumed")
        self.reading.setText(f"{' · '.join(parts)} …")
        self.reading.setVisible(bool(parts))

    @property
    def readout(self) -> str:
        """The line below the video."""
        return self._readout.text()

    def show_readout(self, text: str) -> None:
        """Say what is seen."""
        self._readout.setText(text)
