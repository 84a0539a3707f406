"""Several recordings at once in the window: ticked, asked about, their scores written."""

import csv
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.library.library import Library
from facedyn_app.settings import TrustSettings
from facedyn_app.simulate.corpus import simulate_sessions
from facedyn_app.workflows.records import Recording
from tests.gui.conftest import choose, wait_idle


def simulated(speaker: int, seconds: float = 12.0) -> Recording:
    """A session after the two that are enrolled of a simulated speaker."""
    session = list(simulate_sessions(speaker, 3, seconds, seed=9))[-1]
    name = f"made {speaker}, {seconds:g} s"
    return Recording(name, name, session, assess_quality(session, TrustSettings()))


def tick(app: AppController, row: int) -> None:
    app.window.library.model.item(1).child(row).setCheckState(Qt.CheckState.Checked)


def test_the_ticked_are_asked_about_and_their_scores_written(
    app: AppController, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_idle(app, qtbot)
    choose(app, "Who are the ticked?")
    assert "Tick recordings" in app.window.status_line.text
    folder = app.library.snapshot.folder
    with Library.open(folder) as library:
        for speaker in range(3):
            for session in list(simulate_sessions(speaker, 3, 12.0, seed=9))[:2]:
                library.enrol(f"made {speaker}", session, "a simulated speaker")
    app.library.open_library(folder)
    wait_idle(app, qtbot)
    for recording in (simulated(0), simulated(1), simulated(2, 1.0), simulated(2)):
        app.state.add_recording(recording)
    for row in (0, 2, 3):
        tick(app, row)
    assert [one.title for one in app.state.ticked] == [
        "made 0, 12 s",
        "made 2, 1 s",
        "made 2, 12 s",
    ]
    choose(app, "Who are the ticked?")
    wait_idle(app, qtbot)
    assert "Compared: 2." in app.window.status_line.text
    assert "Left out: 1, such as made 2, 1 s" in app.window.status_line.text
    asked = [one.identification is not None for one in app.state.recordings]
    assert asked == [True, False, False, True]
    boxes = [app.window.library.model.item(1).child(row).checkState() for row in range(4)]
    assert [box == Qt.CheckState.Checked for box in boxes] == [True, False, True, True]
    out = tmp_path / "scores.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    choose(app, "Export scores…")
    wait_idle(app, qtbot)
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [row["recording"] for row in rows] == 3 * ["made 0, 12 s"] + 3 * ["made 2, 12 s"]
    assert {row["speaker"] for row in rows} == {"made 0", "made 1", "made 2"}
