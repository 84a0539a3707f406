"""A share of 0..1 as a bar with its number, inside a table."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from facedyn_app.gui.drawn_cell import Cell, DrawnCell
from facedyn_app.gui.theme import GRID

NUMBER_PX = 44


class ShareBarDelegate(DrawnCell):
    """Draws the row's value (a float under `Qt.UserRole`) as a bar, a line at the threshold.

    Args:
        parent: The view.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.threshold: float | None = None

    def _draw(self, painter: QPainter, cell: Cell) -> None:
        """Draw bar, threshold and number."""
        rect, value, colours = cell.rect, cell.value, cell.colours
        text = rect.adjusted(rect.width() - NUMBER_PX - GRID / 2, 0, -GRID / 2, 0)
        number = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(text, number, cell.words)
        room = rect.adjusted(GRID / 2, rect.height() * 0.3, -NUMBER_PX - GRID, -rect.height() * 0.3)
        if not isinstance(value, float) or room.width() <= GRID:
            return
        painter.fillRect(room, QColor(colours.line))
        filled = QRectF(room)
        filled.setWidth(room.width() * min(1.0, max(0.0, value)))
        painter.fillRect(filled, QColor(colours.text if cell.selected else colours.accent))
        if self.threshold is not None:
            x = room.left() + room.width() * self.threshold
            line = QRectF(x - 1, rect.top() + 3, 2, rect.height() - 6)
            painter.fillRect(line, painter.pen().color())
