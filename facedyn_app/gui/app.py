"""Window of the program: opened, run until it is closed, pictured on demand."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final

from PySide6.QtCore import QObject, QSettings, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication

from facedyn_app.errors import FacedynError, OutputError
from facedyn_app.folders import NAME, config_folder, demo_library, own_library
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.controllers.settings import SCHEMES
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.theme import apply_theme
from facedyn_app.settings import Settings
from facedyn_app.settings_file import FILE, read_settings
from facedyn_app.video import ListSources, list_cameras
from facedyn_app.video.camera import paced_choice
from facedyn_app.workflows.demo import DemoOpened, DemoResult

log = logging.getLogger(__name__)
SCREENSHOT_SIZE = (1600, 1000)
"""Size of the window in a screenshot, px."""
SHOWN_AT: Final = 0.4
"""Which frame is shown, as a share of the recording."""
QUIET_CHECKS: Final = 5
CHECK_MS: Final = 200


def layout_memory() -> QSettings:
    """Where the window remembers its layout."""
    path = config_folder() / "window.ini"
    return QSettings(str(path), QSettings.Format.IniFormat)


def run_window(
    videos: Sequence[Path] = (),
    library: Path | None = None,
    demo: bool = False,
    screenshot: Path | None = None,
    on_demo: Callable[[DemoResult], None] | None = None,
    head: str | None = None,
    camera: int | Path | None = None,
    *,
    size: tuple[int, int] = SCREENSHOT_SIZE,
    scheme: Qt.ColorScheme = Qt.ColorScheme.Unknown,
) -> int:
    """Open the window and stay until it is closed.

    Args:
        videos: Videos, and folders of videos, to open at once.
        library: Folder of the library; the user's own one by default. With `demo` it is where
            the demo's speakers are enrolled, a folder of its own by default.
        demo: Whether to run the demo at once.
        screenshot: Where to save a picture of the window when all is done, and end; needs the
            demo or a video.
        on_demo: Called with what the demo found.
        head: Id or file of the head for new videos; the one chosen last by default.
        camera: The camera to open at once, from 1, or a video that plays as one.
        size: Size of the window in the screenshot, px.
        scheme: Light or dark; as the system by default.

    Returns:
        The exit code, 0.

    Raises:
        Exception: In screenshot mode: what the demo or a video has failed with.
    """
    app = _application()
    sys.excepthook = log_unhandled
    home = demo_library() if demo and library is None else library or own_library()
    # a screenshot shows the program's own settings
    kept = None if screenshot is not None else config_folder() / FILE
    settings, error = (Settings(), None) if kept is None else _kept_settings(kept)
    chosen = SCHEMES[settings.appearance.colours]
    apply_theme(app, chosen if scheme is Qt.ColorScheme.Unknown else scheme)
    cameras = _cameras(camera)
    controller = AppController(settings, home, _memory(screenshot), kept, cameras)
    app.styleHints().colorSchemeChanged.connect(controller.settings.follow_system)
    if on_demo is not None:
        controller.analysis.demo_opened.connect(partial(_hand_over, on_demo))
    picture = None
    if screenshot is not None:
        picture = Screenshot(controller.window, controller.queue, screenshot)
        controller.analysis.failed.connect(picture.fail)
    controller.window.show()
    if picture is not None:
        controller.window.resize(*size)  # a picture may be larger than the screen
    if error is not None:
        controller.window.status_line.show_idle(str(error))
    if demo:
        controller.analysis.open_demo(home)
    _open_asked(controller, videos, head, camera)
    code = app.exec()
    controller.window.deleteLater()
    if picture is not None and picture.error is not None:
        raise picture.error
    return code


def _application() -> QApplication:
    """Qt's application, made where there is none yet."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([NAME])
    app.setApplicationName(NAME)
    return app


class Screenshot(QObject):
    """Waits for all work to end, goes to a frame in the middle, saves the window, closes it.

    Args:
        window: The window.
        queue: Its work.
        path: The PNG to write.

    Attributes:
        error: Why there is no picture; None when there is one.
    """

    def __init__(self, window: MainWindow, queue: JobQueue, path: Path) -> None:
        super().__init__(window)
        self.error: Exception | None = None
        self._window = window
        self._queue = queue
        self._path = path
        self._frame = -1
        self._quiet = 0
        self._timer = QTimer(self)
        self._timer.setInterval(CHECK_MS)
        self._timer.timeout.connect(self._check)
        self._timer.start()

    @Slot()
    def _check(self) -> None:
        state = self._window.state
        if self._queue.jobs or state.timeline is None:
            return
        if self._frame < 0:
            self._frame = round(SHOWN_AT * (state.timeline.n_frames - 1))
            self._window.transport.go_to(self._frame)
            return
        # Some more rounds of the event loop let pictures, plots and the 3D head be painted.
        self._quiet = self._quiet + 1 if state.frame == self._frame else 0
        if self._quiet >= QUIET_CHECKS:
            self._timer.stop()
            self._save()

    def _save(self) -> None:
        window = self._window
        picture = window.grab()
        if not picture.save(str(self._path), "PNG"):
            self.error = OutputError(
                f"The picture '{self._path}' cannot be written.",
                "Choose a folder that you may write to.",
            )
        window.close()

    @Slot(object)
    def fail(self, error: Exception) -> None:
        """End without a picture."""
        self.error = error
        self._window.close()


def log_unhandled(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Log what nobody has caught; the window stays."""
    log.error("unhandled", exc_info=(kind, error, trace))


def _memory(screenshot: Path | None) -> QSettings | None:
    # A screenshot shows the window as at the first start, and leaves the user's layout alone.
    return layout_memory() if screenshot is None else None


def _cameras(camera: int | Path | None) -> ListSources:
    """What lists the cameras: the machine's own, or the one video that plays as one."""
    return (lambda: (paced_choice(camera),)) if isinstance(camera, Path) else list_cameras


def _open_asked(
    controller: AppController, videos: Sequence[Path], head: str | None, camera: int | Path | None
) -> None:
    if head is not None:
        controller.heads.choose(head)
    controller.analysis.open_paths(videos)
    if camera is not None:
        controller.camera.live.open(camera if isinstance(camera, int) else 1)


def _kept_settings(path: Path) -> tuple[Settings, FacedynError | None]:
    """The settings that the user has kept; the defaults, and why, where they cannot be used."""
    try:
        return read_settings(path), None
    except FacedynError as error:
        return Settings(), error


def _hand_over(on_demo: Callable[[DemoResult], None], opened: DemoOpened) -> None:
    on_demo(opened.result)
