"""Speakers renamed, merged, undone and forgotten in the window."""

import tempfile
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QInputDialog, QMessageBox
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.library.library import Library
from tests.gui.conftest import drifting_session, wait_idle


@pytest.fixture
def people(
    app: AppController, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AppController:
    """The window on a library with a session of each of Ann, Bo and Cy."""
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    wait_idle(app, qtbot)
    with Library.open(app.library.snapshot.folder) as library:
        for number, name in enumerate(("Ann", "Bo", "Cy")):
            library.enrol(name, drifting_session(float(number)), f"consent of {name}")
    app.library.open_library(app.library.snapshot.folder)
    wait_idle(app, qtbot)
    return app


def listed(app: AppController) -> list[str]:
    speakers = app.window.library.model.item(0)
    return [speakers.child(row).text().split(" (")[0] for row in range(speakers.rowCount())]


def answer(app: AppController, text: str | None, qtbot: QtBot) -> None:
    """Answer what is asked at the moment."""
    wait_idle(app, qtbot)
    dialog = app.people.dialog
    if isinstance(dialog, QInputDialog):
        dialog.setTextValue(text or "")
    assert isinstance(dialog, QDialog)
    if isinstance(dialog, QMessageBox):
        agree = next(
            button
            for button in dialog.buttons()
            if dialog.buttonRole(button) == QMessageBox.ButtonRole.AcceptRole
        )
        agree.click()
    else:
        dialog.accept()
    wait_idle(app, qtbot)


def test_rename_merge_and_undo(people: AppController, qtbot: QtBot) -> None:
    panel = people.window.library
    panel.rename_requested.emit("Ann")
    answer(people, "P-001", qtbot)
    assert listed(people) == ["P-001", "Bo", "Cy"]
    panel.merge_requested.emit("Bo")
    answer(people, "Cy", qtbot)
    assert listed(people) == ["P-001", "Cy"]
    for left in (["P-001", "Bo", "Cy"], ["Ann", "Bo", "Cy"], ["Ann", "Bo", "Cy"]):
        panel.undo_requested.emit()
        wait_idle(people, qtbot)
        assert listed(people) == left


def test_a_near_name_is_asked_about(people: AppController, qtbot: QtBot) -> None:
    people.window.library.rename_requested.emit("Ann")
    answer(people, "bo", qtbot)
    box = people.people.dialog
    assert isinstance(box, QMessageBox)
    assert "nearly the name of “Bo”" in box.text()
    assert listed(people) == ["Ann", "Bo", "Cy"]
    answer(people, None, qtbot)
    assert listed(people) == ["bo", "Bo", "Cy"]


def test_what_goes_is_shown_before_anybody_is_forgotten(
    people: AppController, qtbot: QtBot
) -> None:
    panel = people.window.library
    panel.rename_requested.emit("Bo")
    answer(people, "Berta", qtbot)
    panel.forget_requested.emit("Ann")
    wait_idle(people, qtbot)
    box = people.people.dialog
    assert isinstance(box, QMessageBox)
    assert "cannot be undone" in box.text()
    assert "the speaker 'Ann', with consent" in box.informativeText()
    assert listed(people) == ["Ann", "Berta", "Cy"]
    answer(people, None, qtbot)
    assert listed(people) == ["Berta", "Cy"]
    # the simulated sessions are of one motion: what Berta and Cy keep of it is found, and said
    assert people.window.status_line.text.startswith("searched 3 files in ")
    assert "the name" not in people.window.status_line.text
    panel.undo_requested.emit()
    wait_idle(people, qtbot)
    assert listed(people) == ["Berta", "Cy"]
