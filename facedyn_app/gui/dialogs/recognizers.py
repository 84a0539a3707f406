"""Recognizers of the library: how good each is, which one answers, one from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.gui.formatting import accuracy_text, recognizer_text
from facedyn_app.gui.status import error_status
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.form_parts import make_error_line, make_note, set_error
from facedyn_app.gui.widgets.screen_fit import FittedDialog
from facedyn_app.gui.widgets.table import RowsModel, lay_out_table
from facedyn_app.library.recognizers import RecognizerEntry
from facedyn_app.workflows.recognizers import Entries

COLUMNS: Final = (
    "Recognizer",
    "Answers",
    "Head",
    "Learnt from",
    "Windows right (%)",
    "90 % interval (%)",
    "Sessions tested",
    "Chance (%)",
)


class RecognizersDialog(FittedDialog):
    """Lists recognizers, makes one active, brings one in.

    Attributes:
        activate_requested: str: let the recognizer of this name answer.
        folder_chosen: Path: bring in the recognizer of this folder.
    """

    activate_requested = Signal(str)
    folder_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Recognizers")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(120 * GRID, 56 * GRID)
        self._entries: Entries = ()
        self.model = RowsModel(COLUMNS, numeric=(4, 5, 6, 7))
        self.table = QTableView()
        self.facts, self.note = make_note(), make_error_line()
        self.activate, self.add = QPushButton("Make active"), QPushButton("Add from a folder…")
        self._lay_out()
        self.activate.clicked.connect(self._activate)
        self.add.clicked.connect(self._ask_folder)
        self.table.selectionModel().selectionChanged.connect(self._show_facts)

    def _lay_out(self) -> None:
        lay_out_table(self.table, self.model, 0)
        lead = QLabel(
            "Who is it? is answered by the active recognizer. Each reads the motion of one head "
            "only, and its accuracy holds for people like those it was tested on."
        )
        lead.setWordWrap(True)
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add)
        buttons.addStretch(1)
        buttons.addWidget(self.activate)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(lead)
        column.addWidget(self.table, 1)
        column.addWidget(self.facts)
        column.addWidget(self.note)
        column.addLayout(buttons)
        close.setDefault(True)  # whatever button comes before it, Return closes

    def bring_in(self, folder: Path) -> None:
        """Add a recognizer that was made elsewhere."""
        set_error(self.note, "")
        self.folder_chosen.emit(folder)

    @Slot(object)
    def show_entries(self, entries: Entries) -> None:
        """List the recognizers."""
        row = self._row()
        self._entries = entries
        self.model.set_rows([_cells(entry) for entry in entries], entries)
        active = next((k for k, entry in enumerate(entries) if entry.active), 0)
        self.table.selectRow(active if row is None else row)
        self._show_facts()

    @Slot(object)
    def show_error(self, error: Exception) -> None:
        """Say what could not be done."""
        set_error(self.note, error_status(error).sentence)

    def _row(self) -> int | None:
        rows = self.table.selectionModel().selectedRows()
        return rows[0].row() if rows else None

    def _show_facts(self) -> None:
        row = self._row()
        entry = None if row is None else self._entries[row]
        self.facts.setText("" if entry is None else accuracy_text(entry))
        self.activate.setEnabled(entry is not None and not (entry.active or entry.fault))

    def _activate(self) -> None:
        row = self._row()
        if row is not None:
            set_error(self.note, "")
            self.activate_requested.emit(self._entries[row].name)

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Recognizer made elsewhere")
        if folder:
            self.bring_in(Path(folder))


def _cells(entry: RecognizerEntry) -> tuple[str, ...]:
    name, answers = recognizer_text(entry.name), "yes" if entry.active else ""
    if entry.fault:
        return (name, answers, "cannot be used", *[""] * 5)
    origin = " (simulated)" if entry.simulated else ""
    interval = entry.top1_interval
    return (
        name,
        answers,
        entry.head_id,
        f"{entry.n_speakers} speakers{origin}",
        "-" if entry.top1 is None else f"{100 * entry.top1:.1f}",
        "-" if interval is None else f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}",
        str(entry.n_tested) if entry.n_tested else "-",
        "-" if entry.chance is None else f"{100 * entry.chance:.2f}",
    )
