"""Session tree: speakers and their sessions with a tick each, and the part of every session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.formatting import counted
from facedyn_app.gui.formatting import simulated_label
from facedyn_app.gui.theme import GRID, tabular_font
from facedyn_app.gui.widgets.form_parts import TickDelegate
from facedyn_app.library.records import SessionEntry, in_order
from facedyn_app.workflows.split import Split

COLUMNS: Final = ("Speaker, session", "Recorded", "Length (s)", "Head", "Part")
PART: Final = 4
MOST_OPEN: Final = 6
"""With more speakers than this their sessions are not shown at first."""
TRAINS, HELD_OUT, TESTED, LEFT_OUT = "training", "held out", "tested", "left out"
PART_TIP: Final = (
    "What becomes of the session: it trains; or its speaker is held out, and it chooses the best "
    "weights; or it is kept for the test at the end. No session serves two of these."
)
_ID: Final = Qt.ItemDataRole.UserRole + 1
_ON, _SOME, _OFF = (
    Qt.CheckState.Checked,
    Qt.CheckState.PartiallyChecked,
    Qt.CheckState.Unchecked,
)


class SessionTree(QWidget):
    """Lets sessions be ticked, singly or by speaker.

    Attributes:
        changed: Other sessions are ticked.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = QStandardItemModel(0, len(COLUMNS))
        self.model.setHorizontalHeaderLabels(list(COLUMNS))
        self.model.horizontalHeaderItem(PART).setToolTip(PART_TIP)
        self.model.itemChanged.connect(self._follow)
        self.view = QTreeView()
        self.view.setModel(self.model)
        self.view.setFont(tabular_font(self.font()))
        self.view.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.view.setUniformRowHeights(True)
        self.view.setItemDelegateForColumn(0, TickDelegate(self.view))
        self._ticking = False
        everything, nothing = QPushButton("Tick all"), QPushButton("Tick none")
        everything.clicked.connect(lambda: self._tick_all(_ON))
        nothing.clicked.connect(lambda: self._tick_all(_OFF))
        row = QHBoxLayout()
        row.addWidget(everything)
        row.addWidget(nothing)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.view, 1)
        column.addLayout(row)

    @property
    def chosen(self) -> frozenset[int]:
        """Numbers of the ticked sessions."""
        return frozenset(item.data(_ID) for item in self._sessions() if item.checkState() == _ON)

    def show_sessions(self, sessions: Sequence[SessionEntry]) -> None:
        """List sessions by speaker and date; those of the commonest head are ticked."""
        self._ticking = True
        # not clear(): PySide would take the deleted heads of columns for what lies there next
        self.model.removeRows(0, self.model.rowCount())
        heads = Counter(entry.head_id for entry in sessions).most_common(1)
        own: dict[str, list[SessionEntry]] = {}
        for entry in in_order(sessions):
            own.setdefault(str(entry.speaker), []).append(entry)
        for name, entries in own.items():
            simulated = all(entry.simulated for entry in entries)
            of = {entry.head_id for entry in entries}
            total = f"{sum(entry.seconds for entry in entries):.1f}"
            text = (
                counted(len(entries), "session"),
                total,
                of.pop() if len(of) == 1 else "several",
            )
            speaker = _row(simulated_label(name, simulated=simulated), *text)
            for entry in entries:
                length = f"{entry.seconds:.1f}"
                session = _row(entry.name, entry.date_words, length, entry.head_id)
                session[0].setData(entry.id, _ID)
                session[0].setCheckState(_ON if entry.head_id == heads[0][0] else _OFF)
                speaker[0].appendRow(session)
            speaker[0].setCheckState(_common_state(speaker[0]))
            self.model.appendRow(speaker)
        if len(own) <= MOST_OPEN:
            self.view.expandAll()
        header = self.view.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._ticking = False

    def show_division(self, division: Split | None) -> None:
        """Say what becomes of every session; None where nothing can be."""
        parts: dict[int, str] = {}
        if division is not None:
            for part, entries in (
                (TRAINS, division.train),
                (HELD_OUT, division.validation),
                (TESTED, division.test),
            ):
                parts |= {entry.id: part for entry in entries}
        self._ticking = True
        for item in self._sessions():
            text = parts.get(item.data(_ID), LEFT_OUT if item.checkState() == _OFF else "")
            item.parent().child(item.row(), PART).setText(text)
        for row in range(self.model.rowCount()):
            self.model.item(row, PART).setText(_parts_text(self.model.item(row)))
        self._ticking = False

    def _sessions(self) -> Iterator[QStandardItem]:
        for row in range(self.model.rowCount()):
            speaker = self.model.item(row)
            for k in range(speaker.rowCount()):
                yield speaker.child(k)

    def _tick_all(self, state: Qt.CheckState) -> None:
        self._ticking = True
        for row in range(self.model.rowCount()):
            _tick(self.model.item(row), state)
        self._ticking = False
        self.changed.emit()

    def _follow(self, item: QStandardItem) -> None:
        """A speaker's tick is their sessions', and the other way round."""
        if self._ticking or item.column() != 0:
            return
        self._ticking = True
        speaker = item.parent()
        if speaker is None:
            _tick(item, _OFF if item.checkState() == _OFF else _ON)
        else:
            speaker.setCheckState(_common_state(speaker))
        self._ticking = False
        self.changed.emit()


def _row(name: str, recorded: str, length: str, head: str) -> list[QStandardItem]:
    row = [QStandardItem(text) for text in (name, recorded, length, head, "")]
    row[0].setCheckable(True)
    row[2].setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return row


def _tick(speaker: QStandardItem, state: Qt.CheckState) -> None:
    speaker.setCheckState(state)
    for k in range(speaker.rowCount()):
        speaker.child(k).setCheckState(state)


def _parts_text(speaker: QStandardItem) -> str:
    """How many of a speaker's sessions have which part."""
    parts = Counter(speaker.child(k, PART).text() for k in range(speaker.rowCount()))
    return ", ".join(f"{n} {part}" for part, n in parts.items() if part)


def _common_state(speaker: QStandardItem) -> Qt.CheckState:
    states = {speaker.child(k).checkState() for k in range(speaker.rowCount())}
    return states.pop() if len(states) == 1 else _SOME
