"""Task guide: what the person before the camera is asked to do, and the count-down to it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.gui.theme import GRID

LARGE_PT: Final = 20


class TaskGuide(QFrame):
    """Seen only while a protocol is gone through; read from some distance.

    Attributes:
        stop_requested: Go through it no further.
    """

    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        large = QFont(self.font())
        large.setPointSize(LARGE_PT)
        large.setBold(True)
        self._text.setFont(large)
        self._where = QLabel()
        self._where.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(GRID)
        self._bar.setAccessibleName("How much of the task is over")
        self.stop = QPushButton("Stop tasks")
        self.stop.setToolTip("Go through the tasks no further; the recording goes on")
        self.stop.clicked.connect(self.stop_requested)
        row = QHBoxLayout()
        row.addWidget(self._where, 1)
        row.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self._text)
        column.addWidget(self._bar)
        column.addLayout(row)
        self.hide()

    @property
    def text(self) -> str:
        """What the person is told."""
        return self._text.text()

    @property
    def where(self) -> str:
        """Which task this is, and of how many."""
        return self._where.text()

    def show_words(self, text: str, where: str, share: float = 0.0) -> None:
        """Tell the person this.

        Args:
            text: What to do.
            where: Which task it is.
            share: How much of it is over, 0..1.
        """
        self._text.setText(text)
        self._where.setText(where)
        self._bar.setValue(round(100 * share))
        self.show()
