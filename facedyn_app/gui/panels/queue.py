"""Import queue panel: the recordings that wait in the library, run, have failed and are done."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.formatting import shown, shown_name
from facedyn_app.gui.status import DONE
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.gui.widgets.table import LOW_ROW_PX, RowsModel, lay_out_table
from facedyn_app.library.work_rows import ENDED, WorkItem, WorkState
from facedyn_app.workflows.work import QueueSnapshot

COLUMNS: Final = ("State", "Speaker", "Recording")
ROWS_MEASURED: Final = 50
"""Rows that a column's width is found by; of thousands it would take long."""
READ_ONLY: Final = "This library may only be read: its queue is shown, not worked."
AGAIN: Final = (WorkState.FAILED, WorkState.CANCELLED)
STOPPED: Final = (WorkState.WAITING, WorkState.RUNNING)


class QueuePanel(Panel):
    """A table of the queue; its buttons act on the selected rows.

    Attributes:
        go_on_requested: The user wants the queue worked.
        stop_requested: The user wants this window to stop working it.
        retry_requested: tuple[int, ...]: these items are to be tried again.
        cancel_requested: tuple[int, ...]: these items are to be cancelled.
        remove_requested: tuple[int, ...]: these items are to be taken off the list.
    """

    go_on_requested = Signal()
    stop_requested = Signal()
    retry_requested = Signal(object)
    cancel_requested = Signal(object)
    remove_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Nothing waits to be imported.",
            "What 'facedyn import' and 'facedyn enrol' work at stands here, and what was "
            "interrupted.",
            parent,
        )
        self._snapshot: QueueSnapshot | None = None
        self._running = False
        self.model = RowsModel(COLUMNS)
        self.table = QTableView()
        self._counts, self._reason = QLabel(), QLabel()
        self.go_on = QPushButton("Go on")
        self.retry_button, self.cancel_button = QPushButton("Retry"), QPushButton("Cancel")
        self.remove_button = QPushButton("Remove")
        self._lay_out()
        self.go_on.clicked.connect(self._toggle)
        for button, request, states in (
            (self.retry_button, self.retry_requested, AGAIN),
            (self.cancel_button, self.cancel_requested, STOPPED),
            (self.remove_button, self.remove_requested, ENDED),
        ):
            button.clicked.connect(lambda _, r=request, s=states: r.emit(self._chosen(s)))
        self._follow()

    def _lay_out(self) -> None:
        lay_out_table(self.table, self.model, 2, LOW_ROW_PX)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.horizontalHeader().setResizeContentsPrecision(ROWS_MEASURED)
        self.table.selectionModel().selectionChanged.connect(self._follow)
        for label in (self._counts, self._reason):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._reason.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QGridLayout()
        buttons.setSpacing(GRID // 2)
        places = (self.go_on, self.retry_button, self.cancel_button, self.remove_button)
        for number, button in enumerate(places):
            buttons.addWidget(button, number // 2, number % 2)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(GRID // 2, GRID // 2, GRID // 2, GRID // 2)
        column.setSpacing(GRID // 2)
        column.addWidget(self._counts)
        column.addWidget(self.table, 1)
        column.addWidget(self._reason)
        column.addLayout(buttons)

    @property
    def counts(self) -> str:
        """What is said above the table."""
        return self._counts.text()

    @property
    def reason(self) -> str:
        """What is said of the row that is selected."""
        return self._reason.text()

    def show_queue(self, snapshot: QueueSnapshot) -> None:
        """Show a queue; rows that are selected stay so, as long as they are there."""
        chosen = {item.id for item in self._selected()}
        above = self.table.verticalScrollBar().value()
        self._snapshot = snapshot
        self.model.set_rows([_cells(item) for item in snapshot.items], snapshot.items)
        selection = QItemSelection()
        for row, item in enumerate(snapshot.items):
            if item.id in chosen:
                selection.select(self.model.index(row, 0), self.model.index(row, 2))
        self.table.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.Select)
        self.table.verticalScrollBar().setValue(above)
        self._counts.setText(READ_ONLY if snapshot.read_only else f"{snapshot.words()}.")
        self._follow()
        if snapshot.items:
            self.show_status(DONE)
        else:
            self.show_empty()

    def show_running(self, running: bool) -> None:
        """Say whether this window works the queue."""
        self._running = running
        self._follow()

    def _toggle(self) -> None:
        (self.stop_requested if self._running else self.go_on_requested).emit()

    @Slot()
    def _follow(self) -> None:
        """Offer what can be done, and say why the first of the selected rows is as it is."""
        queue = self._snapshot
        may_change = queue is not None and not queue.read_only
        self.go_on.setText("Stop" if self._running else "Go on")
        waits = queue is not None and queue.n_free > 0
        self.go_on.setEnabled(may_change and (self._running or waits))
        self.retry_button.setEnabled(may_change and bool(self._chosen(AGAIN)))
        self.cancel_button.setEnabled(may_change and bool(self._chosen(STOPPED)))
        self.remove_button.setEnabled(may_change and bool(self._chosen(ENDED)))
        selected = self._selected()
        self._reason.setText(_words(selected[0]) if selected else "")
        self._reason.setVisible(bool(selected))

    def _selected(self) -> list[WorkItem]:
        rows = self.table.selectionModel().selectedRows() if self._snapshot is not None else []
        return [self._snapshot.items[index.row()] for index in rows] if self._snapshot else []

    def _chosen(self, states: tuple[WorkState, ...]) -> tuple[int, ...]:
        """The selected items in some states."""
        return tuple(item.id for item in self._selected() if item.state in states)


def _cells(item: WorkItem) -> tuple[str, str, str]:
    return str(item.state), shown(item.what.speaker), shown_name(item.what.path.name)


def _words(item: WorkItem) -> str:
    """The whole path, and why it is as it is."""
    path = str(item.what.path)
    told = ("" if path in item.reason else path, item.worker, item.reason)
    return " · ".join(shown(one) for one in told if one)
