"""Library panel: enrolled speakers, opened recordings, jobs that run and wait."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHeaderView, QLabel, QMenu, QTreeView, QVBoxLayout, QWidget

from facedyn_app.formatting import shown_name
from facedyn_app.gui.formatting import tip_text
from facedyn_app.gui.job_list import JobRow
from facedyn_app.gui.panels.library_items import (
    FAILED,
    KEY,
    KIND,
    SESSION,
    TICK_TIP,
    RowDelegate,
    answer_text,
    head_item,
    make_item,
)
from facedyn_app.gui.panels.library_speakers import LibraryModel, SpeakerRows
from facedyn_app.gui.status import DONE, PanelStatus
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.form_parts import make_error_line, set_error
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.gui.widgets.tree import TreeWithDelete
from facedyn_app.workflows.records import LibrarySnapshot, Recording


class LibraryPanel(Panel):
    """A tree of three parts: Speakers, Opened, Queue.

    Attributes:
        speaker_picked: str: a speaker's name.
        session_picked: int: key of a library session.
        recording_picked: str: key of an opened recording.
        recording_ticked: (str, bool): key of an opened recording, and whether it is ticked now.
        job_picked: key of a job of the queue.
        job_ended: key of a job that the user wants stopped, or off the list.
        course_requested: str: the user wants to see this speaker's clinical measures over time.
        drift_requested: str: the user wants to see this speaker's shape drift.
        date_requested: ListedSession: the user wants to set when it was recorded.
        rename_requested: str: this speaker is to have another name.
        merge_requested: str: this speaker is to become one with another.
        consent_requested: str: what this speaker has consented to is to be shown, or changed.
        forget_requested: str: this speaker is to be forgotten.
        forget_ended_requested: Everybody whose consent has ended is to be forgotten.
        move_requested: (str, ListedSession): this session of this speaker is another's.
        note_requested: (str, ListedSession | None): tags and note of a speaker or a session of
            theirs are to be changed.
        forget_session_requested: ListedSession: this session is to be forgotten.
        undo_requested: The last change to who is in the library is to be taken back.
    """

    speaker_picked = Signal(str)
    session_picked = Signal(int)
    recording_picked = Signal(str)
    recording_ticked = Signal(str, bool)
    job_picked = Signal(object)
    job_ended = Signal(object)
    course_requested = Signal(str)
    drift_requested = Signal(str)
    date_requested = Signal(object)
    rename_requested = Signal(str)
    merge_requested = Signal(str)
    consent_requested = Signal(str)
    forget_requested = Signal(str)
    forget_ended_requested = Signal()
    move_requested = Signal(str, object)
    note_requested = Signal(str, object)
    forget_session_requested = Signal(object)
    undo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Nothing here yet.", "Drop a video on the window, or choose File > Open demo.", parent
        )
        self._model = LibraryModel()
        self._speakers, self._opened, self._queue = (
            head_item(title) for title in ("Speakers", "Opened", "Queue")
        )
        for item in (self._speakers, self._opened, self._queue):
            self._model.appendRow([item, QStandardItem()])
        self._tree = TreeWithDelete()
        self._tree.setModel(self._model)
        self._tree.setHeaderHidden(True)
        self._tree.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self._tree.setUniformRowHeights(True)
        self._tree.setIndentation(2 * GRID)
        self._tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # the answer stands at the end
        header = self._tree.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(3 * GRID)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(1, 3 * GRID)
        self._tree.delete_pressed.connect(self._end_selected)
        self._tree.setItemDelegateForColumn(0, RowDelegate(self._tree))
        self._speaker_rows = SpeakerRows(self._model, self._speakers, self._tree)
        self._speaker_rows.shown.connect(self._restore_place)
        self._above = 0
        self._model.itemChanged.connect(self._tell_tick)
        self._tree.clicked.connect(self._pick)
        self._tree.activated.connect(self._pick)
        self._tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._tree.customContextMenuRequested.connect(self._offer)
        self._undo, self._n_ended = "", 0
        self._error = make_error_line()
        self._error.setMargin(GRID // 2)
        self._place = QLabel()
        self._place.setTextFormat(Qt.TextFormat.PlainText)
        self._place.setEnabled(False)
        self._place.setWordWrap(True)
        self._place.setMargin(GRID // 2)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._tree, 1)
        column.addWidget(self._error)
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
        """The speaker who is selected, directly or by a session; empty where there is none."""
        index = self._tree.currentIndex()
        owner = index.parent() if index.data(KIND) == "session" else index
        return str(owner.data(KEY)) if owner.data(KIND) == "speaker" else ""

    @property
    def error(self) -> str:
        """What went wrong, where the lists stay; empty where nothing has."""
        return self._error.text()

    def show_status(self, status: PanelStatus) -> None:
        """Show a state; what goes wrong stands below the lists where there are any."""
        if status.kind == "error" and self._has_rows():
            set_error(self._error, f"{status.sentence} {status.hint}")
        else:
            super().show_status(status)

    def show_snapshot(self, snapshot: LibrarySnapshot) -> None:
        """Show the speakers of a library; those whose sessions are seen stay open."""
        set_error(self._error, "")
        self._above = self._tree.verticalScrollBar().value()
        self._speaker_rows.show(snapshot.speakers)
        self._n_ended = sum(speaker.ended for speaker in snapshot.speakers)
        self._place.setText(f"Library: {shown_name(snapshot.folder.name)}")
        self._place.setToolTip(tip_text(str(snapshot.folder)))
        self._refresh(self._speakers, f"Speakers ({len(snapshot.speakers)})")
        self._restore_place()

    def _restore_place(self) -> None:
        self._tree.verticalScrollBar().setValue(self._above)

    def show_recordings(
        self, recordings: Sequence[Recording], ticked: Collection[Recording], shown: str | None
    ) -> None:
        """Show the opened recordings with boxes to tick; the one that is shown is selected."""
        self._opened.removeRows(0, self._opened.rowCount())
        for recording in recordings:
            text = f"{recording.label}{answer_text(recording)}"
            tip = f"{text}\nMeasurement: {recording.quality.verdict}\n{TICK_TIP}"
            item = make_item(text, "recording", recording.key, tip)
            item.setCheckable(True)
            item.setCheckState(
                Qt.CheckState.Checked if recording in ticked else Qt.CheckState.Unchecked
            )
            self._opened.appendRow(item)
        self._refresh(self._opened, f"Opened ({len(recordings)})")
        self.select_recording(shown)

    def select_recording(self, key: str | None) -> None:
        """Select an opened recording in the list; None: none of them is shown."""
        if key is None and self._tree.currentIndex().parent() == self._opened.index():
            self._tree.selectionModel().clear()
        for row in range(self._opened.rowCount()):
            item = self._opened.child(row)
            if item.data(KEY) == key:
                self._tree.setCurrentIndex(item.index())

    def show_queue(self, rows: Sequence[JobRow]) -> None:
        """Show the work that runs, waits and has failed; rows that stay are only told anew."""
        queue = self._queue
        if [queue.child(row).data(KEY) for row in range(queue.rowCount())] != [
            row.key for row in rows
        ]:
            queue.removeRows(0, queue.rowCount())
            for row in rows:
                queue.appendRow(
                    [make_item("", "job", row.key, ""), make_item("✕", "end", row.key, "")]
                )
            self._refresh(queue, f"Queue ({len(rows)})")
        for place, row in enumerate(rows):
            queue.child(place).setText(row.text)
            queue.child(place).setData(row.failed, FAILED)
            queue.child(place).setToolTip(tip_text(f"{row.text}\n{row.tip}"))
            queue.child(place, 1).setToolTip(tip_text(row.end))

    def _refresh(self, item: QStandardItem, title: str) -> None:
        item.setText(title)
        self._tree.expand(item.index())
        if self._has_rows():
            self.show_status(DONE)
        elif self.status.kind == "done":
            self.show_empty()

    def _has_rows(self) -> bool:
        return any(self._model.item(row).rowCount() for row in range(self._model.rowCount()))

    def _offer(self, place: QPoint) -> None:
        """What can be done with the speaker or the work under the pointer."""
        self._tree.setCurrentIndex(self._tree.indexAt(place))
        speaker, index = self.selected_speaker, self._tree.currentIndex()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if speaker:
            self._add_all(
                menu,
                ("Shape drift over sessions…", self.drift_requested, speaker),
                ("Clinical measures over time…", self.course_requested, speaker),
            )
        session = index.data(SESSION)
        if index.data(KIND) == "session":
            self._add_all(
                menu,
                ("Date of recording…", self.date_requested, session),
                ("Move to another speaker…", self.move_requested, speaker, session),
                ("Tags and note…", self.note_requested, speaker, session),
                ("Forget session…", self.forget_session_requested, session),
            )
        if index.data(KIND) == "speaker":
            self._add_all(
                menu,
                ("Rename…", self.rename_requested, speaker),
                ("Merge with another…", self.merge_requested, speaker),
                ("Tags and note…", self.note_requested, speaker, None),
                ("Consent…", self.consent_requested, speaker),
                ("Forget…", self.forget_requested, speaker),
            )
        if self._n_ended and (speaker or index == self._speakers.index()):
            text = f"Forget the {self._n_ended} whose consent has ended…"
            menu.addAction(text).triggered.connect(lambda: self.forget_ended_requested.emit())
        if speaker and self._undo:
            menu.addAction(f"Undo the {self._undo}").triggered.connect(self.undo_requested)
        if index.data(KIND) in ("job", "end"):
            end = menu.addAction(index.siblingAtColumn(1).data(Qt.ItemDataRole.ToolTipRole))
            end.triggered.connect(self._end_selected)
        if menu.actions():
            menu.popup(self._tree.viewport().mapToGlobal(place))
        else:
            menu.deleteLater()

    def show_undo(self, what: str) -> None:
        """Offer to undo a change, such as "rename"; nothing where it is empty."""
        self._undo = what

    def _add_all(self, menu: QMenu, *wishes: tuple[Any, ...]) -> None:
        """Add rows: what each says, its signal, and what that tells."""
        for text, request, *told in wishes:
            menu.addAction(text).triggered.connect(lambda _, r=request, t=told: r.emit(*t))

    def _tell_tick(self, item: QStandardItem) -> None:
        if item.isCheckable():
            on = item.checkState() == Qt.CheckState.Checked
            self.recording_ticked.emit(item.data(KEY), on)

    def _pick(self, index: QModelIndex) -> None:
        kind, key = index.data(KIND), index.data(KEY)
        if kind == "speaker":
            self.speaker_picked.emit(key)
        elif kind == "session":
            self.session_picked.emit(key)
        elif kind == "recording":
            self.recording_picked.emit(key)
        elif kind == "job":
            self.job_picked.emit(key)
        elif kind == "end":
            self.job_ended.emit(key)

    def _end_selected(self) -> None:
        index = self._tree.currentIndex()
        if index.data(KIND) in ("job", "end"):
            self.job_ended.emit(index.data(KEY))
