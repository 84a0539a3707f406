"""Shows another face of the video that is shown: fits it where that is not done yet."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.gui import work
from facedyn_app.gui.jobs import Job, JobQueue, Watch
from facedyn_app.gui.recording import Recording, recording_key
from facedyn_app.gui.state import AppState
from facedyn_app.progress import Progress


class FaceFlows(QObject):
    """The faces of the shown video; each becomes a recording of its own, kept once it is fitted.

    Args:
        state: The window's state.
        queue: For the fits.

    Attributes:
        progressed: Progress of the running fit.
        shown: Another face is shown for the first time.
        failed: Exception of a fit that has failed.
    """

    progressed = Signal(object)
    shown = Signal()
    failed = Signal(object)

    def __init__(self, state: AppState, queue: JobQueue) -> None:
        super().__init__()
        self._state = state
        self._queue = queue

    @Slot(int)
    def choose(self, face: int) -> None:
        """Show a face of the shown video at the frame that is shown.

        Args:
            face: Its number.
        """
        recording = self._state.recording
        if recording is None or recording.followed is None:
            return
        key = recording_key(recording.followed, face)
        if any(kept.key == key for kept in self._state.recordings):
            self._state.show_recording(key, self._state.frame)
            return
        title = f"Fit face {face}: {recording.followed.info.path.name}"
        job = Job(title, work.fit_other_face(recording, face, self._state.settings))
        Watch(job, partial(self._take, recording.key), self.failed.emit, self._tell_progress)
        self._queue.add(job)

    def _take(self, asked_at: str, fitted: Recording) -> None:
        self._state.add_recording(fitted)
        still_there = self._state.recording is not None and self._state.recording.key == asked_at
        if still_there:
            self._state.show_recording(fitted.key, self._state.frame)
            self.shown.emit()

    def _tell_progress(self, batch: tuple[Progress, ...]) -> None:
        self.progressed.emit(batch[-1])
