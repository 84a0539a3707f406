"""Shape drift of a speaker: its window, and the measuring of what that shows."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from facedyn_app.gui.controllers.following import follow_library
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.dialogs.drift import DriftWindow
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import PanelStatus, error_status
from facedyn_app.workflows.drift_detail import DriftDetail, detail_drift
from facedyn_app.workflows.records import LibrarySnapshot


class DriftController(QObject):
    """One drift window at most; it follows the library.

    Args:
        library: The library that is open.
        state: Holds the threshold that drifts are judged by.
        parent: The main window.

    Attributes:
        queue: Has the work done beside all other.
        window: The window; None while it is closed.
    """

    def __init__(self, library: LibraryController, state: AppState, parent: QWidget) -> None:
        super().__init__(parent)
        self.queue = JobQueue(self)
        self.window: DriftWindow | None = None
        self._library = library
        self._state = state
        self._parent = parent
        self._speaker = ""
        library.listed.connect(self._follow)

    def shut_down(self) -> None:
        """Close the window, stop the work and wait for it."""
        if self.window is not None:
            self.window.close()
        self.queue.shut_down()

    @Slot(str)
    def open(self, speaker: str) -> None:
        """Show a speaker, or the library's first where none is named."""
        if self.window is None:
            self.window = DriftWindow(self._state.settings.trust, self._parent)
            self.window.speaker_picked.connect(self._measure)
            self.window.finished.connect(self._forget)
        self._speaker = speaker
        self._follow(self._library.snapshot)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    @Slot(object)
    def _follow(self, snapshot: LibrarySnapshot) -> None:
        if self.window is None:
            return
        speaker = follow_library(self.window, snapshot, self._speaker)
        if speaker is None:
            self._drop()
        else:
            self._measure(speaker)

    @Slot(str)
    def _measure(self, speaker: str) -> None:
        self._drop()
        self._speaker = speaker
        self._show(PanelStatus("working", f"Measuring the shape of {speaker} …"))
        self.queue.submit(
            detail_drift,
            speaker,
            self._library.snapshot.folder,
            title=f"Drift of {speaker}",
            on_result=self._take,
            on_error=partial(self._fail, speaker),
        )

    def _drop(self) -> None:
        """What is under way is of another speaker or of an older library."""
        for job in reversed(self.queue.jobs):
            job.drop()
            self.queue.cancel(job)

    def _take(self, detail: DriftDetail) -> None:
        if self.window is not None:
            self.window.show_detail(detail)

    def _fail(self, speaker: str, error: Exception) -> None:
        self._show(error_status(error, partial(self._measure, speaker)))

    def _show(self, status: PanelStatus) -> None:
        if self.window is not None:
            self.window.show_status(status)

    @Slot()
    def _forget(self) -> None:
        self.window = None
        self._drop()
