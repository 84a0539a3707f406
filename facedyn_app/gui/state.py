"""State of the window, its one mutable object: what is open, and which frame is shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.dynamics.clinical.sheets import Judged
from facedyn_app.events import Events
from facedyn_app.gui.status import PanelStatus, error_status
from facedyn_app.gui.timeline import Span, Timeline, timeline_of
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.settings import Settings
from facedyn_app.workflows.events import marked, with_judged, with_protocol
from facedyn_app.workflows.records import KeptIn, Recording


class AppState(QObject):
    """What is open and shown; changed only in the GUI thread.

    Attributes:
        recording_changed: Recording or None: another one is shown, or it has grown richer.
        live_began: object: who shows something under way from now on.
        recordings_changed: The list of open recordings is another one.
        timeline_changed: Timeline or None: what traces and seek bar draw.
        frame_wanted: int: the user or the player asks for this frame.
        frame_changed: int: this frame is shown now, everywhere.
        span_changed: Span: in and out points.
        marks_changed: tuple[int, ...]: frames the user has marked.
        status_changed: (topic, PanelStatus): topic is "video", "who", "trust" or "library".
        message_shown: str: what the status line says now.
        head_changed: HeadModel.
        settings_changed: Settings: for what is started from now on.
    """

    recording_changed = Signal(object)
    live_began = Signal(object)
    recordings_changed = Signal()
    timeline_changed = Signal(object)
    frame_wanted = Signal(int)
    frame_changed = Signal(int)
    span_changed = Signal(object)
    marks_changed = Signal(object)
    status_changed = Signal(str, object)
    message_shown = Signal(str)
    head_changed = Signal(object)
    settings_changed = Signal(object)

    def __init__(self, parent: QObject | None = None, settings: Settings | None = None) -> None:
        super().__init__(parent)
        self.settings = settings or Settings()
        self.recording: Recording | None = None
        self.timeline: Timeline | None = None
        self.head: HeadModel | None = None
        self.frame = 0
        self.wanted = 0
        self.live = False
        self.span = Span()
        self.marks: tuple[int, ...] = ()
        self._recordings: dict[str, Recording] = {}
        self._ticked: set[str] = set()
        self._marked: dict[str, Events] = {}
        self._protocols: dict[str, dict[str, Any]] = {}
        self._judged: dict[str, dict[str, Judged]] = {}
        self._kept_in: dict[str, KeptIn] = {}

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """All open recordings, in the order of opening."""
        return tuple(self._recordings.values())

    @property
    def ticked(self) -> tuple[Recording, ...]:
        """The open recordings that the user has ticked, in the order of opening."""
        return tuple(one for key, one in self._recordings.items() if key in self._ticked)

    @Slot(str, bool)
    def tick(self, key: str, on: bool) -> None:
        """Tick an open recording, or take its tick away."""
        if on:
            self._ticked.add(key)
        else:
            self._ticked.discard(key)

    def set_settings(self, settings: Settings) -> None:
        """Use these settings for what is started from now on."""
        self.settings = settings
        self.settings_changed.emit(settings)

    def set_head(self, head: HeadModel) -> None:
        """Use this head for what is drawn."""
        self.head = head
        self.head_changed.emit(head)

    def add_recording(self, recording: Recording) -> None:
        """Add a recording or replace the one with the same key; does not show it.

        Work that began before the user marked something comes back without it: what was marked
        here stands.
        """
        recording = self._with_marked(recording)
        self._recordings[recording.key] = recording
        self.recordings_changed.emit()
        if self.recording is not None and self.recording.key == recording.key:
            self.recording = recording
            self.recording_changed.emit(recording)

    def find_recording(self, key: str) -> Recording | None:
        """The open recording with a key; None where it was closed."""
        return self._recordings.get(key)

    def close_recordings(self, keys: Collection[str]) -> None:
        """Close open recordings; where one of them is shown, nothing is shown then."""
        for key in keys:
            self._recordings.pop(key, None)
            self._ticked.discard(key)
            self._marked.pop(key, None)
            self._judged.pop(key, None)
            self._kept_in.pop(key, None)
        self.recordings_changed.emit()
        if self.recording is not None and self.recording.key in keys:
            self.recording = None
            self.frame = self.wanted = 0
            self.end_live()
            self._clear_marks()
            self.recording_changed.emit(None)

    def mark_recording(self, key: str, events: Events) -> None:
        """Let these be the events of an open recording."""
        self._marked[key] = events
        self.add_recording(self._recordings[key])

    def expect(self, key: str, events: Events, protocol: dict[str, Any]) -> None:
        """Mark a recording that is still to be fitted, and say by which protocol it was made."""
        self._marked[key], self._protocols[key] = events, protocol

    def use_protocol(self, key: str, protocol: dict[str, Any]) -> None:
        """Say by which protocol the tasks of an open recording are marked."""
        self._protocols[key] = protocol
        self.add_recording(self._recordings[key])

    def judge_recording(self, key: str, sheet: str, judged: Judged) -> None:
        """Keep what the user has judged on a grading sheet with a recording."""
        self._judged.setdefault(key, {})[sheet] = judged
        recording = self._recordings.get(key)
        if recording is not None:
            self.add_recording(recording)

    def forget_marked(self, key: str) -> None:
        """Take a recording's events and sheets from its file the next time that it is added."""
        self._marked.pop(key, None)
        self._judged.pop(key, None)

    def keep_in(self, key: str, kept_in: KeptIn) -> None:
        """Say where an open recording's session is kept from now on."""
        self._kept_in[key] = kept_in
        if key in self._recordings:
            self.add_recording(self._recordings[key])

    def _with_marked(self, recording: Recording) -> Recording:
        kept_in = self._kept_in.get(recording.key)
        if kept_in is not None and recording.kept_in != kept_in:
            recording = replace(recording, kept_in=kept_in)
        protocol = self._protocols.get(recording.key)
        if protocol is not None:
            recording = with_protocol(recording, protocol)
        for sheet, judged in self._judged.get(recording.key, {}).items():
            recording = with_judged(recording, sheet, judged)
        events = self._marked.get(recording.key)
        if events is None or events == recording.session.events:
            return recording
        return marked(recording, events, self.settings.trust)

    def show_recording(self, key: str, frame: int = 0) -> None:
        """Show an open recording, from its first frame where no other is named."""
        recording = self._recordings[key]
        self.live = False
        self.recording = recording
        self.timeline = timeline_of(recording.session)
        self._clear_marks()
        self.recording_changed.emit(recording)
        self.timeline_changed.emit(self.timeline)
        self.want_frame(frame)

    def begin_live(self, owner: object) -> None:
        """Show something under way, nothing of it yet.

        Args:
            owner: Who shows it; others who did so until now hear of it and stop.
        """
        self.live_began.emit(owner)
        self.live = True
        self.recording = None
        self.timeline = None
        self.frame = self.wanted = 0
        self._clear_marks()
        self.recording_changed.emit(None)
        self.timeline_changed.emit(None)

    def grow_live(self, timeline: Timeline) -> None:
        """Show the frames that an analysis has come to, the newest one."""
        self.timeline = timeline
        self.timeline_changed.emit(timeline)
        self.wanted = max(0, timeline.n_frames - 1)
        self.show_frame(self.wanted)

    def end_live(self) -> None:
        """Leave the live view with nothing to show."""
        self.live = False
        self.timeline = None
        self.timeline_changed.emit(None)

    def want_frame(self, frame: int) -> None:
        """Ask for a frame; the nearest one there is, and none while an analysis runs."""
        if self.timeline is None or self.timeline.n_frames == 0 or self.live:
            return
        self.wanted = min(max(0, frame), self.timeline.n_frames - 1)
        self.frame_wanted.emit(self.wanted)

    def show_frame(self, frame: int) -> None:
        """Tell all that this frame is shown now."""
        self.frame = frame
        self.frame_changed.emit(frame)

    def set_status(self, topic: str, status: PanelStatus) -> None:
        """Tell a topic's panels what stands in them."""
        self.status_changed.emit(topic, status)

    def show_message(self, text: str) -> None:
        """Say something in the status line."""
        self.message_shown.emit(text)

    def show_error(self, error: Exception) -> None:
        """Say in the status line what has failed."""
        status = error_status(error)
        self.message_shown.emit(f"{status.sentence} {status.hint}".strip())

    def set_span(self, span: Span) -> None:
        """Set the in and out points."""
        self.span = span
        self.span_changed.emit(span)

    def toggle_mark(self) -> None:
        """Mark the frame that is shown, or take its mark away."""
        if self.timeline is None:
            return
        marks = set(self.marks) ^ {self.frame}
        self.marks = tuple(sorted(marks))
        self.marks_changed.emit(self.marks)

    def _clear_marks(self) -> None:
        self.marks = ()
        self.marks_changed.emit(self.marks)
        self.set_span(Span())
