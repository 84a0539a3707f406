"""Short work on the disk: what the library holds, enrolling, opening a kept session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.gui import library_work
from facedyn_app.gui.jobs import Job, JobQueue, Watch, Work
from facedyn_app.gui.listing import Enrolment, Listing
from facedyn_app.gui.panel import error_status
from facedyn_app.gui.recording import Recording
from facedyn_app.gui.state import AppState


class LibraryFlows(QObject):
    """Has a queue of its own, so that a list need not wait for a video to be analysed.

    Args:
        state: The window's state.
        folder: Folder of the library; there may be none yet.

    Attributes:
        queue: The work that runs and waits.
        listing: What the library holds, as last read.
        listed: Listing: it has been read.
        drift_measured: DriftReport: of a speaker whom the user has picked.
        enrolled: str: this speaker has a new session.
        refused: Exception: a speaker was not enrolled.
        failed: Exception of work that has failed.
    """

    listed = Signal(object)
    drift_measured = Signal(object)
    enrolled = Signal(str)
    refused = Signal(object)
    failed = Signal(object)

    def __init__(self, state: AppState, folder: Path) -> None:
        super().__init__()
        self.queue = JobQueue(self)
        self.listing = Listing(folder, ())
        self._state = state
        self._again: dict[str, Callable[[], None]] = {}

    def shut_down(self) -> None:
        """Stop all work and wait for it."""
        self.queue.shut_down()

    @Slot(object)
    def open_library(self, folder: Path) -> None:
        """Read the list of a library."""
        self._start(
            "Read the library", library_work.list_library(folder), self.take_listing, "library"
        )

    def take_listing(self, listing: Listing) -> None:
        """Use this library from now on."""
        self.listing = listing
        self.listed.emit(listing)

    def enrol(self, recording: Recording, enrolment: Enrolment) -> None:
        """Enrol a recording as one of a speaker's sessions."""

        def done(listing: Listing) -> None:
            self.take_listing(listing)
            self.enrolled.emit(enrolment.name)

        run = library_work.enrol_recording(recording, enrolment, self.listing.folder)
        job = Job(f"Enrol {enrolment.name}", run)
        Watch(job, done, self._refuse)
        self.queue.add(job)

    @Slot(int, object)
    def date_session(self, key: int, day: date | None) -> None:
        """Say when a session was recorded."""
        run = library_work.date_session(key, day, self.listing.folder)
        self._start("Date a session", run, self.take_listing, "library")

    @Slot(str)
    def measure_drift(self, speaker: str) -> None:
        """Measure the drift of an enrolled speaker."""
        run = library_work.speaker_drift(speaker, self.listing.folder)
        self._start(f"Drift of {speaker}", run, self.drift_measured.emit, "trust")

    @Slot(int)
    def open_session(self, key: int) -> None:
        """Open a session of the library."""
        run = library_work.open_session(key, self.listing.folder, self._state.settings)
        self._start("Open session", run, self._take_session, "video")

    @Slot(str)
    def retry(self, topic: str) -> None:
        """Do again what failed in a panel."""
        again = self._again.pop(topic, None)
        if again is not None:
            again()

    def _take_session(self, recording: Recording) -> None:
        self._state.add_recording(recording)
        self._state.show_recording(recording.key)

    def _refuse(self, error: Exception) -> None:
        self.refused.emit(error)
        self.failed.emit(error)

    def _start(self, title: str, run: Work, done: Callable[[Any], None], topic: str) -> None:
        job = Job(title, run)
        again = partial(self._start, title, run, done, topic)
        Watch(job, done, partial(self._fail, topic, again))
        self.queue.add(job)

    def _fail(self, topic: str, again: Callable[[], None], error: Exception) -> None:
        self._again[topic] = again
        self._state.set_status(topic, error_status(error))
        self.failed.emit(error)
