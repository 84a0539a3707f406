"""The library's import queue in the window: shown, asked about, gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.import_folder import ImportDialog
from facedyn_app.gui.panels.queue import READ_ONLY, QueuePanel
from facedyn_app.gui.widgets.work_bar import WorkBar
from facedyn_app.library.library import Library
from facedyn_app.library.session_file import save_session
from facedyn_app.library.work_rows import NewWork, WorkItem, WorkKind, WorkState
from facedyn_app.records import ConsentState, Purpose, SourceFile
from facedyn_app.settings import Settings
from facedyn_app.workflows.options import FitOptions, ImportStatement
from facedyn_app.workflows.work import QueueSnapshot, list_queue
from facedyn_app.workflows.work_details import WorkDetails
from tests.gui.conftest import PATIENCE_MS, made_session, wait_idle

CONSENT = "simulated speakers need none"
DETAILS = WorkDetails(ImportStatement(CONSENT, again=True), FitOptions(None)).text()


def recordings(folder: Path, n: int) -> list[NewWork]:
    """Session files of simulated speakers P-0, P-1 …, as recordings to enrol."""
    works = []
    for k in range(n):
        path = folder / f"P-{k}" / "visit.npz"
        path.parent.mkdir(parents=True)
        made = made_session()
        info = replace(made.info, source=SourceFile(f"visit {k}.mp4", f"{k:02d}" * 32))
        save_session(replace(made, info=info), path)
        works.append(NewWork(WorkKind.READ, f"P-{k}", path))
    return works


@pytest.fixture
def waiting(tmp_path: Path) -> list[NewWork]:
    """Three recordings in the queue of the library that the window will open; each by itself."""
    works = recordings(tmp_path / "corpus", 3)
    with Library.open(tmp_path / "library") as library:
        for one in works:
            library.work.add(DETAILS, [one])
    return works


def rows(panel: QueuePanel) -> list[tuple[str, str, str]]:
    model = panel.model
    return [
        tuple(model.index(row, column).data() for column in range(3))
        for row in range(model.rowCount())
    ]


def test_after_a_restart_it_asks_and_goes_on(
    waiting: list[NewWork], app: AppController, qtbot: QtBot
) -> None:
    bar, panel = app.window.work_bar, app.window.queue
    qtbot.waitUntil(lambda: bool(bar.text), timeout=PATIENCE_MS)
    assert bar.text == "3 recordings wait in the library's import queue. Go on with it?"
    assert [row[:2] for row in rows(panel)] == [("waiting", f"P-{k}") for k in range(3)]
    assert app.library.snapshot.speakers == ()  # nothing is begun without being asked for
    with qtbot.waitActive(app.window):
        app.window.activateWindow()
    QTest.keyClick(app.window, Qt.Key.Key_G, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: bar.text == "", timeout=PATIENCE_MS)
    assert app.work.running
    assert panel.go_on.text() == "Stop"
    qtbot.waitUntil(
        lambda: rows(panel) == [("done", f"P-{k}", "visit.npz") for k in range(3)],
        timeout=PATIENCE_MS,
    )
    qtbot.waitUntil(lambda: len(app.library.snapshot.speakers) == 3, timeout=PATIENCE_MS)
    wait_idle(app, qtbot)
    assert not app.work.running
    assert panel.counts == "3 done."
    assert not panel.go_on.isEnabled()


def test_not_now_leaves_it_waiting_and_the_panel_goes_on(
    waiting: list[NewWork], app: AppController, qtbot: QtBot
) -> None:
    bar, panel = app.window.work_bar, app.window.queue
    qtbot.waitUntil(lambda: bool(bar.text), timeout=PATIENCE_MS)
    bar.not_now.click()
    assert bar.text == ""
    app.library.look()
    wait_idle(app, qtbot)
    assert bar.text == ""
    assert app.library.snapshot.speakers == ()
    panel.go_on.click()
    qtbot.waitUntil(lambda: panel.counts == "3 done.", timeout=PATIENCE_MS)


def test_what_a_command_puts_in_and_does_is_seen(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    recordings(tmp_path / "corpus", 2)
    (tmp_path / "corpus" / "P-1" / "other.npz").write_bytes(b"no session")
    command = [sys.executable, "-m", "facedyn_app", "import", str(tmp_path / "corpus")]
    command += ["--library", str(tmp_path / "library"), "--consent", CONSENT, "--again"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    panel = app.window.queue
    qtbot.waitUntil(lambda: len(rows(panel)) == 3, timeout=PATIENCE_MS)
    assert [row[0] for row in rows(panel)] == ["failed", "done", "done"]
    assert app.window.work_bar.text == ""
    panel.table.selectRow(0)
    assert "other.npz" in panel.reason
    assert "cannot be" in panel.reason
    assert panel.retry_button.isEnabled()
    assert not panel.cancel_button.isEnabled()
    panel.remove_button.click()
    qtbot.waitUntil(lambda: len(rows(panel)) == 2, timeout=PATIENCE_MS)


@pytest.mark.skipif(os.name != "posix", reason="the system cannot kill so")
def test_what_a_killed_command_had_in_hand_is_free_again(
    waiting: list[NewWork], app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    code = (
        "import sys, time; from pathlib import Path; "
        "from facedyn_app.library.library import Library; "
        "library = Library.open(Path(sys.argv[1])); work = library.work.working(); "
        "library.work.claim(work.__enter__(), [2]); print('has', flush=True); time.sleep(600)"
    )
    library = str(tmp_path / "library")
    process = subprocess.Popen([sys.executable, "-c", code, library], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"has\n"
    panel = app.window.queue
    qtbot.waitUntil(
        lambda: [row[:2] for row in rows(panel)][:1] == [("running", "P-1")], timeout=PATIENCE_MS
    )
    panel.table.selectRow(0)
    assert f"process {process.pid} on " in panel.reason
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    qtbot.waitUntil(lambda: panel.counts == "3 waiting.", timeout=PATIENCE_MS)


def test_cancel_retry_and_stop(
    waiting: list[NewWork], app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    panel = app.window.queue
    qtbot.waitUntil(lambda: len(rows(panel)) == 3, timeout=PATIENCE_MS)
    panel.table.selectRow(1)
    panel.cancel_button.click()
    qtbot.waitUntil(lambda: panel.counts == "2 waiting, 1 cancelled.", timeout=PATIENCE_MS)
    chosen = panel.table.selectionModel().selectedRows()
    assert [panel.model.index(index.row(), 1).data() for index in chosen] == ["P-1"]
    panel.retry_button.click()
    qtbot.waitUntil(lambda: panel.counts == "3 waiting.", timeout=PATIENCE_MS)
    panel.go_on.click()
    panel.go_on.click()  # stopped at once: what was not done waits
    wait_idle(app, qtbot)
    assert not app.work.running
    found = list_queue(tmp_path / "library")
    assert found.n(WorkState.WAITING) + found.n(WorkState.DONE) == 3
    assert found.n(WorkState.RUNNING) == 0
    assert found.n_free >= 2


def test_a_queue_that_may_only_be_read_is_shown(
    waiting: list[NewWork], tmp_path: Path, qtbot: QtBot
) -> None:
    panel, bar = QueuePanel(), WorkBar()
    qtbot.addWidget(panel)
    qtbot.addWidget(bar)
    found = replace(list_queue(tmp_path / "library"), read_only=True)
    panel.show_queue(found)
    panel.table.selectAll()
    assert panel.counts == READ_ONLY
    buttons = (panel.go_on, panel.retry_button, panel.cancel_button, panel.remove_button)
    assert not any(button.isEnabled() for button in buttons)
    assert len(rows(panel)) == 3


def test_thousands_are_shown_at_once_and_keep_their_place(qtbot: QtBot, tmp_path: Path) -> None:
    panel = QueuePanel()
    qtbot.addWidget(panel)
    panel.resize(300, 400)
    panel.show()
    with Library.open(tmp_path / "l") as library:
        works = [NewWork(WorkKind.FIT, f"S{k}", tmp_path / f"{k}.mp4") for k in range(5000)]
        library.work.add(DETAILS, works)
        items: tuple[WorkItem, ...] = tuple(library.work.items())
    counts = ((WorkState.WAITING, 5000),)
    panel.show_queue(QueueSnapshot(tmp_path, counts, 5000, items))
    assert panel.model.rowCount() == 5000
    panel.table.selectRow(2500)
    panel.table.scrollTo(panel.model.index(2500, 0))
    place = panel.table.verticalScrollBar().value()
    panel.show_queue(QueueSnapshot(tmp_path, counts, 4999, items[1:]))
    (chosen,) = panel.table.selectionModel().selectedRows()
    assert panel.model.index(chosen.row(), 1).data() == "S2500"
    assert panel.table.verticalScrollBar().value() == place > 0


def test_a_folder_is_imported_by_consent_and_by_name(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    wait_idle(app, qtbot)
    path = recordings(tmp_path / "corpus", 1)[0].path
    app.window.import_requested.emit(path.parent.parent)
    (dialog,) = (one for one in app.window.findChildren(ImportDialog) if one.isVisible())
    assert not dialog.complete
    QTest.keyClicks(dialog.giver, "the maker")
    QTest.keyClicks(dialog.scope, "a test")
    dialog.purposes.ticks[Purpose.TRAINING].setChecked(False)
    assert dialog.complete
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(app.library.snapshot.speakers) == 1, timeout=PATIENCE_MS)
    (speaker,) = app.library.snapshot.speakers
    assert speaker.name == "P-0"
    assert "given by the maker on " in speaker.consent
    assert speaker.agreed is not None
    assert speaker.agreed.state(Purpose.TRAINING) is ConsentState.NEVER
    assert speaker.agreed.state(Purpose.RECOGNITION) is ConsentState.GIVEN
    qtbot.waitUntil(
        lambda: rows(app.window.queue) == [("done", "P-0", "visit.npz")], timeout=PATIENCE_MS
    )


def test_what_no_folder_holds_is_said(app: AppController, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "empty").mkdir()
    app.work.import_folder(tmp_path / "empty", ImportStatement(CONSENT))
    wait_idle(app, qtbot)
    assert "There are no recordings in" in app.window.status_line.text
    assert not app.work.running


def test_choices_of_the_window_go_into_the_queue() -> None:
    options = FitOptions(
        "open-head-2", device="cpu", n_shape=7, n_expression=9, engine="mediapipe", max_faces=2,
        fps=25.0, stream=1, mirrored=True, file_names=False,
    )  # fmt: skip
    settings = options.settings()
    settings = replace(settings, machine=replace(settings.machine, device="cpu"))
    assert FitOptions.of(settings, "open-head-2") == options
    assert FitOptions.of(Settings(), "open-head-2") == FitOptions("open-head-2")
