"""The recognizers of the open library: listed, made active, brought in from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.errors import FacedynError
from facedyn_app.gui.jobs import Job, JobQueue, Watch
from facedyn_app.gui.library_work import existing_library
from facedyn_app.gui.listing import Listing
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import (
    RecognizerEntry,
    activate_recognizer,
    add_recognizer,
    built_in_entry,
    list_recognizers,
)
from facedyn_app.progress import OnProgress

Entries = tuple[RecognizerEntry, ...]


class RecognizerFlows(QObject):
    """Keeps the list as last read, and changes what it says.

    Args:
        queue: For short work on the disk.
        folder: Folder of the library; there may be none yet.

    Attributes:
        entries: The recognizers, as last read.
        listed: tuple[RecognizerEntry, ...]: they have been read.
        changed: str: a sentence on what has been done.
        failed: Exception of what could not be done.
    """

    listed = Signal(object)
    changed = Signal(str)
    failed = Signal(object)

    def __init__(self, queue: JobQueue, folder: Path) -> None:
        super().__init__()
        self.entries: Entries = ()
        self._queue = queue
        self._folder = folder

    @Slot(object)
    def follow(self, listing: Listing) -> None:
        """List the recognizers of this library from now on."""
        self._folder = listing.folder
        self.refresh()

    def refresh(self) -> None:
        """Read the list again."""
        job = Job("List the recognizers", _listing(self._folder))
        Watch(job, self._take_read, self.failed.emit)
        self._queue.add(job)

    @Slot(str)
    def activate(self, name: str) -> None:
        """Let a recognizer answer from now on."""
        words = f"“{recognizer_words(name)}” answers from now on."
        self._change(lambda library: activate_recognizer(library, name), words)

    @Slot(object)
    def bring_in(self, folder: Path) -> None:
        """Add a recognizer that was made elsewhere."""
        words = f"“{folder.name}” is among the recognizers now; it is not active yet."
        self._change(lambda library: add_recognizer(library, folder), words)

    def _change(self, change: Callable[[Library], object], words: str) -> None:
        folder = self._folder

        def work(_report: OnProgress) -> Entries:
            with Library.open(folder) as library:
                change(library)
                return list_recognizers(library)

        def done(entries: Entries) -> None:
            self._take(entries)
            self.changed.emit(words)

        job = Job("Change the recognizers", work)
        Watch(job, done, self.failed.emit)
        self._queue.add(job)

    def _take_read(self, read: tuple[Entries, FacedynError | None]) -> None:
        entries, error = read
        self._take(entries)
        if error is not None:
            self.failed.emit(error)

    def _take(self, entries: Entries) -> None:
        self.entries = entries
        self.listed.emit(entries)


def recognizer_words(name: str) -> str:
    """What a recognizer is called."""
    return name or "Comes with facedyn"


def accuracy_words(entry: RecognizerEntry) -> str:
    """How good a recognizer is and how that was measured, or why it cannot be used."""
    if entry.fault:
        return entry.fault
    made = "simulated speakers" if entry.simulated else "speakers"
    learnt = f"Learnt from {entry.n_speakers} {made}; reads the head {entry.head_id}."
    if entry.top1 is None:
        return f"{learnt} Nothing is known of its accuracy: no session was kept for testing."
    share = f"{100 * entry.top1:.0f} %"
    if entry.top1_interval is not None:
        low, high = entry.top1_interval
        share += f" (90 % interval {100 * low:.0f} to {100 * high:.0f} %)"
    chance = "" if entry.chance is None else f", by chance {100 * entry.chance:.1f} %"
    return f"{learnt} Right in {share} of windows of {entry.n_tested} test sessions{chance}."


def _listing(folder: Path) -> Callable[[OnProgress], tuple[Entries, FacedynError | None]]:
    """Work that lists the recognizers; only the built-in one, and why, where it must."""

    def work(_report: OnProgress) -> tuple[Entries, FacedynError | None]:
        try:
            library = existing_library(folder)
        except FacedynError as error:
            return (built_in_entry(),), error
        if library is None:
            return (built_in_entry(),), None
        with library:
            return list_recognizers(library), None

    return work
