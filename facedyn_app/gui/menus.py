"""Menus of the main window: their entries and keys, and what the user asks for by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMenu, QMessageBox

from facedyn_app.workflows.open_recording import MEASURED, VIDEOS

KEYS: Final = (
    ("Space", "Play, pause"),
    ("Left, Right", "One frame back, on"),
    ("Ctrl+Left, Ctrl+Right", "Four frames back, forward"),
    ("Ctrl+Alt+Left, Ctrl+Alt+Right", "A hundred frames back, forward"),
    ("Home, End", "First, last frame"),
    ("Ctrl+J", "Go to a frame"),
    ("I, O", "In point, out point"),
    ("M", "Mark the frame, or take its mark away"),
    ("X, K, T, N", "Exclude, keep only, task, note: from here and to here, or from in to out"),
    ("1 to 9", "Kinds of events of your own"),
    ("Ctrl+Up, Ctrl+Down", "Choose the event before, the next one"),
    ("[, ]", "The chosen event begins, ends here"),
    ("F2, Del", "Edit, delete the chosen event"),
    ("Y", "Confirm the chosen proposed task, or all where none is chosen"),
    ("Ctrl+Z, Ctrl+Shift+Z", "Undo, redo marking"),
    ("Esc", "Clear in and out point; never stops work"),
    ("Ctrl+O, Ctrl+Shift+O", "Open videos, a folder of videos"),
    ("Ctrl+L", "Live camera"),
    ("Ctrl+D", "Shape drift of the speaker who is selected"),
    ("Ctrl+M, Ctrl+Shift+M", "Clinical measures: of the shown recording, of a speaker over time"),
    ("Ctrl+T", "Train a recognizer"),
    ("Ctrl+,", "Settings"),
    ("Shift+arrows, +, -", "Turn the head that has the focus, zoom"),
    ("F1", "This list"),
)


ABOUT: Final = (
    "<p><b>facedyn</b> recognises people by how their faces move, and says how far the "
    "measurement can be trusted.</p><p>All work is done on this machine; nothing is sent "
    "anywhere.</p><p>For research use, not a medical device.</p>"
)


@dataclass(frozen=True, slots=True)
class Command:
    """One entry of a menu.

    Attributes:
        menu: The menu that it stands in.
        text: What it says.
        run: What it does.
        keys: Its shortcut, in Qt's portable form; may be empty.
        tip: The technical term, for the tooltip.
        begins: Whether a line above it parts it from what stands there.
    """

    menu: str
    text: str
    run: Callable[[], None]
    keys: str = ""
    tip: str = ""
    begins: bool = False


MARK: Final = "Mark"
MENUS: Final = ("File", "Edit", "View", "Session", MARK, "Identify", "Train", "Help")


def build_menus(window: QMainWindow, commands: list[Command]) -> dict[str, QMenu]:
    """Put the commands into the window's menu bar, in their order.

    Returns:
        The menus by name.
    """
    bar = window.menuBar()
    menus = {name: bar.addMenu(f"&{name}") for name in MENUS}
    for menu in menus.values():
        menu.setToolTipsVisible(True)
    for command in commands:
        if command.begins:
            menus[command.menu].addSeparator()
        action = QAction(command.text, window)
        action.setToolTip(command.tip or command.text)
        if command.keys:
            action.setShortcut(QKeySequence(command.keys))
        action.triggered.connect(_without_argument(command.run))
        menus[command.menu].addAction(action)
    return menus


def _without_argument(run: Callable[[], None]) -> Callable[[], None]:
    # QAction.triggered hands over whether it is checked; commands take nothing.
    def call() -> None:
        run()

    return call


def keys_text() -> str:
    """The list of keys as HTML, for the help."""
    rows = (f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{what}</td></tr>" for key, what in KEYS)
    return f"<table>{''.join(rows)}</table>"


def _patterns(endings: Sequence[str]) -> str:
    return " ".join(f"*{ending}" for ending in endings)


RECORDING_FILES: Final = (
    f"Recordings ({_patterns((*VIDEOS, *MEASURED))});;Videos ({_patterns(VIDEOS)});;"
    f"Sessions and other programs' tables ({_patterns(MEASURED)});;All files (*)"
)
"""The kinds of files to choose from, as Qt's file dialog takes them."""


class MenuWindow(QMainWindow):
    """A main window that tells what the user asks of it.

    Attributes:
        videos_chosen: list[Path]: the user has opened or dropped these files and folders.
        table_requested: Write the shown recording as a table.
        film_requested: Write the shown recording with what was measured drawn into it.
        export_requested: Write meshes of the shown recording.
        report_requested: Write a report to print.
        camera_requested: Open a live camera.
        library_chosen: Path: the user has opened this library.
        import_requested: Path: bring this folder of recordings into the library.
        videos_sought: Path: find the videos of the library's sessions in this folder.
        audit_requested: Show who did what in the library.
        backup_requested: Write the library into one file.
        restore_requested: Make a library of a backup.
        protection_requested: Protect the library, or change how it is protected.
        lock_requested: Lock the library now.
        dataset_requested: Write the library as a dataset of BIDS.
        demo_requested: Open the demo.
        refit_requested: Fit the face of the shown recording again.
        reading_requested: Ask how the shown video is read.
        enrol_requested: Enrol the shown recording.
        measures_requested: Show the clinical measures of the shown recording.
        identify_requested: Ask who the shown recording is.
        ticked_requested: Ask who all ticked recordings are.
        scores_requested: Write every score of the recordings that were asked about.
        course_requested: str: show this speaker's clinical measures over time; as below.
        drift_requested: str: show this speaker's drift; empty where none is in question.
        train_requested: Show the training.
        recognizers_requested: Show the recognizers.
        settings_requested: Ask for the settings.
        scheme_requested: Qt.ColorScheme: light, dark, or as the system.
    """

    videos_chosen = Signal(object)
    table_requested = Signal()
    export_requested = Signal()
    film_requested = Signal()
    report_requested = Signal()
    camera_requested = Signal()
    library_chosen = Signal(object)
    import_requested = Signal(object)
    videos_sought = Signal(object)
    audit_requested = Signal()
    backup_requested = Signal()
    restore_requested = Signal()
    protection_requested = Signal()
    lock_requested = Signal()
    dataset_requested = Signal()
    demo_requested = Signal()
    refit_requested = Signal()
    reading_requested = Signal()
    enrol_requested = Signal()
    measures_requested = Signal()
    identify_requested = Signal()
    ticked_requested = Signal()
    scores_requested = Signal()
    course_requested = Signal(str)
    drift_requested = Signal(str)
    train_requested = Signal()
    recognizers_requested = Signal()
    settings_requested = Signal()
    scheme_requested = Signal(object)

    def choose_videos(self) -> None:
        """Ask for videos and other recordings, and open them."""
        files, _ = QFileDialog.getOpenFileNames(self, "Open recording", "", RECORDING_FILES)
        if files:
            self.videos_chosen.emit([Path(file) for file in files])

    def choose_folder(self) -> None:
        """Ask for a folder and open the recordings in it."""
        folder = QFileDialog.getExistingDirectory(self, "Open folder of recordings")
        if folder:
            self.videos_chosen.emit([Path(folder)])

    def choose_library(self) -> None:
        """Ask for the folder of a library and open it."""
        folder = QFileDialog.getExistingDirectory(self, "Open library")
        if folder:
            self.library_chosen.emit(Path(folder))

    def choose_import(self) -> None:
        """Ask for a folder whose recordings are to come into the library."""
        folder = QFileDialog.getExistingDirectory(self, "Import folder: one folder a speaker")
        if folder:
            self.import_requested.emit(Path(folder))

    def choose_moved(self) -> None:
        """Ask where the videos of the library's sessions are now."""
        folder = QFileDialog.getExistingDirectory(self, "Find videos of the library's sessions")
        if folder:
            self.videos_sought.emit(Path(folder))


def window_commands(
    window: MenuWindow,
    reset_layout: Callable[[], None],
    ask_drift: Callable[[], None],
    ask_course: Callable[[], None],
    moves: Sequence[Command],
) -> list[Command]:
    """All entries, in the order of their menus.

    Args:
        window: Whose signals they emit.
        reset_layout: Puts the docks back.
        ask_drift: Asks for the drift of the speaker in question.
        ask_course: Asks for their clinical measures over time.
        moves: The entries that move through time.
    """
    scheme = Qt.ColorScheme
    ask = window.scheme_requested.emit
    return [
        Command("File", "Open video…", window.choose_videos, "Ctrl+O"),
        Command("File", "Open folder of videos…", window.choose_folder, "Ctrl+Shift+O"),
        Command("File", "Live camera", window.camera_requested.emit, "Ctrl+L"),
        Command("File", "Open demo (simulated)", window.demo_requested.emit),
        Command("File", "Export mesh…", window.export_requested.emit, begins=True),
        Command("File", "Export table…", window.table_requested.emit, "", "A row a frame"),
        Command("File", "Export scores…", window.scores_requested.emit, "", "Of every speaker"),
        Command("File", "Export film…", window.film_requested.emit, "", "Measured outlines in it"),
        Command("File", "Write report…", window.report_requested.emit, "Ctrl+P", "PDF or HTML"),
        Command("File", "Open library…", window.choose_library, begins=True),
        Command("File", "Import folder…", window.choose_import, "", "One folder a speaker"),
        Command("File", "Find videos…", window.choose_moved, "", "After they were moved"),
        Command("File", "Audit…", window.audit_requested.emit, "", "Who did what in the library"),
        Command("File", "Export library…", window.dataset_requested.emit, "", "A BIDS dataset"),
        Command("File", "Back up library…", window.backup_requested.emit, "", "Into one file"),
        Command("File", "Restore library…", window.restore_requested.emit, "", "From a backup"),
        Command(
            *("File", "Protect library…", window.protection_requested.emit, ""),
            "Encrypted under a passphrase; what is protected: passphrase, keys",
        ),
        Command("File", "Lock library now", window.lock_requested.emit, "", "Closes what is of it"),
        Command("File", "Quit", partial(_close, window), "Ctrl+Q", begins=True),
        Command("Edit", "Settings…", window.settings_requested.emit, "Ctrl+,"),
        Command("View", "Reset layout", reset_layout),
        Command("View", "Colours as the system", partial(ask, scheme.Unknown)),
        Command("View", "Light colours", partial(ask, scheme.Light)),
        Command("View", "Dark colours", partial(ask, scheme.Dark)),
        Command("Session", "Fit face again", window.refit_requested.emit),
        Command(
            *("Session", "How the video is read…", window.reading_requested.emit, ""),
            "Film, frame rate, recorded mirrored: of this recording",
        ),
        Command("Session", "Enrol as a speaker…", window.enrol_requested.emit, "Ctrl+E"),
        Command(
            *("Session", "Clinical measures…", window.measures_requested.emit, "Ctrl+M"),
            "Blinks, excursions in mm, left against right, what else moves",
        ),
        *moves,
        Command("Identify", "Who is it?", window.identify_requested.emit, "Ctrl+I"),
        Command("Identify", "Who are the ticked?", window.ticked_requested.emit, "Ctrl+Shift+I"),
        Command("Identify", "Shape drift…", ask_drift, "Ctrl+D", "Sessions of a speaker"),
        Command(
            *("Identify", "Clinical measures over time…", ask_course, "Ctrl+Shift+M"),
            "Values of a speaker's sessions by date, change, traces and faces of tasks",
        ),
        Command("Train", "Train recognizer…", window.train_requested.emit, "Ctrl+T"),
        Command("Train", "Recognizers…", window.recognizers_requested.emit),
        Command("Help", "Keys", partial(_show_keys, window), "F1"),
        Command("Help", "About", partial(_show_about, window)),
    ]


def _close(window: QMainWindow) -> None:
    window.close()


def _show_keys(window: QMainWindow) -> None:
    QMessageBox.information(window, "Keys", keys_text())


def _show_about(window: QMainWindow) -> None:
    QMessageBox.about(window, "About facedyn", ABOUT)
