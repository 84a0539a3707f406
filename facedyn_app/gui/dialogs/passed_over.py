"""Files of a folder that were not opened, each with the reason, in a window beside the main one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QTableView, QVBoxLayout, QWidget

from facedyn_app.gui.dialogs.form import without_icons
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.screen_fit import FittedDialog
from facedyn_app.gui.widgets.table import LOW_ROW_PX, RowsModel, lay_out_table
from facedyn_app.workflows.open_recording import Found


class PassedOverDialog(FittedDialog):
    """A table of what a folder holds besides recordings.

    Args:
        found: What there was to open in a folder, and what was passed over.
        parent: The window.
    """

    def __init__(self, found: Found, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        folder = found.folder or Path()
        self.setWindowTitle(f"Not opened: {folder.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        n_opened, n_passed = len(found.videos) + len(found.measured), len(found.passed_over)
        recordings = "1 recording is" if n_opened == 1 else f"{n_opened} recordings are"
        others = "1 file is" if n_passed == 1 else f"{n_passed} files are"
        lead = QLabel(f"{recordings} opened of '{folder}'; {others} passed over:")
        lead.setTextFormat(Qt.TextFormat.PlainText)
        lead.setWordWrap(True)
        self.model = RowsModel(("File", "Why"))
        self.model.set_rows([_row(path, why, folder) for path, why in found.passed_over])
        table = QTableView()
        lay_out_table(table, self.model, 1, LOW_ROW_PX)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        without_icons(buttons)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(lead)
        column.addWidget(table, 1)
        column.addWidget(buttons)
        self.resize(90 * GRID, 40 * GRID)


def _row(path: Path, why: str, folder: Path) -> tuple[str, str]:
    """A file by its place in the folder, and why it is not opened, without the long way to it."""
    within = path.relative_to(folder) if path.is_relative_to(folder) else path
    return str(within), why.replace(f"'{path}'", f"'{path.name}'")
