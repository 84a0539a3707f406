"""Heads in the window: chosen, refused, kept between starts, looked at, dropped; meshes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.head_pictures import PictureView, PictureWindow
from facedyn_app.gui.dialogs.mesh_export import ALL, MeshDialog, MeshOrder
from facedyn_app.headmodel.files.io import save_head
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.reports.kinds import MeshFormat, MeshKind
from facedyn_app.settings import Settings
from tests.gui.conftest import (
    GAP,
    N_FRAMES,
    PATIENCE_MS,
    drop_files,
    made_recording,
    made_session,
    wait_idle,
)
from tests.sessions import altered

OPEN = "open-head-2"


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def own_head(tiny_head: HeadModel, tmp_path: Path) -> Path:
    """A head file of the user's."""
    path = tmp_path / "tiny.npz"
    save_head(tiny_head, path)
    return path


@pytest.fixture
def app(
    qapp: QApplication, tmp_path: Path, memory: QSettings, qtbot: QtBot
) -> Iterator[AppController]:
    """The window and its work, its first head read."""
    made = _app(tmp_path, memory, qtbot)
    yield made
    _close(made)


def _app(tmp_path: Path, memory: QSettings, qtbot: QtBot) -> AppController:
    made = AppController(Settings(), tmp_path / "library", memory)
    made.window.show()
    wait_idle(made, qtbot)
    return made


def _close(app: AppController) -> None:
    app.window.close()
    app.window.deleteLater()


def _ticked(app: AppController) -> list[str]:
    return [action.data() for action in app.window.head_menu.heads if action.isChecked()]


def _show(app: AppController, **changes: str) -> None:
    session = altered(made_session(), **changes)
    app.state.add_recording(made_recording(None, session=session, title="visit"))
    app.state.show_recording("visit-0412")


def test_a_head_file_is_chosen_listed_and_kept_for_the_next_start(
    app: AppController, own_head: Path, tmp_path: Path, memory: QSettings, qtbot: QtBot
) -> None:
    assert _ticked(app) == [OPEN]
    app.window.head_menu.head_picked.emit(str(own_head))
    wait_idle(app, qtbot)
    assert app.heads.name == "tiny-head"
    assert _ticked(app) == ["tiny-head"]
    assert app.state.head is not None
    assert app.state.head.head_id == "tiny-head"
    assert "tiny-head" in app.window.status_line.text
    again = _app(tmp_path, memory, qtbot)
    assert again.heads.name == "tiny-head"
    assert _ticked(again) == ["tiny-head"]
    next(action for action in again.window.head_menu.heads if action.data() == OPEN).trigger()
    wait_idle(again, qtbot)
    assert again.heads.name == OPEN
    _close(again)


def test_a_wrong_file_is_an_error_in_the_panel_and_changes_nothing(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    wrong = tmp_path / "notes.pkl"
    wrong.write_text("no head")
    app.window.head_menu.head_picked.emit(str(wrong))
    wait_idle(app, qtbot)
    assert app.window.head.status.kind == "error"
    assert "notes.pkl" in app.window.head.text
    assert "notes.pkl" in app.window.status_line.text
    assert app.heads.name == OPEN
    assert _ticked(app) == [OPEN]
    assert app.state.head is not None
    assert app.state.head.head_id == OPEN
    app.window.head.retry()
    assert [job.title for job in app.queue.jobs] == ["Head: notes.pkl"]
    wait_idle(app, qtbot)


def test_a_chosen_head_that_is_gone_is_said_and_the_built_in_one_taken(
    app: AppController, own_head: Path, tmp_path: Path, memory: QSettings, qtbot: QtBot
) -> None:
    app.window.head_menu.head_picked.emit(str(own_head))
    wait_idle(app, qtbot)
    own_head.unlink()
    again = _app(tmp_path, memory, qtbot)
    assert again.heads.name == OPEN
    assert "tiny.npz" in again.window.head.text
    assert _ticked(again) == [OPEN]
    gone = next(action for action in again.window.head_menu.heads if action.data() == "tiny-head")
    assert not gone.isEnabled()
    assert again.state.head is not None
    _close(again)


def test_each_recording_is_drawn_by_its_own_head(
    app: AppController, own_head: Path, qtbot: QtBot
) -> None:
    _show(app)
    wait_idle(app, qtbot)
    assert "'tiny-head'" in app.window.head.text
    assert "can be matched and measured, but not drawn" in app.window.head.text
    app.window.head_menu.head_picked.emit(str(own_head))
    wait_idle(app, qtbot)
    assert app.window.head.text == ""
    assert app.window.head.note == "Expression only"
    app.window.head_menu.head_picked.emit(OPEN)
    wait_idle(app, qtbot)
    assert app.heads.name == OPEN
    assert app.state.head is not None
    assert app.state.head.head_id == "tiny-head"
    assert app.window.head.text == ""
    app.state.begin_live(app)
    assert app.state.head.head_id == OPEN


def test_a_session_of_another_file_of_the_head_is_not_drawn(
    app: AppController, own_head: Path, qtbot: QtBot
) -> None:
    app.window.head_menu.head_picked.emit(str(own_head))
    wait_idle(app, qtbot)
    _show(app, head_sha256="ab" * 32)
    wait_idle(app, qtbot)
    assert "abababab" in app.window.head.text


def test_opening_a_head_can_be_cancelled(
    app: AppController, tiny_head: HeadModel, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "bare.npz"
    save_head(replace(tiny_head, head_id="bare-head", landmarks=None), path)
    app.window.head_menu.head_picked.emit(str(path))
    qtbot.waitUntil(lambda: "placing" in app.window.head.text, timeout=PATIENCE_MS)
    assert app.window.status_line.cancellable
    app.window.status_line.cancel_requested.emit()
    wait_idle(app, qtbot)
    assert "stopped" in app.window.status_line.text
    assert app.heads.name == OPEN
    assert app.window.head.status.kind != "working"
    assert not (tmp_path / "cache" / "facedyn").exists()


def test_a_dropped_head_file_is_offered(app: AppController, own_head: Path, qtbot: QtBot) -> None:
    for answer, chosen in (
        (QMessageBox.StandardButton.No, OPEN),
        (QMessageBox.StandardButton.Yes, "tiny-head"),
    ):
        drop_files(app.window, own_head)
        box = app.window.findChildren(QMessageBox)[-1]
        assert "tiny.npz" in box.text()
        box.button(answer).click()
        wait_idle(app, qtbot)
        assert app.heads.name == chosen
    assert app.state.recordings == ()


def test_the_head_is_shown_in_a_window_of_its_own(
    app: AppController, own_head: Path, qtbot: QtBot
) -> None:
    app.window.head_menu.head_picked.emit(str(own_head))
    app.window.head_menu.pictures_requested.emit()
    wait_idle(app, qtbot)
    qtbot.waitUntil(lambda: bool(app.window.findChildren(PictureWindow)))
    (shown,) = app.window.findChildren(PictureWindow)
    assert shown.isVisible()
    assert not shown.isModal()
    assert OPEN in shown.windowTitle() or "tiny-head" in shown.windowTitle()
    views = shown.findChildren(PictureView)
    assert len(views) == 2
    assert all(min(view.size_px) > 100 for view in views)
    shown.close()


@pytest.mark.parametrize(
    ("kind", "n_files"), [(MeshKind.FULL, N_FRAMES - 3), (MeshKind.NEUTRAL, 1)]
)
def test_meshes_of_the_shown_recording_are_written(
    app: AppController, own_head: Path, tmp_path: Path, qtbot: QtBot, kind: MeshKind, n_files: int
) -> None:
    app.window.head_menu.head_picked.emit(str(own_head))
    wait_idle(app, qtbot)
    _show(app)
    recording = app.state.recording
    assert recording is not None
    out = tmp_path / ("out" if kind is MeshKind.FULL else "out.ply")
    app.export.export_meshes(recording, MeshOrder(kind, MeshFormat.PLY, None, out))
    wait_idle(app, qtbot)
    assert str(out) in app.window.status_line.text
    files = sorted(out.iterdir()) if out.is_dir() else [out]
    assert len(files) == n_files
    assert len(trimesh.load_mesh(files[0], process=False).vertices) == 62


def test_the_shown_recording_is_written_as_a_table(
    app: AppController, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.window.table_requested.emit()
    assert "Open a video first" in app.window.status_line.text
    _show(app)
    out = tmp_path / "a.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    app.window.table_requested.emit()
    wait_idle(app, qtbot)
    assert str(out) in app.window.status_line.text
    assert len(out.read_text(encoding="utf-8").splitlines()) == N_FRAMES + 1


def test_an_export_that_cannot_be_says_why(
    app: AppController, own_head: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    _show(app)
    recording = app.state.recording
    assert recording is not None
    order = MeshOrder(MeshKind.FULL, MeshFormat.OBJ, 0, tmp_path / "a.obj")
    app.export.export_meshes(recording, order)
    wait_idle(app, qtbot)
    assert "tiny-head" in app.window.status_line.text
    assert not (tmp_path / "a.obj").exists()


def test_the_export_dialog_asks_and_says_what_is_missing(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = MeshDialog("visit.mp4", GAP.start, False, tmp_path)
    qtbot.addWidget(dialog)
    assert not dialog.complete
    assert "no trusted fit" in dialog.note
    dialog.frames.setCurrentIndex(ALL)
    assert dialog.complete
    assert dialog.order() == MeshOrder(
        MeshKind.EXPRESSION, MeshFormat.OBJ, None, tmp_path / "visit-expression"
    )
    dialog.form.setCurrentIndex(list(MeshFormat).index(MeshFormat.GLB))
    dialog.kind.setCurrentIndex(list(MeshKind).index(MeshKind.NEUTRAL))
    assert not dialog.frames.isEnabled()
    assert dialog.order().path == tmp_path / "visit-neutral.glb"
    dialog.path.setText(str(tmp_path / "visit.stl"))
    assert not dialog.complete
    assert ".glb" in dialog.note


def test_the_drawn_head_takes_leading_coefficients(
    app: AppController, own_head: Path, qtbot: QtBot
) -> None:
    app.window.head_menu.head_picked.emit(str(own_head))
    wait_idle(app, qtbot)
    whole = made_session()
    session = altered(
        whole,
        expression=whole.motion.expression[:, :2],
        names=whole.motion.names[:2],
        shape=np.zeros(1, dtype=np.float32),
        shape_chunks=np.zeros((2, 1), dtype=np.float32),
    )
    app.state.add_recording(made_recording(None, session=session))
    app.state.show_recording("visit-0412")
    assert app.window.head.text == ""
    assert app.window.head.note == "Expression only"
