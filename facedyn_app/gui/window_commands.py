"""What stands in the menus of the window, and what each entry does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from facedyn_app.gui.actions import Command, keys_text

if TYPE_CHECKING:
    from facedyn_app.gui.main_window import MainWindow

ABOUT: Final = (
    "<p><b>facedyn</b> recognises people by how their faces move, and says how far the "
    "measurement can be trusted.</p><p>All work is done on this machine; nothing is sent "
    "anywhere.</p><p>For research use, not a medical device.</p>"
)


def window_commands(window: MainWindow) -> list[Command]:
    """All entries, in the order of their menus."""
    scheme = Qt.ColorScheme
    ask = window.scheme_requested.emit
    return [
        Command("File", "Open video…", window.choose_videos, "Ctrl+O"),
        Command("File", "Open folder of videos…", window.choose_folder, "Ctrl+Shift+O"),
        Command("File", "Live camera", window.camera_requested.emit, "Ctrl+L"),
        Command("File", "Open library…", window.choose_library),
        Command("File", "Open demo (simulated)", window.demo_requested.emit),
        Command("File", "Export table…", window.table_requested.emit, "", "A row a frame"),
        Command("File", "Export scores…", window.scores_requested.emit, "", "Of every speaker"),
        Command("File", "Export film…", window.film_requested.emit, "", "Measured outlines in it"),
        Command("File", "Export mesh…", window.export_requested.emit),
        Command("File", "Write report…", window.report_requested.emit, "Ctrl+P", "PDF or HTML"),
        Command("File", "Quit", partial(_quit, window), "Ctrl+Q"),
        Command("Edit", "Settings…", window.settings_requested.emit, "Ctrl+,"),
        Command("View", "Reset layout", window.docks.reset),
        Command("View", "Colours as the system", partial(ask, scheme.Unknown)),
        Command("View", "Light colours", partial(ask, scheme.Light)),
        Command("View", "Dark colours", partial(ask, scheme.Dark)),
        Command("Session", "Fit face again", window.refit_requested.emit),
        Command("Session", "Enrol as a speaker…", window.enrol_requested.emit, "Ctrl+E"),
        *window.transport.commands(),
        Command("Identify", "Who is it?", window.identify_requested.emit, "Ctrl+I"),
        Command("Identify", "Who are the ticked?", window.ticked_requested.emit, "Ctrl+Shift+I"),
        Command("Identify", "Shape drift…", window.ask_drift, "Ctrl+D", "Sessions of a speaker"),
        Command("Train", "Train recognizer…", window.train_requested.emit, "Ctrl+T"),
        Command("Train", "Recognizers…", window.recognizers_requested.emit),
        Command("Help", "Keys", partial(_show_keys, window), "F1"),
        Command("Help", "About", partial(_show_about, window)),
    ]


def _quit(window: MainWindow) -> None:
    window.close()


def _show_keys(window: MainWindow) -> None:
    QMessageBox.information(window, "Keys", keys_text())


def _show_about(window: MainWindow) -> None:
    QMessageBox.about(window, "About facedyn", ABOUT)
