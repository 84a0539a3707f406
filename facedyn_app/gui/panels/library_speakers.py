"""Speakers of a library in its tree: only what has changed is made anew, and that bit by bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QTimer, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QTreeView

from facedyn_app.gui.panels.library_items import KEY, KIND, LISTED, session_item, speaker_item
from facedyn_app.gui.widgets.table import Index
from facedyn_app.workflows.records import ListedSpeaker

AT_ONCE: Final = 100
"""Speakers put into the tree at a time, a few milliseconds' work; the others when that is drawn."""

NO_INDEX: Final = QModelIndex()


class LibraryModel(QStandardItemModel):
    """The library's tree, in which the sessions of a speaker are made when they are to be seen."""

    def hasChildren(self, parent: Index = NO_INDEX) -> bool:  # noqa: N802
        """Whether a row can be opened."""
        return super().hasChildren(parent) or self.canFetchMore(parent)

    def canFetchMore(self, parent: Index) -> bool:  # noqa: N802
        """Whether sessions of a speaker are still to be made."""
        if not parent.isValid() or parent.column() or parent.data(KIND) != "speaker":
            return False
        return not super().rowCount(parent) and bool(parent.data(LISTED).sessions)

    def fetchMore(self, parent: Index) -> None:  # noqa: N802
        """Make the sessions of a speaker."""
        if self.canFetchMore(parent):
            listed = parent.data(LISTED).sessions
            self.itemFromIndex(parent).appendRows([session_item(one) for one in listed])


class SpeakerRows(QObject):
    """The rows of a library's speakers, below the head of their part of the tree.

    Args:
        model: The library's tree.
        head: That head.
        tree: The view of the tree.

    Attributes:
        shown: All speakers that were asked for are in the tree.
    """

    shown = Signal()

    def __init__(self, model: LibraryModel, head: QStandardItem, tree: QTreeView) -> None:
        super().__init__(tree)
        self._model, self._head, self._tree = model, head, tree
        self._speakers: list[ListedSpeaker] = []  # those that have a row, in the rows' order
        self._waiting: list[tuple[int, ListedSpeaker]] = []  # each with the row that it gets
        self._seen: set[str] = set()  # whose sessions are seen, of those that are made anew
        self._chosen: tuple[object, object] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)

    def show(self, speakers: Sequence[ListedSpeaker]) -> None:
        """Let these be the rows; what is open or selected stays so, whatever comes and goes."""
        kept = _unchanged(self._speakers, speakers)
        gone = [row for row, one in enumerate(self._speakers) if one.name not in kept]
        self._remember(gone)
        for first, last in _runs(gone)[::-1]:
            self._head.removeRows(first, last - first + 1)
            del self._speakers[first : last + 1]
        self._waiting = [(row, one) for row, one in enumerate(speakers) if one.name not in kept]
        self._go_on()

    def _remember(self, gone: Sequence[int]) -> None:
        """What is open and selected among the rows that go; it is looked for in those to come."""
        current = self._tree.currentIndex()
        rows = [self._head.child(row) for row in gone]
        self._seen |= {row.data(KEY) for row in rows if self._tree.isExpanded(row.index())}
        owner = current.parent() if current.data(KIND) == "session" else current
        if owner.data(KIND) == "speaker" and owner.row() in gone:
            self._chosen = (current.data(KIND), current.data(KEY))

    def _go_on(self) -> None:
        now, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
        for first, last in _runs([row for row, _ in now]):
            speakers = [one for row, one in now if first <= row <= last]
            items = [speaker_item(one) for one in speakers]
            self._head.insertRows(first, items)
            self._speakers[first:first] = speakers
            for item in items:
                self._restore(item)
        if self._waiting:
            self._timer.start(0)
        else:
            self._seen, self._chosen = set(), None
            self.shown.emit()

    def _restore(self, item: QStandardItem) -> None:
        if item.data(KEY) in self._seen:
            self._model.fetchMore(item.index())  # the view does so only once it is drawn
            self._tree.expand(item.index())
        if self._chosen is None:
            return
        for row in (item, *(item.child(number) for number in range(item.rowCount()))):
            if (row.data(KIND), row.data(KEY)) == self._chosen:
                self._tree.setCurrentIndex(row.index())


def _unchanged(old: Sequence[ListedSpeaker], new: Sequence[ListedSpeaker]) -> frozenset[str]:
    """Names of the speakers who are the same in both lists; nobody where their order is not."""
    before = {one.name: one for one in old}
    kept = [one.name for one in new if before.get(one.name) == one]
    same = frozenset(kept)
    in_order = [one.name for one in old if one.name in same] == kept
    return same if in_order else frozenset()


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of the runs of rows that follow each other."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
