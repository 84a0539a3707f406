"""Dialog that shows a table under a sentence, to be read and closed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QTableView, QVBoxLayout, QWidget

from facedyn_app.gui.dialogs.form import without_icons
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.screen_fit import FittedDialog
from facedyn_app.gui.widgets.table import LOW_ROW_PX, RowsModel, lay_out_table


class ListingDialog(FittedDialog):
    """A table of two columns, the second of which takes what room there is.

    Args:
        title: The window's title.
        lead: What the table shows.
        heads: The columns' heads.
        rows: The rows.
        width: In steps of the grid.
        parent: The window.
    """

    def __init__(
        self,
        title: str,
        lead: str,
        heads: tuple[str, str],
        rows: Sequence[tuple[str, str]],
        width: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sentence = QLabel(lead)
        sentence.setTextFormat(Qt.TextFormat.PlainText)
        sentence.setWordWrap(True)
        self.model = RowsModel(heads)
        self.model.set_rows(list(rows))
        table = QTableView()
        lay_out_table(table, self.model, 1, LOW_ROW_PX)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        without_icons(self._buttons)
        self._buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(sentence)
        column.addWidget(table, 1)
        column.addWidget(self._buttons)
        # whatever button comes beside it, Return closes
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        self.resize(width * GRID, 40 * GRID)
