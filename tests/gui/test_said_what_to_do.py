"""Sentences on what a user gives by mistake say what to do instead."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from facedyn_app.errors import InputError
from facedyn_app.formatting import read_number
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.library.session_file import save_session
from facedyn_app.path_checks import check_input_file
from facedyn_app.video import probe_video
from tests.gui.conftest import PATIENCE_MS, drop_files, drop_urls, made_session


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0,5", 0.5),
        ("0.5", 0.5),
        ("29,97", 29.97),
        ("-1,25", -1.25),
        ("0,125", 0.125),
        ("12,000", 12000.0),
        ("100,000", 100_000.0),
        (" 3 ", 3.0),
        (",5", 0.5),
    ],
)
def test_numbers_as_people_type_them(text: str, value: float) -> None:
    assert read_number(text) == value


@pytest.mark.parametrize("text", ["1,250", "1,2,3", "1.2,3", "a", "", "1.5,2"])
def test_what_could_be_two_numbers_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="could"):
        read_number(text)


def test_a_decimal_comma_is_taken_in_a_field(app: AppController) -> None:
    dialog = app.settings.ask(app.window)
    field = dialog.pages["Trust"].fields["trust"]["unusable_seconds"]
    field.editor.setText("2,5")  # type: ignore[union-attr]
    assert field.value == 2.5
    assert not field.error
    assert dialog.complete
    dialog.reject()


def test_a_zip_of_flame_names_the_file_to_choose(tmp_path: Path) -> None:
    path = tmp_path / "FLAME2020.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("female_model.pkl", "generic_model.pkl", "Readme.pdf"):
            packed.writestr(name, b"...")
    with pytest.raises(InputError) as caught:
        load_head(path)
    assert "a zip with FLAME in it" in caught.value.sentence
    assert (
        caught.value.hint
        == "Unpack it, and choose 'generic_model.pkl' or 'female_model.pkl' in it."
    )


def test_the_unpacked_folder_names_the_file_to_choose(tmp_path: Path) -> None:
    for name in ("flame2023.pkl", "flame2023_no_jaw.pkl", "FLAME_masks.pkl"):
        (tmp_path / name).touch()
    with pytest.raises(InputError) as caught:
        load_head(tmp_path)
    assert "the unpacked folder of FLAME" in caught.value.sentence
    assert caught.value.hint == "Choose 'flame2023.pkl' or 'flame2023_no_jaw.pkl' in it."


@pytest.mark.parametrize("arrays", [("mean", "tex_dir", "vt", "ft"), ("MU", "PC", "specMU")])
def test_a_texture_names_the_file_to_choose(tmp_path: Path, arrays: tuple[str, ...]) -> None:
    path = tmp_path / "FLAME_texture.npz"
    np.savez(path, allow_pickle=False, **dict.fromkeys(arrays, np.zeros(3)))
    with pytest.raises(InputError) as caught:
        load_head(path)
    assert "FLAME's texture" in caught.value.sentence
    assert "such as generic_model.pkl" in caught.value.hint
    (tmp_path / "generic_model.pkl").touch()
    with pytest.raises(InputError) as caught:
        load_head(path)
    assert caught.value.hint == "Choose 'generic_model.pkl' beside it."


def test_other_zips_and_folders_are_not_taken_for_flame(tmp_path: Path) -> None:
    path = tmp_path / "holiday.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("beach.jpg", b"...")
    for given in (path, tmp_path):
        with pytest.raises(InputError) as caught:
            load_head(given)
        assert "with FLAME in it" not in str(caught.value)
        assert "unpacked folder of FLAME" not in str(caught.value)


def test_a_dropped_zip_of_flame_is_answered_without_a_question(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "FLAME2020.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("FLAME2020/generic_model.pkl", b"...")
    drop_files(app.window, path)
    panel = app.window.head
    qtbot.waitUntil(lambda: panel.status.kind == "error", timeout=PATIENCE_MS)
    assert "a zip with FLAME in it" in panel.text
    assert "'FLAME2020/generic_model.pkl'" in panel.text


def test_a_dropped_session_file_opens(app: AppController, tmp_path: Path, qtbot: QtBot) -> None:
    save_session(made_session(), tmp_path / "visit.npz")
    drop_files(app.window, tmp_path / "visit.npz")
    qtbot.waitUntil(lambda: app.state.recording is not None, timeout=PATIENCE_MS)
    assert app.state.recording is not None
    assert app.state.recording.title == "visit.npz"


@pytest.mark.parametrize(
    "address", ["https://example.org/talk.mp4", "http://example.org/watch?v=1"]
)
def test_a_web_address_is_told_from_a_file(address: str) -> None:
    path = Path(address)
    for read in (probe_video, load_head, lambda given: check_input_file(given, "video")):
        with pytest.raises(InputError) as caught:
            read(path)
        assert caught.value.sentence == f"'{address}' is a web address, not a file."
        assert "Videos, sessions and heads are local files" in caught.value.hint


def test_a_file_that_is_only_missing_is_no_web_address(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        probe_video(tmp_path / "https.mp4")


def test_a_dropped_web_address_says_what_to_do(app: AppController, qtbot: QtBot) -> None:
    drop_urls(app.window, QUrl("https://example.org/talk.mp4"))
    panel = app.window.video
    qtbot.waitUntil(lambda: panel.status.kind == "error", timeout=PATIENCE_MS)
    assert "'https://example.org/talk.mp4' is a web address, not a file." in panel.text
