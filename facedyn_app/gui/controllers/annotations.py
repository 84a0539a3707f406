"""Annotations of the shown recording: set, changed, undone, kept with its session at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Slot

from facedyn_app.dynamics.exclusion import excluded_frames
from facedyn_app.dynamics.task_proposal import PROPOSED
from facedyn_app.errors import FacedynError
from facedyn_app.events import EXCLUDE, INCLUDE, MOST_EVENTS, TASK, Event, Events, in_order
from facedyn_app.formatting import counted
from facedyn_app.gui.controllers.identification import IdentificationController
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.workflows.events import keep_marked
from facedyn_app.workflows.records import Recording

ASK_AGAIN_MS: Final = 1500
"""After the last change of what is excluded, so that a row of changes asks once."""


@dataclass(slots=True)
class History:
    """What the events of one recording were before each change, and after those taken back."""

    before: list[Events] = field(default_factory=list)
    after: list[Events] = field(default_factory=list)


class AnnotationController(QObject):
    """Changes the shown recording's events, each change in a step that can be undone.

    Args:
        window: With the lane.
        state: What is shown.
        library: Its queue writes what is kept.
        identification: Asked again where other frames are excluded than before.
    """

    def __init__(
        self,
        window: MainWindow,
        state: AppState,
        library: LibraryController,
        identification: IdentificationController,
    ) -> None:
        super().__init__(window)
        self._window, self._state, self._library = window, state, library
        self._identification, self._lane = identification, window.lane
        self._histories: dict[str, History] = {}
        self._unsaved: set[str] = set()
        self._ask = QTimer(self)
        self._ask.setSingleShot(True)
        self._ask.setInterval(ASK_AGAIN_MS)
        self._ask.timeout.connect(self._identify_again)
        window.lane.event_moved.connect(self.change)
        window.marking.confirm_requested.connect(self.confirm)
        window.marking.delete_requested.connect(self.delete_chosen)
        window.marking.undo_requested.connect(self.undo)
        window.marking.redo_requested.connect(self.redo)
        state.recording_changed.connect(self._show)
        state.timeline_changed.connect(self._show_again)

    @property
    def events(self) -> Events:
        """Of the shown recording."""
        recording = self._state.recording
        return () if recording is None else recording.session.events

    def add(self, event: Event) -> None:
        """Add an event, and let it be the chosen one."""
        if len(self.events) >= MOST_EVENTS:
            self._state.show_message(f"A recording has {MOST_EVENTS:,} events at most.")
            return
        self._apply((*self.events, event))
        self._lane.choose(event)

    @Slot(object, object)
    def change(self, old: Event, new: Event) -> None:
        """Put an event in another's place."""
        events = list(self.events)
        if old in events and old != new:
            events[events.index(old)] = new
            self._apply(events)
            self._lane.choose(new)

    def replace_all(self, events: Sequence[Event], said: str) -> None:
        """Put these in place of all, as one change that can be undone."""
        self._apply(events)
        self._state.show_message(said)

    @Slot()
    def confirm(self) -> None:
        """Make a task of the proposed one that is chosen, or of all where none is."""
        chosen = self._lane.chosen
        which = {chosen} if chosen is not None and chosen.kind == PROPOSED else set(self.events)
        confirmed = [
            replace(one, kind=TASK) if one.kind == PROPOSED and one in which else one
            for one in self.events
        ]
        n_changed = sum(new != old for new, old in zip(confirmed, self.events, strict=True))
        self.replace_all(confirmed, f"Confirmed: {counted(n_changed, 'task')}.")

    @Slot()
    def delete_chosen(self) -> None:
        """Delete the event that is chosen."""
        chosen = self._lane.chosen
        if chosen is None:
            self._lane.show_pending(None)
            return
        events = list(self.events)
        events.remove(chosen)
        self._apply(events)

    @Slot()
    def undo(self) -> None:
        """Take the last change of the shown recording's events back."""
        history = self._history()
        if history is not None and history.before:
            history.after.append(self.events)
            self._put(history.before.pop())
            self._state.show_message("Undone: the last change of the events.")

    @Slot()
    def redo(self) -> None:
        """Make the change again that was taken back last."""
        history = self._history()
        if history is not None and history.after:
            history.before.append(self.events)
            self._put(history.after.pop())
            self._state.show_message("Done again: the change of the events.")

    def _history(self) -> History | None:
        recording = self._state.recording
        return None if recording is None else self._histories.setdefault(recording.key, History())

    def _apply(self, events: Sequence[Event]) -> None:
        history, new = self._history(), in_order(events)
        if history is None or new == self.events:
            return
        history.before.append(self.events)
        history.after.clear()
        self._put(new)

    def _put(self, events: Events) -> None:
        """Show the events, keep them, and ask again where other frames count now."""
        recording = self._state.recording
        if recording is None:
            return
        before = excluded_frames(recording.session)
        self._state.mark_recording(recording.key, events)
        changed = self._state.recording
        if changed is None:
            return
        others = not np.array_equal(before, excluded_frames(changed.session))
        if others and changed.identification is not None:
            self._ask.start()
        self._keep(changed)

    def _keep(self, recording: Recording) -> None:
        if recording.kept_in is None:
            return
        self._library.queue.submit(
            keep_marked,
            recording.kept_in,
            recording.session,
            title="Keep events",
            on_result=partial(self._say_kept, recording.key),
            on_error=partial(self._say_unsaved, recording.key),
        )

    def _say_kept(self, key: str, _nothing: None) -> None:
        self._unsaved.discard(key)
        self._show(self._state.recording)

    def _say_unsaved(self, key: str, error: Exception) -> None:
        self._unsaved.add(key)
        self._show(self._state.recording)
        sentence = error.sentence if isinstance(error, FacedynError) else str(error)
        self._state.show_message(f"The events are not kept: {sentence} Export them to keep them.")

    def _identify_again(self) -> None:
        if self._state.recording is not None:
            self._identification.ask(self._state.recording)

    @Slot(object)
    def _show_again(self, _timeline: object) -> None:
        self._show(self._state.recording)

    @Slot(object)
    def _show(self, recording: Recording | None) -> None:
        if recording is None:
            self._lane.show_events(())
            return
        events = recording.session.events
        self._lane.show_events(events, self._note(recording, events))
        self._window.traces.show_excluded(excluded_frames(recording.session))

    def _note(self, recording: Recording, events: Events) -> str:
        if not events:
            return "nothing marked"
        words = [f"{counted(len(events), 'event')}"]
        if any(one.kind in (EXCLUDE, INCLUDE) for one in events):
            words.append(f"{recording.quality.n_excluded} frames out")
        if recording.key in self._unsaved:
            words = ["NOT SAVED", *words]
        elif recording.kept_in is None:
            words.append("not kept")
        return " · ".join(words)
