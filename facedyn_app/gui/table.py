"""How tables of the window look: figures in columns, whole rows, one column with the room left."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from facedyn_app.gui.rows_model import RowsModel
from facedyn_app.gui.theme import GRID, tabular_font

ROW_PX: Final = 3 * GRID
LOW_ROW_PX: Final = 5 * GRID // 2


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
