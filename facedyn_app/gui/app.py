"""Opens the window, connects it with the work, and lets it go again."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication

from facedyn_app.errors import FacedynError
from facedyn_app.folders import NAME, config_folder, demo_library, own_library
from facedyn_app.gui.desk import Desk
from facedyn_app.gui.screenshot import Screenshot
from facedyn_app.gui.settings.flows import SCHEMES
from facedyn_app.gui.theme import apply_theme
from facedyn_app.gui.work import DemoOpened
from facedyn_app.settings import Settings
from facedyn_app.settings_file import FILE, read_settings
from facedyn_app.video import ListSources, list_cameras
from facedyn_app.video.paced import paced_choice
from facedyn_app.workflows.demo import DemoResult

log = logging.getLogger(__name__)

SCREENSHOT_SIZE = (1600, 1000)
"""Size of the window in a screenshot, px."""


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
    settings: Settings | None = None,
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
        settings: The program's settings; those that the user has kept by default, and in a
            screenshot the program's own.

    Returns:
        The exit code, 0.

    Raises:
        Exception: In screenshot mode: what the demo or a video has failed with.
    """
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([NAME])
    app.setApplicationName(NAME)
    sys.excepthook = log_unhandled
    home = demo_library() if demo and library is None else library or own_library()
    kept = None if settings is not None or screenshot is not None else config_folder() / FILE
    settings, fault = (settings or Settings(), None) if kept is None else _kept_settings(kept)
    chosen = SCHEMES[settings.appearance.colours]
    apply_theme(app, chosen if scheme is Qt.ColorScheme.Unknown else scheme)
    cameras = _cameras(camera)
    desk = Desk(settings, home, _memory(screenshot), kept, cameras)
    app.styleHints().colorSchemeChanged.connect(desk.settings.follow_system)
    if on_demo is not None:
        desk.flows.demo_opened.connect(partial(_hand_over, on_demo))
    picture = None
    if screenshot is not None:
        picture = Screenshot(desk.window, desk.flows, screenshot)
        desk.opening.failed.connect(picture.fail)
        desk.window.resize(*size)
    desk.window.show()
    if fault is not None:
        desk.window.status_line.show_idle(str(fault))
    if demo:
        desk.flows.open_demo(home)
    _open_asked(desk, videos, head, camera)
    code = app.exec()
    desk.window.deleteLater()
    if picture is not None and picture.error is not None:
        raise picture.error
    return code


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
    desk: Desk, videos: Sequence[Path], head: str | None, camera: int | Path | None
) -> None:
    if head is not None:
        desk.heads.choose(head)
    desk.opening.open_paths(videos)
    if camera is not None:
        desk.camera.flows.open(camera if isinstance(camera, int) else 1)


def _kept_settings(path: Path) -> tuple[Settings, FacedynError | None]:
    """The settings that the user has kept; the defaults, and why, where they cannot be used."""
    try:
        return read_settings(path), None
    except FacedynError as error:
        return Settings(), error


def _hand_over(on_demo: Callable[[DemoResult], None], opened: DemoOpened) -> None:
    on_demo(opened.result)
