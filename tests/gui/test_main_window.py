"""The window keeps video, landmarks, head and traces on one frame, whoever moves it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSettings, Qt, QUrl
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facedyn_app.gui import docks
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.gui.timeline import Span
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.part_meshes import ExpressionMesh
from tests.conftest import SQUARE, square_left
from tests.gui.conftest import (
    GAP,
    N_FRAMES,
    drop_urls,
    landmark_points,
    made_recording,
    made_session,
)
from tests.sessions import altered
from tests.video.clips import write_films


def shows(window: MainWindow, frame: int) -> bool:
    """Whether picture, landmarks, traces, seek bar and player all stand at a frame."""
    image, points = window.video.view.image, window.video.view.points
    if image is None or points is None or window.state.frame != frame:
        return False
    middle = image.pixelColor(square_left(frame) + SQUARE // 2, 32).lightness()
    beside = image.pixelColor((square_left(frame) + SQUARE + 10) % 96, 8).lightness()
    seconds = frame / 25.0
    return (
        middle > 200
        and beside < 100
        and np.array_equal(points, landmark_points(frame))
        and window.traces.cursor_seconds == pytest.approx(seconds)
        and window.seek_bar.cursor_seconds == pytest.approx(seconds)
        and f"frame {frame + 1} of {N_FRAMES}" in window.player.time_text
    )


def open_made(window: MainWindow, video: Path) -> None:
    recording = made_recording(video)
    window.state.add_recording(recording)
    window.state.show_recording(recording.key)


def test_all_panels_fill_and_stand_at_the_first_frame(
    window: MainWindow, moving_video: Path, qtbot: QtBot
) -> None:
    open_made(window, moving_video)
    qtbot.waitUntil(lambda: shows(window, 0))
    assert {name for name, panel in window.panels.items() if panel.text} == {"queue"}
    assert "(simulated)" in window.windowTitle()
    assert window.video.readout.startswith("simulated")
    assert "0.50 % of face height" in window.video.readout


def test_landmarks_lie_on_the_face_of_a_mirrored_recording(
    window: MainWindow, moving_video: Path, qtbot: QtBot
) -> None:
    session = altered(made_session(), mirrored=True)
    recording = made_recording(moving_video, session=session)
    window.state.add_recording(recording)
    window.state.show_recording(recording.key)
    mirrored = landmark_points(0) * [-1, 1] + [96, 0]
    view = window.video.view
    qtbot.waitUntil(lambda: view.points is not None and np.allclose(view.points, mirrored))


def test_another_film_of_the_same_file_is_shown(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "cameras.mkv"
    write_films(path, [(96, 64, 50), (96, 64, 200)], N_FRAMES)
    view = window.video.view
    for stream, shade in ((0, 50), (1, 200)):
        session = altered(made_session(), stream=stream)
        recording = made_recording(path, session=session, key=f"film {stream}")
        window.state.add_recording(recording)
        window.state.show_recording(recording.key)

        def shown(shade: int = shade) -> bool:
            return view.image is not None and abs(view.image.pixelColor(48, 8).red() - shade) < 5

        qtbot.waitUntil(shown)


def test_keys_step_and_jump(window: MainWindow, moving_video: Path, qtbot: QtBot) -> None:
    open_made(window, moving_video)
    qtbot.waitUntil(lambda: shows(window, 0))
    with qtbot.waitActive(window):
        window.activateWindow()
    control, alt = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
    none = Qt.KeyboardModifier.NoModifier
    for key, modifier, frame in (
        (Qt.Key.Key_Right, none, 1),
        (Qt.Key.Key_Right, control, 5),
        (Qt.Key.Key_Left, none, 4),
        (Qt.Key.Key_Right, control | alt, 29),
        (Qt.Key.Key_Home, none, 0),
        (Qt.Key.Key_End, none, 29),
        (Qt.Key.Key_Left, control, 25),
    ):
        QTest.keyClick(window, key, modifier)
        qtbot.waitUntil(lambda frame=frame: shows(window, frame))  # type: ignore[misc]


def test_in_out_and_marks(window: MainWindow, moving_video: Path, qtbot: QtBot) -> None:
    open_made(window, moving_video)
    qtbot.waitUntil(lambda: shows(window, 0))
    window.transport.go_to(5)
    qtbot.waitUntil(lambda: shows(window, 5))
    window.transport.set_in()
    window.state.toggle_mark()
    window.transport.go_to(20)
    qtbot.waitUntil(lambda: shows(window, 20))
    window.transport.set_out()
    assert window.state.span == Span(5, 20)
    assert window.state.marks == (5,)
    window.transport.forget_span()
    assert window.state.span == Span()


def test_scrubbing_the_seek_bar_moves_everything(
    window: MainWindow, moving_video: Path, qtbot: QtBot
) -> None:
    open_made(window, moving_video)
    qtbot.waitUntil(lambda: shows(window, 0))
    bar = window.seek_bar
    x = next(x for x in range(bar.width()) if bar.seconds_at(x) >= 20.2 / 25)
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(x, bar.height() - 10))
    qtbot.waitUntil(lambda: shows(window, 20))


def test_playing_keeps_the_time_and_stops_at_the_end(
    window: MainWindow, moving_video: Path, qtbot: QtBot
) -> None:
    open_made(window, moving_video)
    qtbot.waitUntil(lambda: shows(window, 0))
    seen: list[int] = []
    window.state.frame_changed.connect(seen.append)
    window.player.toggle()
    assert window.player.playing
    qtbot.waitUntil(lambda: not window.player.playing, timeout=10_000)
    qtbot.waitUntil(lambda: shows(window, N_FRAMES - 1))
    assert seen == sorted(seen)


def test_frames_without_a_face_say_so(window: MainWindow, moving_video: Path, qtbot: QtBot) -> None:
    open_made(window, moving_video)
    qtbot.waitUntil(lambda: shows(window, 0))
    window.transport.go_to(GAP.start)
    qtbot.waitUntil(lambda: window.state.frame == GAP.start)
    assert window.video.view.points is None
    assert "no trusted face" in window.video.readout
    assert "no face" in window.head.note


def test_the_head_stands_as_in_the_frame(
    window: MainWindow, moving_video: Path, tiny_head: HeadModel, qtbot: QtBot
) -> None:
    open_made(window, moving_video)
    qtbot.waitUntil(lambda: shows(window, 0))
    window.transport.go_to(20)
    qtbot.waitUntil(lambda: shows(window, 20))
    session = made_session()
    expected = ExpressionMesh(tiny_head).vertices(
        session.motion.expression[20:21], session.motion.jaw[20:21]
    )
    n = len(tiny_head.v_template)
    np.testing.assert_allclose(window.head.view.vertices[:n], expected[0], atol=1e-6)


def test_a_session_of_another_head_is_not_drawn_but_named(
    window: MainWindow, state: AppState, qtbot: QtBot
) -> None:
    session = altered(made_session(), head_id="other-head")
    state.add_recording(made_recording(None, session=session))
    state.show_recording("visit-0412")
    assert "other-head" in window.head.text
    assert "matched and measured, but not drawn" in window.head.text
    assert "not its video" in window.video.text


def test_a_video_that_is_gone_is_an_error_with_retry_and_the_rest_goes_on(
    window: MainWindow, tmp_path: Path, moving_video: Path, qtbot: QtBot
) -> None:
    video = tmp_path / "gone.mp4"
    open_made(window, video)
    qtbot.waitUntil(lambda: window.video.status.kind == "error")
    assert "gone.mp4" in window.video.text
    window.transport.go_to(7)
    assert window.state.frame == 7
    video.write_bytes(moving_video.read_bytes())
    window.video.retry()
    qtbot.waitUntil(lambda: shows(window, 7))


def test_dropped_files_are_opened(window: MainWindow, qtbot: QtBot) -> None:
    urls = QUrl.fromLocalFile("/somewhere/a.mp4"), QUrl("https://example.org/b.mp4")
    with qtbot.waitSignal(window.videos_chosen) as chosen:
        drop_urls(window, *urls)
    assert chosen.args == [[Path("/somewhere/a.mp4")]]


def test_a_closed_dock_stays_closed_at_the_next_start_and_comes_back(
    window: MainWindow, memory: QSettings, qtbot: QtBot
) -> None:
    window.docks.dock(docks.FACTS).close()
    window.close()
    again = MainWindow(AppState(), memory)
    qtbot.addWidget(again)
    again.show()
    assert not again.docks.dock(docks.FACTS).isVisible()
    again.docks.reset()
    assert again.docks.dock(docks.FACTS).isVisible()
    again.close()


def test_a_narrow_window_makes_tabs(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1100, 700)
    qtbot.waitUntil(lambda: len(window.tabifiedDockWidgets(window.docks.dock(docks.WHO))) == 2)
    window.resize(1400, 900)
    qtbot.waitUntil(lambda: not window.tabifiedDockWidgets(window.docks.dock(docks.WHO)))
