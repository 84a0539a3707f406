"""What there is to look at: enrolled speakers, opened recordings, work that waits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QLabel, QMenu, QTreeView, QVBoxLayout, QWidget

from facedyn_app.gui.listing import ListedSpeaker, Listing
from facedyn_app.gui.panel import DONE, Panel
from facedyn_app.gui.recording import Recording
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.who_panel import simulated_label

_KIND: Final = Qt.ItemDataRole.UserRole + 1
_KEY: Final = Qt.ItemDataRole.UserRole + 2


class LibraryPanel(Panel):
    """A tree of three parts: Speakers, Opened, Queue.

    Attributes:
        speaker_picked: str: a speaker's name.
        session_picked: int: key of a library session.
        recording_picked: str: key of an opened recording.
        job_picked: int: place in the queue.
        drift_requested: str: the user wants to see this speaker's shape drift.
    """

    speaker_picked = Signal(str)
    session_picked = Signal(int)
    recording_picked = Signal(str)
    job_picked = Signal(int)
    drift_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Nothing here yet.", "Drop a video on the window, or choose File > Open demo.", parent
        )
        self._model = QStandardItemModel()
        self._speakers, self._opened, self._queue = (
            _head_item(title) for title in ("Speakers", "Opened", "Queue")
        )
        for item in (self._speakers, self._opened, self._queue):
            self._model.appendRow(item)
        self._tree = QTreeView()
        self._tree.setModel(self._model)
        self._tree.setHeaderHidden(True)
        self._tree.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self._tree.setUniformRowHeights(True)
        self._tree.setIndentation(2 * GRID)
        self._tree.clicked.connect(self._pick)
        self._tree.activated.connect(self._pick)
        self._tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._tree.customContextMenuRequested.connect(self._offer)
        self._place = QLabel()
        self._place.setEnabled(False)
        self._place.setWordWrap(True)
        self._place.setMargin(GRID // 2)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._tree, 1)
        column.addWidget(self._place)

    @property
    def model(self) -> QStandardItemModel:
        """The tree."""
        return self._model

    @property
    def tree(self) -> QTreeView:
        """The view of the tree."""
        return self._tree

    @property
    def selected_speaker(self) -> str:
        """The speaker who is selected, himself or by a session; empty where there is none."""
        index = self._tree.currentIndex()
        owner = index.parent() if index.data(_KIND) == "session" else index
        return str(owner.data(_KEY)) if owner.data(_KIND) == "speaker" else ""

    def show_listing(self, listing: Listing) -> None:
        """Show the speakers of a library."""
        self._speakers.removeRows(0, self._speakers.rowCount())
        for speaker in listing.speakers:
            self._speakers.appendRow(_speaker_item(speaker))
        self._place.setText(f"Library: {listing.folder.name}")
        self._place.setToolTip(str(listing.folder))
        self._refresh(self._speakers, f"Speakers ({len(listing.speakers)})")

    def show_recordings(self, recordings: Sequence[Recording], shown: str | None) -> None:
        """Show the opened recordings; the one that is shown is selected."""
        self._opened.removeRows(0, self._opened.rowCount())
        for recording in recordings:
            tip = f"Measurement: {recording.quality.verdict}"
            self._opened.appendRow(_item(recording.label, "recording", recording.key, tip))
        self._refresh(self._opened, f"Opened ({len(recordings)})")
        self.select_recording(shown)

    def select_recording(self, key: str | None) -> None:
        """Select an opened recording in the list."""
        for row in range(self._opened.rowCount()):
            item = self._opened.child(row)
            if item.data(_KEY) == key:
                self._tree.setCurrentIndex(item.index())

    def show_queue(self, titles: Sequence[str]) -> None:
        """Show the work that runs (first) and waits."""
        self._queue.removeRows(0, self._queue.rowCount())
        for place, title in enumerate(titles):
            words = f"{title} · {'running' if place == 0 else 'waiting'}"
            self._queue.appendRow(_item(words, "job", place, "Click to watch it"))
        self._refresh(self._queue, f"Queue ({len(titles)})")

    def _refresh(self, item: QStandardItem, title: str) -> None:
        item.setText(title)
        self._tree.expand(item.index())
        parts = (self._speakers, self._opened, self._queue)
        if any(part.rowCount() for part in parts):
            self.show_status(DONE)
        elif self.status.kind == "done":
            self.show_empty()

    def _offer(self, place: QPoint) -> None:
        """What can be done with the speaker under the pointer."""
        self._tree.setCurrentIndex(self._tree.indexAt(place))
        speaker = self.selected_speaker
        if speaker:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            drift = menu.addAction("Shape drift over sessions…")
            drift.triggered.connect(partial(self._ask_drift, speaker))
            menu.popup(self._tree.viewport().mapToGlobal(place))

    def _ask_drift(self, speaker: str, _checked: bool = False) -> None:
        self.drift_requested.emit(speaker)

    def _pick(self, index: QModelIndex) -> None:
        kind, key = index.data(_KIND), index.data(_KEY)
        if kind == "speaker":
            self.speaker_picked.emit(key)
        elif kind == "session":
            self.session_picked.emit(key)
        elif kind == "recording":
            self.recording_picked.emit(key)
        elif kind == "job":
            self.job_picked.emit(key)


def _head_item(title: str) -> QStandardItem:
    item = QStandardItem(title)
    font = item.font()
    font.setBold(True)
    item.setFont(font)
    item.setSelectable(False)
    return item


def _item(text: str, kind: str, key: object, tip: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setData(kind, _KIND)
    item.setData(key, _KEY)
    item.setToolTip(tip)
    return item


def _speaker_item(speaker: ListedSpeaker) -> QStandardItem:
    n = len(speaker.sessions)
    label = simulated_label(speaker.name, simulated=speaker.simulated)
    text = f"{label} · {n} session{'' if n == 1 else 's'}"
    tip = f"Consent: {speaker.consent or 'none recorded'}"
    item = _item(text, "speaker", speaker.name, tip)
    for session in speaker.sessions:
        name = simulated_label(session.name, simulated=session.simulated)
        row = _item(f"{name} · {session.seconds:.1f} s", "session", session.key, "Click to open")
        item.appendRow(row)
    return item
