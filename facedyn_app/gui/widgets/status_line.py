"""Status line: what runs, how far it is, how long it still takes, and cancel."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from facedyn_app.gui.formatting import duration_text, percent
from facedyn_app.gui.theme import GRID, tabular_font
from facedyn_app.progress import Progress

LEAST_SECONDS = 1.0
LEAST_SHARE = 0.02


class TimeLeft:
    """Guesses the time left of a stage from its pace so far."""

    def __init__(self) -> None:
        self._stage = ""
        self._began = 0.0
        self._done_then = 0

    def update(self, progress: Progress, now: float) -> tuple[float | None, float | None]:
        """Take a report.

        Args:
            progress: The report.
            now: A clock that only goes forward, s.

        Returns:
            Seconds left in this stage and units done per second; None while unknown.
        """
        if progress.stage != self._stage or progress.done < self._done_then:
            self._stage, self._began, self._done_then = progress.stage, now, progress.done
        spent, done = now - self._began, progress.done - self._done_then
        if spent < LEAST_SECONDS or done <= 0:
            return None, None
        pace = done / spent
        share = progress.share
        if progress.total is None or share is None or share < LEAST_SHARE:
            return None, pace
        return max(0, progress.total - progress.done) / pace, pace


class StatusLine(QWidget):
    """Shows the current job.

    Attributes:
        cancel_requested: The user wants the current job stopped.
    """

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._time_left = TimeLeft()
        self._title = ""
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setFont(tabular_font(self.font()))
        self._bar = QProgressBar()
        self._bar.setFixedWidth(24 * GRID)
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(2 * GRID)
        self._cancel = QPushButton("Cancel")
        self._cancel.setToolTip("Stop the work that runs now; what is finished stays")
        self._cancel.clicked.connect(self.cancel_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, 2, GRID, 2)
        row.addWidget(self._text, 1)
        row.addWidget(self._bar)
        row.addWidget(self._cancel)
        self.show_idle("Ready")

    @property
    def text(self) -> str:
        """What the line says."""
        return self._text.text()

    @property
    def cancellable(self) -> bool:
        """Whether there is something to cancel."""
        return self._cancel.isEnabled()

    def show_idle(self, text: str) -> None:
        """Nothing runs."""
        self._text.setText(text)
        self._bar.setVisible(False)
        self._cancel.setEnabled(False)

    def show_end(self, title: str, *, cancelled: bool) -> None:
        """The job has ended; a failure has said so itself already."""
        if cancelled:
            self.show_idle(f"{title} · stopped")
        elif self.cancellable:
            self.show_idle("Ready")

    def show_started(self, title: str) -> None:
        """A job has begun."""
        self._title = title
        self._time_left = TimeLeft()
        self._text.setText(title)
        self._bar.setRange(0, 0)
        self._bar.setVisible(True)
        self._cancel.setEnabled(True)

    def show_cancelling(self) -> None:
        """The user's wish is on its way."""
        self._text.setText(f"{self._title} · stopping …")
        self._cancel.setEnabled(False)

    def show_progress(self, progress: Progress) -> None:
        """The job has come further."""
        left, pace = self._time_left.update(progress, time.monotonic())
        parts = [f"{self._title}: {progress.stage}"]
        if progress.share is not None:
            parts.append(percent(progress.share))
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(1000 * progress.share))
        else:
            self._bar.setRange(0, 0)
            if progress.done:
                parts.append(f"{progress.done} done")
        if left is not None:
            parts.append(f"{duration_text(left)} left")
        if pace is not None:
            parts.append(f"{pace:.0f} a second" if pace >= 10 else f"{pace:.1f} a second")
        self._text.setText(" · ".join(parts))
