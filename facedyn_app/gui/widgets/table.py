"""Tables: rows of texts and numbers, their layout, cells with a bar or an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    Qt,
)
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from facedyn_app.gui.theme import GRID, Colours, colours_of, tabular_font

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
ROW_PX: Final = 3 * GRID
LOW_ROW_PX: Final = 5 * GRID // 2
NUMBER_PX: Final = 44
TEXT_PX: Final = 96
DOT_PX: Final = 4.0


class RowsModel(QAbstractTableModel):
    """Rows of cells; a cell is its text, a row may carry a value for a delegate.

    Args:
        headers: Column heads, units included.
        numeric: Columns that are aligned to the right, as numbers are.
    """

    def __init__(self, headers: Sequence[str], numeric: Sequence[int] = ()) -> None:
        super().__init__()
        self._headers = tuple(headers)
        self._numeric = frozenset(numeric)
        self._rows: tuple[tuple[str, ...], ...] = ()
        self._values: tuple[object, ...] = ()

    def set_rows(self, rows: Sequence[Sequence[str]], values: Sequence[object] = ()) -> None:
        """Replace everything.

        Args:
            rows: The texts.
            values: One object a row, handed out under `Qt.UserRole`; may be empty.
        """
        self.beginResetModel()
        self._rows = tuple(tuple(row) for row in rows)
        self._values = tuple(values)
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802
        """Rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:  # noqa: N802
        """Columns."""
        return 0 if parent.isValid() else len(self._headers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's text, alignment, or its row's value."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_RIGHT if index.column() in self._numeric else _LEFT)
        if role == Qt.ItemDataRole.UserRole and self._values:
            return self._values[index.row()]
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """A column's head."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._headers[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_RIGHT if section in self._numeric else _LEFT)
        return None


def lay_out_table(table: QTableView, rows: RowsModel, stretched: int, row_px: int = ROW_PX) -> None:
    """Let a table show rows.

    Args:
        table: The table.
        rows: What it shows.
        stretched: The column that takes the room that the others leave.
        row_px: Height of a row, px.
    """
    table.setModel(rows)
    table.setFont(tabular_font(table.font()))
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(row_px)
    header = table.horizontalHeader()
    header.setMinimumSectionSize(4 * GRID)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)


@dataclass(frozen=True, slots=True)
class Cell:
    """Where and what is drawn; the value is what stands under `Qt.UserRole`."""

    rect: QRectF
    text: str
    value: Any
    colours: Colours
    selected: bool


class DrawnCell(QStyledItemDelegate):
    """Draws a row's text, and what stands under `Qt.UserRole` beside them.

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
        """Paint the background, then the cell, in the colour of text on it."""
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
        """Draw text and value into a cell."""
        raise NotImplementedError


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
        painter.drawText(text, number, cell.text)
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


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value and its interval; `top` is the column's scale, which begins at 0."""

    low: float
    value: float
    high: float
    top: float


class IntervalDelegate(DrawnCell):
    """Draws the row's `Interval` (under `Qt.UserRole`) beside its text."""

    def _draw(self, painter: QPainter, cell: Cell) -> None:
        """Draw the text, the interval as a line and the value as a dot."""
        rect, value, colours = cell.rect, cell.value, cell.colours
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect.adjusted(GRID / 2, 0, 0, 0), middle, cell.text)
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
