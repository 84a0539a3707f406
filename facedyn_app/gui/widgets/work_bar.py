"""Bar that asks whether to go on with what waits in the library's queue."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from facedyn_app.gui.theme import GRID


class WorkBar(QFrame):
    """Hidden until there is something to ask; it stops nobody from doing anything else.

    Attributes:
        go_on_requested: The user wants it worked.
        go_on: The button for that.
        not_now: The button that only takes the bar away.
    """

    go_on_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._label = QLabel()
        self._label.setWordWrap(True)
        self.go_on, self.not_now = QPushButton("&Go on"), QPushButton("&Not now")
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        row.setSpacing(GRID)
        row.addWidget(self._label, 1)
        row.addWidget(self.go_on)
        row.addWidget(self.not_now)
        self.go_on.clicked.connect(self._agree)
        self.not_now.clicked.connect(self.hide)
        self.hide()

    def above(self, widget: QWidget) -> QWidget:
        """The bar and below it a widget, which has all the room while there is nothing to ask."""
        both = QWidget()
        column = QVBoxLayout(both)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self)
        column.addWidget(widget, 1)
        return both

    def ask(self, n: int) -> None:
        """Say how many recordings wait, and ask."""
        wait = "1 recording waits" if n == 1 else f"{n:,} recordings wait"
        self._label.setText(f"{wait} in the library's import queue. Go on with it?")
        self.show()

    @property
    def text(self) -> str:
        """What is asked; empty while nothing is."""
        return "" if self.isHidden() else self._label.text()

    @Slot()
    def _agree(self) -> None:
        self.hide()
        self.go_on_requested.emit()
