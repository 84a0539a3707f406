"""A panel that is empty, working, in error or done, and says which in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.errors import FacedynError
from facedyn_app.gui.theme import GRID


@dataclass(frozen=True, slots=True)
class PanelStatus:
    """What stands in a panel.

    Attributes:
        kind: Which of the four states.
        sentence: What to do (empty), what is done (working), what went wrong (error).
        hint: A second line; may be empty.
        share: Share done, 0..1, while working; None when not known.
    """

    kind: Literal["empty", "working", "error", "done"]
    sentence: str = ""
    hint: str = ""
    share: float | None = None


DONE = PanelStatus("done")
EMPTY = PanelStatus("empty")


def error_status(error: Exception) -> PanelStatus:
    """The status for a failure: a FacedynError's own words, plain ones for a fault of ours."""
    if isinstance(error, FacedynError):
        return PanelStatus("error", error.sentence, error.hint)
    return PanelStatus(
        "error",
        f"The program has made a mistake of its own: {type(error).__name__}: {error}.",
        "Try again; if it stays, send the log to the makers of the program.",
    )


def not_drawn_status(head_id: str, reason: Exception) -> PanelStatus:
    """What stands in place of the head of a session whose head is not at hand."""
    return PanelStatus(
        "empty",
        f"This session is of '{head_id}'. It can be matched and measured, but not drawn.",
        error_status(reason).sentence,
    )


class Panel(QWidget):
    """Shows its content, or a message where the content will stand.

    Args:
        empty: What a first user is told to do.
        hint: A second line below it.

    Attributes:
        retry_requested: The user asks to do again what failed.
    """

    retry_requested = Signal()

    def __init__(self, empty: str, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.content = QWidget()
        self._sentence = _centred_label("message")
        self._hint = _centred_label("hint")
        self._hint.setEnabled(False)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(GRID)
        self._retry = QPushButton("Retry")
        self._retry.clicked.connect(self.retry_requested)
        self._steps = QHBoxLayout()
        self._steps.addStretch(1)
        self._steps.addStretch(1)
        self._step_buttons: list[QPushButton] = []
        self._empty = PanelStatus("empty", empty, hint)
        self.status = self._empty
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self._message_page())
        self._stack.addWidget(self.content)
        self.show_status(self._empty)

    def _message_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addStretch(1)
        column.addWidget(self._sentence)
        column.addWidget(self._bar)
        column.addWidget(self._hint)
        column.addWidget(self._retry, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(self._steps)
        column.addStretch(1)
        return page

    def add_first_step(self, words: str) -> QPushButton:
        """A button that stands below the words while the panel is empty."""
        button = QPushButton(words)
        self._steps.insertWidget(self._steps.count() - 1, button)
        self._step_buttons.append(button)
        return button

    def show_empty(self) -> None:
        """Go back to the first state."""
        self.show_status(self._empty)

    def show_status(self, status: PanelStatus) -> None:
        """Show a state; a bare `EMPTY` brings the panel's own first words back."""
        if status == EMPTY:
            status = self._empty
        self.status = status
        if status.kind == "done":
            self._stack.setCurrentIndex(1)
            return
        self._sentence.setText(status.sentence)
        self._hint.setText(status.hint)
        self._hint.setVisible(bool(status.hint))
        self._retry.setVisible(status.kind == "error")
        self._bar.setVisible(status.kind == "working")
        for button in self._step_buttons:
            button.setVisible(status.kind == "empty")
        self._bar.setRange(0, 0 if status.share is None else 1000)
        if status.share is not None:
            self._bar.setValue(round(1000 * status.share))
        self._stack.setCurrentIndex(0)

    @property
    def words(self) -> str:
        """What the message page says now; empty when the content is shown."""
        if self.status.kind == "done":
            return ""
        return f"{self._sentence.text()} {self._hint.text()}".strip()


def _centred_label(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label
