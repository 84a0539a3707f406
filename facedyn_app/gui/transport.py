"""Transport through time: what the player's buttons, the seek bar and the keys do."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QInputDialog, QWidget

from facedyn_app.gui.menus import Command
from facedyn_app.gui.panels.traces import TracesPanel
from facedyn_app.gui.state import AppState
from facedyn_app.gui.timeline import Span
from facedyn_app.gui.widgets.player import Player
from facedyn_app.gui.widgets.seek_bar import SeekBar

STEPS: Final = (("", 1, "one frame"), ("Ctrl+", 4, "4 frames"), ("Ctrl+Alt+", 100, "100 frames"))


class Transport(QObject):
    """Connects what asks for frames with the state.

    Args:
        state: The window's state.
        player: Its buttons and clock.
        seek_bar: Its seek bar.
        traces: Its traces.
        window: For the question "go to which frame?".
    """

    def __init__(
        self,
        state: AppState,
        player: Player,
        seek_bar: SeekBar,
        traces: TracesPanel,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._state = state
        self._player = player
        self._window = window
        for receiver in (traces, seek_bar, player):
            state.timeline_changed.connect(receiver.set_timeline)
            state.frame_changed.connect(receiver.show_frame)
        state.span_changed.connect(seek_bar.show_span)
        state.span_changed.connect(traces.show_span)
        state.marks_changed.connect(seek_bar.show_marks)
        traces.frame_picked.connect(self.go_to)
        seek_bar.frame_picked.connect(self.go_to)
        player.frame_due.connect(state.want_frame)
        player.step_requested.connect(self.step)
        player.end_requested.connect(self.go_to_end)
        player.in_requested.connect(self.set_in)
        player.out_requested.connect(self.set_out)
        player.mark_requested.connect(state.toggle_mark)

    def commands(self) -> list[Command]:
        """The menu entries and keys for moving through time."""
        commands = [Command("Session", "Play or pause", self._player.toggle, "Space", begins=True)]
        for keys, n, text in STEPS:
            commands += [
                Command("Session", f"Back {text}", partial(self.step, -n), f"{keys}Left"),
                Command("Session", f"Forward {text}", partial(self.step, n), f"{keys}Right"),
            ]
        return [
            *commands,
            Command("Session", "First frame", partial(self.go_to_end, last=False), "Home"),
            Command("Session", "Last frame", partial(self.go_to_end, last=True), "End"),
            Command("Session", "Go to frame…", self.ask_frame, "Ctrl+J"),
            Command("Session", "In point here", self.set_in, "I", begins=True),
            Command("Session", "Out point here", self.set_out, "O"),
            Command("Session", "Mark this frame", self._state.toggle_mark, "M"),
            Command("Session", "Clear in and out point", self.forget_span, "Esc"),
        ]

    @Slot(int)
    def go_to(self, frame: int) -> None:
        """Go to a frame; playback goes on from there."""
        self._state.want_frame(frame)
        self._player.jump(self._state.wanted)

    @Slot(float)
    def go_to_moment(self, seconds: float) -> None:
        """Go to the frame that is shown at a time, s."""
        if self._state.timeline is not None:
            self.go_to(self._state.timeline.frame_at(seconds))

    @Slot(int)
    def step(self, n_frames: int) -> None:
        """Go some frames on, or back when negative."""
        self.go_to(self._state.wanted + n_frames)

    @Slot(bool)
    def go_to_end(self, last: bool) -> None:
        """Go to the first or the last frame."""
        timeline = self._state.timeline
        self.go_to(timeline.n_frames - 1 if last and timeline is not None else 0)

    @Slot()
    def set_in(self) -> None:
        """The stretch of interest begins at the frame that is shown."""
        first, last = self._state.frame, self._state.span.last
        self._state.set_span(Span(first, last if last is not None and last >= first else None))

    @Slot()
    def set_out(self) -> None:
        """The stretch of interest ends at the frame that is shown."""
        first, last = self._state.span.first, self._state.frame
        self._state.set_span(Span(first if first is not None and first <= last else None, last))

    @Slot()
    def forget_span(self) -> None:
        """Forget the stretch of interest."""
        self._state.set_span(Span())

    @Slot()
    def ask_frame(self) -> None:
        """Ask for the number of a frame and go there."""
        timeline = self._state.timeline
        if timeline is None or self._state.live:
            return
        now, most = self._state.frame + 1, timeline.n_frames
        question = f"Frame (1 to {most})"
        frame, ok = QInputDialog.getInt(self._window, "Go to frame", question, now, 1, most)
        if ok:
            self.go_to(frame - 1)
