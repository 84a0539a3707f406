"""Tasks: the window leads through them before a camera, and finds them in recordings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facedyn_app.events import Event
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.record import RecordDialog
from facedyn_app.library.session_file import load_session, save_session
from facedyn_app.protocols import Protocol, Task, protocol_of_json
from facedyn_app.settings import Settings
from facedyn_app.workflows.enrol import Enrolment
from tests.gui.conftest import PATIENCE_MS, choose, wait_idle
from tests.gui.test_live_camera import MadeCameras, open_camera
from tests.sessions import resting_session

SHORT = Protocol(
    "short",
    "Short tasks",
    "Look here.",
    (
        Task("rest", "Rest", "Let your face rest.", 1.0, 1, 0.3, tone=False),
        Task("smile", "Smile", "Smile.", 1.0, 2, 0.3, channels=("mouthSmileLeft",)),
    ),
)


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path, qtbot: QtBot) -> Iterator[AppController]:
    """The window with a made camera."""
    made = AppController(Settings(), tmp_path / "library", None, cameras=MadeCameras())
    made.window.show()
    wait_idle(made, qtbot)
    yield made
    made.window.close()
    made.window.deleteLater()


def press(button: object) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[call-overload]


def test_the_window_leads_through_tasks_and_marks_them_in_the_recording(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    guide, said, counted = app.window.video.tasks, set(), set()
    open_camera(app, qtbot)
    app.tasks.begin(SHORT)
    assert guide.text == "Look here."
    (dialog,) = (one for one in app.window.findChildren(RecordDialog) if one.isVisible())
    dialog.folder.setText(str(tmp_path))
    dialog.name.setText("tasks")
    dialog.agreed.click()
    dialog.accept()

    def done() -> bool:
        said.add(guide.text)
        counted.add(guide.count)
        return guide.text.startswith("Done.")

    qtbot.waitUntil(done, timeout=PATIENCE_MS)
    assert {"Let your face rest.", "Smile."} <= said
    assert {"… 1", "1"} <= counted
    press(app.window.video.camera.stop)
    qtbot.waitUntil(lambda: not app.camera.live.busy, timeout=PATIENCE_MS)
    wait_idle(app, qtbot)
    assert not guide.isVisible()
    recording = app.state.recording
    assert recording is not None
    events = recording.session.events
    assert [(one.kind, one.name) for one in events] == [
        ("task", "rest"),
        ("task", "smile"),
        ("task", "smile"),
    ]
    np.testing.assert_allclose(np.diff([one.start for one in events]), 1.3, atol=2e-3)
    assert events[-1].end <= float(recording.session.motion.seconds[-1]) + 0.1
    app.library.enrol(recording, Enrolment("Ada", "Ada, in writing, 2026"))
    wait_idle(app, qtbot)
    (kept,) = (load_session(path) for path in (tmp_path / "library" / "sessions").glob("*.npz"))
    assert kept.events == events
    assert protocol_of_json(kept.info.further["protocol"]) == SHORT


def test_tasks_that_are_found_are_confirmed_in_the_lane(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    seconds = np.arange(240) / 30.0
    smile = np.where((seconds % 4.0 > 2.0) & (seconds % 4.0 < 3.0), 0.8, 0.0)
    session = resting_session(
        seconds, names=("mouthSmileLeft",), expression=smile[:, None].astype(np.float32)
    )
    save_session(session, tmp_path / "visit.npz")
    app.analysis.open_measured(tmp_path / "visit.npz")
    wait_idle(app, qtbot)
    app.tasks.find(SHORT)
    wait_idle(app, qtbot)
    assert app.state.recording is not None
    names = [(one.kind, one.name) for one in app.annotations.events]
    assert names == [("proposed", "rest"), ("proposed", "smile"), ("proposed", "smile")]
    app.window.lane.choose(app.annotations.events[0])
    choose(app, "Delete event")
    choose(app, "Confirm proposed tasks")
    assert {one.kind for one in app.annotations.events} == {"task"}
    wait_idle(app, qtbot)
    kept = load_session(tmp_path / "visit.npz")
    assert kept.events == app.annotations.events
    assert isinstance(kept.events[0], Event)
    assert protocol_of_json(kept.info.further["protocol"]) == SHORT


def test_one_proposed_task_is_confirmed_by_itself(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    session = resting_session(np.arange(90) / 30.0)
    save_session(session, tmp_path / "visit.npz")
    app.analysis.open_measured(tmp_path / "visit.npz")
    wait_idle(app, qtbot)
    app.annotations.add(Event("proposed", 0.5, 1.0, "rest"))
    app.annotations.add(Event("proposed", 1.5, 2.0, "smile"))
    choose(app, "Confirm proposed tasks")
    assert [one.kind for one in app.annotations.events] == ["proposed", "task"]
    wait_idle(app, qtbot)
