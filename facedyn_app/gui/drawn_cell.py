"""What the cells that the window draws itself have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from facedyn_app.gui.theme import Colours, colours_of


@dataclass(frozen=True, slots=True)
class Cell:
    """Where and what is drawn; the value is what stands under `Qt.UserRole`."""

    rect: QRectF
    words: str
    value: Any
    colours: Colours
    selected: bool


class DrawnCell(QStyledItemDelegate):
    """Draws a row's words, and what stands under `Qt.UserRole` beside them.

    Args:
        parent: The view.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = parent

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the background, then the cell, in the colour of words on it."""
        rect = QRectF(option.rect)
        colours = colours_of(self._view)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(rect, QColor(colours.accent))
        painter.setPen(QColor(colours.base if selected else colours.text))
        value = index.data(Qt.ItemDataRole.UserRole)
        self._draw(painter, Cell(rect, str(index.data()), value, colours, selected))
        painter.restore()

    def _draw(self, painter: QPainter, cell: Cell) -> None:
        """Draw words and value into a cell."""
        raise NotImplementedError
