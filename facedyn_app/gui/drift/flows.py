"""Opens the window on a speaker's drift, and has measured what it shows."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from facedyn_app.gui.drift.window import DriftWindow
from facedyn_app.gui.drift.work import DriftDetail, detail_drift
from facedyn_app.gui.jobs import Job, JobQueue, Watch
from facedyn_app.gui.library_flows import LibraryFlows
from facedyn_app.gui.listing import Listing
from facedyn_app.gui.panel import PanelStatus, error_status
from facedyn_app.gui.state import AppState


class DriftFlows(QObject):
    """One drift window at most; it follows the library.

    Args:
        library: The library that is open.
        state: Holds the threshold that drifts are judged by.
        parent: The main window.

    Attributes:
        queue: Has the work done beside all other.
        window: The window; None while it is closed.
        opened: DriftWindow.
    """

    opened = Signal(object)

    def __init__(self, library: LibraryFlows, state: AppState, parent: QWidget) -> None:
        super().__init__(parent)
        self.queue = JobQueue(self)
        self.window: DriftWindow | None = None
        self._library = library
        self._state = state
        self._parent = parent
        self._speaker = ""
        self._watch: Watch | None = None
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
            self.window.panel.retry_requested.connect(self._again)
            self.window.finished.connect(self._forget)
            self.opened.emit(self.window)
        self._speaker = speaker
        self._follow(self._library.listing)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    @Slot(object)
    def _follow(self, listing: Listing) -> None:
        if self.window is None:
            return
        names = [speaker.name for speaker in listing.speakers]
        if names and self._speaker not in names:
            self._speaker = names[0]
        self.window.show_speakers(listing.speakers, self._speaker if names else None)
        if names:
            self._again()
        else:
            self._drop()

    @Slot()
    def _again(self) -> None:
        self._measure(self._speaker)

    @Slot(str)
    def _measure(self, speaker: str) -> None:
        self._drop()
        self._speaker = speaker
        self._show(PanelStatus("working", f"Measuring the shape of {speaker} …"))
        job = Job(f"Drift of {speaker}", detail_drift(speaker, self._library.listing.folder))
        self._watch = Watch(job, self._take, self._fail)
        self.queue.add(job)

    def _drop(self) -> None:
        """What is under way is of another speaker or of an older library."""
        if self._watch is not None:
            self._watch.drop()
            self._watch = None
        for job in reversed(self.queue.jobs):
            self.queue.cancel(job)

    def _take(self, detail: DriftDetail) -> None:
        self._watch = None
        if self.window is not None:
            self.window.show_detail(detail)

    def _fail(self, error: Exception) -> None:
        self._watch = None
        self._show(error_status(error))

    def _show(self, status: PanelStatus) -> None:
        if self.window is not None:
            self.window.panel.show_status(status)

    @Slot()
    def _forget(self) -> None:
        self.window = None
        self._drop()
