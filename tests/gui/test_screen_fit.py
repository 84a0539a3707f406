"""Every window and dialog on the smallest screens that are in use."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from facedyn_app.gui.docks import WHO
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.gui.widgets.screen_fit import FittedDialog, fit_to_screen

SCREENS = {"1366x768": 1.0, "1920x1080": 2.0}
"""Size and scale: the second has 960x540 logical pixels."""

SCRIPT = """
import json, sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QPushButton
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.protection import (
    ChangeDialog, ProtectDialog, RecoveryDialog, UnlockDialog,
)
from facedyn_app.gui.dialogs.record import RecordDialog
from facedyn_app.gui.dialogs.report import ReportDialog
from facedyn_app.gui.dialogs.mesh_export import MeshDialog
from facedyn_app.gui.dialogs.session import DateDialog, EnrolDialog
from facedyn_app.gui.theme import apply_theme
from facedyn_app.workflows.records import ListedSession
from facedyn_app.library.library import Library
from facedyn_app.settings import Settings
from facedyn_app.simulate.corpus import simulate_sessions

LONG = "a recording with a name that goes on and on " * 40
qt = QApplication([])
apply_theme(qt)
found = []

def wait(done=None):
    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: loop.quit() if done is None or done() else None)
    timer.start(400 if done is None else 50)
    loop.exec()

def look(window):
    wait()
    room = window.screen().availableGeometry()
    inside = room.contains(window.frameGeometry())
    hidden = []
    boxes = window.findChildren(QDialogButtonBox)
    for button in [b for box in boxes for b in box.buttons()] or window.findChildren(QPushButton):
        place = button.rect().translated(button.mapTo(window, button.rect().topLeft()))
        # the main window has panels behind tabs, which may be out of its sight
        if window is not app.window and button.isVisible() and not window.rect().contains(place):
            hidden.append(button.text())
    name = type(window).__name__
    found.append([name, inside, hidden, str(window.frameGeometry()), str(room)])
    window.grab().save(f"{sys.argv[1]}/{name}.png")

with TemporaryDirectory() as place:
    with Library.open(Path(place)) as library:
        for number in range(12):
            for session in simulate_sessions(number, 2, 12.0):
                library.enrol(f"S-{number}", session, "simulated speakers need none")
    app = AppController(Settings(), Path(place), None)
    app.window.show()
    wait(lambda: len(app.library.snapshot.speakers) == 12 and not app.library.queue.jobs)
    look(app.window)
    app.library.open_session(app.library.snapshot.speakers[0].sessions[0].key)
    wait(lambda: app.state.recording is not None)
    app.identification.identify()
    wait(lambda: app.state.recording.identification is not None)
    look(app.window)
    app.window.drift_requested.emit("S-1")
    wait(lambda: not app.drift.queue.jobs)
    look(app.drift.window)
    app.drift.window.close()
    settings = app.settings.ask(app.window)
    look(settings)
    settings.reject()
    app.training.show_dialog()
    wait(lambda: app.training.dialog.form is not None)
    look(app.training.dialog)
    app.training.dialog.close()
    app.training.show_recognizers()
    wait(lambda: not app.library.queue.jobs)
    from facedyn_app.gui.dialogs.recognizers import RecognizersDialog
    look(app.window.findChildren(RecognizersDialog)[0])
    audit = app.keeping.show_audit()
    wait(lambda: audit.head.text())
    look(audit)
    audit.close()
    session = ListedSession(1, LONG, False, 10.0, date(2026, 1, 1), "")
    for dialog in (
        EnrolDialog({"Anna": LONG}, LONG, app.window), DateDialog(session, app.window),
        MeshDialog(LONG, 0, False, Path("/nowhere"), app.window),
        ReportDialog(None, ["Anna"], Path("/nowhere"), app.window),
        RecordDialog(Path("/nowhere"), "", app.window),
        UnlockDialog(LONG, "backup", app.window), ProtectDialog(LONG, app.window),
        ChangeDialog(LONG, app.window), RecoveryDialog("ABCD-" * 7 + "ABCD", app.window),
    ):
        dialog.open()
        if isinstance(dialog, EnrolDialog):
            dialog.name.setCurrentText("Anna")
            dialog.show_failure(OSError(LONG))
        look(dialog)
        dialog.reject()
    app.window.close()
print(json.dumps(found))
"""


@pytest.mark.parametrize("screen", list(SCREENS))
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb for a screen of that size")
def test_everything_fits_a_small_screen(screen: str, tmp_path: Path) -> None:
    pictures = Path(os.environ.get("FACEDYN_PICTURES", tmp_path)) / screen
    pictures.mkdir(parents=True, exist_ok=True)
    home = {f"XDG_{kind}_HOME": str(tmp_path) for kind in ("DATA", "CACHE", "CONFIG")}
    command = ["xvfb-run", "-a", "-s", f"-screen 0 {screen}x24", sys.executable, "-c", SCRIPT]
    done = subprocess.run(
        [*command, str(pictures)],
        env={**os.environ, **home, "QT_SCALE_FACTOR": str(SCREENS[screen])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) == 16
    for name, inside, hidden, place, room in found:
        assert inside, (name, place, room)
        assert not hidden, (name, hidden)


def test_a_window_of_a_monitor_that_is_gone_comes_back(
    state: AppState, memory: QSettings, qtbot: QtBot
) -> None:
    first = MainWindow(state, memory)
    first.show()
    first.docks.dock(WHO).setFloating(True)
    first.setGeometry(9000, 7000, 5000, 4000)
    first.docks.dock(WHO).setGeometry(8000, 6000, 3000, 3000)
    first.close()
    first.deleteLater()
    again = MainWindow(state, memory)
    again.show()
    room = QGuiApplication.primaryScreen().availableGeometry()
    assert room.contains(again.frameGeometry())
    assert again.docks.dock(WHO).isFloating()
    assert room.contains(again.docks.dock(WHO).frameGeometry())
    again.close()
    again.deleteLater()


def test_a_window_far_outside_is_moved_and_made_smaller(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.setMinimumSize(20_000, 100)
    widget.move(-5000, 40_000)
    widget.show()
    fit_to_screen(widget)
    assert QGuiApplication.primaryScreen().availableGeometry().contains(widget.frameGeometry())


def test_a_small_dialog_keeps_its_size(qtbot: QtBot) -> None:
    dialog = FittedDialog()
    qtbot.addWidget(dialog)
    dialog.resize(300, 200)
    QLabel("short", dialog)
    dialog.show()
    assert (dialog.width(), dialog.height()) == (300, 200)
