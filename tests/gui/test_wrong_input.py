"""Wrong input gets a sentence where it was given, and what was done and typed before it stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLineEdit
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.mesh_export import ALL, MeshDialog
from facedyn_app.gui.dialogs.recognizers import RecognizersDialog
from facedyn_app.gui.dialogs.session import EnrolDialog
from facedyn_app.gui.dialogs.settings import SettingsDialog
from facedyn_app.library.database import DATABASE
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import activate_recognizer
from facedyn_app.settings import Settings
from facedyn_app.simulate.corpus import simulate_sessions
from tests.gui.conftest import PATIENCE_MS, choose, made_recording, wait_idle
from tests.recognizer.conftest import made_recognizer

OK = QDialogButtonBox.StandardButton.Ok
NEWER = "newer version of facedyn"


@pytest.fixture
def app(
    qapp: QApplication,
    tmp_path: Path,
    memory: QSettings,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[AppController]:
    """The window with a library that does not exist yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = AppController(Settings(), tmp_path / "library", memory)
    made.window.show()
    wait_idle(made, qtbot)
    yield made
    made.window.close()
    made.window.deleteLater()


def fill(folder: Path, *names: str) -> None:
    with Library.open(folder) as library:
        for number, name in enumerate(names):
            for session in simulate_sessions(number, 2, 4.0):
                library.enrol(name, session, "made up for this test")


def set_version(folder: Path, version: int) -> None:
    """As a newer program, or the present one, would leave a library."""
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        database.execute(f"PRAGMA user_version = {version}")


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A library of a newer version of the program."""
    folder = tmp_path / "newer"
    fill(folder, "S-01")
    set_version(folder, 99)
    return folder


def ask_enrolment(app: AppController) -> EnrolDialog:
    app.state.add_recording(made_recording(None))
    app.state.show_recording("visit-0412")
    choose(app, "Enrol as a speaker…")
    dialog = app.window.findChildren(EnrolDialog)[-1]
    dialog.name.setCurrentText("Anna")
    dialog.giver.setText("Anna")
    dialog.scope.setText("a test")
    return dialog


def press_ok(dialog: EnrolDialog | SettingsDialog) -> None:
    box = dialog.findChild(QDialogButtonBox)
    assert box is not None
    box.button(OK).click()


def test_a_library_of_a_newer_version_leaves_the_open_one(
    app: AppController, newer: Path, qtbot: QtBot
) -> None:
    fill(app.library.snapshot.folder, "P-014")
    app.library.open_library(app.library.snapshot.folder)
    wait_idle(app, qtbot)
    app.window.library_chosen.emit(newer)
    wait_idle(app, qtbot)
    panel = app.window.library
    assert NEWER in panel.error
    assert "Update the program" in panel.error
    assert panel.status.kind == "done"
    assert panel.model.item(0).child(0).text().startswith("P-014")
    assert app.library.snapshot.folder.name == "library"
    app.library.open_library(app.library.snapshot.folder)
    wait_idle(app, qtbot)
    assert panel.error == ""


def test_everything_says_that_the_library_is_of_a_newer_version(
    app: AppController, qtbot: QtBot
) -> None:
    folder = app.library.snapshot.folder
    fill(folder, "P-014")
    app.library.open_library(folder)
    wait_idle(app, qtbot)
    set_version(folder, 99)
    choose(app, "Train recognizer…")
    wait_idle(app, qtbot)
    assert app.training.dialog is not None
    assert NEWER in app.training.dialog.panel.text
    choose(app, "Shape drift…")
    qtbot.waitUntil(lambda: not app.drift.queue.jobs, timeout=PATIENCE_MS)
    assert app.drift.window is not None
    assert NEWER in app.drift.window.panel.text
    choose(app, "Recognizers…")
    wait_idle(app, qtbot)
    recognizers = app.window.findChildren(RecognizersDialog)[-1]
    assert NEWER in recognizers.note.text()
    assert recognizers.model.rowCount() == 1  # the one that comes along
    set_version(folder, 1)
    app.training.dialog.panel.retry()
    wait_idle(app, qtbot)
    assert app.training.dialog.form is not None
    recognizers.close()


@pytest.mark.parametrize("error", ["newer", "in the way"])
def test_an_enrolment_that_cannot_be_keeps_what_was_filled_in(
    app: AppController, qtbot: QtBot, error: str
) -> None:
    folder = app.library.snapshot.folder
    if error == "newer":
        fill(folder)
        set_version(folder, 99)
    else:
        folder.write_text("a file where the folder should be")
    dialog = ask_enrolment(app)
    press_ok(dialog)
    wait_idle(app, qtbot)
    assert dialog.isVisible()
    assert (NEWER if error == "newer" else "cannot be written") in dialog.failure
    assert dialog.complete
    assert app.window.who.answer.startswith("P-014")  # the answer that was there
    if error == "newer":
        set_version(folder, 1)
    else:
        folder.unlink()
    press_ok(dialog)
    wait_idle(app, qtbot)
    assert app.window.findChildren(EnrolDialog) == []
    assert [speaker.name for speaker in app.library.snapshot.speakers] == ["Anna"]


def test_a_name_that_cannot_be_is_said_beside_the_field(qtbot: QtBot) -> None:
    dialog = EnrolDialog({}, "visit.mp4")
    qtbot.addWidget(dialog)
    dialog.giver.setText("Anna")
    dialog.scope.setText("a test")
    for name, text in (("", "Give the speaker a name"), ("x" * 201, "cannot be the name")):
        dialog.name.setCurrentText(name)
        assert text in dialog.notes[0]
        assert not dialog.complete
    dialog.name.setCurrentText("Anna")
    assert dialog.notes == ("", "", "")
    assert dialog.complete


def test_the_same_recording_is_not_enrolled_twice(app: AppController, qtbot: QtBot) -> None:
    press_ok(ask_enrolment(app))
    wait_idle(app, qtbot)
    again = ask_enrolment(app)
    press_ok(again)
    wait_idle(app, qtbot)
    assert again.isVisible()
    assert "already among the sessions of 'Anna'" in again.failure
    again.reject()
    assert len(app.library.snapshot.speakers[0].sessions) == 1


def test_a_place_that_cannot_be_written_is_said_in_the_export(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = MeshDialog("visit.mp4", 0, True, tmp_path)
    qtbot.addWidget(dialog)
    assert dialog.complete
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.obj").mkdir()
    for path, text in (
        ("nowhere/visit.obj", "There is no folder"),
        ("file/visit.obj", "There is no folder"),
        ("folder.obj", "is a folder"),
    ):
        dialog.path.setText(str(tmp_path / path))
        assert text in dialog.note
        assert not dialog.complete
    dialog.frames.setCurrentIndex(ALL)
    assert dialog.complete
    dialog.path.setText(str(tmp_path / "file"))
    assert "is there already" in dialog.note
    dialog.path.setText(str(tmp_path / "folder.obj"))  # empty, so it may be filled
    assert dialog.complete


def test_a_wrong_head_file_is_said_in_the_settings(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    wrong = tmp_path / "generic_model.pkl"
    wrong.write_text("no head at all")
    choose(app, "Settings…")
    dialog = app.window.findChildren(SettingsDialog)[-1]
    typed = dialog.pages["Fit"].fields["fit"]["max_yaw_deg"].editor
    assert isinstance(typed, QLineEdit)
    typed.setText("45")
    dialog.offer_head(str(wrong))
    wait_idle(app, qtbot)
    assert "generic_model.pkl" in dialog.head.error_note.text()
    assert dialog.note.startswith("Something is not right on:")
    assert not dialog.complete
    dialog.head.choose("open-head-2")
    assert dialog.complete
    press_ok(dialog)
    wait_idle(app, qtbot)
    assert app.heads.name == "open-head-2"
    assert app.state.settings.fit.max_yaw_deg == 45.0


def test_a_corrupt_recognizer_cannot_be_chosen_and_answers_nothing(
    app: AppController, qtbot: QtBot
) -> None:
    folder = app.library.snapshot.folder
    fill(folder, "P-014", "P-015")
    with Library.open(folder) as library:
        head = library.sessions()[0].head_id
        made = made_recognizer(folder / "recognizers" / "mine", head)
        activate_recognizer(library, "mine")
    (made / "weights.safetensors").write_bytes(b"nothing")
    app.library.open_library(folder)
    wait_idle(app, qtbot)
    choose(app, "Recognizers…")
    wait_idle(app, qtbot)
    dialog = app.window.findChildren(RecognizersDialog)[-1]
    dialog.table.selectRow(1)
    assert "weights.safetensors" in dialog.facts.text()
    assert not dialog.activate.isEnabled()
    app.window.library.session_picked.emit(app.library.snapshot.speakers[0].sessions[0].key)
    wait_idle(app, qtbot)
    choose(app, "Who is it?")
    wait_idle(app, qtbot)
    assert app.window.who.status.kind == "error"
    assert "weights.safetensors" in app.window.who.text
    dialog.table.selectRow(0)
    dialog.activate.click()
    wait_idle(app, qtbot)
    app.window.who.retry()
    wait_idle(app, qtbot)
    assert "weights.safetensors" not in app.window.who.text
    dialog.close()


def test_asking_about_nothing_says_what_to_do(app: AppController) -> None:
    choose(app, "Who is it?")
    assert app.window.status_line.text.startswith("Open a video first")
    choose(app, "Enrol as a speaker…")
    assert app.window.status_line.text.startswith("Open a video first")
    assert app.window.findChildren(EnrolDialog) == []
