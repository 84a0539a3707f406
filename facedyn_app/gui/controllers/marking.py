"""Marking in the shown recording: what keys and lane ask for, dialogs, files of events."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QPoint, Qt, Slot
from PySide6.QtWidgets import QDialog, QFileDialog, QMenu

from facedyn_app.errors import FacedynError
from facedyn_app.events import EXCLUDE, NOTE, Event, Events
from facedyn_app.folders import documents_folder
from facedyn_app.gui.controllers.annotations import AnnotationController
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.dialogs.event import EventDialog, KindDialog
from facedyn_app.gui.dialogs.form import plain_name
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.gui.timeline import Span
from facedyn_app.workflows.event_kinds import (
    BUILT_IN,
    EventKind,
    read_kinds,
    with_kind,
    write_kinds,
)
from facedyn_app.workflows.events import ENDINGS, export_events, read_events

FILTER: Final = "Tables of events (*.csv);;ELAN (*.eaf)"


class MarkingController(QObject):
    """Turns keys, drags and dialogs into changes of events.

    Args:
        window: With the lane.
        state: What is shown.
        library: Its queue reads and writes files of events.
        annotations: Makes the changes.
        kinds_file: Where the user's own kinds are kept; None for the usual place.

    Attributes:
        dialog: What is asked at the moment; None where nothing is.
        task_names: Names that are offered for tasks.
    """

    def __init__(
        self,
        window: MainWindow,
        state: AppState,
        library: LibraryController,
        annotations: AnnotationController,
        kinds_file: Path | None = None,
    ) -> None:
        super().__init__(window)
        self._window, self._state, self._library = window, state, library
        self._annotations, self._kinds_file = annotations, kinds_file
        self._lane = lane = window.lane
        self._kinds: tuple[EventKind, ...] = BUILT_IN
        self.dialog: QDialog | None = None
        self.task_names: tuple[str, ...] = ()
        lane.range_drawn.connect(self._add_range)
        lane.edit_requested.connect(self.ask_words)
        lane.menu_requested.connect(self._show_menu)
        lane.moment_picked.connect(window.transport.go_to_moment)
        marking = window.marking
        marking.kind_keyed.connect(self.mark)
        marking.edit_requested.connect(self.edit_chosen)
        marking.step_requested.connect(self.choose_next)
        marking.edge_requested.connect(self.move_edge)
        marking.kind_requested.connect(self.ask_kind)
        marking.import_requested.connect(self.ask_import)
        marking.export_requested.connect(self.ask_export)
        try:
            self._kinds = read_kinds(kinds_file)
        except FacedynError as error:
            state.show_error(error)
        self._use_kind(EXCLUDE)

    @Slot(str)
    def mark(self, key: str) -> None:
        """Do what the key of a kind does.

        It marks the in-to-out stretch where one is set. Else a note is a moment; of others the
        first press begins a range at the frame that is shown, and the second ends it.
        """
        kind = next((one.kind for one in self._kinds if one.key == key), None)
        if kind is None or self._state.recording is None or self._state.timeline is None:
            return
        self._use_kind(kind)
        seconds, span = self._state.timeline.motion.seconds, self._state.span
        if span.first is not None and span.last is not None:
            self._annotations.add(
                Event(kind, float(seconds[span.first]), float(seconds[span.last]))
            )
            self._state.set_span(Span())
            return
        now = float(seconds[min(self._state.frame, len(seconds) - 1)])
        pending = self._lane.pending
        if pending is not None and pending[0] == kind:
            self._lane.show_pending(None)
            self._annotations.add(Event(kind, min(pending[1], now), max(pending[1], now)))
        elif kind == NOTE:
            self._annotations.add(Event(kind, now, now))
        else:
            self._lane.show_pending((kind, now))
            self._state.show_message(f"{kind} begins at {now:.2f} s; press {key} again at its end.")

    @Slot(int)
    def choose_next(self, step: int) -> None:
        """Choose the next event, or the last one, and go to its begin."""
        events, chosen = self._annotations.events, self._lane.chosen
        if not events:
            return
        if chosen in events:
            place = (events.index(chosen) + step) % len(events)
        else:
            starts = np.array([one.start for one in events])
            place = int(np.searchsorted(starts, self._shown_second(), side="left"))
            place = min(place if step > 0 else place - 1, len(events) - 1)
        self._lane.choose(events[place])
        self._window.transport.go_to_moment(events[place].start)

    @Slot(str)
    def move_edge(self, edge: str) -> None:
        """Move the "start" or the "end" of the chosen event to the frame that is shown."""
        chosen = self._lane.chosen
        if chosen is None:
            self._state.show_message("Choose an event first: Ctrl+Down, or click on it.")
            return
        now = self._shown_second()
        fixed = chosen.end if edge == "start" else chosen.start
        if (edge == "start") != (now <= fixed) and now != fixed:
            self._state.show_message("The event would end before it begins.")
            return
        times = (now, fixed) if edge == "start" else (fixed, now)
        self._annotations.change(chosen, replace(chosen, start=times[0], end=times[1]))

    @Slot()
    def edit_chosen(self) -> None:
        """Ask for the words of the chosen event."""
        if self._lane.chosen is not None:
            self.ask_words(self._lane.chosen)

    @Slot(object)
    def ask_words(self, event: Event) -> None:
        """Ask what an event says."""
        last_s = self._state.timeline.duration if self._state.timeline is not None else event.end
        kinds = [one.kind for one in self._kinds]
        dialog = EventDialog(event, kinds, self.task_names, last_s, self._window)
        dialog.accepted.connect(lambda: self._annotations.change(event, dialog.event_of_fields()))
        self._open(dialog)

    @Slot()
    def ask_kind(self) -> None:
        """Ask for a new kind of events."""
        dialog = KindDialog(self._kinds, self._window)
        dialog.accepted.connect(lambda: self.add_kind(dialog.kind()))
        self._open(dialog)

    def add_kind(self, kind: EventKind) -> None:
        """Have a new kind from now on."""
        try:
            kinds = with_kind(self._kinds, kind)
            write_kinds(kinds, self._kinds_file)
        except (FacedynError, OSError) as error:
            self._state.show_error(error)
            return
        self._kinds = kinds
        self._use_kind(kind.kind)

    @Slot()
    def ask_import(self) -> None:
        """Ask for a file of events, and take them in place of those that are shown."""
        recording = self._state.recording
        if recording is None:
            self._state.show_message("Open a video or a session first, then import its events.")
            return
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, "Import events", "", "Events (*.csv *.eaf)"
        )
        if chosen:
            self.import_from(Path(chosen))

    def import_from(self, path: Path) -> None:
        """Take the events of a file in place of those that are shown."""
        recording = self._state.recording
        if recording is None:
            return

        def take(events: Events) -> None:
            shown = self._state.recording
            if shown is not None and shown.key == recording.key:
                self._annotations.replace_all(
                    events, f"{path.name}: {len(events)} events. Ctrl+Z undoes it."
                )

        self._library.queue.submit(
            read_events,
            path,
            title=f"Read {path.name}",
            on_result=take,
            on_error=self._state.show_error,
        )

    @Slot()
    def ask_export(self) -> None:
        """Ask where to write the events of the shown recording, and write them."""
        recording = self._state.recording
        if recording is None or not recording.session.events:
            self._state.show_message("Nothing is marked in what is shown.")
            return
        offered = documents_folder() / f"{plain_name(recording.title)}-events{ENDINGS[0]}"
        chosen, pattern = QFileDialog.getSaveFileName(
            self._window, "Export events", str(offered), FILTER
        )
        if chosen:
            path = Path(chosen)
            if path.suffix.lower() not in ENDINGS:
                path = Path(chosen + (ENDINGS[1] if "eaf" in pattern else ENDINGS[0]))
            self.export_to(path)

    def export_to(self, path: Path) -> None:
        """Write the events of the shown recording."""
        if self._state.recording is not None:
            self._library.queue.submit(
                partial(export_events, file_names=self._state.settings.privacy.file_names),
                self._state.recording.session,
                path,
                title=f"Write {path.name}",
                on_result=lambda _events: self._state.show_message(f"Written: {path}"),
                on_error=self._state.show_error,
            )

    def _shown_second(self) -> float:
        timeline = self._state.timeline
        if timeline is None or not timeline.n_frames:
            return 0.0
        return float(timeline.motion.seconds[min(self._state.frame, timeline.n_frames - 1)])

    @Slot(float, float)
    def _add_range(self, start: float, end: float) -> None:
        self._annotations.add(Event(self._lane.kind, start, end))

    def _use_kind(self, kind: str) -> None:
        self._lane.show_kinds(self._kinds, kind)
        self._window.marking.show_kinds(self._kinds)

    @Slot(object)
    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self._lane)
        if self._lane.chosen is not None:
            menu.addAction("Edit event…", self.edit_chosen)
            menu.addAction("Delete event", self._annotations.delete_chosen)
            menu.addSeparator()
        for one in self._kinds:
            menu.addAction(
                f"Drag to mark: {one.kind} ({one.key})", partial(self._use_kind, one.kind)
            )
        menu.addAction("New kind…", self.ask_kind)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _open(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._drop_dialog)
        self.dialog = dialog
        dialog.open()

    def _drop_dialog(self) -> None:
        self.dialog = None
