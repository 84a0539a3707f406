"""Following of the library by a window about one of its speakers, at most one of a kind."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import LOCKED, PanelStatus, error_status
from facedyn_app.workflows.records import LibrarySnapshot, ListedSpeaker


class SpeakerWindow(Protocol):
    """A window in which one of the library's speakers is chosen."""

    def show_speakers(self, speakers: Sequence[ListedSpeaker], chosen: str | None) -> None:
        """Offer the speakers, and show which of them the window is about."""

    def show_status(self, status: PanelStatus) -> None:
        """Show a sentence in place of what is known of the speaker."""

    def show(self) -> None:
        """Open the window."""

    def raise_(self) -> None:
        """Bring it before others."""

    def activateWindow(self) -> None:  # noqa: N802 - Qt's name
        """Let it have the keys."""

    def close(self) -> bool:
        """Close it."""


Window = TypeVar("Window", bound=SpeakerWindow)


class SpeakerController(QObject, Generic[Window]):
    """Opens the window, and measures its speaker anew whenever the library is another one.

    Args:
        library: The library that is open.
        state: The window's state.
        parent: The main window.

    Attributes:
        queue: Has the work done beside all other.
        window: The window; None while it is closed.
    """

    def __init__(self, library: LibraryController, state: AppState, parent: QWidget) -> None:
        super().__init__(parent)
        self.queue = JobQueue(self)
        self.window: Window | None = None
        self._library, self._state, self._parent = library, state, parent
        self._speaker = ""
        library.listed.connect(self._follow)

    @Slot()
    def shut_down(self) -> None:
        """Close the window, stop the work and wait for it."""
        if self.window is not None:
            self.window.close()
        self.queue.shut_down()

    @Slot(str)
    def open(self, speaker: str) -> None:
        """Show a speaker, or the library's first where none is named."""
        if self.window is None:
            self.window = self._new_window()
        self._speaker = speaker
        self._follow(self._library.snapshot)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def _new_window(self) -> Window:
        """The window, which calls `_measure` and `_forget`."""
        raise NotImplementedError

    def _measure(self, speaker: str) -> None:
        """Measure a speaker and show what comes of it; what is under way is dropped first."""
        raise NotImplementedError

    @Slot(object)
    def _follow(self, snapshot: LibrarySnapshot) -> None:
        """Show the speakers that there are now; the first where the one that was shown is gone."""
        window = self.window
        if window is None:
            return
        speakers = () if snapshot.locked else snapshot.speakers
        names = [one.name for one in speakers]
        chosen = self._speaker if self._speaker in names else next(iter(names), None)
        window.show_speakers(speakers, chosen)
        if chosen is not None:
            self._measure(chosen)
            return
        self._drop()
        if snapshot.locked:
            window.show_status(LOCKED)

    def _drop(self) -> None:
        """Stop what is under way: it is of another speaker or of an older library."""
        for job in reversed(self.queue.jobs):
            job.drop()
            self.queue.cancel(job)

    def _fail(self, speaker: str, error: Exception) -> None:
        if self.window is not None:
            self.window.show_status(error_status(error, partial(self._measure, speaker)))

    @Slot()
    def _forget(self) -> None:
        self.window = None
        self._drop()
