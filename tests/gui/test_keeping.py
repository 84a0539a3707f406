"""The library's audit in the window, and its backup and restoring."""

import csv
import sqlite3
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.audit import AuditDialog
from facedyn_app.gui.dialogs.pseudonyms import PseudonymsDialog
from facedyn_app.library.library import Library
from tests.gui.conftest import PATIENCE_MS, made_session, wait_idle

CONSENT = "simulated speakers need none"


@pytest.fixture
def folder(app: AppController, tmp_path: Path, qtbot: QtBot) -> Path:
    """The window's library, with two people."""
    with Library.open(tmp_path / "library") as library:
        for name in ("Anna", "Bert"):
            library.enrol(name, made_session(), CONSENT)
    qtbot.waitUntil(lambda: len(app.library.snapshot.speakers) == 2, timeout=PATIENCE_MS)
    return tmp_path / "library"


def shown(app: AppController, qtbot: QtBot) -> AuditDialog:
    app.window.audit_requested.emit()
    dialog = app.window.findChild(AuditDialog)
    assert isinstance(dialog, AuditDialog)
    qtbot.waitUntil(lambda: dialog.head.text() != "", timeout=PATIENCE_MS)
    return dialog


def cells(dialog: AuditDialog) -> list[tuple[str, str]]:
    model = dialog.model
    return [
        (str(model.index(row, 3).data()), str(model.index(row, 4).data()))
        for row in range(model.rowCount())
    ]


def choose(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))


def test_who_did_what_is_shown_searched_and_written(
    app: AppController,
    folder: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dialog = shown(app, qtbot)
    enrolled = [cell for cell in cells(dialog) if cell[0] == "enrol"]
    assert enrolled == [("enrol", "Bert, session 2"), ("enrol", "Anna, session 1")]
    with Library.open(folder, create=False) as library:
        head = library.audit.check().head
    assert head in dialog.head.text()
    assert not dialog.fault.isVisibleTo(dialog)
    QTest.keyClicks(dialog.search, "ENROL bert")
    assert cells(dialog) == [("enrol", "Bert, session 2")]
    assert dialog.state.text().startswith("1 of ")
    choose(monkeypatch, tmp_path / "audit.csv")
    dialog.export.click()
    qtbot.waitUntil((tmp_path / "audit.csv").exists, timeout=PATIENCE_MS)
    with (tmp_path / "audit.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["action"], line["what"]) == ("enrol", "Bert, session 2")
    assert line["hash"] == next(one.hash for one in dialog.lines)
    dialog.search.setText("nobody")
    assert not dialog.export.isEnabled()
    dialog.close()


def test_a_changed_line_is_said(app: AppController, folder: Path, qtbot: QtBot) -> None:
    connection = sqlite3.connect(folder / "library.sqlite")
    connection.execute("UPDATE audit SET who = 'somebody' WHERE id = 2")
    connection.commit()
    connection.close()
    dialog = shown(app, qtbot)
    assert dialog.fault.isVisibleTo(dialog)
    assert dialog.fault.text() == "Not as it was written: line 2 was changed."
    dialog.close()


def test_a_library_is_backed_up_and_restored(
    app: AppController,
    folder: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose(monkeypatch, tmp_path / "a.backup")
    app.window.backup_requested.emit()
    qtbot.waitUntil((tmp_path / "a.backup").exists, timeout=PATIENCE_MS)
    wait_idle(app, qtbot)
    again = tmp_path / "again"
    again.mkdir()
    file = str(tmp_path / "a.backup")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (file, ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(again))
    app.window.restore_requested.emit()
    qtbot.waitUntil(lambda: app.library.snapshot.folder == again, timeout=PATIENCE_MS)
    assert [one.name for one in app.library.snapshot.speakers] == ["Anna", "Bert"]
    (again / "kept").touch()
    app.window.restore_requested.emit()
    wait_idle(app, qtbot)
    assert (again / "kept").exists()
    assert folder.exists()


def test_what_the_window_opens_and_exports_of_a_kept_session_is_a_line(
    app: AppController,
    folder: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app.library.open_session(app.library.snapshot.speakers[0].sessions[0].key)
    qtbot.waitUntil(lambda: app.state.recording is not None, timeout=PATIENCE_MS)
    choose(monkeypatch, tmp_path / "table.csv")
    app.export.ask_table()
    wait_idle(app, qtbot)
    with Library.open(folder, create=False) as library:
        lines = [(line.action, line.what) for line in library.audit.lines()]
    own = [line for line in lines if line[0] != "enrol" and line != ("open", "library")]
    assert own == [("open", "session 1"), ("export", "session 1, as csv")]


def test_the_library_is_written_as_a_dataset(
    app: AppController,
    folder: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    app.state.message_shown.connect(said.append)
    choose(monkeypatch, tmp_path / "dataset")
    app.window.dataset_requested.emit()
    wait_idle(app, qtbot)
    tables = sorted(path.parent.parent.parent.name for path in tmp_path.rglob("*_motion.tsv"))
    assert tables == ["sub-001", "sub-002"]
    assert any("2 sessions of 2 people under pseudonyms" in text for text in said)
    (dialog,) = app.window.findChildren(PseudonymsDialog)
    rows = [[str(dialog.model.index(k, c).data()) for c in (0, 1)] for k in (0, 1)]
    assert [row[0] for row in rows] == ["sub-001", "sub-002"]
    assert {row[1] for row in rows} == {one.name for one in app.library.snapshot.speakers}
    dialog.copy.click()
    assert QGuiApplication.clipboard().text().splitlines()[1] == "\t".join(rows[0])
    app.library.close_locked()  # names of a locked library are not left on the screen
    assert not dialog.isVisible()
    app.library.open_library(folder)
    wait_idle(app, qtbot)
    app.window.dataset_requested.emit()  # what is there is not written over
    wait_idle(app, qtbot)
    assert len(list(tmp_path.rglob("*_motion.tsv"))) == 2
