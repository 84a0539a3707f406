"""Settings in the window: checked as typed, reset, put to use, kept between starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QDialogButtonBox, QLineEdit
from pytestqt.qtbot import QtBot

from facedyn_app.fit_settings import FitSettings
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.settings import PAGES, SettingsDialog
from facedyn_app.gui.theme import DARK, colours_of
from facedyn_app.headmodel.files.io import save_head
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.settings import PrivacySettings, Settings
from facedyn_app.settings_file import read_settings
from tests.gui.conftest import choose, made_recording, wait_idle


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where the window's settings are kept."""
    return tmp_path / "config" / "facedyn" / "settings.json"


@pytest.fixture
def app(
    qapp: QApplication,
    tmp_path: Path,
    memory: QSettings,
    kept: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[AppController]:
    """The window and its work, its settings kept in a file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = AppController(Settings(), tmp_path / "library", memory, kept)
    made.window.show()
    wait_idle(made, qtbot)
    yield made
    made.window.close()
    made.window.deleteLater()


def ask(app: AppController) -> SettingsDialog:
    choose(app, "Settings…")
    return app.window.findChildren(SettingsDialog)[-1]


def editor(dialog: SettingsDialog, page: str, stage: str, name: str) -> QLineEdit:
    found = dialog.pages[page].fields[stage][name].editor
    assert isinstance(found, QLineEdit)
    return found


def press(dialog: SettingsDialog, button: QDialogButtonBox.StandardButton) -> None:
    box = dialog.findChild(QDialogButtonBox)
    assert box is not None
    box.button(button).click()


def test_every_setting_of_the_program_is_in_the_dialog(app: AppController) -> None:
    stages = [stage for page in PAGES.values() for stage in page]
    assert sorted(stages) == sorted(Settings.__slots__)
    dialog = ask(app)
    assert dialog.complete
    assert dialog.wanted().settings == Settings()
    dialog.reject()


def test_what_is_typed_is_checked_and_said_beside_the_field(app: AppController) -> None:
    dialog = ask(app)
    dialog.show_page("Fit")
    field = dialog.pages["Fit"].fields["fit"]["max_yaw_deg"]
    for text, error in (
        ("95", "This must be a number from 5 to 90 degrees."),
        ("", "This must be a number from 5 to 90 degrees."),
        ("far", "This must be a number from 5 to 90 degrees."),
        ("45", ""),
    ):
        editor(dialog, "Fit", "fit", "max_yaw_deg").setText(text)
        assert field.note.text() == error
        assert field.note.isVisible() == bool(error)
        assert dialog.complete == (not error)
        assert dialog.note == ("Something is not right on: Fit." if error else "")
    assert field.label.font().bold()
    field.reset.click()
    assert editor(dialog, "Fit", "fit", "max_yaw_deg").text() == "60"
    assert not field.label.font().bold()
    dialog.reject()


def test_settings_that_do_not_go_together_are_said(app: AppController) -> None:
    dialog = ask(app)
    editor(dialog, "Recognizer", "network", "kernel").setText("14")
    assert dialog.pages["Recognizer"].errors == ("This must be an odd number.",)
    editor(dialog, "Recognizer", "network", "kernel").setText("15")
    editor(dialog, "Trust", "trust", "unusable_seconds").setText("20")
    assert dialog.pages["Trust"].errors == ("This must not be above that of a caution.",)
    editor(dialog, "Trust", "trust", "unusable_seconds").setText("3")
    editor(dialog, "Fit", "fit", "n_shape").setText("999")
    (text,) = dialog.pages["Fit"].errors
    assert "as many as the head open-head-2 has" in text
    press(dialog, QDialogButtonBox.StandardButton.RestoreDefaults)  # of the first page only
    assert dialog.pages["Fit"].errors
    dialog.show_page("Fit")
    press(dialog, QDialogButtonBox.StandardButton.RestoreDefaults)
    assert dialog.complete
    dialog.reject()


def test_the_engine_is_chosen(app: AppController) -> None:
    dialog = ask(app)
    fields = dialog.pages["Landmarks"].fields["landmarks"]
    engine = fields["engine"].editor
    assert isinstance(engine, QComboBox)
    engine.setCurrentText("mediapipe")
    assert dialog.complete
    wanted = dialog.wanted().settings.landmarks
    assert wanted.engine == "mediapipe"
    assert not wanted.takes_mean
    dialog.reject()


def test_settings_are_used_and_kept_for_the_next_start(
    app: AppController, kept: Path, qtbot: QtBot
) -> None:
    dialog = ask(app)
    editor(dialog, "Fit", "fit", "max_yaw_deg").setText("45")
    editor(dialog, "Fit", "fit", "jaw_sd").setText("0.1, 0.2, 0.3")
    names = dialog.pages["Privacy"].fields["privacy"]["file_names"].editor
    assert isinstance(names, QCheckBox)
    names.click()
    press(dialog, QDialogButtonBox.StandardButton.Ok)
    wait_idle(app, qtbot)
    fit = replace(FitSettings(), max_yaw_deg=45.0, jaw_sd=(0.1, 0.2, 0.3))
    wanted = replace(Settings(), fit=fit, privacy=PrivacySettings(file_names=False))
    assert app.state.settings == wanted
    assert read_settings(kept) == wanted
    again = ask(app)
    assert editor(again, "Fit", "fit", "max_yaw_deg").text() == "45"
    again.reject()


def test_cancel_changes_nothing(app: AppController, kept: Path, qtbot: QtBot) -> None:
    dialog = ask(app)
    editor(dialog, "Fit", "fit", "max_yaw_deg").setText("45")
    press(dialog, QDialogButtonBox.StandardButton.Cancel)
    wait_idle(app, qtbot)
    assert app.state.settings == Settings()
    assert not kept.exists()


def test_settings_that_cannot_be_kept_are_said_and_used(
    app: AppController, kept: Path, qtbot: QtBot
) -> None:
    kept.parent.parent.mkdir(parents=True, exist_ok=True)
    kept.parent.write_text("in the way")
    dialog = ask(app)
    editor(dialog, "Fit", "fit", "max_yaw_deg").setText("45")
    press(dialog, QDialogButtonBox.StandardButton.Ok)
    wait_idle(app, qtbot)
    assert app.state.settings.fit.max_yaw_deg == 45.0
    assert "cannot be written" in app.window.status_line.text


def test_changed_thresholds_judge_what_is_open(app: AppController, qtbot: QtBot) -> None:
    app.state.add_recording(made_recording(None))
    app.state.show_recording("visit-0412")
    assert "changed in the settings" not in app.window.trust.verdict
    dialog = ask(app)
    editor(dialog, "Trust", "trust", "min_seconds").setText("0.5")
    editor(dialog, "Trust", "trust", "unusable_seconds").setText("0.1")
    press(dialog, QDialogButtonBox.StandardButton.Ok)
    wait_idle(app, qtbot)
    assert "good" in app.window.trust.verdict
    assert "changed in the settings" in app.window.trust.verdict


def test_colours_are_the_same_in_menu_and_settings(
    app: AppController, kept: Path, qtbot: QtBot
) -> None:
    dialog = ask(app)
    colours = dialog.pages["Appearance"].fields["appearance"]["colours"].editor
    assert isinstance(colours, QComboBox)
    colours.setCurrentText("dark")
    press(dialog, QDialogButtonBox.StandardButton.Ok)
    wait_idle(app, qtbot)
    assert colours_of(app.window) is DARK
    assert read_settings(kept).appearance.colours == "dark"
    choose(app, "Light colours")
    wait_idle(app, qtbot)
    assert colours_of(app.window) is not DARK
    assert read_settings(kept).appearance.colours == "light"


def test_a_head_file_can_be_chosen(
    app: AppController, tiny_head: HeadModel, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "tiny.npz"
    save_head(tiny_head, path)
    dialog = ask(app)
    assert dialog.head.chosen == "open-head-2"
    dialog.offer_head(str(path))
    press(dialog, QDialogButtonBox.StandardButton.Ok)
    wait_idle(app, qtbot)
    assert app.heads.name == "tiny-head"
    again = ask(app)
    assert again.head.chosen == "tiny-head"
    again.reject()
