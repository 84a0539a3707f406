"""Audit of the library: who did what when, read-only, searched, written as a table."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.formatting import counted
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.form_parts import make_error_line, make_note, set_error
from facedyn_app.gui.widgets.screen_fit import FittedDialog, no_default_button
from facedyn_app.gui.widgets.table import LOW_ROW_PX, RowsModel, lay_out_table
from facedyn_app.library.audit import AuditEntry
from facedyn_app.workflows.audit import ReadAudit

COLUMNS: Final = ("Line", "When", "Who", "What", "Of what")


class AuditDialog(FittedDialog):
    """Shows the lines that hold what is searched for, newest first.

    Attributes:
        export_requested: The user wants the lines as a table.
    """

    export_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Audit")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(110 * GRID, 64 * GRID)
        self._read: ReadAudit | None = None
        self.state, self.fault, self.head = QLabel(), make_error_line(), make_note()
        self.search = QLineEdit()
        self.model = RowsModel(COLUMNS, numeric=(0,))
        self.table = QTableView()
        self.export = QPushButton("Export table…")
        self._lay_out()
        self.search.textChanged.connect(self._show_rows)
        self.export.clicked.connect(self.export_requested.emit)
        no_default_button(self)

    def _lay_out(self) -> None:
        lay_out_table(self.table, self.model, 4, LOW_ROW_PX)
        lead = QLabel(
            "Who has done what with this library. Each line is chained to the one before it: a "
            "line that was changed, taken away or put in is found."
        )
        lead.setWordWrap(True)
        self.head.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.head.setEnabled(True)
        self.search.setPlaceholderText("Search: a name, an account, a day, an act")
        self.search.setClearButtonEnabled(True)
        self.export.setEnabled(False)
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.export)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        for widget in (lead, self.search):
            column.addWidget(widget)
        column.addWidget(self.table, 1)
        for widget in (self.state, self.fault, self.head):
            column.addWidget(widget)
        column.addLayout(buttons)

    @property
    def lines(self) -> list[AuditEntry]:
        """The lines that are shown, oldest first."""
        if self._read is None:
            return []
        wanted = self.search.text().casefold().split()
        return [line for line in self._read.lines if _holds(line, wanted)]

    @Slot(object)
    def show_audit(self, read: ReadAudit) -> None:
        """Show lines, and whether they are as they were written."""
        self._read = read
        faults = read.check.faults
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        wrong = f"Not as it was written: {faults[0].what}{more}." if faults else ""
        set_error(self.fault, wrong)
        self.head.setText(
            f"Head, to be noted elsewhere: {read.check.head}\nWhether it is still there is checked "
            "by 'facedyn audit verify --head'."
        )
        self._show_rows()

    def show_error(self, sentence: str) -> None:
        """Say what could not be done."""
        set_error(self.fault, sentence)

    def _show_rows(self) -> None:
        lines = self.lines
        self.model.set_rows([_cells(line) for line in reversed(lines)])
        total = 0 if self._read is None else len(self._read.lines)
        self.state.setText(f"{len(lines)} of {counted(total, 'line')}")
        self.export.setEnabled(bool(lines))


def _cells(line: AuditEntry) -> tuple[str, ...]:
    when = f"{line.at.astimezone():%Y-%m-%d %H:%M:%S}"
    return str(line.number), when, line.who, line.action, line.what


def _holds(line: AuditEntry, wanted: list[str]) -> bool:
    text = " ".join(_cells(line)).casefold()
    return all(word in text for word in wanted)
