"""Open library: listed, enrolled into; its sessions dated, opened and measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from facedyn_app.formatting import counted
from facedyn_app.gui.dialogs.session import DateDialog, EnrolDialog
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import LOCKED, PanelStatus, error_status
from facedyn_app.library.protection.held import LockedError
from facedyn_app.library.videos import Relinked
from facedyn_app.workflows.drift import speaker_drift
from facedyn_app.workflows.enrol import EnrolledSession, Enrolment, enrol_session
from facedyn_app.workflows.kept import relink
from facedyn_app.workflows.library import (
    Reread,
    date_listed_session,
    open_library,
    open_session,
    reread_library,
)
from facedyn_app.workflows.records import (
    KeptIn,
    LibrarySnapshot,
    ListedSession,
    Recording,
    session_key,
)
from facedyn_app.workflows.work import QueueSnapshot

LOOK_MS: Final = 2000
NOT_READ: Final = "not read"
"""In place of the change mark of a library that was not looked at yet."""


class LibraryController(QObject):
    """Has a queue of its own, so that a list need not wait for a video to be analysed.

    Args:
        state: The window's state.
        folder: Folder of the library; there may be none yet.

    Attributes:
        queue: Its jobs, apart from the long ones.
        snapshot: What the library holds, as last read.
        work: What waits there to be enrolled, as last read.
        listed: LibrarySnapshot: it has been read.
        queue_listed: QueueSnapshot: what waits there to be enrolled is another thing.
        lost: Gone: what it does not hold any more, whoever has deleted it.
        drift_measured: DriftReport: of a speaker whom the user has picked.
        enrolled: str: this speaker has a new session.
        refused: Exception: a speaker was not enrolled.
        locked: Path, Callable: a library, or a backup, needs its passphrase; what is done then.
    """

    listed = Signal(object)
    queue_listed = Signal(object)
    lost = Signal(object)
    drift_measured = Signal(object)
    enrolled = Signal(str)
    refused = Signal(object)
    locked = Signal(object, object)

    def __init__(self, state: AppState, folder: Path) -> None:
        super().__init__()
        self.queue = JobQueue(self)
        self.snapshot = LibrarySnapshot(folder, ())
        self.work = QueueSnapshot(folder)
        self._state = state
        self._mark: object = NOT_READ
        self._wanted: Callable[[], bool] = lambda: False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)

    def watch(self, wanted: Callable[[], bool]) -> None:
        """Look every two seconds whether somebody has changed the library.

        Args:
            wanted: Whether anybody would see it.
        """
        self._wanted = wanted
        self._timer.start(LOOK_MS)

    def look(self) -> None:
        """List the library again if another program has changed it."""
        if self.queue.jobs or self.snapshot.locked or not self._wanted():
            return
        self.queue.submit(
            reread_library,
            self.snapshot.folder,
            self._mark,
            title="Look at the library",
            on_result=self._take_reread,
            on_error=partial(
                self._fail, "library", partial(self.open_library, self.snapshot.folder)
            ),
        )

    def _take_reread(self, reread: Reread | None) -> None:
        if reread is None or reread.snapshot.folder != self.snapshot.folder:
            return
        self._mark = reread.mark
        if reread.snapshot != self.snapshot:
            self.take_snapshot(reread.snapshot)
        if reread.queue != self.work:
            self.work = reread.queue
            self.queue_listed.emit(reread.queue)

    def why_not(self, act: str) -> str:
        """Why nothing can be done with the library's people, a sentence; empty where it can.

        Args:
            act: What is wanted, such as "back up".
        """
        if self.snapshot.locked:
            return f"{LOCKED.sentence} {LOCKED.hint}"
        return "" if self.snapshot.speakers else f"There is nobody in the library to {act}."

    def shut_down(self) -> None:
        """Stop all work and wait for it."""
        self._timer.stop()
        self.queue.shut_down()

    @Slot(object)
    def open_library(self, folder: Path) -> None:
        """Read the list of a library."""
        self.queue.submit(
            open_library,
            folder,
            title="Read the library",
            on_result=self.take_snapshot,
            on_error=partial(self._fail, "library", partial(self.open_library, folder)),
        )

    def take_snapshot(self, snapshot: LibrarySnapshot) -> None:
        """Use this library from now on."""
        if snapshot.folder != self.snapshot.folder:
            self._mark = NOT_READ
        gone = snapshot.gone_since(self.snapshot)
        self.snapshot = snapshot
        if gone:
            self.lost.emit(gone)
        self.listed.emit(snapshot)

    def close_locked(self) -> None:
        """Close all that is of the library, which is locked; its panel says how to open it."""
        folder = self.snapshot.folder
        self.take_snapshot(LibrarySnapshot(folder, (), protected=True, locked=True))
        self._mark = NOT_READ  # once unlocked, the queue is read whatever it was before
        self.work = QueueSnapshot(folder)  # its rows name people and recordings
        self.queue_listed.emit(self.work)
        retry = partial(self.open_library, folder)
        self._state.set_status("library", PanelStatus("error", LOCKED.sentence, retry=retry))

    def ask_enrolment(self, parent: QWidget) -> None:
        """Ask for name and consent, and enrol the shown recording."""
        recording = self._state.recording
        if recording is None:
            self._state.show_message("Open a video first, then enrol it.")
            return
        # a consent that has ended is none: it is asked for anew
        consents = {
            speaker.name: "" if speaker.ended else speaker.consent_words
            for speaker in self.snapshot.speakers
        }
        dialog = EnrolDialog(consents, recording.label, parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.ordered.connect(partial(self.enrol, recording))
        self.enrolled.connect(dialog.finish)
        self.refused.connect(dialog.show_failure)
        dialog.open()

    def enrol(self, recording: Recording, enrolment: Enrolment) -> None:
        """Enrol a recording as one of a speaker's sessions."""

        def done(enrolled: EnrolledSession) -> None:
            self.take_snapshot(enrolled.snapshot)
            self._state.keep_in(recording.key, KeptIn(enrolled.snapshot.folder, enrolled.key))
            self._state.show_message(f"{enrolment.name} has a new session in the library.")
            self.enrolled.emit(enrolment.name)

        file_names = self._state.settings.privacy.file_names
        self.queue.submit(
            partial(enrol_session, video=recording.video, file_names=file_names),
            recording.session,
            enrolment,
            self.snapshot.folder,
            title=f"Enrol {enrolment.name}",
            on_result=done,
            on_error=self._refuse,
        )

    def ask_date(self, parent: QWidget, session: ListedSession) -> None:
        """Ask when a session was recorded, and keep it."""
        dialog = DateDialog(session, parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.date_session(session.key, dialog.day))
        dialog.open()

    def date_session(self, key: int, day: date | None) -> None:
        """Set when a session was recorded."""
        self.queue.submit(
            date_listed_session,
            key,
            day,
            self.snapshot.folder,
            title="Date a session",
            on_result=self.take_snapshot,
            on_error=partial(self._fail, "library", partial(self.date_session, key, day)),
        )

    @Slot(str)
    def measure_drift(self, speaker: str) -> None:
        """Measure the drift of an enrolled speaker."""
        self.queue.submit(
            speaker_drift,
            speaker,
            self.snapshot.folder,
            title=f"Drift of {speaker}",
            on_result=self.drift_measured.emit,
            on_error=partial(self._fail, "trust", partial(self.measure_drift, speaker)),
        )

    @Slot(int)
    def open_session(self, key: int) -> None:
        """Open a session of the library."""
        self.queue.submit(
            open_session,
            key,
            self.snapshot.folder,
            self._state.settings,
            title="Open session",
            on_result=self._take_session,
            on_error=partial(self._fail, "video", partial(self.open_session, key)),
        )

    @Slot(object)
    def find_videos(self, place: Path) -> None:
        """Find the videos of the library's sessions in a folder."""
        self.queue.submit(
            relink,
            place,
            self.snapshot.folder,
            title="Find videos",
            on_result=self._take_videos,
            on_error=self._state.show_error,
        )

    def _take_videos(self, found: Relinked) -> None:
        n, n_missing = len(found.found), len(found.missing)
        text = f"Found: the videos of {counted(n, 'session')}."
        if n_missing:
            text += f" Not found: {n_missing}, such as {found.missing[0].source_name}."
        self._state.show_message(text)
        shown = self._state.recording
        if shown is not None and shown.video is None:
            for entry, _ in found.found:
                if shown.key == session_key(self.snapshot.folder, entry.id):
                    self.open_session(entry.id)

    def _take_session(self, recording: Recording) -> None:
        self._state.forget_marked(recording.key)
        self._state.add_recording(recording)
        self._state.show_recording(recording.key)

    def _refuse(self, error: Exception) -> None:
        self.refused.emit(error)
        self._state.show_error(error)

    def _fail(self, topic: str, retry: Callable[[], None], error: Exception) -> None:
        folder = self.snapshot.folder
        if isinstance(error, LockedError):
            folder = error.folder or folder
            if folder == self.snapshot.folder and not self.snapshot.locked:
                self.take_snapshot(replace(self.snapshot, protected=True, locked=True))
        self._state.set_status(topic, error_status(error, retry))
        self._state.show_error(error)
        if isinstance(error, LockedError):
            self.locked.emit(folder, partial(self.open_library, folder))
