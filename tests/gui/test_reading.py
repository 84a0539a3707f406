"""How one video is read is chosen at the recording: film, rate, recorded mirrored."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.reading import ReadingDialog
from facedyn_app.gui.panels.video import VideoPanel
from facedyn_app.records import ByteArray, VideoInfo
from facedyn_app.settings import VideoSettings
from facedyn_app.video import read_frames
from tests.gui.conftest import PATIENCE_MS, choose, made_recording, wait_idle

N_PICTURES = 24


@pytest.fixture(scope="session")
def faces(shared: Path) -> list[ByteArray]:
    """Some pictures of a face, 256 px wide."""
    frames = islice(read_frames(shared / "data" / "videos" / "talk_a.mp4"), N_PICTURES)
    return [cv2.resize(frame.image, (256, 256)) for frame in frames]


def write_two_cameras(path: Path, faces: list[ByteArray]) -> None:
    """The wall, which is larger and so the main film, and the face."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("mjpeg", rate=25) for _ in range(2)]
        for stream, size in zip(streams, (320, 256), strict=True):
            stream.width, stream.height, stream.pix_fmt = size, size, "yuvj420p"
        wall = np.full((320, 320, 3), 90, dtype=np.uint8)
        for number, face in enumerate(faces):
            for stream, image in zip(streams, (wall, face), strict=True):
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))


def asked(app: AppController, qtbot: QtBot) -> ReadingDialog:
    choose(app, "How the video is read…")
    dialogs: list[ReadingDialog] = []

    def shown() -> bool:
        dialogs[:] = [one for one in app.window.findChildren(ReadingDialog) if one.isVisible()]
        return bool(dialogs)

    qtbot.waitUntil(shown, timeout=PATIENCE_MS)
    return dialogs[0]


def films_of(dialog: ReadingDialog) -> list[str]:
    box: QComboBox = dialog.films.box
    return [box.itemText(k) for k in range(box.count())]


def test_another_camera_is_chosen_where_the_main_one_shows_no_face(
    app: AppController, tmp_path: Path, faces: list[ByteArray], qtbot: QtBot
) -> None:
    path = tmp_path / "cameras.mkv"
    write_two_cameras(path, faces)
    wait_idle(app, qtbot)
    app.window.videos_chosen.emit([path])
    qtbot.waitUntil(lambda: app.window.video.status.kind == "error", timeout=PATIENCE_MS)
    dialog = asked(app, qtbot)
    assert films_of(dialog) == [
        "the main one",
        "number 0: 320 x 320, mjpeg",
        "number 1: 256 x 256, mjpeg",
    ]
    dialog.films.choose("1")
    dialog.accept()
    qtbot.waitUntil(lambda: app.state.recording is not None, timeout=PATIENCE_MS)
    recording = app.state.recording
    assert recording is not None
    assert recording.session.stream == 1
    assert recording.reading == VideoSettings(stream=1)
    assert app.window.video.reading.text() == "film 1 of 2 …"
    assert app.window.video.reading.isVisible()
    qtbot.waitUntil(lambda: app.window.video.view.image is not None, timeout=PATIENCE_MS)
    assert app.window.video.view.image is not None
    assert app.window.video.view.image.width() == 256


def test_a_guessed_rate_is_set_at_the_recording(
    app: AppController, tmp_path: Path, faces: list[ByteArray], qtbot: QtBot
) -> None:
    folder = tmp_path / "anna"
    folder.mkdir()
    for number, face in enumerate(faces):
        cv2.imwrite(str(folder / f"{number}.png"), np.ascontiguousarray(face[..., ::-1]))
    wait_idle(app, qtbot)
    app.window.videos_chosen.emit([folder])
    qtbot.waitUntil(lambda: app.state.recording is not None, timeout=PATIENCE_MS)
    assert app.window.video.reading.text() == "25 frames/s assumed …"
    dialog = asked(app, qtbot)
    assert not dialog.films.isVisible()
    field = dialog.fields["fps"].editor
    field.setText("no rate")  # type: ignore[union-attr]
    assert not dialog.complete
    field.setText("12,5")  # type: ignore[union-attr]
    dialog.fields["mirrored_pixels"].set_value(True)
    assert dialog.complete
    dialog.accept()
    qtbot.waitUntil(lambda: _rate(app) == 12.5, timeout=PATIENCE_MS)
    recording = app.state.recording
    assert recording is not None
    assert recording.session.mirrored
    assert recording.session.motion.seconds[-1] == pytest.approx((N_PICTURES - 1) / 12.5)
    assert app.state.settings.video == VideoSettings()
    assert not app.window.video.reading.isVisible()
    assert len(app.state.recordings) == 1
    again = asked(app, qtbot)
    assert again.reading() == VideoSettings(fps=12.5, mirrored_pixels=True)
    again.reject()


def _rate(app: AppController) -> float | None:
    return app.state.recording.session.info.fps if app.state.recording is not None else None


def test_nothing_is_offered_where_nothing_was_guessed(qtbot: QtBot) -> None:
    panel = VideoPanel()
    qtbot.addWidget(panel)
    info = VideoInfo(Path("a.mp4"), 96, 64, 25.0, 30, 1.2)
    panel.show_reading(made_recording(None, info=info))
    assert panel.reading.isHidden()
    panel.show_reading(None)
    assert panel.reading.isHidden()


def test_without_a_video_it_says_what_to_do(app: AppController, qtbot: QtBot) -> None:
    wait_idle(app, qtbot)
    choose(app, "How the video is read…")
    assert app.window.status_line.text.startswith("Open a video first")
