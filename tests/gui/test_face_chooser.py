"""The faces of a video: which is shown, and how another one is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from tests.gui.conftest import made_recording, wait_idle


def test_another_face_is_picked_fitted_once_and_kept(
    app: AppController, several_faces: Path, qtbot: QtBot
) -> None:
    chooser, state = app.window.video.faces, app.state
    assert not chooser.isVisible()
    app.window.videos_chosen.emit([several_faces])
    wait_idle(app, qtbot)
    first = state.recording
    assert first is not None
    # the third is there for a moment only
    assert [chooser.itemText(k) for k in range(chooser.count())] == [
        f"face {face.number} · seen 1.6 s" for face in first.faces
    ]
    assert chooser.isVisible()
    assert chooser.currentData() == first.face
    other = next(face.number for face in first.faces if face.number != first.face)
    state.want_frame(7)
    qtbot.waitUntil(lambda: state.frame == 7)

    chooser.activated.emit(chooser.findData(other))
    assert [job.title for job in app.queue.jobs] == [f"Fit face {other}: several.mp4"]
    assert chooser.currentData() == first.face
    wait_idle(app, qtbot)
    second = state.recording
    assert second is not None
    assert (second.face, second.title) == (other, f"several.mp4, face {other}")
    assert chooser.currentData() == other
    assert first.landmarks is not None
    assert second.landmarks is not None
    now = np.array([7])
    wanted = second.landmarks.only(now).points[0]
    view = app.window.video.view
    qtbot.waitUntil(lambda: view.points is not None and np.array_equal(view.points, wanted))
    assert state.frame == 7
    other_points = first.landmarks.only(now).points[0]
    assert abs(other_points[:, 0].mean() - wanted[:, 0].mean()) > 100

    chooser.activated.emit(chooser.findData(first.face))
    assert app.queue.jobs == ()
    assert state.recording is first
    assert [recording.face for recording in state.recordings] == [first.face, other]


def test_one_face_leaves_nothing_to_choose(app: AppController, moving_video: Path) -> None:
    app.state.add_recording(made_recording(moving_video))
    app.state.show_recording("visit-0412")
    assert not app.window.video.faces.isVisible()
