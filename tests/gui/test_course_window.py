"""A speaker's clinical measures over time: from the library to what is seen and written."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QTreeView
from pytestqt.qtbot import QtBot

from facedyn_app.bench.clinical_script import Script, act, session_of_truth
from facedyn_app.dynamics.clinical.scale import ADULT_IPD_MM
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.clinical_course import CourseWindow
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import Session, SourceFile
from tests.gui.conftest import PATIENCE_MS, choose, enrol_in_library, wait_idle

FPS = 30.0
TASKS = ("smile", "smile", "brow_raise")
SMILE = ("Smile: oral commissure excursion", "peak, left")


def visit(head: HeadModel, month: int, palsy: float, tasks: tuple[str, ...] = TASKS) -> Session:
    script = Script(tasks=tasks, palsy=palsy)
    motion = act(script, head.expression_names, FPS, np.random.default_rng(month))
    made = session_of_truth(motion, np.zeros(head.n_shape), head.head_id)
    date = datetime(2026, month, 5, tzinfo=UTC)
    info = replace(made.info, source=SourceFile(f"visit{month}.mp4", None), recorded_at=date)
    return replace(made, events=script.events, info=info)


@pytest.fixture(scope="module")
def visits(head: HeadModel) -> tuple[Session, ...]:
    """Three visits of a face whose left side comes back."""
    return tuple(visit(head, month, palsy) for month, palsy in ((1, 0.9), (4, 0.5), (7, 0.0)))


def settled(app: AppController, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not app.course.queue.jobs, timeout=PATIENCE_MS)


@pytest.fixture
def shown(app: AppController, visits: tuple[Session, ...], qtbot: QtBot) -> Iterator[CourseWindow]:
    """The window on the three visits, all measured and drawn."""
    enrol_in_library(app, qtbot, "P-014", *visits)
    app.window.course_requested.emit("P-014")
    window = app.course.window
    assert window is not None
    settled(app, qtbot)
    yield window
    wait_idle(app, qtbot)


def row(window: CourseWindow, title: tuple[str, str]) -> list[str]:
    model = window.table.rows
    texts = [
        [str(model.index(k, column).data()) for column in range(model.columnCount())]
        for k in range(model.rowCount())
    ]
    return next(one for one in texts if tuple(one[:2]) == title)


def heads(window: CourseWindow) -> list[str]:
    model = window.table.rows
    return [str(model.headerData(k, Qt.Orientation.Horizontal)) for k in range(model.columnCount())]


def first(cell: str) -> float:
    return float(cell.split(" ")[0])


def test_values_stand_by_date_with_the_change_that_can_be_told(shown: CourseWindow) -> None:
    assert [one[:10] for one in heads(shown)[2:5]] == ["2026-01-05", "2026-04-05", "2026-07-05"]
    smile = row(shown, SMILE)
    values = [first(cell) for cell in smile[2:5]]
    assert values == sorted(values)
    assert first(smile[5]) == pytest.approx(values[2] - values[0], abs=0.2)
    assert " to " in smile[5]
    assert float(smile[6]) < first(smile[5])
    brow = row(shown, ("Brow raise", "peak, left"))
    assert brow[5:7] == ["no change that can be told", "not known: done once"]
    assert "simulated" in shown.headline.text()
    assert "adult mean" in shown.note.text()
    assert "no grade" in shown.note.text()


def test_another_pair_is_compared_and_never_a_session_with_itself(
    shown: CourseWindow, app: AppController, qtbot: QtBot
) -> None:
    whole = first(row(shown, SMILE)[5])
    shown.pair[1].setCurrentIndex(1)
    shown.pair[1].activated.emit(1)
    settled(app, qtbot)
    assert 0.0 < first(row(shown, SMILE)[5]) < whole
    shown.pair[1].setCurrentIndex(0)
    shown.pair[1].activated.emit(0)
    settled(app, qtbot)
    assert shown.compared == (1, 0)
    assert first(row(shown, SMILE)[5]) < 0.0


def test_traces_stand_side_by_side_and_faces_differ_where_the_mouth_does(
    shown: CourseWindow,
) -> None:
    shown.tabs.setCurrentIndex(1)
    assert [title[:10] for title in shown.traces.drawn] == [
        "2026-01-05",
        "2026-04-05",
        "2026-07-05",
    ]
    assert shown.traces.n_curves == 3 * 2 * 2
    shown.traces.task.setCurrentIndex(1)
    assert shown.traces.n_curves == 3 * 2
    shown.tabs.setCurrentIndex(2)
    assert shown.faces.task.currentText() == "Smile"
    smile = float(shown.faces.words.text().split(" mm apart")[0].split(" ")[-1])
    assert smile > 1.0
    assert shown.faces.scale_bar.top >= smile
    assert all(not picture.pixmap().isNull() for picture in shown.faces.pictures)
    shown.faces.task.setCurrentIndex(1)
    assert "mm apart" in shown.faces.words.text()


def test_millimetres_follow_the_distance_entered(
    shown: CourseWindow, app: AppController, qtbot: QtBot
) -> None:
    before = first(row(shown, SMILE)[4])
    shown.ipd.setValue(50.0)
    QTest.keyClick(shown.ipd, Qt.Key.Key_Return)
    settled(app, qtbot)
    assert first(row(shown, SMILE)[4]) == pytest.approx(before * 50.0 / ADULT_IPD_MM, abs=0.1)


def test_table_and_page_are_written(
    shown: CourseWindow, app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    app.course.write_table(tmp_path / "change.csv")
    settled(app, qtbot)
    with (tmp_path / "change.csv").open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    smile = next(one for one in rows if one["task"] == "smile" and one["side"] == "left")
    assert smile["change_told"] == "1"
    assert smile["second"] == "visit7"
    app.course.write_page(tmp_path / "page.html")
    settled(app, qtbot)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Clinical measures of P-014 over time (simulated)" in page
    assert "given for a test" in page
    app.course.write_page(tmp_path / "page.pdf")
    settled(app, qtbot)
    assert (tmp_path / "page.pdf").read_bytes().count(b"/Type /Page\n") == 1
    app.course.write_page(tmp_path / "gone" / "page.pdf")
    settled(app, qtbot)
    assert "page.pdf" in shown.said.text()
    assert not (tmp_path / "gone").exists()


def test_one_session_stands_alone_and_no_task_says_what_to_do(
    app: AppController, head: HeadModel, qtbot: QtBot
) -> None:
    alone = visit(head, 2, 0.0)
    enrol_in_library(app, qtbot, "P-001", replace(alone, events=()))
    choose(app, "Clinical measures over time…")
    window = app.course.window
    assert window is not None
    settled(app, qtbot)
    assert row(window, ("Palpebral fissure height", "rest, left"))[3] == "not compared"
    assert not window.page.isEnabled()
    assert not window.export.isEnabled()
    assert "two sessions" in window.said.text()
    window.tabs.setCurrentIndex(1)
    assert window.no_traces.isVisible()
    assert "no faces" in window.faces.words.text()


def test_the_menu_of_a_speaker_leads_there(
    app: AppController, visits: tuple[Session, ...], qtbot: QtBot
) -> None:
    enrol_in_library(app, qtbot, "P-014", *visits[:1])
    panel = app.window.library
    tree = panel.findChild(QTreeView)
    assert tree is not None
    model = tree.model()
    top = model.index(0, 0)
    speaker = model.index(0, 0, top)
    tree.expand(top)
    tree.customContextMenuRequested.emit(tree.visualRect(speaker).center())
    menu = next(one for one in panel.findChildren(QMenu) if one.isVisible())
    entry = next(one for one in menu.actions() if one.text() == "Clinical measures over time…")
    entry.trigger()
    menu.close()
    settled(app, qtbot)
    assert app.course.window is not None
    assert app.course.window.speaker.currentData() == "P-014"


def test_an_empty_library_says_what_to_do(app: AppController, qtbot: QtBot) -> None:
    wait_idle(app, qtbot)
    choose(app, "Clinical measures over time…")
    window = app.course.window
    assert window is not None
    assert "Nobody is enrolled" in window.panel.text
    assert not window.copy.isEnabled()
    window.close()
    qtbot.waitUntil(lambda: app.course.window is None)
