"""Clinical tables: rows of measures; what is no value is grey, and a row leads to its moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from facedyn_app.gui.theme import colours_of
from facedyn_app.gui.widgets.long_names import LEAST_NAME_PX, NameHeader
from facedyn_app.gui.widgets.table import LOW_ROW_PX, Index, RowsModel, lay_out_table
from facedyn_app.reports.clinical_words import WordedRow

MOST_CELL_PX: Final = 250


class WordedRowsModel(RowsModel):
    """Rows whose cells without a value are grey.

    Args:
        headers: Column heads.
        numeric: Columns that are aligned to the right.
        view: Whose palette says which grey.
    """

    def __init__(self, headers: Sequence[str], numeric: Sequence[int], view: QWidget) -> None:
        super().__init__(headers, numeric)
        self._view = view

    def set_heads(self, headers: Sequence[str]) -> None:
        """Replace the column heads, and with them the columns; the rows go."""
        self.beginResetModel()
        self._headers, self._rows, self._values = tuple(headers), (), ()
        self.endResetModel()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """As of all rows; the colour of a cell that says why there is no value."""
        if role == Qt.ItemDataRole.ForegroundRole:
            row = super().data(index, Qt.ItemDataRole.UserRole)
            if isinstance(row, WordedRow) and index.column() in row.grey:
                return QColor(colours_of(self._view).muted)
            return None
        return super().data(index, role)


class ClinicalTable(QTableView):
    """A table of worded rows.

    Args:
        headers: Column heads.
        stretched: The column that takes the room that the others leave.
        numeric: Columns that are aligned to the right.

    Attributes:
        moment_picked: float: the user has clicked a row that is about this moment, s.
    """

    moment_picked = Signal(float)

    def __init__(
        self,
        headers: Sequence[str],
        stretched: int = 0,
        numeric: Sequence[int] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._named: tuple[int, ...] = ()
        self.rows = WordedRowsModel(headers, numeric, self)
        self.setHorizontalHeader(NameHeader(self))
        lay_out_table(self, self.rows, stretched, LOW_ROW_PX)
        self.horizontalHeader().setMaximumSectionSize(MOST_CELL_PX)
        self.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.setTabKeyNavigation(False)
        self.clicked.connect(self._pick)
        self.activated.connect(self._pick)

    def show_rows(self, rows: Sequence[WordedRow]) -> None:
        """Show these instead of all."""
        self.rows.set_rows([row.cells for row in rows], rows)

    def show_table(
        self, headers: Sequence[str], rows: Sequence[WordedRow], named: Sequence[int]
    ) -> None:
        """Show these columns and rows instead of all; the last column takes the room that is left.

        Args:
            headers: Column heads.
            rows: The rows.
            named: Columns under names of whatever length, which get what room there is.
        """
        self.rows.set_heads(headers)
        self.show_rows(rows)
        head = self.horizontalHeader()
        head.setStretchLastSection(True)
        for column in range(len(headers)):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._named = tuple(named)
        for column in named:
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        self._share_room()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Give names what the other columns leave."""
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        head, named = self.horizontalHeader(), self._named
        others = [
            max(head.sectionSizeHint(k), self.sizeHintForColumn(k))
            for k in range(head.count())
            if k not in named
        ]
        room = (self.viewport().width() - sum(others)) // max(1, len(named))
        for column in named:
            least = max(LEAST_NAME_PX, self.sizeHintForColumn(column))
            head.resizeSection(column, max(least, min(head.sectionSizeHint(column), room)))

    def text(self, *, selected: bool) -> str:
        """The rows, or those that are selected, with their heads, a tab between cells."""
        model = self.rows
        columns = range(model.columnCount())
        chosen = [index.row() for index in self.selectionModel().selectedRows() if selected]
        heads = [str(model.headerData(k, Qt.Orientation.Horizontal)) for k in columns]
        rows = chosen or range(model.rowCount())
        lines = [heads, *([str(model.index(row, k).data()) for k in columns] for row in rows)]
        return "\n".join("\t".join(" ".join(cell.split()) for cell in line) for line in lines)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Copy by the usual keys; a row leads to its moment by Return."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.text(selected=True))
            return
        super().keyPressEvent(event)

    def _pick(self, index: QModelIndex) -> None:
        row = index.data(Qt.ItemDataRole.UserRole)
        if isinstance(row, WordedRow) and row.seconds is not None:
            self.moment_picked.emit(row.seconds)
