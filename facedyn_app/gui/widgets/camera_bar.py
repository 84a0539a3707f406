"""Above a live picture: which camera, record and stop, close, and what is kept of it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.gui.theme import GRID, tabular_font
from facedyn_app.gui.widgets.form_parts import make_fault, say

NOTHING_KEPT: Final = (
    "Live picture: nothing is kept unless you record. Record only people who have agreed to it."
)


class CameraBar(QWidget):
    """Seen only while a camera is open, or has something to say.

    Attributes:
        camera_picked: int: the user wants this camera, from 1.
        record_requested: Record, from now on.
        stop_requested: Stop the recording.
        close_requested: Close the camera.
    """

    camera_picked = Signal(int)
    record_requested = Signal()
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
        self.stop = QPushButton("Stop and open")
        self.stop.setToolTip("End the recording and fit it as any other video")
        self.stop.clicked.connect(self.stop_requested)
        self.close_camera = QPushButton("Close camera")
        self.close_camera.setToolTip("Let the camera go; a recording is ended, kept and opened")
        self.close_camera.clicked.connect(self.close_requested)
        self._words = QLabel()
        self._words.setFont(tabular_font(self.font()))
        self._words.setWordWrap(True)
        # a long name is cut off rather than making the window wider
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._fault = make_fault()
        self._number = 1
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for widget in (self.cameras, self.record, self.stop, self.close_camera):
            row.addWidget(widget)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID // 2, GRID, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        column.addWidget(self._words)
        column.addWidget(self._fault)

    @property
    def words(self) -> str:
        """What the bar says of what is kept; empty where no camera is open."""
        return self._words.text()

    @property
    def fault(self) -> str:
        """What has gone wrong; empty where nothing has."""
        return self._fault.text()

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
        say(self._fault, "")
        self._show_buttons(opened=True)
        self.show()

    def show_recording(self, words: str, path: str = "") -> None:
        """Say what is recorded, and where to in a tooltip; empty words where nothing is."""
        self._words.setText(words or NOTHING_KEPT)
        self._words.setToolTip(path)
        self.record.setVisible(not words)
        self.stop.setVisible(bool(words))
        self.cameras.setEnabled(not words)

    def show_closed(self) -> None:
        """No camera is open."""
        self._words.setText("")
        self._show_buttons(opened=False)
        self.setVisible(bool(self.fault))

    def show_fault(self, words: str) -> None:
        """Say what has gone wrong, while something else is shown; empty words take it away."""
        say(self._fault, words)
        self.setVisible(bool(words) or bool(self.words))

    def _show_buttons(self, *, opened: bool) -> None:
        for widget in (self.cameras, self.close_camera, self._words):
            widget.setVisible(opened)
        self.record.setVisible(opened)
        self.stop.setVisible(False)

    @Slot(int)
    def _pick(self, place: int) -> None:
        if place + 1 != self._number:
            self.camera_picked.emit(place + 1)
