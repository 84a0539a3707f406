"""A share of 0..1 as a bar with its number, inside a table."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from facedyn_app.gui.theme import GRID, colours_of

NUMBER_PX = 44


class ShareBarDelegate(QStyledItemDelegate):
    """Draws the row's value (a float under `Qt.UserRole`) as a bar, a line at the threshold.

    Args:
        parent: The view.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = parent
        self.threshold: float | None = None

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint background, bar, threshold and number."""
        share = index.data(Qt.ItemDataRole.UserRole)
        rect = QRectF(option.rect)
        colours = colours_of(self._view)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(rect, QColor(colours.accent))
        text = rect.adjusted(rect.width() - NUMBER_PX - GRID / 2, 0, -GRID / 2, 0)
        painter.setPen(QColor(colours.base if selected else colours.text))
        number = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(text, number, str(index.data()))
        room = rect.adjusted(GRID / 2, rect.height() * 0.3, -NUMBER_PX - GRID, -rect.height() * 0.3)
        if isinstance(share, float) and room.width() > GRID:
            painter.fillRect(room, QColor(colours.line))
            filled = QRectF(room)
            filled.setWidth(room.width() * min(1.0, max(0.0, share)))
            painter.fillRect(filled, QColor(colours.text if selected else colours.accent))
            if self.threshold is not None:
                x = room.left() + room.width() * self.threshold
                line = QRectF(x - 1, rect.top() + 3, 2, rect.height() - 6)
                painter.fillRect(line, painter.pen().color())
        painter.restore()
