"""A number with its interval, drawn on the scale of the whole column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from facedyn_app.gui.drawn_cell import Cell, DrawnCell
from facedyn_app.gui.theme import GRID

TEXT_PX: Final = 96
DOT_PX: Final = 4.0


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value and its interval; `top` is the column's scale, which begins at 0."""

    low: float
    value: float
    high: float
    top: float


class IntervalDelegate(DrawnCell):
    """Draws the row's `Interval` (under `Qt.UserRole`) beside its words."""

    def _draw(self, painter: QPainter, cell: Cell) -> None:
        """Draw the words, the interval as a line and the value as a dot."""
        rect, value, colours = cell.rect, cell.value, cell.colours
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect.adjusted(GRID / 2, 0, 0, 0), middle, cell.words)
        room = rect.adjusted(TEXT_PX, 0, -GRID, 0)
        if not isinstance(value, Interval) or value.top <= 0 or room.width() <= GRID:
            return
        y = rect.center().y()
        low, middle_x, high = (
            room.left() + room.width() * min(1.0, number / value.top)
            for number in (value.low, value.value, value.high)
        )
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
        colour = QColor(colours.base if cell.selected else colours.accent)
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(low, y), QPointF(high, y))
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(middle_x, y), DOT_PX, DOT_PX)
