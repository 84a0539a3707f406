"""Parts of forms: notes, error lines, tick boxes.

The boxes have an edge of their own: Fusion's is darker than the ground, so a dark one swallows it.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QLabel,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStyleOptionViewItem,
    QWidget,
)

from facedyn_app.gui.theme import colours_of
from facedyn_app.gui.widgets.table import Index


def make_note(text: str = "") -> QLabel:
    """A quiet line under a field."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setEnabled(False)
    return label


def make_error_line() -> QLabel:
    """A line under a field that says what is wrong with it; not seen as long as nothing is."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setForegroundRole(QPalette.ColorRole.BrightText)
    label.setVisible(False)
    return label


def set_error(note: QLabel, text: str) -> None:
    """Let a line of `make_error_line` say what is wrong; an empty text hides it."""
    note.setText(text)
    note.setVisible(bool(text))


class TickBox(QCheckBox):
    """A box to tick in a form."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw it."""
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = QStyle.SubElement.SE_CheckBoxIndicator
        painter = QPainter(self)
        _draw_edge(painter, self.style().subElementRect(box, option, self), self)
        painter.end()


class TickDelegate(QStyledItemDelegate):
    """Draws the tick boxes of a list."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a cell."""
        super().paint(painter, option, index)
        if index.data(Qt.ItemDataRole.CheckStateRole) is None:
            return
        cell = QStyleOptionViewItem(option)
        self.initStyleOption(cell, index)
        box = QStyle.SubElement.SE_ItemViewItemCheckIndicator
        _draw_edge(painter, self._view.style().subElementRect(box, cell, self._view), self._view)


def _draw_edge(painter: QPainter, box: QRect, widget: QWidget) -> None:
    painter.setPen(QColor(colours_of(widget).muted))
    painter.drawRect(box.adjusted(0, 0, -1, -1))
