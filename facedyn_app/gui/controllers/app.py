"""Application controller: the window, its state and its controllers, connected."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from facedyn_app.folders import demo_library
from facedyn_app.gui.controllers.analysis import AnalysisController
from facedyn_app.gui.controllers.annotations import AnnotationController
from facedyn_app.gui.controllers.camera import CameraController
from facedyn_app.gui.controllers.clinical import ClinicalController
from facedyn_app.gui.controllers.clinical_course import CourseController
from facedyn_app.gui.controllers.closing import ClosingController
from facedyn_app.gui.controllers.drift import DriftController
from facedyn_app.gui.controllers.export import ExportController
from facedyn_app.gui.controllers.faces import FaceController
from facedyn_app.gui.controllers.heads import HeadController
from facedyn_app.gui.controllers.identification import IdentificationController
from facedyn_app.gui.controllers.keeping import KeepingController
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.controllers.marking import MarkingController
from facedyn_app.gui.controllers.people import PeopleController
from facedyn_app.gui.controllers.protection import ProtectionController
from facedyn_app.gui.controllers.queue import QueueController
from facedyn_app.gui.controllers.reading import ReadingController
from facedyn_app.gui.controllers.recognizers import RecognizerController
from facedyn_app.gui.controllers.settings import SettingsController
from facedyn_app.gui.controllers.tasks import TaskController
from facedyn_app.gui.controllers.training import TrainingController
from facedyn_app.gui.dialogs.head_pictures import PictureWindow
from facedyn_app.gui.dialogs.passed_over import PassedOverDialog
from facedyn_app.gui.garbage import GuiGarbage
from facedyn_app.gui.job_list import JobListModel
from facedyn_app.gui.jobs import Job, JobQueue
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.gui.theme import apply_theme
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import DriftReport
from facedyn_app.settings import Settings
from facedyn_app.video import ListSources, list_cameras
from facedyn_app.workflows.head_pictures import HeadPictures
from facedyn_app.workflows.open_recording import Found


class AppController(QObject):
    """The window, its state and a controller for each topic.

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
        self.state = state = AppState(self, settings)
        self.window = window = MainWindow(state, memory)
        self._garbage = GuiGarbage(self)
        self.queue = queue = JobQueue(self)
        self.job_list = JobListModel(queue)
        self.library = LibraryController(state, library)
        short = self.library.queue
        self.heads = HeadController(state, queue, short, memory)
        self.identification = IdentificationController(state, self.library, queue)
        self.analysis = AnalysisController(
            state, window.feed, self.library, self.heads, self.identification, queue, short
        )
        self.reading = ReadingController(window, state, self.analysis, short)
        self.faces = FaceController(state, self.identification, queue)
        self.drift = DriftController(self.library, state, window)
        self.clinical = ClinicalController(window, state, queue)
        self.course = CourseController(self.library, state, window)
        self.recognizers = RecognizerController(state, short, library)
        self.settings = SettingsController(
            state, self.heads, self.recognizers, short, settings_file
        )
        self.camera = CameraController(window, state, self.heads, self.analysis, queue, cameras)
        self.export = ExportController(window, state, self.library, queue)
        self.keeping = KeepingController(window, state, self.library, queue)
        self.work = QueueController(window, state, self.library, self.heads, queue)
        self.protection = ProtectionController(window, state, self.library, queue, self._is_working)
        self.annotations = AnnotationController(window, state, self.library, self.identification)
        self.marking = MarkingController(window, state, self.library, self.annotations)
        self.tasks = TaskController(
            window, state, self.library, self.camera, self.annotations, self.marking
        )
        self.people = PeopleController(state, self.library, window)
        self.training = TrainingController(window, self.library, self.recognizers)
        self.closing = ClosingController(
            window, state, self.library, self.identification, self.people, self.job_list
        )
        self._connect_window()
        self._connect_library()
        self._connect_heads()
        self._connect_queue()
        self._connect_settings()
        self.heads.start()
        self.library.open_library(library)
        self.library.watch(lambda: window.isVisible() and not window.isMinimized())

    def _is_working(self) -> bool:
        """Whether something is under way that may need the library."""
        queues = (self.queue, self.library.queue, self.training.queue)
        return self.state.live or any(queue.jobs for queue in queues)

    def _connect_window(self) -> None:
        window = self.window
        window.videos_chosen.connect(self.analysis.open_paths)
        self.analysis.passed_over.connect(self._show_passed_over)
        window.library_chosen.connect(self.library.open_library)
        window.videos_sought.connect(self.library.find_videos)
        window.demo_requested.connect(self.open_demo)
        window.refit_requested.connect(self.analysis.refit)
        self.clinical.skin_requested.connect(self.analysis.follow_skin)
        window.reading_requested.connect(self.reading.ask)
        window.identify_requested.connect(self.identification.identify)
        window.ticked_requested.connect(self.identification.identify_ticked)
        window.enrol_requested.connect(self.ask_enrolment)
        window.video.faces.face_picked.connect(self.faces.choose)
        window.drift_requested.connect(self.drift.open)
        window.closing.connect(self.drift.shut_down)
        window.course_requested.connect(self.course.open)
        window.closing.connect(self.course.shut_down)
        window.closing.connect(self.queue.shut_down)
        window.closing.connect(self.library.shut_down)
        window.closing.connect(self._garbage.end)

    def _connect_library(self) -> None:
        panel, library = self.window.library, self.library
        library.listed.connect(panel.show_snapshot)
        library.listed.connect(self.window.who.show_library)
        library.drift_measured.connect(self._show_drift)
        panel.speaker_picked.connect(library.measure_drift)
        panel.session_picked.connect(library.open_session)
        panel.date_requested.connect(partial(library.ask_date, panel))
        panel.rename_requested.connect(self.people.ask_rename)
        panel.merge_requested.connect(self.people.ask_merge)
        panel.consent_requested.connect(self.people.ask_consent)
        panel.forget_requested.connect(self.people.ask_forget)
        panel.forget_ended_requested.connect(self.people.ask_forget_ended)
        panel.forget_session_requested.connect(self.people.ask_forget_session)
        panel.move_requested.connect(self.people.ask_move)
        panel.note_requested.connect(self.people.ask_note)
        panel.undo_requested.connect(self.people.undo)
        self.people.undo_changed.connect(panel.show_undo)
        panel.job_picked.connect(self.job_list.pick)
        panel.job_ended.connect(self.job_list.remove)
        self.job_list.job_picked.connect(self.analysis.watch)
        self.job_list.failure_picked.connect(self.analysis.show_failure)
        self.analysis.retried.connect(self.job_list.remove)

    def _connect_heads(self) -> None:
        heads, menu = self.heads, self.window.head_menu
        menu.head_picked.connect(heads.choose)
        menu.pictures_requested.connect(heads.draw_pictures)
        heads.listed.connect(menu.show_heads)
        heads.chosen.connect(self._show_chosen)
        heads.drawn.connect(self._show_pictures)
        # the next frame would put the head in place of the sentence
        heads.failed.connect(self.window.player.pause)

    def _connect_settings(self) -> None:
        settings = self.settings
        self.window.settings_requested.connect(partial(settings.ask, self.window))
        self.window.scheme_requested.connect(settings.choose_scheme)
        settings.scheme_changed.connect(follow_scheme)
        self.library.listed.connect(self.recognizers.follow)

    def _connect_queue(self) -> None:
        queue, line = self.queue, self.window.status_line
        self.job_list.changed.connect(self._show_queue)
        queue.job_started.connect(self._show_start)
        queue.job_finished.connect(self._show_end)
        queue.progressed.connect(line.show_progress)
        self.state.message_shown.connect(line.show_idle)
        line.cancel_requested.connect(self._cancel)

    @Slot()
    def open_demo(self) -> None:
        """Run the demo in a library of its own."""
        self.analysis.open_demo(demo_library())

    @Slot()
    def ask_enrolment(self) -> None:
        """Ask for name and consent, and enrol the shown recording."""
        self.library.ask_enrolment(self.window)

    @Slot(object)
    def _show_chosen(self, head: HeadModel) -> None:
        text = f"New videos are fitted with the head {head.head_id}."
        if self.state.recording is not None:
            text += " Session > Fit face again does it for this one."
        self.state.show_message(text)

    @Slot(object)
    def _show_pictures(self, pictures: HeadPictures) -> None:
        PictureWindow(pictures, self.window).show()

    @Slot(object)
    def _show_passed_over(self, found: Found) -> None:
        PassedOverDialog(found, self.window).show()

    @Slot(object)
    def _show_drift(self, report: DriftReport) -> None:
        simulated = self.library.snapshot.simulated_speakers
        self.window.trust.show_drift((report,), simulated, report.speaker)

    @Slot()
    def _show_queue(self) -> None:
        self.window.library.show_queue(self.job_list.rows)

    @Slot(object)
    def _show_start(self, job: Job) -> None:
        self.window.status_line.show_started(job.title)

    @Slot(object)
    def _show_end(self, job: Job) -> None:
        self.window.status_line.show_end(job.title, cancelled=job.cancelling)

    @Slot()
    def _cancel(self) -> None:
        self.window.status_line.show_cancelling()
        if self.queue.current is not None:
            self.queue.cancel(self.queue.current)


def follow_scheme(scheme: Qt.ColorScheme) -> None:
    """Give the program light, dark, or the system's colours."""
    app = QGuiApplication.instance()
    if isinstance(app, QApplication):
        apply_theme(app, scheme)
