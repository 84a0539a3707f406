"""The window, its state and its work, connected with each other."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from facedyn_app.folders import demo_library
from facedyn_app.gui.answer_flows import AnswerFlows
from facedyn_app.gui.camera.desk import CameraDesk
from facedyn_app.gui.drift.flows import DriftFlows
from facedyn_app.gui.enrol_dialog import EnrolDialog
from facedyn_app.gui.exports.desk import ExportDesk
from facedyn_app.gui.face_flows import FaceFlows
from facedyn_app.gui.flows import Flows
from facedyn_app.gui.garbage import GuiGarbage
from facedyn_app.gui.head_flows import HeadFlows
from facedyn_app.gui.head_work import HeadPictures
from facedyn_app.gui.jobs import Job, JobQueue
from facedyn_app.gui.library_flows import LibraryFlows
from facedyn_app.gui.listing import Listing
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.opening import Opening
from facedyn_app.gui.picture_window import PictureWindow
from facedyn_app.gui.queue_board import QueueBoard
from facedyn_app.gui.settings.flows import SettingsFlows
from facedyn_app.gui.state import AppState
from facedyn_app.gui.theme import apply_theme
from facedyn_app.gui.training.desk import TrainingDesk
from facedyn_app.gui.training.recognizers import RecognizerFlows
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import DriftReport
from facedyn_app.settings import Settings
from facedyn_app.video import ListSources, list_cameras


class Desk(QObject):
    """The window, its state and its work, connected.

    Args:
        settings: The program's settings.
        library: Folder of the library; there may be none yet.
        memory: Where the window remembers its layout; None to forget it.
        settings_file: Where changed settings are kept; None to forget them.
        cameras: Lists the cameras to choose from.
    """

    def __init__(
        self,
        settings: Settings,
        library: Path,
        memory: QSettings | None,
        settings_file: Path | None = None,
        cameras: ListSources = list_cameras,
    ) -> None:
        super().__init__()
        self.state = AppState(self, settings)
        self.window = MainWindow(self.state, memory)
        self._garbage = GuiGarbage(self)
        self.queue = JobQueue(self)
        self.board = QueueBoard(self.queue)
        self.library = LibraryFlows(self.state, library)
        self.heads = HeadFlows(self.state, self.queue, self.library.queue, memory)
        self.answers = AnswerFlows(self.state, self.library, self.queue)
        self.flows = Flows(
            self.state,
            self.window.feed,
            self.library,
            self.heads,
            self.answers,
            self.queue,
        )
        self.faces = FaceFlows(self.state, self.queue)
        self.opening = Opening(self.library.queue)
        self.drift = DriftFlows(self.library, self.state, self.window)
        short = self.library.queue
        self.recognizers = RecognizerFlows(short, library)
        self.settings = SettingsFlows(
            self.state, self.heads, self.recognizers, short, settings_file
        )
        self.camera = CameraDesk(self.window, self.state, self.heads, self.flows, cameras)
        self.exports = ExportDesk(self.window, self.state, self.library, self.queue)
        self.training = TrainingDesk(self.window, self.library, self.recognizers)
        self._connect_window()
        self._connect_library()
        self._connect_heads()
        self._connect_work()
        self._connect_settings()
        self.heads.start()
        self.library.open_library(library)

    def _connect_window(self) -> None:
        window, flows = self.window, self.flows
        window.videos_chosen.connect(self.opening.open_paths)
        self.opening.videos_found.connect(flows.open_videos)
        self.opening.measured_found.connect(flows.open_measured)
        self.opening.failed.connect(self._say_failure)
        window.library_chosen.connect(self.library.open_library)
        window.demo_requested.connect(self.open_demo)
        window.refit_requested.connect(flows.refit)
        window.identify_requested.connect(self.answers.identify)
        window.ticked_requested.connect(self.answers.identify_ticked)
        window.enrol_requested.connect(self.ask_enrolment)
        window.video.faces.face_picked.connect(self.faces.choose)
        window.drift_requested.connect(self.drift.open)
        window.closing.connect(self.drift.shut_down)
        window.closing.connect(flows.shut_down)
        window.closing.connect(self.library.shut_down)
        window.closing.connect(self._garbage.end)
        for topic, panel in window.panels.items():
            panel.retry_requested.connect(partial(flows.retry, topic))
            panel.retry_requested.connect(partial(self.answers.retry, topic))
            panel.retry_requested.connect(partial(self.library.retry, topic))
            panel.retry_requested.connect(partial(self.heads.retry, topic))

    def _connect_library(self) -> None:
        panel, library = self.window.library, self.library
        library.listed.connect(self._show_listing)
        library.drift_measured.connect(self._show_drift)
        library.enrolled.connect(self._say_enrolled)
        library.failed.connect(self._say_failure)
        panel.speaker_picked.connect(library.measure_drift)
        panel.session_picked.connect(library.open_session)
        panel.session_dated.connect(library.date_session)
        panel.job_picked.connect(self.board.pick)
        panel.job_ended.connect(self.board.remove)
        self.board.job_picked.connect(self.flows.watch)
        self.board.failure_picked.connect(self.flows.show_failure)
        self.flows.retried.connect(self.board.remove)

    def _connect_heads(self) -> None:
        heads, menu = self.heads, self.window.head_menu
        menu.head_picked.connect(heads.choose)
        menu.pictures_requested.connect(heads.draw_pictures)
        heads.listed.connect(menu.show_heads)
        heads.chosen.connect(self._say_chosen)
        heads.drawn.connect(self._show_pictures)
        heads.progressed.connect(self.window.status_line.show_progress)
        heads.failed.connect(self._fail_head)

    def _connect_settings(self) -> None:
        settings, recognizers = self.settings, self.recognizers
        self.window.settings_requested.connect(partial(settings.ask, self.window))
        self.window.scheme_requested.connect(settings.choose_scheme)
        settings.dressed.connect(follow_scheme)
        settings.failed.connect(self._say_failure)
        self.library.listed.connect(recognizers.follow)
        recognizers.changed.connect(self.window.status_line.show_idle)
        recognizers.failed.connect(self._say_failure)

    def _connect_work(self) -> None:
        flows, line = self.flows, self.window.status_line
        self.board.changed.connect(self._show_queue)
        flows.queue.job_started.connect(self._show_start)
        flows.queue.job_finished.connect(self._show_end)
        flows.progressed.connect(line.show_progress)
        flows.failed.connect(self._say_failure)
        self.exports.written.connect(line.show_idle)
        self.answers.answered.connect(line.show_idle)
        for helper in (self.faces, self.answers, self.exports):
            helper.progressed.connect(line.show_progress)
            helper.failed.connect(self._say_failure)
        self.faces.shown.connect(self.answers.identify)
        line.cancel_requested.connect(self._cancel)

    @Slot()
    def open_demo(self) -> None:
        """Run the demo in a library of its own."""
        self.flows.open_demo(demo_library())

    @Slot()
    def ask_enrolment(self) -> None:
        """Ask for name and consent, and enrol the shown recording."""
        recording = self.state.recording
        if recording is None:
            self.window.status_line.show_idle("Open a video first, then enrol it.")
            return
        consents = {speaker.name: speaker.consent for speaker in self.library.listing.speakers}
        dialog = EnrolDialog(consents, recording.label, self.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.ordered.connect(partial(self.library.enrol, recording))
        self.library.enrolled.connect(dialog.finish)
        self.library.refused.connect(dialog.show_failure)
        dialog.open()

    @Slot(object)
    def _say_chosen(self, head: HeadModel) -> None:
        words = f"New videos are fitted with the head {head.head_id}."
        if self.state.recording is not None:
            words += " Session > Fit face again does it for this one."
        self.window.status_line.show_idle(words)

    @Slot(object)
    def _fail_head(self, error: Exception) -> None:
        self.window.player.pause()  # the next frame would put the head in place of the sentence
        self._say_failure(error)

    @Slot(object)
    def _show_pictures(self, pictures: HeadPictures) -> None:
        PictureWindow(pictures, self.window).show()

    @Slot(object)
    def _show_listing(self, listing: Listing) -> None:
        self.window.library.show_listing(listing)

    @Slot(object)
    def _show_drift(self, report: DriftReport) -> None:
        made = self.library.listing.simulated_speakers
        self.window.trust.show_drift((report,), made, report.speaker)

    @Slot(str)
    def _say_enrolled(self, name: str) -> None:
        self.window.status_line.show_idle(f"{name} has a new session in the library.")

    @Slot(object)
    def _say_failure(self, error: Exception) -> None:
        self.window.status_line.show_idle(str(error))

    @Slot()
    def _show_queue(self) -> None:
        self.window.library.show_queue(self.board.rows)

    @Slot(object)
    def _show_start(self, job: Job) -> None:
        self.window.status_line.show_started(job.title)

    @Slot(object)
    def _show_end(self, job: Job) -> None:
        self.window.status_line.show_end(job.title, cancelled=job.cancelling)

    @Slot()
    def _cancel(self) -> None:
        self.window.status_line.show_cancelling()
        self.flows.cancel()


def follow_scheme(scheme: Qt.ColorScheme) -> None:
    """Dress the program in light, dark, or the system's colours."""
    app = QGuiApplication.instance()
    if isinstance(app, QApplication):
        apply_theme(app, scheme)
