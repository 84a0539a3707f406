"""Recognizers of the open library: listed, made active, brought in from elsewhere."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.errors import FacedynError
from facedyn_app.gui.formatting import recognizer_text
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.state import AppState
from facedyn_app.workflows.recognizers import (
    Entries,
    bring_in_recognizer,
    usable_recognizers,
    use_recognizer,
)
from facedyn_app.workflows.records import LibrarySnapshot


class RecognizerController(QObject):
    """Keeps the list as last read, and changes it.

    Args:
        state: The window's state.
        queue: For short work on the disk.
        folder: Folder of the library; there may be none yet.

    Attributes:
        entries: The recognizers, as last read.
        listed: tuple[RecognizerEntry, ...]: they have been read.
        failed: Exception of what could not be done.
    """

    listed = Signal(object)
    failed = Signal(object)

    def __init__(self, state: AppState, queue: JobQueue, folder: Path) -> None:
        super().__init__()
        self.entries: Entries = ()
        self._state, self._queue, self._folder = state, queue, folder
        self.failed.connect(state.show_error)

    @Slot(object)
    def follow(self, snapshot: LibrarySnapshot) -> None:
        """List the recognizers of this library from now on."""
        self._folder = snapshot.folder
        if not snapshot.locked:
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Read the list again."""
        self._queue.submit(
            usable_recognizers,
            self._folder,
            title="List the recognizers",
            on_result=self._take_read,
            on_error=self.failed.emit,
        )

    @Slot(str)
    def activate(self, name: str) -> None:
        """Let a recognizer answer from now on."""
        self._queue.submit(
            use_recognizer,
            self._folder,
            name,
            title="Change the recognizers",
            on_result=partial(
                self._take_changed, f"“{recognizer_text(name)}” answers from now on."
            ),
            on_error=self.failed.emit,
        )

    @Slot(object)
    def bring_in(self, folder: Path) -> None:
        """Add a recognizer that was made elsewhere."""
        text = f"“{folder.name}” is among the recognizers now; it is not active yet."
        self._queue.submit(
            bring_in_recognizer,
            self._folder,
            folder,
            True,  # a library is made where there is none
            title="Change the recognizers",
            on_result=lambda added: self._take_changed(text, added[1]),
            on_error=self.failed.emit,
        )

    def _take_read(self, read: tuple[Entries, FacedynError | None]) -> None:
        entries, error = read
        self._take(entries)
        if error is not None:
            self.failed.emit(error)

    def _take_changed(self, text: str, entries: Entries) -> None:
        self._take(entries)
        self._state.show_message(text)

    def _take(self, entries: Entries) -> None:
        self.entries = entries
        self.listed.emit(entries)
