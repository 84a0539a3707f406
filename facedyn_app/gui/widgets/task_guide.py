"""Task guide: what the person before the camera is asked to do, and the count-down to it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics
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

TEXT_PT, COUNT_PT = 15, 26
"""Sizes that are read from some distance."""
TEXT_LINES: Final = 2


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
        self._text.setFont(_bold(self.font(), TEXT_PT))
        # a low window takes its room elsewhere
        self._text.setMinimumHeight(TEXT_LINES * QFontMetrics(self._text.font()).height())
        self._count = QLabel()
        self._count.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._count.setFont(_bold(self.font(), COUNT_PT))
        self._count.setFixedWidth(10 * GRID)
        self._where = QLabel()
        self._where.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(GRID)
        self._bar.setAccessibleName("How much of the task is over")
        self.stop = QPushButton("Stop tasks")
        self.stop.setToolTip("Go through the tasks no further; the recording goes on")
        self.stop.clicked.connect(self.stop_requested)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._text)
        words.addWidget(self._where)
        row = QHBoxLayout()
        row.addWidget(self._count)
        row.addLayout(words, 1)
        row.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        column.addWidget(self._bar)
        self.hide()

    @property
    def text(self) -> str:
        """What the person is told."""
        return self._text.text()

    @property
    def count(self) -> str:
        """The count-down."""
        return self._count.text()

    @property
    def where(self) -> str:
        """Which task this is, and of how many."""
        return self._where.text()

    def show_words(self, text: str, where: str, share: float = 0.0, count: str = "") -> None:
        """Tell the person this.

        Args:
            text: What to do.
            where: Which task it is.
            share: How much of it is over, 0..1.
            count: Seconds until it begins, or until it ends.
        """
        self._text.setText(text)
        self._count.setText(count)
        self._where.setText(where)
        self._bar.setValue(round(100 * share))
        self.show()


def _bold(base: QFont, points: int) -> QFont:
    font = QFont(base)
    font.setPointSize(points)
    font.setBold(True)
    return font
