"""Speakers and sessions renamed, merged, moved, noted on, undone and forgotten in the window."""

import tempfile
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QInputDialog, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.session import NoteDialog
from facedyn_app.library.annotations import Annotation
from facedyn_app.library.library import Library
from facedyn_app.workflows.records import ListedSession
from facedyn_app.workflows.speakers import noted_on
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


def first_session(app: AppController, speaker: int) -> ListedSession:
    return app.library.snapshot.speakers[speaker].sessions[0]


def sessions_of(app: AppController) -> dict[str, int]:
    return {one.name: len(one.sessions) for one in app.library.snapshot.speakers}


def test_the_menu_of_a_session_offers_what_can_be_done_with_it(people: AppController) -> None:
    panel = people.window.library
    panel.tree.expand(panel.model.item(0).child(1).index())
    row = panel.model.item(0).child(1).child(0).index()
    panel.tree.customContextMenuRequested.emit(panel.tree.visualRect(row).center())
    (menu,) = panel.findChildren(QMenu)
    assert [action.text() for action in menu.actions()] == [
        "Shape drift over sessions…",
        "Clinical measures over time…",
        "Date of recording…",
        "Move to another speaker…",
        "Tags and note…",
        "Forget session…",
    ]
    told: list[ListedSession] = []
    panel.forget_session_requested.connect(told.append)
    menu.actions()[-1].trigger()
    menu.close()
    assert told == [first_session(people, 1)]


def test_one_session_is_moved_and_moved_back(people: AppController, qtbot: QtBot) -> None:
    panel = people.window.library
    panel.move_requested.emit("Ann", first_session(people, 0))
    answer(people, "Cy", qtbot)
    assert sessions_of(people) == {"Ann": 0, "Bo": 1, "Cy": 2}
    panel.undo_requested.emit()
    wait_idle(people, qtbot)
    assert sessions_of(people) == {"Ann": 1, "Bo": 1, "Cy": 1}


def test_one_session_is_forgotten_for_good(people: AppController, qtbot: QtBot) -> None:
    panel = people.window.library
    panel.move_requested.emit("Ann", first_session(people, 0))
    answer(people, "Cy", qtbot)
    panel.forget_session_requested.emit(first_session(people, 2))
    wait_idle(people, qtbot)
    box = people.people.dialog
    assert isinstance(box, QMessageBox)
    assert box.text().startswith("Forget the session “")
    assert "cannot be undone" in box.text()
    assert "the speaker" not in box.informativeText()
    answer(people, None, qtbot)
    assert sessions_of(people) == {"Ann": 0, "Bo": 1, "Cy": 1}
    assert people.window.status_line.text.startswith("searched ")
    panel.undo_requested.emit()  # nothing is left to undo
    wait_idle(people, qtbot)
    assert sessions_of(people) == {"Ann": 0, "Bo": 1, "Cy": 1}


def test_tags_and_notes_are_kept_and_undone(people: AppController, qtbot: QtBot) -> None:
    panel, folder = people.window.library, people.library.snapshot.folder
    for session in (None, first_session(people, 1)):
        panel.note_requested.emit("Bo", session)
        wait_idle(people, qtbot)
        dialog = people.people.dialog
        assert isinstance(dialog, NoteDialog)
        assert dialog.noted == Annotation()
        dialog.tags.setText("left side, , pilot")
        dialog.note.setPlainText("wears glasses")
        dialog.accept()
        wait_idle(people, qtbot)
        key = None if session is None else f"#{session.key}"
        assert noted_on(folder, "Bo", key) == Annotation(("left side", "pilot"), "wears glasses")
    for key in (f"#{first_session(people, 1).key}", None):
        panel.undo_requested.emit()
        wait_idle(people, qtbot)
        assert noted_on(folder, "Bo", key) == Annotation()
