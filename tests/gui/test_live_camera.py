"""A live camera in the window, driven with made ones: rendered heads that play as cameras do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facedyn_app.assets import asset_folder
from facedyn_app.errors import InputError
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.record import RecordDialog
from facedyn_app.records import INVALID_REASONS, ByteArray, Motion, PartialFit
from facedyn_app.settings import Settings
from facedyn_app.video import probe_video, read_frames
from facedyn_app.video.camera import PacedVideo, SourceChoice
from facedyn_app.workflows.camera_feed import CameraFeed, LiveTiming
from tests.conftest import moving_image
from tests.gui.conftest import PATIENCE_MS, made_recording, wait_idle

DEMO = asset_folder("resources") / "demo"
BUSY = "The camera “Desk” shows no picture: another program may be using it."
GONE = "The camera “Desk” sends no more pictures."


class MadeCamera:
    """A rendered face that plays as a camera does; it can be unplugged, and knows its state."""

    simulated = True

    def __init__(self, made: MadeCameras, video: Path) -> None:
        if made.busy:
            raise InputError(BUSY, "Close the other program.")
        assert not made.opened, "a camera can be had once only"
        made.opened = True
        self._made, self._video = made, PacedVideo(video)

    def read(self) -> ByteArray:
        if self._made.unplugged:
            raise InputError(GONE, "Connect it again.")
        return self._video.read()

    def close(self) -> None:
        self._video.close()
        self._made.opened = False


class MadeCameras:
    """Two made cameras, of which one at a time can be open."""

    def __init__(self) -> None:
        self.there, self.busy, self.unplugged, self.opened = True, False, False, False

    def __call__(self) -> tuple[SourceChoice, ...]:
        videos = {"Desk": "S-01_session1.mp4", "Wall": "S-02_session1.mp4"}
        return tuple(
            SourceChoice(name, partial(MadeCamera, self, DEMO / video))
            for name, video in videos.items()
            if self.there
        )


@pytest.fixture
def cameras() -> MadeCameras:
    return MadeCameras()


@pytest.fixture
def app(
    qapp: QApplication, tmp_path: Path, cameras: MadeCameras, qtbot: QtBot
) -> Iterator[AppController]:
    """The window with made cameras, its head read."""
    made = AppController(Settings(), tmp_path / "library", None, cameras=cameras)
    made.window.show()
    wait_idle(made, qtbot)
    yield made
    made.window.close()
    made.window.deleteLater()


def open_camera(app: AppController, qtbot: QtBot) -> None:
    """Open the first camera and wait until a face is fitted."""
    app.window.camera_requested.emit()
    wait_fitted(app, qtbot)


def wait_fitted(app: AppController, qtbot: QtBot) -> None:
    window = app.window
    qtbot.waitUntil(
        lambda: window.video.view.points is not None and "passed over" in window.video.readout,
        timeout=PATIENCE_MS,
    )


def wait_let_go(app: AppController, cameras: MadeCameras, qtbot: QtBot) -> None:
    live = app.camera.live
    qtbot.waitUntil(lambda: not cameras.opened and not live.busy, timeout=PATIENCE_MS)


def click(button: object) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[call-overload]


def start_recording(app: AppController, folder: Path, name: str) -> Path:
    """Fill in the dialog as a user does, and start; gives the file."""
    click(app.window.video.camera.record)
    (dialog,) = (d for d in app.window.findChildren(RecordDialog) if d.isVisible())
    dialog.folder.setText(str(folder / "nowhere"))
    assert dialog.errors[0] == f"There is no folder '{folder / 'nowhere'}'."
    dialog.folder.setText(str(folder))
    dialog.name.setText("")
    assert dialog.errors == ("", "Give the recording a name.")
    dialog.name.setText(name)
    assert not dialog.complete, "nothing is recorded without consent"
    dialog.agreed.click()
    assert dialog.complete
    path = dialog.path
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    return path


def test_a_camera_is_shown_with_landmarks_head_traces_and_its_pace(
    app: AppController, cameras: MadeCameras, qtbot: QtBot
) -> None:
    window = app.window
    assert not window.video.camera.isVisible()
    open_camera(app, qtbot)
    bar = window.video.camera
    assert bar.isVisible()
    assert bar.text.startswith("Live picture: nothing is kept unless you record.")
    assert "live" in window.player.time_text
    assert [bar.cameras.itemText(k) for k in range(bar.cameras.count())] == [
        "Desk",
        "Wall",
    ]
    assert "simulated · face found" in window.video.readout
    assert "ms behind the camera" in window.video.readout
    timeline = app.state.timeline
    assert timeline is not None
    assert timeline.rolling
    assert timeline.motion.valid.any()
    assert window.traces.text == window.head.text == ""
    assert window.who.text.startswith("A live picture is not compared with anybody.")
    assert not window.player.playing
    click(bar.close_camera)
    assert not bar.isVisible()
    assert window.video.status.kind == "empty"
    assert app.state.timeline is None
    wait_let_go(app, cameras, qtbot)


def test_after_closing_no_thread_is_left_and_the_camera_is_let_go(
    app: AppController, cameras: MadeCameras, qtbot: QtBot
) -> None:
    before = set(threading.enumerate())
    open_camera(app, qtbot)
    assert cameras.opened
    assert any(thread.name.startswith("live") for thread in threading.enumerate())
    click(app.window.video.camera.close_camera)
    wait_let_go(app, cameras, qtbot)
    left = {
        thread.name
        for thread in set(threading.enumerate()) - before
        if not isinstance(thread, threading._DummyThread)  # of Qt's pool
    }
    assert left == set()


def test_closing_the_window_lets_the_camera_go_and_keeps_what_was_recorded(
    app: AppController, cameras: MadeCameras, tmp_path: Path, qtbot: QtBot
) -> None:
    open_camera(app, qtbot)
    path = start_recording(app, tmp_path, "visit")
    recorder = app.camera.live.recorder
    assert recorder is not None
    qtbot.waitUntil(lambda: recorder.seconds > 0.5, timeout=PATIENCE_MS)
    app.window.close()
    assert not cameras.opened
    assert not app.camera.live.busy
    assert probe_video(path).simulated
    assert sum(1 for _ in read_frames(path)) > 5
    assert [file.name for file in tmp_path.glob("*.mkv")] == ["visit.mkv"]


def test_a_recording_is_opened_as_any_video_when_it_is_stopped(
    app: AppController, cameras: MadeCameras, tmp_path: Path, qtbot: QtBot
) -> None:
    open_camera(app, qtbot)
    path = start_recording(app, tmp_path, "visit")
    bar, live = app.window.video.camera, app.camera.live
    assert bar.stop.isVisible()
    assert not bar.record.isVisible()
    assert not bar.cameras.isEnabled()
    qtbot.waitUntil(lambda: bar.text == "Recording · 0:02 · visit.mkv", timeout=PATIENCE_MS)
    click(bar.stop)
    qtbot.waitUntil(lambda: app.state.recording is not None, timeout=PATIENCE_MS)
    recording = app.state.recording
    assert recording is not None
    assert recording.video == path
    assert recording.session.simulated
    assert recording.session.motion.seconds[-1] == pytest.approx(2.3, abs=0.8)
    # of the clip that plays here, a few frames are doubted as covered when it is opened itself
    doubted = recording.session.invalid_reason == INVALID_REASONS.index("occluded")
    assert (recording.session.motion.valid | doubted).all()
    assert recording.session.motion.valid.mean() > 0.7
    wait_idle(app, qtbot)
    assert app.window.who.text.startswith("Nobody is enrolled yet")
    assert not live.busy


def test_another_camera_can_be_chosen(
    app: AppController, cameras: MadeCameras, qtbot: QtBot
) -> None:
    open_camera(app, qtbot)
    bar = app.window.video.camera
    QTest.keyClick(bar.cameras, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: app.camera.live.number == 2, timeout=PATIENCE_MS)
    wait_fitted(app, qtbot)
    # the first camera's last picture may still be under way
    qtbot.waitUntil(lambda: bar.cameras.currentText() == "Wall", timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: bool(cameras.opened), timeout=PATIENCE_MS)


def test_without_a_camera_a_sentence_says_so_and_retry_finds_one(
    app: AppController, cameras: MadeCameras, qtbot: QtBot
) -> None:
    cameras.there = False
    app.window.camera_requested.emit()
    qtbot.waitUntil(lambda: app.window.video.status.kind == "error", timeout=PATIENCE_MS)
    assert app.window.video.text.startswith("There is no camera on this machine.")
    assert "no camera" in app.window.status_line.text
    wait_let_go(app, cameras, qtbot)
    cameras.there = True
    app.window.video.retry()
    wait_fitted(app, qtbot)


def test_a_busy_camera_leaves_what_is_shown_as_it_is(
    app: AppController, cameras: MadeCameras, moving_video: Path, qtbot: QtBot
) -> None:
    recording = made_recording(moving_video)
    app.state.add_recording(recording)
    app.state.show_recording(recording.key)
    cameras.busy = True
    app.window.camera_requested.emit()
    bar = app.window.video.camera
    qtbot.waitUntil(lambda: bar.isVisible(), timeout=PATIENCE_MS)
    assert bar.error.startswith(BUSY)
    assert not bar.record.isVisible()
    assert app.state.recording is recording
    assert app.window.video.status.kind == "done"
    cameras.busy = False
    open_camera(app, qtbot)
    assert bar.error == ""
    click(bar.close_camera)
    assert app.state.recording is recording


def test_an_unplugged_camera_says_so_and_its_recording_is_kept_and_opened(
    app: AppController, cameras: MadeCameras, tmp_path: Path, qtbot: QtBot
) -> None:
    open_camera(app, qtbot)
    cameras.unplugged = True
    qtbot.waitUntil(lambda: app.window.video.status.kind == "error", timeout=PATIENCE_MS)
    assert app.window.video.text.startswith(GONE)
    assert app.window.traces.status.kind == "empty"
    wait_let_go(app, cameras, qtbot)
    cameras.unplugged = False
    app.window.video.retry()
    wait_fitted(app, qtbot)
    path = start_recording(app, tmp_path, "visit")
    recorder = app.camera.live.recorder
    assert recorder is not None
    qtbot.waitUntil(lambda: recorder.seconds > 1.0, timeout=PATIENCE_MS)
    cameras.unplugged = True
    qtbot.waitUntil(lambda: app.state.recording is not None, timeout=PATIENCE_MS)
    recording = app.state.recording
    assert recording is not None
    assert recording.video == path


def test_another_recording_that_is_shown_closes_the_camera(
    app: AppController, cameras: MadeCameras, moving_video: Path, qtbot: QtBot
) -> None:
    open_camera(app, qtbot)
    recording = made_recording(moving_video)
    app.state.add_recording(recording)
    assert cameras.opened
    app.state.show_recording(recording.key)
    assert not app.window.video.camera.isVisible()
    wait_let_go(app, cameras, qtbot)
    assert app.state.recording is recording


def test_a_recording_that_cannot_be_written_is_said_and_the_camera_stays(
    app: AppController, cameras: MadeCameras, tmp_path: Path, qtbot: QtBot
) -> None:
    open_camera(app, qtbot)
    folder = tmp_path / "gone"
    app.camera.live.record(folder / "visit.mkv")
    bar = app.window.video.camera
    qtbot.waitUntil(lambda: "cannot be written" in bar.error, timeout=PATIENCE_MS)
    assert bar.record.isVisible()
    assert cameras.opened
    n = app.state.frame
    qtbot.waitUntil(lambda: app.state.frame > n, timeout=PATIENCE_MS)


def _no_face(seconds: float) -> PartialFit:
    nan = np.full((1, 3), np.nan, np.float32)
    return PartialFit(
        motion=Motion(
            seconds=np.array([seconds]),
            valid=np.zeros(1, bool),
            names=("a", "b"),
            expression=nan[:, :2],
            jaw=nan,
            rotation=nan,
            translation=nan,
        ),
        points=np.full((478, 2), np.nan, np.float32),
    )


def nothing_seen(feed: CameraFeed) -> int:
    """Take the newest frame, say that it shows no face; gives its number."""
    frame = feed.newest(0.0)
    assert frame is not None
    feed.tell(frame, _no_face(frame.seconds), ("a", "b"))
    return frame.index


def test_the_newest_frame_wins_and_what_is_passed_over_is_counted() -> None:
    feed, pace = CameraFeed(), LiveTiming()
    assert feed.take() is None
    assert feed.newest(0.0) is None
    for index in range(3):
        feed.put(moving_image(index))
    look = feed.take()
    assert look is not None
    assert pace.text(look) == ""
    assert nothing_seen(feed) == 2
    for index in range(3, 7):
        feed.put(moving_image(index))
    assert nothing_seen(feed) == 6
    look = feed.take()
    assert look is not None
    assert (look.n_shown, look.n_passed, len(look.parts)) == (2, 3, 2)
    assert (look.image == moving_image(6)).all()
    pace.add(look, look.captured + 0.25)
    assert pace.text(look) == "250 ms behind the camera · 3 of 5 frames passed over"
    assert feed.take() is None
    feed.end()
    assert feed.newest(10.0) is None
