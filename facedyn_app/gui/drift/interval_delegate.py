"""A number with its interval, drawn on the scale of the whole column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from facedyn_app.gui.theme import GRID, colours_of

TEXT_PX: Final = 96
DOT_PX: Final = 4.0


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value and its interval; `top` is the column's scale, which begins at 0."""

    low: float
    value: float
    high: float
    top: float


class IntervalDelegate(QStyledItemDelegate):
    """Draws the row's `Interval` (under `Qt.UserRole`) beside its words.

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
        """Paint background, words, the interval as a line and the value as a dot."""
        interval = index.data(Qt.ItemDataRole.UserRole)
        rect = QRectF(option.rect)
        colours = colours_of(self._view)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected:
            painter.fillRect(rect, QColor(colours.accent))
        painter.setPen(QColor(colours.base if selected else colours.text))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect.adjusted(GRID / 2, 0, 0, 0), middle, str(index.data()))
        room = rect.adjusted(TEXT_PX, 0, -GRID, 0)
        if isinstance(interval, Interval) and interval.top > 0 and room.width() > GRID:
            y = rect.center().y()
            low, value, high = (
                room.left() + room.width() * min(1.0, number / interval.top)
                for number in (interval.low, interval.value, interval.high)
            )
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            colour = QColor(colours.base if selected else colours.accent)
            painter.setPen(QPen(colour, 2))
            painter.drawLine(QPointF(low, y), QPointF(high, y))
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(value, y), DOT_PX, DOT_PX)
        painter.restore()
