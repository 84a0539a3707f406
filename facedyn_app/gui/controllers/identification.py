"""Identification: who the shown recording is, or all that are ticked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Slot

from facedyn_app.errors import InputError
from facedyn_app.formatting import counted
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import EMPTY, PanelStatus, error_status
from facedyn_app.workflows.identify import (
    IdentifiedRecordings,
    identify_opened,
    identify_ticked,
)
from facedyn_app.workflows.records import Gone, Recording

COMPARE: Final = "compare with"


class IdentificationController(QObject):
    """Completes open recordings with the answer to "who is it?".

    Args:
        state: The window's state.
        library: The library that is open.
        queue: For all that takes its time.
    """

    def __init__(self, state: AppState, library: LibraryController, queue: JobQueue) -> None:
        super().__init__()
        self._state, self._library, self._queue = state, library, queue
        self._asked = 0
        self._statuses: dict[str, PanelStatus] = {}  # of recordings without an answer, by key
        state.recording_changed.connect(self._show_status)
        library.listed.connect(self._forget_failures)

    @Slot()
    def identify(self) -> None:
        """Ask who the shown recording is."""
        if self._state.recording is None:
            self._state.show_error(InputError("Open a video first, then ask who it is."))
        else:
            self.ask(self._state.recording)

    def ask(self, recording: Recording) -> None:
        """Ask who a recording is, before the next video is analysed."""
        if self._library.why_not(COMPARE):
            self._set_status(recording.key, EMPTY)  # the panel says why
            return
        comparing = PanelStatus("working", "Comparing with the speakers …")
        self._set_status(recording.key, comparing)
        self._queue.submit(
            identify_opened,
            recording,
            self._library.snapshot.folder,
            self._state.settings,
            title=f"Who is it? {recording.title}",
            on_result=partial(self._take_answer, self._asked),
            on_error=partial(self._fail, recording.key),
            on_cancel=partial(self._set_status, recording.key, EMPTY),
            soon=True,
        )

    @Slot()
    def identify_ticked(self) -> None:
        """Ask who all ticked recordings are, one after the other."""
        ticked = self._state.ticked
        if not ticked:
            self._state.show_error(
                InputError("Tick recordings in the list first, then ask who they are.")
            )
        elif why_not := self._library.why_not(COMPARE):
            self._state.show_message(why_not)
        else:
            self._queue.submit(
                identify_ticked,
                ticked,
                self._library.snapshot.folder,
                self._state.settings,
                title=f"Who are they? {counted(len(ticked), 'recording')}",
                on_result=partial(self._take_answers, self._asked),
                on_error=self._state.show_error,
                soon=True,
            )

    def forget_answers(self, gone: Gone) -> None:
        """Drop answers that name somebody who is not there any more, and ask again for the shown.

        What is being asked at the moment would name them, too.
        """
        self._asked += 1
        for recording in self._state.recordings:
            if gone.is_named_in(recording):
                without = replace(recording, identification=None, drift=())
                self._state.add_recording(without)
                if self._state.recording is without:
                    self.ask(without)

    def _take_answer(self, asked: int, recording: Recording) -> None:
        if asked != self._asked:
            self._ask_again(recording)
            return
        self._keep_answer(recording)
        if recording.kept:
            self._state.show_message(recording.kept_words)

    def _keep_answer(self, answered: Recording) -> None:
        """Complete the open recording, which may have got its landmarks meanwhile."""
        self._statuses.pop(answered.key, None)
        is_open = self._state.find_recording(answered.key)
        if is_open is not None and is_open.session is answered.session:
            answered = replace(answered, landmarks=is_open.landmarks, info=is_open.info)
            self._state.add_recording(replace(answered, timing=is_open.timing))

    def _ask_again(self, recording: Recording) -> None:
        """Ask once more who an open recording is: somebody has left the library meanwhile."""
        is_open = self._state.find_recording(recording.key)
        if is_open is not None:
            self.ask(is_open)

    def _take_answers(self, asked: int, answers: IdentifiedRecordings) -> None:
        if asked != self._asked:
            for recording in answers.recordings:
                self._ask_again(recording)
            return
        for recording in answers.recordings:
            self._keep_answer(recording)
        n_left_out = len(answers.left_out)
        text = f"Compared: {len(answers.recordings)}. File > Export scores… writes every score."
        if n_left_out:
            title, error = answers.left_out[0]
            text += f" Left out: {n_left_out}, such as {title}: {error.sentence}"
        self._state.show_message(text)

    def _fail(self, key: str, error: Exception) -> None:
        self._set_status(key, error_status(error, self.identify))
        self._state.show_error(error)

    def _set_status(self, key: str, status: PanelStatus) -> None:
        self._statuses[key] = status
        recording = self._state.recording
        if recording is not None and recording.key == key:
            self._state.set_status("who", status)

    @Slot(object)
    def _show_status(self, recording: Recording | None) -> None:
        """Say again what stood there when another recording was shown meanwhile."""
        if recording is not None and recording.identification is None:
            self._state.set_status("who", self._statuses.get(recording.key, EMPTY))

    @Slot(object)
    def _forget_failures(self) -> None:
        """With the library as it is now another answer may come."""
        self._statuses = {
            key: status for key, status in self._statuses.items() if status.kind == "working"
        }
