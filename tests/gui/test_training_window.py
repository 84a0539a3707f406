"""From a fresh library to a recognizer that was trained in the window and answers in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.recognizers import RecognizersDialog
from facedyn_app.gui.dialogs.settings import SettingsDialog
from facedyn_app.gui.dialogs.train import TrainDialog
from facedyn_app.gui.dialogs.train_form import TrainForm
from facedyn_app.gui.widgets.session_tree import PART
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import active_name
from facedyn_app.recognizer.files import load_recognizer
from facedyn_app.settings import MachineSettings, Settings
from tests.gui.conftest import PATIENCE_MS, choose, wait_idle
from tests.recognizer.conftest import easy_session, made_recognizer, small_settings

ON, OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def settings(max_steps: int) -> Settings:
    made = small_settings(max_steps, held_out_share=0.2, check_steps=4)
    return replace(made, machine=MachineSettings("cpu", 1))


@pytest.fixture
def app(
    qapp: QApplication, tmp_path: Path, memory: QSettings, qtbot: QtBot
) -> Iterator[AppController]:
    """The window with a library that does not exist yet."""
    made = AppController(settings(100_000), tmp_path / "library", memory)
    made.window.show()
    wait_idle(made, qtbot)
    yield made
    made.window.close()
    made.window.deleteLater()


def fill(app: AppController, qtbot: QtBot, n_speakers: int, n_sessions: int = 3) -> None:
    folder = app.library.snapshot.folder
    with Library.open(folder) as library:
        for speaker in range(n_speakers):
            for number in range(n_sessions):
                session = easy_session(speaker, number)
                library.enrol(f"made {speaker}", session, "made up for this test")
    app.library.open_library(folder)
    wait_idle(app, qtbot)


def open_dialog(app: AppController, qtbot: QtBot) -> TrainDialog:
    choose(app, "Train recognizer…")
    wait_idle(app, qtbot)
    dialog = app.training.dialog
    assert dialog is not None
    return dialog


def open_form(app: AppController, qtbot: QtBot) -> TrainForm:
    form = open_dialog(app, qtbot).form
    assert form is not None
    return form


def wait_trained(app: AppController, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not app.training.running, timeout=PATIENCE_MS)
    wait_idle(app, qtbot)


def wait_looks(app: AppController, qtbot: QtBot, n_looks: int) -> None:
    def updated() -> bool:
        training = app.training.current
        assert training is not None
        assert training.error is None
        return training.state is not None and len(training.state.validations) >= n_looks

    qtbot.waitUntil(updated, timeout=PATIENCE_MS)


def tick(form: TrainForm, speaker: int, state: Qt.CheckState) -> None:
    form.tree.model.item(speaker).setCheckState(state)


def n_points(curve: Any) -> int:
    return 0 if curve.xData is None else len(curve.xData)


def test_a_fresh_library_says_what_training_needs(app: AppController, qtbot: QtBot) -> None:
    dialog = open_dialog(app, qtbot)
    assert dialog.panel.status.kind == "empty"
    assert "nobody in the library" in dialog.panel.text
    assert "two speakers or more" in dialog.panel.text
    dialog.close()
    assert app.training.dialog is None


def test_from_a_fresh_library_to_a_recognizer_that_answers(
    app: AppController, qtbot: QtBot
) -> None:
    fill(app, qtbot, 24)
    form = open_form(app, qtbot)
    assert form.complete
    assert "38 sessions of 19 speakers train" in form.summary.text()
    assert "5 speakers are held out" in form.summary.text()
    assert "24 sessions are tested" in form.summary.text()
    first = form.tree.model.item(0)
    parts = [first.child(k, PART).text() for k in range(3)]
    assert parts in (["training", "training", "tested"], ["held out", "held out", "tested"])
    form.name.setText("mine")
    form.start.click()
    wait_looks(app, qtbot, 2)

    dialog = app.training.dialog
    assert dialog is not None
    dialog.close()  # the training goes on, and the status bar says how far it is
    assert app.training.dialog is None
    assert app.training.badge.isVisible()
    assert "Training “mine” ·" in app.training.badge.text()
    assert app.training.running
    n_looks = len(app.training.current.state.validations)  # type: ignore[union-attr]
    wait_looks(app, qtbot, n_looks + 5)
    app.training.badge.click()
    dialog = app.training.dialog
    assert dialog is not None
    page = dialog.page
    assert page.isVisible()
    assert "left" in page.title.text()
    qtbot.waitUntil(lambda: n_points(page.window_curve) > n_looks)
    assert n_points(page.loss_curve) > 4 * n_looks
    for curve in page.control_curves.values():
        assert n_points(curve) == n_points(page.window_curve)
    assert "held-out top-1" in page.facts.text()

    page.end.click()
    assert "keeping the best so far" in page.title.text()
    wait_trained(app, qtbot)
    folder = app.library.snapshot.folder
    kept = load_recognizer(folder / "recognizers" / "mine")
    validations = {look["step"]: look for look in kept.training["curve"]}
    assert kept.training["best_step"] in validations
    tested = kept.metrics["test_sessions"]
    assert "“mine” is trained." in page.title.text()
    assert f"Right in {100 * tested['top1_window']:.0f} %" in page.title.text()
    assert "simulated speakers" in page.title.text()

    page.activate.click()
    wait_idle(app, qtbot)
    assert not page.activate.isEnabled()
    with Library.open(folder) as library:
        assert active_name(library) == "mine"
    dialog.close()
    assert not app.training.badge.isVisible() or "is trained" in app.training.badge.text()
    app.window.library.session_picked.emit(app.library.snapshot.speakers[0].sessions[2].key)
    wait_idle(app, qtbot)
    choose(app, "Who is it?")
    wait_idle(app, qtbot)
    assert "made 0" in app.window.who.answer  # the built-in one cannot read this head at all


def test_what_cannot_be_trained_on_is_said_beside_the_field(
    app: AppController, qtbot: QtBot
) -> None:
    fill(app, qtbot, 3)
    with Library.open(app.library.snapshot.folder) as library:
        library.enrol("made 0", easy_session(0, 7, "other-head"), "made up for this test")
    form = open_form(app, qtbot)
    assert form.complete
    assert "nobody is held out" in form.summary.text()
    other = form.tree.model.item(0).child(3)
    assert other.checkState() == OFF  # the commonest head is ticked
    other.setCheckState(ON)
    assert "heads 'made' and 'other-head'" in form.sessions_note.text()
    assert not form.complete
    other.setCheckState(OFF)
    for speaker in (1, 2):
        tick(form, speaker, OFF)
    assert "only one speaker" in form.sessions_note.text()
    assert form.sessions_note.isVisible()
    tick(form, 0, OFF)
    assert form.sessions_note.text() == "No session is ticked."
    for speaker in range(3):
        tick(form, speaker, ON)
        for number in (1, 2, 3):
            if number < form.tree.model.item(speaker).rowCount():
                form.tree.model.item(speaker).child(number).setCheckState(OFF)
    assert "has two sessions to train on" in form.sessions_note.text()
    for speaker in range(3):
        form.tree.model.item(speaker).child(1).setCheckState(ON)
    assert "beside those for testing" in form.sessions_note.text()
    form.split.setCurrentText("none")
    assert form.complete
    assert "none is tested" in form.summary.text()


def test_the_other_fields_are_checked_as_typed(app: AppController, qtbot: QtBot) -> None:
    fill(app, qtbot, 3)
    form = open_form(app, qtbot)
    for text, error in (("two", "does not say which"), ("2", ""), ("none", "")):
        form.split.setCurrentText(text)
        assert error in form.split_note.text()
        assert form.complete == (not error)
    for name, text in (
        ("", "Give the recognizer a name."),
        ("a/b", "A name begins with"),
        ("..", "A name begins with"),
        ("x.training", "A name begins with"),
        ("Größe 2", ""),
    ):
        form.name.setText(name)
        assert text in form.name_note.text()
        assert form.complete == (not text)
    minutes = form.fields["budget_minutes"]
    minutes.set_value("0")
    assert minutes.note.text() == "This must be a number from 0.01 to 100,000 min."
    assert not form.complete
    minutes.reset.click()
    assert form.complete
    if not torch.cuda.is_available():
        form.fields["device"].set_value("cuda")
        assert "no CUDA device" in form.fields["device"].note.text()
        assert not form.complete


def test_a_folder_that_cannot_be_written_is_said_in_the_form(
    app: AppController, qtbot: QtBot
) -> None:
    fill(app, qtbot, 4)
    form = open_form(app, qtbot)
    form.name.setText("mine")
    place = app.library.snapshot.folder / "recognizers"
    place.rmdir()
    place.write_text("in the way")
    form.start.click()
    wait_trained(app, qtbot)
    assert form.isVisible()
    assert "cannot be written" in form.sessions_note.text()
    place.unlink()
    form.start.click()
    wait_looks_or_steps(app, qtbot)
    assert not form.isVisible()
    app.training.stop()
    wait_trained(app, qtbot)


def wait_looks_or_steps(app: AppController, qtbot: QtBot) -> None:
    """Wait until the optimisation is at work."""
    training = app.training.current
    assert training is not None
    qtbot.waitUntil(lambda: training.state is not None or not training.running, timeout=PATIENCE_MS)
    assert training.error is None


def test_a_training_that_is_stopped_goes_on_another_time(app: AppController, qtbot: QtBot) -> None:
    app.state.set_settings(settings(60))
    fill(app, qtbot, 4)
    form = open_form(app, qtbot)
    form.name.setText("mine")
    form.start.click()
    wait_looks_or_steps(app, qtbot)
    dialog = app.training.dialog
    assert dialog is not None
    dialog.page.stop.click()
    wait_trained(app, qtbot)
    assert "was stopped" in dialog.page.title.text()
    folder = app.library.snapshot.folder / "recognizers"
    assert [path.name for path in folder.iterdir()] == ["mine.training"]
    dialog.page.again.click()
    wait_idle(app, qtbot)
    form = dialog.form  # type: ignore[assignment]
    assert form.name.text() == "mine"
    assert form.resume.isVisible()
    form.resume.setChecked(False)
    assert "unfinished training has this name" in form.name_note.text()
    assert not form.complete
    form.resume.setChecked(True)
    form.start.click()
    wait_trained(app, qtbot)
    assert [path.name for path in folder.iterdir()] == ["mine"]
    assert load_recognizer(folder / "mine").training["steps"] == 60
    assert "is trained" in dialog.page.title.text()


def test_closing_the_window_keeps_what_is_needed_to_go_on(app: AppController, qtbot: QtBot) -> None:
    fill(app, qtbot, 4)
    form = open_form(app, qtbot)
    form.name.setText("mine")
    form.start.click()
    wait_looks_or_steps(app, qtbot)
    app.window.close()
    assert app.training.queue.jobs == ()
    place = app.library.snapshot.folder / "recognizers" / "mine.training"
    assert any(place.glob("checkpoint*"))


def test_a_recognizer_made_elsewhere_is_checked_and_chosen(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    fill(app, qtbot, 2)
    choose(app, "Recognizers…")
    dialog = app.window.findChildren(RecognizersDialog)[-1]
    dialog.bring_in(made_recognizer(tmp_path / "foreign", "other-head"))
    wait_idle(app, qtbot)
    assert "reads the head 'other-head'" in dialog.note.text()
    good = made_recognizer(tmp_path / "good")
    broken = made_recognizer(tmp_path / "broken")
    (broken / "weights.safetensors").write_bytes(b"nothing")
    dialog.bring_in(broken)
    wait_idle(app, qtbot)
    assert "weights.safetensors" in dialog.note.text()
    assert dialog.model.rowCount() == 1
    dialog.bring_in(good)
    wait_idle(app, qtbot)
    assert not dialog.note.isVisible()
    assert dialog.model.rowCount() == 2
    dialog.table.selectRow(1)
    assert "Right in 75 %" in dialog.facts.text()
    assert "Channels left out: jaw_x (never moving)." in dialog.facts.text()
    dialog.activate.click()
    wait_idle(app, qtbot)
    assert [entry.active for entry in app.recognizers.entries] == [False, True]
    assert "“good” answers from now on." in app.window.status_line.text
    choose(app, "Settings…")
    asked = app.window.findChildren(SettingsDialog)[-1]
    assert asked.recognizer.chosen == "good"
    asked.reject()
    QTest.keyClick(dialog, Qt.Key.Key_Return)  # no folder is asked for
    assert not dialog.isVisible()
