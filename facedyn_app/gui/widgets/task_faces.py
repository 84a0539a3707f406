"""Two faces at the same task side by side, and the second coloured by their difference in mm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.distance_matrix import ScaleBar
from facedyn_app.gui.widgets.long_names import NameLabel
from facedyn_app.records import ByteArray
from facedyn_app.reports.clinical_words import capital, task_title
from facedyn_app.reports.task_faces import TaskFaces

LEAST_PX: Final = 20 * GRID


class Picture(QLabel):
    """A picture that is scaled to the room it has."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = QPixmap()
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumSize(LEAST_PX, LEAST_PX)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def show_rgb(self, picture: ByteArray) -> None:
        """Show (H, W, 3) uint8 RGB."""
        height, width, _ = picture.shape
        form = QImage.Format.Format_RGB888
        self._whole = QPixmap(QImage(picture.tobytes(), width, height, 3 * width, form))
        self._scale()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As large as it is drawn."""
        return self._whole.size()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Scale anew."""
        super().resizeEvent(event)
        self._scale()

    def _scale(self) -> None:
        if not self._whole.isNull():
            keep, smooth = (
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            self.setPixmap(self._whole.scaled(self.size(), keep, smooth))


class TaskFacesView(QWidget):
    """One task at a time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._faces: tuple[TaskFaces, ...] = ()
        self.task = QComboBox()
        self.task.setAccessibleName("Task whose faces are shown")
        self.task.currentIndexChanged.connect(self._show)
        self.pictures = Picture(), Picture(), Picture()
        self._names = NameLabel(), NameLabel(), NameLabel("Difference of the movements")
        self.scale_bar = ScaleBar("mm")
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        grid = QGridLayout()
        grid.setSpacing(GRID)
        for column, (name, picture) in enumerate(zip(self._names, self.pictures, strict=True)):
            name.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            grid.addWidget(name, 0, column)
            grid.addWidget(picture, 1, column)
            grid.setColumnStretch(column, 1)
        grid.addWidget(self.scale_bar, 2, 2)
        grid.setRowStretch(1, 1)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.addWidget(self.task, 0, Qt.AlignmentFlag.AlignLeft)
        column_.addLayout(grid, 1)
        column_.addWidget(self.words)
        self.say("")

    def say(self, text: str) -> None:
        """A sentence in place of the faces."""
        self._faces = ()
        self._set_visible(seen=False)
        self.words.setText(text)

    def show_faces(self, faces: Sequence[TaskFaces], first: str, second: str) -> None:
        """Show tasks of two sessions, given by their labels."""
        before = self.task.currentText()
        self._faces = tuple(faces)
        with QSignalBlocker(self.task):
            self.task.clear()
            self.task.addItems([capital(task_title(one.task)) for one in faces])
            self.task.setCurrentIndex(max(0, self.task.findText(before)))
        self._names[0].setText(first)
        self._names[1].setText(second)
        self._set_visible(seen=bool(faces))
        self._show()

    @Slot()
    def _show(self) -> None:
        place = self.task.currentIndex()
        if not 0 <= place < len(self._faces):
            return
        shown = self._faces[place]
        for picture, pixels in zip(self.pictures, shown.pictures, strict=True):
            picture.show_rgb(pixels)
        self.scale_bar.set_top(shown.top_mm)
        self.words.setText(
            f"At the peak of the first repeat, both on the first session's shape. The movements, "
            f"peak less rest, lie {shown.rms_mm:.1f} mm apart (root mean square over the face), "
            f"at most {shown.most_mm:.1f} mm. Grey: no landmarks there."
        )

    def _set_visible(self, *, seen: bool) -> None:
        for widget in (self.task, self.scale_bar, *self.pictures, *self._names):
            widget.setVisible(seen)
