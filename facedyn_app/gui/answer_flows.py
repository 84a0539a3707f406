"""Asks who a recording is, and finds again the landmarks of one that a library kept."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.errors import InputError
from facedyn_app.gui import work
from facedyn_app.gui.jobs import Job, JobQueue, Watch
from facedyn_app.gui.library_flows import LibraryFlows
from facedyn_app.gui.panel import EMPTY, PanelStatus, error_status
from facedyn_app.gui.recording import Recording
from facedyn_app.gui.state import AppState
from facedyn_app.progress import Progress

NOBODY: Final = PanelStatus(
    "empty",
    "Nobody is enrolled yet, so there is nobody to compare with.",
    "Session > Enrol as a speaker… makes this recording the first.",
)


class AnswerFlows(QObject):
    """Completes recordings that are open: with an answer, and with what is drawn over the video.

    Args:
        state: The window's state.
        library: The library that is open.
        queue: For all that takes its time.

    Attributes:
        progressed: Progress of the running work.
        answered: str: a sentence on several recordings that have been compared.
        failed: Exception of work that has failed.
    """

    progressed = Signal(object)
    answered = Signal(str)
    failed = Signal(object)

    def __init__(self, state: AppState, library: LibraryFlows, queue: JobQueue) -> None:
        super().__init__()
        self._queue = queue
        self._state = state
        self._library = library
        self._failed: set[str] = set()
        self._sought: set[str] = set()
        state.recording_changed.connect(self._find_landmarks)

    @Slot(str)
    def retry(self, topic: str) -> None:
        """Ask again where the answer has failed."""
        recording = self._state.recording
        if topic == "who" and recording is not None and recording.key in self._failed:
            self.ask(recording)

    @Slot()
    def identify(self) -> None:
        """Ask who the shown recording is."""
        if self._state.recording is None:
            self.failed.emit(InputError("Open a video first, then ask who it is."))
        else:
            self.ask(self._state.recording)

    def ask(self, recording: Recording) -> None:
        """Ask who a recording is, before the next video is analysed."""
        self._failed.discard(recording.key)
        if not self._library.listing.speakers:
            self._set_answer_of(recording.key, NOBODY)
            return
        comparing = PanelStatus("working", "Comparing with the speakers …")
        self._set_answer_of(recording.key, comparing)
        job = Job(
            f"Who is it? {recording.title}",
            work.answer(recording, self._library.listing.folder, self._state.settings),
        )
        failed = partial(self._fail_answer, recording.key)
        cleared = partial(self._set_answer_of, recording.key, EMPTY)
        Watch(job, self._state.add_recording, failed, self._tell_progress, cleared)
        self._queue.add(job, soon=True)

    @Slot()
    def identify_ticked(self) -> None:
        """Ask who all ticked recordings are, one after the other."""
        ticked = self._state.ticked
        if not ticked:
            self.failed.emit(
                InputError("Tick recordings in the list first, then ask who they are.")
            )
        elif not self._library.listing.speakers:
            self.failed.emit(InputError(NOBODY.sentence, NOBODY.hint))
        else:
            job = Job(
                f"Who are they? {len(ticked)} recording{'' if len(ticked) == 1 else 's'}",
                work.answer_several(ticked, self._library.listing.folder, self._state.settings),
            )
            Watch(job, self._take_answers, self.failed.emit, self._tell_progress)
            self._queue.add(job, soon=True)

    def _take_answers(self, answers: work.Answers) -> None:
        for recording in answers.recordings:
            self._state.add_recording(recording)
        n_left_out = len(answers.left_out)
        words = f"Compared: {len(answers.recordings)}. File > Export scores… writes every score."
        if n_left_out:
            title, sentence = answers.left_out[0]
            words += f" Left out: {n_left_out}, such as {title}: {sentence}"
        self.answered.emit(words)

    def _fail_answer(self, key: str, error: Exception) -> None:
        self._failed.add(key)
        self._set_answer_of(key, error_status(error))
        self.failed.emit(error)

    def _set_answer_of(self, key: str, status: PanelStatus) -> None:
        recording = self._state.recording
        if recording is not None and recording.key == key:
            self._state.set_status("who", status)

    def _tell_progress(self, batch: tuple[Progress, ...]) -> None:
        self.progressed.emit(batch[-1])

    @Slot(object)
    def _find_landmarks(self, recording: Recording | None) -> None:
        # A library keeps the motion, not the landmarks: they are found again to be drawn.
        if recording is None or recording.video is None or recording.landmarks is not None:
            return
        if recording.key in self._sought:
            return
        self._sought.add(recording.key)
        job = Job(
            f"Landmarks of {recording.title}", work.find_landmarks(recording, self._state.settings)
        )
        Watch(job, self._take_landmarks, self.failed.emit, self._tell_progress)
        self._queue.add(job)

    def _take_landmarks(self, recording: Recording) -> None:
        self._state.add_recording(recording)
        if self._state.recording is not None and self._state.recording.key == recording.key:
            self._state.want_frame(self._state.wanted)
