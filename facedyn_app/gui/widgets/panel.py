"""Panel: its content, or the sentences of its status where the content will stand."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.gui.status import EMPTY, PanelStatus
from facedyn_app.gui.theme import GRID


class _LowPages(QStackedLayout):
    """Pages of which those that are hidden take no height."""

    def minimumSize(self) -> QSize:  # noqa: N802
        """As wide as all of them, as high as the one that is seen."""
        least, page = super().minimumSize(), self.currentWidget()
        return least if page is None else QSize(least.width(), page.minimumSizeHint().height())

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """That of the page that is seen."""
        page = self.currentWidget()
        return super().heightForWidth(width) if page is None else page.heightForWidth(width)


class Panel(QWidget):
    """Shows its content, or a message where the content will stand.

    Args:
        empty: What a first user is told to do.
        hint: A second line below it.

    Attributes:
        scrolls: Whether it stands on a page that scrolls, where content that is hidden is to take
            no height.
    """

    scrolls = False

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
        self._retry.clicked.connect(self.retry)
        self._steps = QHBoxLayout()
        self._steps.addStretch(1)
        self._steps.addStretch(1)
        self._step_buttons: list[QPushButton] = []
        self._empty = PanelStatus("empty", empty, hint)
        self.status = self._empty
        self._stack = _LowPages(self) if self.scrolls else QStackedLayout(self)
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

    def add_first_step(self, text: str) -> QPushButton:
        """A button that stands below the text while the panel is empty."""
        button = QPushButton(text)
        self._steps.insertWidget(self._steps.count() - 1, button)
        self._step_buttons.append(button)
        return button

    def set_empty(self, status: PanelStatus) -> None:
        """Let this be the first text from now on, in place of the one that stands there."""
        before, self._empty = self._empty, status
        if self.status == before:
            self.show_empty()

    def show_empty(self) -> None:
        """Go back to the first state."""
        self.show_status(self._empty)

    def show_status(self, status: PanelStatus) -> None:
        """Show a state; a bare `EMPTY` brings the panel's own first text back."""
        if status == EMPTY:
            status = self._empty
        self.status = status
        if status.kind == "done":
            self._stack.setCurrentIndex(1)
            return
        self._sentence.setText(status.sentence)
        self._hint.setText(status.hint)
        self._hint.setVisible(bool(status.hint))
        self._retry.setVisible(status.retry is not None)
        self._bar.setVisible(status.kind == "working")
        for button in self._step_buttons:
            button.setVisible(status.kind == "empty")
        self._bar.setRange(0, 0 if status.share is None else 1000)
        if status.share is not None:
            self._bar.setValue(round(1000 * status.share))
        self._stack.setCurrentIndex(0)

    @Slot()
    def retry(self) -> None:
        """Do again what failed, once."""
        again = self.status.retry
        self.status = replace(self.status, retry=None)
        if again is not None:
            again()

    @property
    def text(self) -> str:
        """What the message page says now; empty when the content is shown."""
        if self.status.kind == "done":
            return ""
        return f"{self._sentence.text()} {self._hint.text()}".strip()


def _centred_label(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label
