"""Reading of one video: how it is done, asked at the recording, which is then fitted anew."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from facedyn_app.errors import InputError
from facedyn_app.gui.controllers.analysis import AnalysisController
from facedyn_app.gui.dialogs.reading import ReadingDialog
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.state import AppState
from facedyn_app.records import VideoInfo
from facedyn_app.settings import VideoSettings
from facedyn_app.workflows.open_recording import describe_video


class ReadingController(QObject):
    """Film, frame rate and mirror of the shown video, or of the newest that could not be fitted.

    Args:
        window: What the dialog stands above.
        state: The window's state.
        analyses: Fits the video anew.
        short: Queue of short work on the disk.
    """

    def __init__(
        self, window: QWidget, state: AppState, analyses: AnalysisController, short: JobQueue
    ) -> None:
        super().__init__()
        self._window, self._state, self._analyses, self._short = window, state, analyses, short

    @Slot()
    def ask(self) -> None:
        """Look at the video, then ask."""
        recording, newest = self._state.recording, self._analyses.newest
        path, face, reading, day = newest or (None, 0, None, None)
        if recording is not None:
            path, face = recording.video, recording.face
            reading, day = recording.reading, recording.day
        if path is None:
            self._state.show_error(InputError("Open a video first: then say how it is read."))
            return
        now = reading or self._state.settings.video
        self._short.submit(
            partial(describe_video, path, now),
            title=f"Look at: {path.name}",
            on_result=partial(self._show, path, face, now, day),
            on_error=self._state.show_error,
        )

    def _show(
        self, path: Path, face: int, now: VideoSettings, day: date | None, info: VideoInfo
    ) -> None:
        dialog = ReadingDialog(info, now, self._window)

        def read_again(reading: VideoSettings) -> None:
            same_film = reading.stream == now.stream  # another film has other faces
            self._analyses.fit_anew(path, face if same_film else 0, reading, day)

        dialog.ordered.connect(read_again)
        dialog.show()
