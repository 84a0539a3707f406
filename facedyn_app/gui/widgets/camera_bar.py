"""Camera bar above a live picture: which camera, record, stop, close, what is kept."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.gui.formatting import tip_text
from facedyn_app.gui.theme import GRID, tabular_font
from facedyn_app.gui.widgets.form_parts import make_error_line, set_error

NOTHING_KEPT: Final = (
    "Live picture: nothing is kept unless you record. Record only people who have agreed to it."
)


class CameraBar(QWidget):
    """Seen only while a camera is open, or has something to say.

    Attributes:
        camera_picked: int: the user wants this camera, from 1.
        record_requested: Record, from now on.
        tasks_requested: Lead through a protocol of tasks.
        stop_requested: Stop the recording.
        close_requested: Close the camera.
    """

    camera_picked = Signal(int)
    record_requested = Signal()
    tasks_requested = Signal()
    stop_requested = Signal()
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cameras = QComboBox()
        self.cameras.setAccessibleName("Camera")
        self.cameras.setToolTip("Which camera is shown")
        self.cameras.activated.connect(self._pick)
        self.record = QPushButton("Record…")
        self.record.setToolTip("Write what the camera shows into a video file of your choice")
        self.record.clicked.connect(self.record_requested)
        self.tasks = QPushButton("Tasks…")
        self.tasks.setToolTip("Lead through a protocol of facial tasks, and mark them")
        self.tasks.clicked.connect(self.tasks_requested)
        self.stop = QPushButton("Stop and open")
        self.stop.setToolTip("End the recording and fit it as any other video")
        self.stop.clicked.connect(self.stop_requested)
        self.close_camera = QPushButton("Close camera")
        self.close_camera.setToolTip("Let the camera go; a recording is ended, kept and opened")
        self.close_camera.clicked.connect(self.close_requested)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setFont(tabular_font(self.font()))
        self._text.setWordWrap(True)
        # a long name is cut off rather than making the window wider
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._error = make_error_line()
        self._number = 1
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for widget in (self.cameras, self.record, self.tasks, self.stop, self.close_camera):
            row.addWidget(widget)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID // 2, GRID, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        column.addWidget(self._text)
        column.addWidget(self._error)

    @property
    def text(self) -> str:
        """What the bar says of what is kept; empty where no camera is open."""
        return self._text.text()

    @property
    def error(self) -> str:
        """What has gone wrong; empty where nothing has."""
        return self._error.text()

    def show_open(self, names: tuple[str, ...], number: int) -> None:
        """A camera is open.

        Args:
            names: All there are.
            number: The open one, from 1.
        """
        self._number = number
        if names != tuple(self.cameras.itemText(k) for k in range(self.cameras.count())):
            self.cameras.clear()
            self.cameras.addItems(list(names))
        self.cameras.setCurrentIndex(number - 1)
        set_error(self._error, "")
        self._show_buttons(opened=True)
        self.show()

    def show_recording(self, text: str, path: str = "") -> None:
        """Say what is recorded, and where to in a tooltip; an empty text where nothing is."""
        self._text.setText(text or NOTHING_KEPT)
        self._text.setToolTip(tip_text(path))
        self.record.setVisible(not text)
        self.stop.setVisible(bool(text))
        self.cameras.setEnabled(not text)

    def show_closed(self) -> None:
        """No camera is open."""
        self._text.setText("")
        self._show_buttons(opened=False)
        self.setVisible(bool(self.error))

    def show_error(self, text: str) -> None:
        """Say what has gone wrong, while something else is shown; an empty text takes it away."""
        set_error(self._error, text)
        self.setVisible(bool(text) or bool(self.text))

    def _show_buttons(self, *, opened: bool) -> None:
        for widget in (self.cameras, self.tasks, self.close_camera, self._text):
            widget.setVisible(opened)
        self.record.setVisible(opened)
        self.stop.setVisible(False)

    @Slot(int)
    def _pick(self, place: int) -> None:
        if place + 1 != self._number:
            self.camera_picked.emit(place + 1)
