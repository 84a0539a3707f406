"""A picture of the real window, taken when everything in it is done and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Slot

from facedyn_app.errors import OutputError
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.main_window import MainWindow

SHOWN_AT: Final = 0.4
"""Which frame is shown, as a share of the recording."""
QUIET_CHECKS: Final = 5
CHECK_MS: Final = 200


class Screenshot(QObject):
    """Waits for all work to end, goes to a frame in the middle, saves the window, closes it.

    Args:
        window: The window.
        queue: Its work.
        path: The PNG to write.

    Attributes:
        error: Why there is no picture; None when there is one.
    """

    def __init__(self, window: MainWindow, queue: JobQueue, path: Path) -> None:
        super().__init__(window)
        self.error: Exception | None = None
        self._window = window
        self._queue = queue
        self._path = path
        self._frame = -1
        self._quiet = 0
        self._timer = QTimer(self)
        self._timer.setInterval(CHECK_MS)
        self._timer.timeout.connect(self._check)
        self._timer.start()

    @Slot()
    def _check(self) -> None:
        state = self._window.state
        if self._queue.jobs or state.timeline is None:
            return
        if self._frame < 0:
            self._frame = round(SHOWN_AT * (state.timeline.n_frames - 1))
            self._window.transport.go_to(self._frame)
            return
        # Some more rounds of the event loop let pictures, plots and the 3D head be painted.
        self._quiet = self._quiet + 1 if state.frame == self._frame else 0
        if self._quiet >= QUIET_CHECKS:
            self._timer.stop()
            self._save()

    def _save(self) -> None:
        window = self._window
        picture = window.grab()
        if not picture.save(str(self._path), "PNG"):
            self.error = OutputError(
                f"The picture '{self._path}' cannot be written.",
                "Choose a folder that you may write to.",
            )
        window.close()

    @Slot(object)
    def fail(self, error: Exception) -> None:
        """End without a picture."""
        self.error = error
        self._window.close()
