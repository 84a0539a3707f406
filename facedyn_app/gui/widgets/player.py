"""Player: play, pause and step, by the clock of the window."""

from __future__ import annotations

from typing import Final

import qtawesome as qta
from PySide6.QtCore import QElapsedTimer, QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QWidget

from facedyn_app.gui.formatting import clock
from facedyn_app.gui.theme import GRID, colours_of, tabular_font
from facedyn_app.gui.timeline import Timeline

SPEEDS: Final = {"0.25x": 0.25, "0.5x": 0.5, "1x": 1.0, "2x": 2.0}
TICK_MS: Final = 15


class Player(QWidget):
    """Buttons and a clock; while it plays it asks for the frame that is due.

    A frame that is late is never asked for again, so playback keeps the time.

    Attributes:
        frame_due: int: the clock has come to this frame.
        step_requested: int: go so many frames on (negative: back).
        end_requested: bool: go to the first (False) or last (True) frame.
        in_requested: Set the in point here.
        out_requested: Set the out point here.
        mark_requested: Mark this frame.
    """

    frame_due = Signal(int)
    step_requested = Signal(int)
    end_requested = Signal(bool)
    in_requested = Signal()
    out_requested = Signal()
    mark_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline: Timeline | None = None
        self._frame = 0
        self._due = 0
        self._start_seconds = 0.0
        self._elapsed = QElapsedTimer()
        self._ticker = QTimer(self)
        self._ticker.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticker.setInterval(TICK_MS)
        self._ticker.timeout.connect(self._tick)
        self._icons: dict[QToolButton, str] = {}
        self._first = self._button("fa6s.backward-fast", "First frame (Home)")
        self._back = self._button("fa6s.backward-step", "One frame back (Left)")
        self._play = self._button("fa6s.play", "Play or pause (Space)")
        self._on = self._button("fa6s.forward-step", "One frame on (Right)")
        self._last = self._button("fa6s.forward-fast", "Last frame (End)")
        self._speed = QComboBox()
        self._speed.addItems(list(SPEEDS))
        self._speed.setCurrentText("1x")
        self._speed.setToolTip("Speed of playback")
        self._in = self._text_button("In", "The stretch of interest begins here (I)")
        self._out = self._text_button("Out", "The stretch of interest ends here (O)")
        self._mark = self._text_button("Mark", "Mark this frame, or take its mark away (M)")
        self._time = QLabel()
        self._time.setFont(tabular_font(self.font()))
        self._lay_out()
        self._connect()
        self._paint_icons()
        self._show_time()

    @property
    def playing(self) -> bool:
        """Whether the clock runs."""
        return self._ticker.isActive()

    @property
    def time_text(self) -> str:
        """The time and frame that are shown."""
        return self._time.text()

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Play this from now on."""
        self._timeline = timeline
        if timeline is None or timeline.n_frames == 0:
            self.pause()
        self._show_time()

    def show_frame(self, frame: int) -> None:
        """Say which frame is shown."""
        self._frame = frame
        self._show_time()

    def jump(self, frame: int) -> None:
        """Go on from this frame: the user has gone there."""
        self._due = frame
        if self.playing:
            self._restart_clock()

    def toggle(self) -> None:
        """Play, or pause."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """Start the clock; from the start again when the end has been reached."""
        timeline = self._timeline
        if timeline is None or timeline.n_frames < 2:
            return
        self._due = 0 if self._frame >= timeline.n_frames - 1 else self._frame
        self._restart_clock()
        self._ticker.start()
        self._paint_icons()

    def pause(self) -> None:
        """Stop the clock."""
        self._ticker.stop()
        self._paint_icons()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_time"):
            self._paint_icons()

    def _button(self, icon: str, text: str) -> QToolButton:
        button = QToolButton()
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._icons[button] = icon
        return button

    def _text_button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, 0, GRID, 0)
        row.setSpacing(GRID // 2)
        for widget in (self._first, self._back, self._play, self._on, self._last):
            row.addWidget(widget)
        row.addWidget(self._speed)
        row.addSpacing(GRID)
        for widget in (self._in, self._out, self._mark):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self._time)

    def _connect(self) -> None:
        self._first.clicked.connect(lambda: self.end_requested.emit(False))
        self._last.clicked.connect(lambda: self.end_requested.emit(True))
        self._back.clicked.connect(lambda: self.step_requested.emit(-1))
        self._on.clicked.connect(lambda: self.step_requested.emit(1))
        self._play.clicked.connect(self.toggle)
        self._in.clicked.connect(self.in_requested)
        self._out.clicked.connect(self.out_requested)
        self._mark.clicked.connect(self.mark_requested)
        self._speed.currentTextChanged.connect(self._restart_clock)

    def _paint_icons(self) -> None:
        colour = colours_of(self).text
        self._icons[self._play] = "fa6s.pause" if self.playing else "fa6s.play"
        for button, name in self._icons.items():
            button.setIcon(qta.icon(name, color=colour))

    def _restart_clock(self) -> None:
        if self._timeline is not None and self._timeline.n_frames:
            self._start_seconds = float(self._timeline.motion.seconds[self._due])
            self._elapsed.start()

    def _tick(self) -> None:
        timeline = self._timeline
        if timeline is None:
            self.pause()
            return
        speed = SPEEDS[self._speed.currentText()]
        seconds = self._start_seconds + speed * self._elapsed.elapsed() / 1000
        frame = timeline.frame_at(seconds)
        if frame != self._due:
            self._due = frame
            self.frame_due.emit(frame)
        if frame >= timeline.n_frames - 1:
            self.pause()

    def _show_time(self) -> None:
        timeline = self._timeline
        if timeline is None or timeline.n_frames == 0:
            self._time.setText("--:--.- / --:--.-")
            return
        frame = min(self._frame, timeline.n_frames - 1)
        now = clock(float(timeline.motion.seconds[frame]))
        if timeline.rolling:
            self._time.setText(f"live    {now}")
            return
        self._time.setText(
            f"frame {frame + 1} of {timeline.n_frames}    {now} / {clock(timeline.duration)}"
        )
