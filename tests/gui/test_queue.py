"""Several videos in a row: a queue with progress, cancel, reasons; results stay, come back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QDate, QModelIndex, QPointF, Qt
from PySide6.QtGui import QStandardItem
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from facedyn_app.assets import asset_folder
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.session import EnrolDialog
from facedyn_app.gui.panels.library_items import RowDelegate
from tests.gui.conftest import PATIENCE_MS, drop_files, wait_idle

DEMO = asset_folder("resources") / "demo"


def part(app: AppController, title: str) -> QStandardItem:
    """One of the three parts of the library's list."""
    model = app.window.library.model
    items = (model.item(row) for row in range(model.rowCount()))
    return next(item for item in items if item.text().startswith(title))


def text(item: QStandardItem) -> list[str]:
    return [item.child(row).text() for row in range(item.rowCount())]


def click(app: AppController, index: QModelIndex) -> None:
    tree = app.window.library.tree
    tree.scrollTo(index)
    place = tree.visualRect(index).center()
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)


def enrol_shown(app: AppController, name: str) -> None:
    """Enrol what is shown, by the dialog, with who gave the consent and for what."""
    app.window.enrol_requested.emit()
    (dialog,) = (d for d in app.window.findChildren(EnrolDialog) if d.isVisible())
    QTest.keyClicks(dialog.name, name)
    assert not dialog.complete
    QTest.keyClicks(dialog.giver, "the maker")
    QTest.keyClicks(dialog.scope, "a test")
    assert dialog.complete
    QTest.keyClick(dialog, Qt.Key.Key_Return)


def ready(app: AppController, qtbot: QtBot) -> None:
    wait_idle(app, qtbot)
    assert app.state.head is not None


@pytest.fixture
def clips(shared: Path, tmp_path: Path) -> list[Path]:
    """Two videos of a face, and one that is none between them."""
    clip = shared / "data" / "videos" / "jefapato_1s_1080p.mp4"
    folder = tmp_path / "clips"
    folder.mkdir()
    paths = [folder / name for name in ("a.mov", "b.mov", "c.mov")]
    for path in (paths[0], paths[2]):
        shutil.copy(clip, path)
        path.chmod(0o600)
    paths[1].write_text("no video")
    return paths


def test_a_dropped_folder_becomes_a_queue_and_one_failure_stops_nothing(
    app: AppController, clips: list[Path], qtbot: QtBot
) -> None:
    ready(app, qtbot)
    (clips[0].parent / "notes.txt").write_text("no video, and not called one")
    seen: list[list[str]] = []
    job_list = app.job_list  # a closure over the app would keep it alive
    job_list.changed.connect(lambda: seen.append([row.text for row in job_list.rows]))
    drop_files(app.window, clips[0].parent)
    wait_idle(app, qtbot)
    waiting = next(rows for rows in seen if len(rows) == 3)
    assert waiting[1:] == ["waiting · Fit face: b.mov", "waiting · Fit face: c.mov"]
    shares = {rows[0].split(" · ")[0] for rows in seen if rows and rows[0].endswith("a.mov")}
    assert any(share.endswith(" %") for share in shares)
    assert text(part(app, "Opened")) == ["a.mov", "c.mov"]
    (failed,) = text(part(app, "Queue"))
    assert failed.startswith("failed · Fit face: b.mov: ")
    assert "b.mov'" in failed
    tree, row = app.window.library.tree, part(app, "Queue").child(0).index()
    option = QStyleOptionViewItem()
    delegate = tree.itemDelegateForIndex(row)
    assert isinstance(delegate, RowDelegate)
    delegate.initStyleOption(option, row)
    shown = tree.fontMetrics().elidedText(option.text, option.textElideMode, 180)
    assert shown.startswith("failed · Fit face: b.mov")
    assert app.state.recording is not None
    assert app.state.recording.title == "a.mov"  # the one that was watched stays


def test_results_come_back_by_a_click_and_failures_tell_why(
    app: AppController, clips: list[Path], qtbot: QtBot
) -> None:
    ready(app, qtbot)
    drop_files(app.window, *clips)
    wait_idle(app, qtbot)
    click(app, part(app, "Opened").child(1).index())
    assert app.state.recording is not None
    assert app.state.recording.title == "c.mov"
    click(app, part(app, "Queue").child(0).index())
    assert app.window.video.status.kind == "error"
    assert "b.mov" in app.window.video.text
    click(app, part(app, "Opened").child(0).index())
    assert app.state.recording.title == "a.mov"
    qtbot.waitUntil(lambda: app.window.video.view.points is not None)
    shutil.copy(clips[0], clips[1])
    click(app, part(app, "Queue").child(0).index())
    app.window.video.retry()
    wait_idle(app, qtbot)
    assert text(part(app, "Queue")) == []
    assert text(part(app, "Opened")) == ["a.mov", "c.mov", "b.mov"]


def test_each_piece_of_work_can_be_cancelled(
    app: AppController, shared: Path, clips: list[Path], qtbot: QtBot
) -> None:
    ready(app, qtbot)
    long = shared / "data" / "videos" / "pyfeat_20s.mp4"
    app.window.videos_chosen.emit([long, clips[0], clips[2]])
    qtbot.waitUntil(lambda: app.state.timeline is not None, timeout=PATIENCE_MS)
    queue = part(app, "Queue")
    click(app, queue.child(1, 1).index())  # the cross beside a waiting one
    assert [line.split(" · ")[1] for line in text(queue)] == [
        "Fit face: pyfeat_20s.mp4",
        "Fit face: c.mov",
    ]
    tree = app.window.library.tree
    with qtbot.waitActive(app.window):
        app.window.activateWindow()
    tree.setCurrentIndex(queue.child(0).index())
    tree.setFocus()
    QTest.keyClick(tree, Qt.Key.Key_Delete)  # the running one, by the keyboard
    assert "stopping" in text(queue)[0]
    wait_idle(app, qtbot)
    assert text(part(app, "Opened")) == ["c.mov"]
    assert app.state.recording is not None  # the next one took the place of what was stopped
    assert text(queue) == []


def test_a_failure_is_taken_off_the_list(
    app: AppController, clips: list[Path], qtbot: QtBot
) -> None:
    ready(app, qtbot)
    drop_files(app.window, clips[1])
    wait_idle(app, qtbot)
    queue = part(app, "Queue")
    assert queue.child(0, 1).toolTip() == "Remove from the list"
    click(app, queue.child(0, 1).index())
    assert text(queue) == []


def test_a_folder_without_a_video_says_so(app: AppController, tmp_path: Path, qtbot: QtBot) -> None:
    ready(app, qtbot)
    empty = tmp_path / "empty"
    empty.mkdir()
    drop_files(app.window, empty)
    wait_idle(app, qtbot)
    assert "no video in the folder" in app.window.status_line.text
    assert app.window.video.text.startswith("Drop a video here")


def test_closing_with_videos_waiting_leaves_nothing(
    app: AppController, shared: Path, clips: list[Path], qtbot: QtBot
) -> None:
    ready(app, qtbot)
    drop_files(app.window, shared / "data" / "videos" / "pyfeat_20s.mp4", *clips)
    qtbot.waitUntil(lambda: app.state.timeline is not None, timeout=PATIENCE_MS)
    app.window.close()
    assert app.queue.jobs == ()
    assert not app.window.isVisible()


def test_from_a_fresh_library_to_a_name(app: AppController, qtbot: QtBot) -> None:
    """Two simulated speakers are enrolled; another video of the first is ranked, with evidence."""
    ready(app, qtbot)
    drop_files(app.window, DEMO / "S-01_session1.mp4", DEMO / "S-02_session1.mp4")
    wait_idle(app, qtbot)
    assert app.window.who.text.startswith("Nobody is enrolled yet")
    for name, row in (("S-01", 0), ("S-02", 1)):
        click(app, part(app, "Opened").child(row).index())
        assert app.state.recording is not None
        enrol_shown(app, name)
        wait_idle(app, qtbot)
    recorded = app.library.snapshot.speakers[0].consent
    today = QDate.currentDate().toString("yyyy-MM-dd")
    assert recorded == f"given by the maker on {today} for a test"
    drop_files(app.window, DEMO / "S-01_session3.mp4")
    wait_idle(app, qtbot)
    who = app.window.who
    assert who.status.kind == "done"
    names = {who.model.index(row, 1).data() for row in range(2)}
    assert names == {"S-01 (simulated)", "S-02 (simulated)"}
    recording = app.state.recording
    assert recording is not None
    answer = recording.identification
    assert answer is not None
    assert answer.matches[0].name == "S-01"
    assert who.answer == ("S-01 (simulated)" if answer.known else "Not in the gallery")
    assert "S-01" in who.votes
    assert "most like" in who.evidence.text_at(who.evidence.width() / 2)
    vote = who.evidence.votes[-1]
    middle = (vote.first + vote.last) / 2
    place = QPointF(who.evidence.x_of(middle), 8).toPoint()
    QTest.mouseClick(who.evidence, Qt.MouseButton.LeftButton, pos=place)
    timeline = app.state.timeline
    assert timeline is not None
    qtbot.waitUntil(
        lambda: abs(float(timeline.motion.seconds[app.state.frame]) - middle) < 0.2,
        timeout=PATIENCE_MS,
    )
