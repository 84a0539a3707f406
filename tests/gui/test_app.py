"""The window opened as the command line opens it, for a picture."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from facedyn_app.errors import InputError
from facedyn_app.gui.app import run_window


def test_a_picture_shows_the_whole_window(qapp: QApplication, tmp_path: Path, shared: Path) -> None:
    if qapp.platformName() == "offscreen":
        pytest.skip("the platform 'offscreen' has no screen to take a picture of")
    video = shared / "data" / "videos" / "jefapato_1s_1080p.mp4"
    path = tmp_path / "window.png"
    code = run_window([video], tmp_path / "library", screenshot=path, size=(1300, 820))
    picture = QImage(str(path))
    assert code == 0
    assert (picture.width(), picture.height()) == (1300, 820)
    assert len({picture.pixel(x, 150) for x in range(300, 1300, 7)}) > 20


def test_the_videos_of_a_folder_are_opened(
    qapp: QApplication, tmp_path: Path, shared: Path
) -> None:
    folder, video = tmp_path / "visits", "jefapato_1s_1080p.mp4"
    (folder / "May").mkdir(parents=True)
    shutil.copy(shared / "data" / "videos" / video, folder / "May")
    if qapp.platformName() == "offscreen":
        pytest.skip("the platform 'offscreen' has no screen to take a picture of")
    path = tmp_path / "window.png"
    assert run_window([folder], tmp_path / "library", screenshot=path) == 0
    assert path.is_file()


def test_a_folder_without_videos_is_an_error(qapp: QApplication, tmp_path: Path) -> None:
    (tmp_path / "visits").mkdir()
    with pytest.raises(InputError, match="no video in the folder"):
        run_window([tmp_path / "visits"], tmp_path / "library", screenshot=tmp_path / "window.png")


def test_a_picture_that_cannot_be_is_an_error(qapp: QApplication, tmp_path: Path) -> None:
    video = tmp_path / "notes.mp4"
    video.write_text("not a video")
    with pytest.raises(InputError, match=r"notes\.mp4"):
        run_window([video], tmp_path / "library", screenshot=tmp_path / "window.png")
    assert not (tmp_path / "window.png").exists()
