"""Opens the window, connects it with the work, and lets it go again."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

import platformdirs
from PySide6.QtCore import QObject, QSettings, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog

from facedyn_app.demo import DemoResult
from facedyn_app.gui.enrol_dialog import EnrolDialog
from facedyn_app.gui.flows import Flows
from facedyn_app.gui.jobs import Job
from facedyn_app.gui.library_flows import LibraryFlows
from facedyn_app.gui.listing import Listing
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.screenshot import Screenshot
from facedyn_app.gui.state import AppState
from facedyn_app.gui.theme import apply_theme
from facedyn_app.gui.work import DemoOpened
from facedyn_app.records import DriftReport
from facedyn_app.settings import Settings

log = logging.getLogger(__name__)

NAME = "facedyn"
SCREENSHOT_SIZE = (1600, 1000)
"""Size of the window in a screenshot, px."""


def default_library() -> Path:
    """The library that is used when none is named."""
    return platformdirs.user_data_path(NAME, appauthor=False) / "library"


def demo_library() -> Path:
    """The library of the demo: made speakers only, never among real ones."""
    return platformdirs.user_cache_path(NAME, appauthor=False) / "demo"


def layout_memory() -> QSettings:
    """Where the window remembers its layout."""
    path = platformdirs.user_config_path(NAME, appauthor=False) / "window.ini"
    return QSettings(str(path), QSettings.Format.IniFormat)


class Desk(QObject):
    """The window, its state and its work, connected.

    Args:
        settings: The program's settings.
        library: Folder of the library; there may be none yet.
        memory: Where the window remembers its layout; None to forget it.
    """

    def __init__(self, settings: Settings, library: Path, memory: QSettings | None) -> None:
        super().__init__()
        self.state = AppState(self)
        self.window = MainWindow(self.state, settings, memory)
        self.library = LibraryFlows(self.state, settings, library)
        self.flows = Flows(self.state, self.window.feed, self.library, settings)
        self._connect_window()
        self._connect_library()
        self._connect_work()
        self.library.load_head()
        self.library.open_library(library)

    def _connect_window(self) -> None:
        window, flows = self.window, self.flows
        window.videos_chosen.connect(flows.open_videos)
        window.library_chosen.connect(self.library.open_library)
        window.demo_requested.connect(self.open_demo)
        window.refit_requested.connect(flows.refit)
        window.identify_requested.connect(flows.identify)
        window.enrol_requested.connect(self.ask_enrolment)
        window.scheme_requested.connect(_apply_scheme)
        window.closing.connect(flows.shut_down)
        window.closing.connect(self.library.shut_down)
        for topic, panel in window.panels.items():
            panel.retry_requested.connect(partial(flows.retry, topic))
            panel.retry_requested.connect(partial(self.library.retry, topic))

    def _connect_library(self) -> None:
        panel, library = self.window.library, self.library
        library.listed.connect(self._show_listing)
        library.drift_measured.connect(self._show_drift)
        library.enrolled.connect(self._say_enrolled)
        library.failed.connect(self._say_failure)
        panel.speaker_picked.connect(library.measure_drift)
        panel.session_picked.connect(library.open_session)
        panel.job_picked.connect(self.flows.watch)

    def _connect_work(self) -> None:
        flows, line = self.flows, self.window.status_line
        flows.queue.changed.connect(self._show_queue)
        flows.queue.job_started.connect(self._show_start)
        flows.queue.job_finished.connect(self._show_end)
        flows.progressed.connect(line.show_progress)
        flows.failed.connect(self._say_failure)
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
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.library.enrol(recording, dialog.enrolment())
        dialog.deleteLater()

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
        self.window.library.show_queue([job.title for job in self.flows.queue.jobs])

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


def run_window(
    videos: Sequence[Path] = (),
    library: Path | None = None,
    demo: bool = False,
    screenshot: Path | None = None,
    on_demo: Callable[[DemoResult], None] | None = None,
    *,
    size: tuple[int, int] = SCREENSHOT_SIZE,
    scheme: Qt.ColorScheme = Qt.ColorScheme.Unknown,
    settings: Settings | None = None,
) -> int:
    """Open the window and stay until it is closed.

    Args:
        videos: Videos to open at once.
        library: Folder of the library; the user's own one by default. With `demo` it is where
            the demo's speakers are enrolled, a folder of its own by default.
        demo: Whether to run the demo at once.
        screenshot: Where to save a picture of the window when all is done, and end; needs the
            demo or a video.
        on_demo: Called with what the demo found.
        size: Size of the window in the screenshot, px.
        scheme: Light or dark; as the system by default.
        settings: The program's settings; the defaults when not given.

    Returns:
        The exit code, 0.

    Raises:
        Exception: In screenshot mode: what the demo or a video has failed with.
    """
    prefer_x11()
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([NAME])
    app.setApplicationName(NAME)
    apply_theme(app, scheme)
    app.styleHints().colorSchemeChanged.connect(_apply_scheme)
    sys.excepthook = log_unhandled
    home = demo_library() if demo and library is None else library or default_library()
    desk = Desk(settings or Settings(), home, _memory(screenshot))
    if on_demo is not None:
        desk.flows.demo_opened.connect(partial(_hand_over, on_demo))
    picture = None
    if screenshot is not None:
        picture = Screenshot(desk.window, desk.flows, screenshot)
        desk.window.resize(*size)
    desk.window.show()
    if demo:
        desk.flows.open_demo(home)
    desk.flows.open_videos(list(videos))
    code = app.exec()
    desk.window.deleteLater()
    if picture is not None and picture.error is not None:
        raise picture.error
    return code


def prefer_x11() -> None:
    """Make Qt speak X11 on a Wayland desktop: VTK can draw into X11 windows only."""
    if sys.platform.startswith("linux") and os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "xcb")


def log_unhandled(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Log what nobody has caught; the window stays."""
    log.error("unhandled", exc_info=(kind, error, trace))


def _memory(screenshot: Path | None) -> QSettings | None:
    # A screenshot shows the window as at the first start, and leaves the user's layout alone.
    return layout_memory() if screenshot is None else None


def _hand_over(on_demo: Callable[[DemoResult], None], opened: DemoOpened) -> None:
    on_demo(opened.result)


def _apply_scheme(scheme: Qt.ColorScheme) -> None:
    app = QGuiApplication.instance()
    if isinstance(app, QApplication):
        apply_theme(app, scheme)
