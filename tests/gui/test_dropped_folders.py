"""A folder that is dropped on the window: what is not opened is listed with the reason."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.passed_over import PassedOverDialog
from facedyn_app.gui.panels.facts import facts_of
from facedyn_app.library.session_file import save_session
from tests.gui.conftest import PATIENCE_MS, drop_files, made_session, wait_idle


def _lists(app: AppController) -> list[PassedOverDialog]:
    return [one for one in app.window.findChildren(PassedOverDialog) if one.isVisible()]


def test_what_is_not_opened_is_listed(app: AppController, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "anna"
    (folder / "2024-03-05").mkdir(parents=True)
    save_session(made_session(), folder / "2024-03-05" / "visit.npz")
    (folder / "notes.txt").write_text("smiled")
    (folder / "2024-03-05" / "survey.csv").write_text("question,answer\n1,2\n")
    drop_files(app.window, folder)
    qtbot.waitUntil(lambda: app.state.recording is not None, timeout=PATIENCE_MS)
    (dialog,) = _lists(app)
    rows = {
        dialog.model.index(row, 0).data(): dialog.model.index(row, 1).data()
        for row in range(dialog.model.rowCount())
    }
    assert rows.keys() == {"notes.txt", str(Path("2024-03-05") / "survey.csv")}
    assert "no video that can be read" in rows["notes.txt"]
    dialog.close()


def test_a_folder_of_recordings_alone_asks_for_no_attention(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "anna"
    folder.mkdir()
    save_session(made_session(), folder / "visit.npz")
    drop_files(app.window, folder)
    qtbot.waitUntil(lambda: app.state.recording is not None, timeout=PATIENCE_MS)
    wait_idle(app, qtbot)
    assert not _lists(app)


def test_the_folder_of_a_visit_dates_its_recordings(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    visit = tmp_path / "anna" / "05.03.2024"
    visit.mkdir(parents=True)
    save_session(made_session(), visit / "smile.npz")
    drop_files(app.window, tmp_path / "anna")
    qtbot.waitUntil(lambda: app.state.recording is not None, timeout=PATIENCE_MS)
    recording = app.state.recording
    assert recording is not None
    recorded_at = recording.session.info.recorded_at
    assert recorded_at is not None
    assert recorded_at.date().isoformat() == "2024-03-05"
    assert ("Recorded", "2024-03-05") in facts_of(recording)
