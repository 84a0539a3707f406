"""Pseudonyms of a written dataset, and whom each stands for: told once, kept in no file."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QTableView, QVBoxLayout, QWidget

from facedyn_app.gui.dialogs.form import without_icons
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.screen_fit import FittedDialog
from facedyn_app.gui.widgets.table import LOW_ROW_PX, RowsModel, lay_out_table
from facedyn_app.workflows.records import LibrarySnapshot


class PseudonymsDialog(FittedDialog):
    """A table of pseudonyms and names.

    Args:
        people: Each pseudonym and the speaker whom it stands for.
        folder: Name of the dataset's folder.
        parent: The window.
    """

    def __init__(
        self, people: Sequence[tuple[str, str]], folder: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Pseudonyms in {folder}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        lead = QLabel(
            "Whom the pseudonyms stand for is in no file and is shown only now. Keep the names "
            "apart from the dataset; faces' motion and shape may still tell who people are."
        )
        lead.setWordWrap(True)
        self.model = RowsModel(("Pseudonym", "Speaker"))
        self.model.set_rows(list(people))
        table = QTableView()
        lay_out_table(table, self.model, 1, LOW_ROW_PX)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton("&Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.setToolTip("Copy the table, to be pasted into a sheet")
        without_icons(buttons)
        text = "\n".join("\t".join(row) for row in (("Pseudonym", "Speaker"), *people))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(lead)
        column.addWidget(table, 1)
        column.addWidget(buttons)
        self.resize(60 * GRID, 40 * GRID)

    @Slot(object)
    def follow(self, snapshot: LibrarySnapshot) -> None:
        """Close where nobody is shown any more: the library was locked."""
        if not snapshot.speakers:
            self.close()
