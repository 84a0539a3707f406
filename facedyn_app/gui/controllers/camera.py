"""Live camera in the window: its bar, its picture, the question before a recording."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot

from facedyn_app.folders import documents_folder
from facedyn_app.gui.controllers.analysis import AnalysisController
from facedyn_app.gui.controllers.heads import HeadController
from facedyn_app.gui.controllers.live_camera import LiveCamera
from facedyn_app.gui.dialogs.record import RecordDialog
from facedyn_app.gui.formatting import duration_text
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.video import ListSources, RecordedVideo
from facedyn_app.workflows.camera_feed import CameraUpdate


class CameraController(QObject):
    """Connects the camera with what shows it; its recordings are opened as any video is.

    Args:
        window: The window.
        state: Its state.
        heads: Which head is fitted.
        analyses: Opens the recordings.
        queue: Of the analyses, whose work the status line belongs to.
        cameras: Lists the cameras.

    Attributes:
        live: The camera.
    """

    def __init__(
        self,
        window: MainWindow,
        state: AppState,
        heads: HeadController,
        analyses: AnalysisController,
        queue: JobQueue,
        cameras: ListSources,
    ) -> None:
        super().__init__()
        self.live = live = LiveCamera(state, heads, cameras)
        self._window, self._state, self._analyses, self._queue = window, state, analyses, queue
        self._bar = bar = window.video.camera
        documents = documents_folder()
        self._folder = documents if documents.is_dir() else Path.home()
        window.camera_requested.connect(self.open)
        window.closing.connect(live.shut_down)
        bar.camera_picked.connect(live.open)
        bar.record_requested.connect(self.ask_recording)
        bar.stop_requested.connect(live.close)
        bar.close_requested.connect(live.close)
        live.changed.connect(self._show_change)
        live.updated.connect(self._show_update)
        live.recorded.connect(self._open_recorded)
        live.failed.connect(self._say_failure)
        state.recording_changed.connect(self._forget_error)
        heads.chosen.connect(live.restart)

    @Slot()
    def open(self) -> None:
        """Open the camera that was open last, or the first one."""
        if self.live.open_feed is None:
            self.live.open(self.live.number)

    @Slot()
    def ask_recording(self) -> None:
        """Ask where a recording goes and for consent, and begin it."""
        name = f"camera-{datetime.now().astimezone():%Y-%m-%d-%H%M%S}"
        dialog = RecordDialog(self._folder, name, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._record(dialog))
        dialog.open()

    def _record(self, dialog: RecordDialog) -> None:
        self._folder = dialog.path.parent
        self.live.record(dialog.path)

    @Slot()
    def _show_change(self) -> None:
        feed = self.live.open_feed
        if feed is None or not feed.choices:
            self._bar.show_closed()
        else:
            names = tuple(choice.name for choice in feed.choices)
            self._bar.show_open(names, self.live.number)
            self._show_recorder()

    def _show_recorder(self) -> None:
        recorder = self.live.recorder
        if recorder is None:
            self._bar.show_recording("")
        else:
            text = f"Recording · {duration_text(recorder.seconds)} · {recorder.path.name}"
            self._bar.show_recording(text, str(recorder.path))

    @Slot(object, str)
    def _show_update(self, update: CameraUpdate, timing: str) -> None:
        feed = self.live.open_feed
        origin = ["simulated"] if feed is not None and feed.simulated else []
        found = not update.parts or bool(update.parts[-1].motion.valid[-1])
        seen = "getting ready …" if not timing else "face found" if found else "no trusted face"
        text = " · ".join([*origin, seen, *([timing] if timing else [])])
        self._window.feed.show_live(update.image, update.points, text)
        if self.live.recorder is not None:
            self._show_recorder()

    @Slot(object)
    def _open_recorded(self, recorded: RecordedVideo) -> None:
        self._analyses.open_video(recorded.path)
        if recorded.n_lost:
            self._bar.show_error(
                f"{recorded.n_lost} of {recorded.n_frames + recorded.n_lost} frames came too fast "
                f"to be written; “{recorded.path.name}” is without them, the times are true."
            )

    @Slot(object)
    def _say_failure(self, error: Exception) -> None:
        if self._state.timeline is not None or self._state.live:
            self._bar.show_error(str(error))
        if not self._queue.jobs:  # the line belongs to the work that runs
            self._state.show_error(error)

    @Slot(object)
    def _forget_error(self, _recording: object) -> None:
        self._bar.show_error("")
