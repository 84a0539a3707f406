"""Consent in the window: asked for at enrolment, shown, changed, undone; the ended forgotten."""

import tempfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QDate
from PySide6.QtWidgets import QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.consent import WITHDRAWN, ConsentDialog
from facedyn_app.gui.dialogs.session import EnrolDialog
from facedyn_app.gui.widgets.consent_fields import ConsentFields
from facedyn_app.library.library import Library
from facedyn_app.records import Consent, ConsentTerms, Purpose
from tests.gui.conftest import drifting_session, wait_idle

RESEARCH, CLINICAL, RECOGNITION, TRAINING = Purpose
LATER = date.today() + timedelta(days=300)


@pytest.fixture
def people(
    app: AppController, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AppController:
    """The window on a library of Ann, by a text, and Bo, for training until a day."""
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    wait_idle(app, qtbot)
    with Library.open(app.library.snapshot.folder) as library:
        library.enrol("Ann", drifting_session(0.0), "form of Ann")
        terms = ConsentTerms(frozenset({TRAINING}), LATER)
        library.enrol("Bo", drifting_session(1.0), "form of Bo", terms=terms)
    app.library.open_library(app.library.snapshot.folder)
    wait_idle(app, qtbot)
    return app


def agreed(app: AppController, name: str) -> Consent:
    found = next(one.agreed for one in app.library.snapshot.speakers if one.name == name)
    assert found is not None
    return found


def asked(app: AppController, name: str) -> ConsentDialog:
    app.window.library.consent_requested.emit(name)
    dialog = app.people.dialog
    assert isinstance(dialog, ConsentDialog)
    return dialog


def rows(app: AppController) -> list[str]:
    speakers = app.window.library.model.item(0)
    texts = (speakers.child(row).text() for row in range(speakers.rowCount()))
    return [text.replace(" (simulated)", "") for text in texts]


def test_the_fields_give_back_what_they_were_shown(qtbot: QtBot) -> None:
    fields = ConsentFields()
    qtbot.addWidget(fields)
    assert fields.wanted == dict.fromkeys(Purpose)
    shown = {CLINICAL: LATER, TRAINING: None}
    fields.show_consent(shown)
    assert fields.wanted == shown
    fields.ticks[RESEARCH].setChecked(True)
    assert fields.wanted == dict.fromkeys((RESEARCH, CLINICAL, TRAINING), LATER)
    fields.has_end.setChecked(False)
    assert fields.wanted == dict.fromkeys((RESEARCH, CLINICAL, TRAINING))


def test_a_consent_is_shown_changed_and_undone(people: AppController, qtbot: QtBot) -> None:
    dialog = asked(people, "Ann")
    assert dialog.wanted == dict.fromkeys(Purpose)
    assert dialog.note == ""
    dialog.fields.ticks[RECOGNITION].setChecked(False)
    dialog.fields.has_end.setChecked(True)
    dialog.fields.end.setDate(QDate(LATER.year, LATER.month, LATER.day))
    assert dialog.note == WITHDRAWN
    dialog.accept()
    wait_idle(people, qtbot)
    assert agreed(people, "Ann").in_force() == dict.fromkeys((RESEARCH, CLINICAL, TRAINING), LATER)
    tip = people.window.library.model.item(0).child(0).toolTip()
    assert f"recognition withdrawn {date.today()}" in tip
    people.window.library.undo_requested.emit()
    wait_idle(people, qtbot)
    assert agreed(people, "Ann").as_text


def test_what_was_only_looked_at_stays(people: AppController, qtbot: QtBot) -> None:
    asked(people, "Bo").accept()
    wait_idle(people, qtbot)
    assert agreed(people, "Bo").in_force() == {TRAINING: LATER}
    people.window.library.undo_requested.emit()
    wait_idle(people, qtbot)
    with Library.open(people.library.snapshot.folder) as library:
        assert {line.action for line in library.audit.lines()} == {"enrol", "open"}


def test_whose_consent_has_ended_is_forgotten_by_one_click_and_a_question(
    people: AppController, qtbot: QtBot
) -> None:
    panel = people.window.library
    dialog = asked(people, "Bo")
    dialog.fields.ticks[TRAINING].setChecked(False)
    dialog.accept()
    wait_idle(people, qtbot)
    assert rows(people) == ["Ann · 1 session", "Bo · 1 session · consent ended"]
    place = panel.tree.visualRect(panel.model.item(0).index()).center()
    panel.tree.customContextMenuRequested.emit(place)
    (menu,) = panel.findChildren(QMenu)
    (forget,) = menu.actions()
    assert forget.text() == "Forget the 1 whose consent has ended…"
    forget.trigger()
    menu.close()
    wait_idle(people, qtbot)
    box = people.people.dialog
    assert isinstance(box, QMessageBox)
    assert "the speaker 'Bo'" in box.informativeText()
    assert "Ann" not in box.informativeText()
    assert len(rows(people)) == 2
    roles = {box.buttonRole(button): button for button in box.buttons()}
    roles[QMessageBox.ButtonRole.AcceptRole].click()
    wait_idle(people, qtbot)
    assert rows(people) == ["Ann · 1 session"]


def test_enrolment_asks_for_the_purposes(qtbot: QtBot) -> None:
    dialog = EnrolDialog({"Ann": "form of Ann", "Bo": ""}, "clip.mp4")
    qtbot.addWidget(dialog)
    dialog.name.setCurrentText("Cy")
    dialog.giver.setText("Cy")
    dialog.scope.setText("a study")
    for purpose in (CLINICAL, RECOGNITION, TRAINING):
        assert dialog.complete
        dialog.purposes.ticks[purpose].setChecked(False)
    assert dialog.enrolment().terms == ConsentTerms(frozenset({RESEARCH}), None, "Cy")
    dialog.purposes.has_end.setChecked(True)
    dialog.purposes.end.setDate(QDate(LATER.year, LATER.month, LATER.day))
    assert dialog.enrolment().terms == ConsentTerms(frozenset({RESEARCH}), LATER, "Cy")
    dialog.purposes.ticks[RESEARCH].setChecked(False)
    assert not dialog.complete
    for field in (dialog.giver, dialog.scope):
        field.clear()
    dialog.name.setCurrentText("Ann")  # has consented already
    assert dialog.complete
    assert not dialog.purposes.isEnabled()
    assert dialog.enrolment().terms is None
    dialog.name.setCurrentText("Bo")  # whose consent has ended
    assert not dialog.complete
