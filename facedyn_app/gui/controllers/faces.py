"""Faces of the shown video: another one fitted, landmarks found again of a kept session."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Slot

from facedyn_app.gui.controllers.identification import IdentificationController
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.state import AppState
from facedyn_app.workflows.open_recording import find_landmarks, fit_other_face
from facedyn_app.workflows.records import Recording, recording_key


class FaceController(QObject):
    """The faces of the shown video; each becomes a recording of its own, kept once it is fitted.

    Args:
        state: The window's state.
        identification: Says who another face is once it is shown.
        queue: For the fits.
    """

    def __init__(
        self, state: AppState, identification: IdentificationController, queue: JobQueue
    ) -> None:
        super().__init__()
        self._state, self._identification, self._queue = state, identification, queue
        self._sought: set[str] = set()
        state.recording_changed.connect(self._find_landmarks)

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
        self._queue.submit(
            fit_other_face,
            recording,
            face,
            self._state.settings,
            title=f"Fit face {face}: {recording.followed.info.path.name}",
            on_result=partial(self._take_face, recording.key),
            on_error=self._state.show_error,
        )

    def _take_face(self, asked_at: str, fitted: Recording) -> None:
        self._state.add_recording(fitted)
        still_there = self._state.recording is not None and self._state.recording.key == asked_at
        if still_there:
            self._state.show_recording(fitted.key, self._state.frame)
            self._identification.ask(fitted)

    @Slot(object)
    def _find_landmarks(self, recording: Recording | None) -> None:
        # A library keeps the motion, not the landmarks: they are found again to be drawn.
        if recording is None or recording.video is None or recording.landmarks is not None:
            return
        if recording.key in self._sought:
            return
        self._sought.add(recording.key)
        self._queue.submit(
            find_landmarks,
            recording,
            self._state.settings,
            title=f"Landmarks of {recording.title}",
            on_result=self._take_landmarks,
            on_error=self._state.show_error,
        )

    def _take_landmarks(self, recording: Recording) -> None:
        is_open = self._state.find_recording(recording.key)
        if is_open is None:
            return  # closed meanwhile
        # it may have been answered meanwhile
        found = replace(is_open, landmarks=recording.landmarks, info=recording.info)
        self._state.add_recording(replace(found, timing=recording.timing))
        if recording.kept:
            self._state.show_message(recording.kept_words)
        if self._state.recording is not None and self._state.recording.key == recording.key:
            self._state.want_frame(self._state.wanted)
