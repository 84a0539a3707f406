"""A read-only table of words and numbers for Qt's views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


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
        if role == Qt.ItemDataRole.DisplayRole:
            return self._headers[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_RIGHT if section in self._numeric else _LEFT)
        return None
