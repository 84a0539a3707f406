"""Other programs' measurements in the window: opened, dropped, shown, drawn, and refused."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.settings import Settings
from tests.gui.conftest import drop_files, wait_idle
from tests.headmodel.flame_files import flame_arrays
from tests.tracks.tables import OPENFACE_NAMES, openface_rows, write_table
from tests.tracks.test_blendshapes import LIVE_LINK, code


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def app(
    qapp: QApplication, tmp_path: Path, memory: QSettings, qtbot: QtBot
) -> Iterator[AppController]:
    """The window and its work, its first head read."""
    made = AppController(Settings(), tmp_path / "library", memory)
    made.window.show()
    wait_idle(made, qtbot)
    yield made
    made.window.close()
    made.window.deleteLater()


def drop(app: AppController, path: Path, qtbot: QtBot) -> None:
    """Drop a file on the window and wait for what comes of it."""
    drop_files(app.window, path)
    wait_idle(app, qtbot)


def shown(app: AppController, frame: int) -> bool:
    """Whether this frame is on the screen."""
    return app.state.frame == frame


def facts(app: AppController) -> dict[str, str]:
    """What stands in the panel of facts."""
    model = app.window.facts.model
    rows = range(model.rowCount())
    return {str(model.index(row, 0).data()): str(model.index(row, 1).data()) for row in rows}


def live_link(tmp_path: Path) -> Path:
    """A table in which the jaw opens."""
    rows = [[code(k), 61, k / 120, 0.0] for k in range(120)]
    return write_table(tmp_path / "take.csv", LIVE_LINK, rows)


def test_blendshapes_move_the_open_head(app: AppController, tmp_path: Path, qtbot: QtBot) -> None:
    drop(app, live_link(tmp_path), qtbot)
    assert app.state.recording is not None
    assert app.state.recording.session.head_id == "arkit-52"
    assert [group.title for group in app.window.traces.groups][:2] == ["Jaw", "Blink"]
    assert facts(app)["Made by"] == "Live Link Face"
    assert facts(app)["Shape"] == "not measured: no drift can be told"
    assert "landmark error" not in app.window.trust.verdict
    assert app.window.head.status.kind == "done"
    low = []
    for frame in (0, 110):
        app.state.want_frame(frame)
        qtbot.waitUntil(partial(shown, app, frame))
        low.append(app.window.head.view.vertices[:, 1])
    moved = np.abs(low[1] - low[0]).max()
    assert moved > 0.01, "the jaw has opened by a centimetre or more"


def test_action_units_are_shown_and_not_drawn(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    rows = openface_rows(100)
    rows[40][4] = 0
    drop(app, write_table(tmp_path / "talk.csv", OPENFACE_NAMES, rows), qtbot)
    assert [group.title for group in app.window.traces.groups] == ["Smile", "Brow"]
    assert "100, 99 valid" in facts(app)["Frames"]
    assert "not drawn" in app.window.head.text
    assert "No head has the channels of 'openface-2'" in app.window.head.text


def test_flame_parameters_are_drawn_on_the_chosen_flame_head(
    app: AppController, tiny_head: HeadModel, tmp_path: Path, qtbot: QtBot
) -> None:
    head, track = tmp_path / "flame.npz", tmp_path / "track.npz"
    np.savez(head, **flame_arrays(tiny_head))
    expression = np.zeros((60, 50))
    expression[:, 0] = np.linspace(0, 1, 60)
    np.savez(track, expr=expression, jaw_pose=np.zeros((60, 3)), shape=np.zeros(300))
    drop(app, track, qtbot)
    assert "names no FLAME file" in app.window.head.text
    assert "FLAME file is not named" in facts(app)["Note"]
    from facedyn_app.headmodel.files.known_heads import user_heads
    from facedyn_app.workflows.heads import flame_file

    assert flame_file(str(head)) is not None
    app.heads.name = user_heads().entries()[0].head_id
    drop(app, track, qtbot)
    assert app.state.recording is not None
    assert app.state.recording.session.head_id.startswith("flame-300-50@")
    qtbot.waitUntil(lambda: app.window.head.status.kind == "done")
    assert app.state.head is not None
    assert app.state.head.head_id.startswith("flame")


def test_a_session_file_is_opened_not_offered_as_a_head(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    from facedyn_app.library.session_file import save_session
    from facedyn_app.tracks.reading import read_sessions

    save_session(read_sessions([live_link(tmp_path)])[0], tmp_path / "visit.npz")
    drop(app, tmp_path / "visit.npz", qtbot)
    assert not app.window.findChildren(QMessageBox)
    assert [one.title for one in app.state.recordings] == ["visit.npz"]


def test_a_folder_of_tables_is_opened(app: AppController, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "corpus"
    (folder / "ada").mkdir(parents=True)
    for name in ("one", "two"):
        write_table(folder / "ada" / f"{name}.csv", OPENFACE_NAMES, openface_rows(100))
    write_table(folder / "survey.csv", ("question", "answer"), [[1, 2]])
    drop(app, folder, qtbot)
    assert [one.title for one in app.state.recordings] == ["one.csv", "two.csv"]


def test_a_table_that_cannot_be_used_is_said_and_nothing_kept(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    rows = openface_rows(30)
    rows[3][5] = "often"
    drop(app, write_table(tmp_path / "bad.csv", OPENFACE_NAMES, rows), qtbot)
    assert app.state.recordings == ()
    assert app.window.video.status.kind == "error"
    assert "'AU01_r' holds 'often'" in app.window.video.text
