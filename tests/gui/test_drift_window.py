"""The shape drift of a speaker, from an enrolled library to what is seen of it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtCore import QDate, QPoint, QPointF, Qt
from PySide6.QtGui import QStandardItem
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QTableView
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.drift import DriftWindow
from facedyn_app.gui.dialogs.session import DateDialog
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.part_meshes import differences_mm, neutral_vertices, seen_vertices
from facedyn_app.headmodel.rendering.colour_scale import round_top
from facedyn_app.records import FloatArray, Session, SourceFile
from facedyn_app.simulate.corpus import simulate_sessions
from tests.gui.conftest import PATIENCE_MS, enrol_in_library, wait_idle
from tests.sessions import altered

N_SHAPE = 80


def visit(number: int, mean: FloatArray, *, head: str = "open-head-2", n: int = 12) -> Session:
    """A session of n chunks that wobble around a mean shape; visits are a month apart."""
    (session,) = simulate_sessions(0, 1, 4.0)
    chunks = mean + 0.1 * np.random.default_rng(number).normal(size=(n, N_SHAPE))
    return altered(
        session,
        shape=mean,
        shape_chunks=chunks,
        shape_chunk_seconds=np.arange(n) + 0.5,
        head_id=head,
        source=SourceFile(f"visit-{number}.mp4", None),
        recorded_at=datetime(2024, number, 15, 12, tzinfo=UTC),
    )


def moved(component: int, by: float) -> FloatArray:
    mean = np.zeros(N_SHAPE)
    mean[component] = by
    return mean


def press_drift(app: AppController, qtbot: QtBot) -> DriftWindow:
    with qtbot.waitActive(app.window):
        app.window.activateWindow()
    QTest.keyClick(app.window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    return shown(app, qtbot)


def shown(app: AppController, qtbot: QtBot) -> DriftWindow:
    qtbot.waitUntil(lambda: app.drift.window is not None)
    qtbot.waitUntil(lambda: not app.drift.queue.jobs, timeout=PATIENCE_MS)
    window = app.drift.window
    assert window is not None
    return window


def cells(table: QTableView) -> list[list[str]]:
    model = table.model()
    rows, columns = range(model.rowCount()), range(model.columnCount())
    return [[str(model.index(row, column).data()) for column in columns] for row in rows]


def choose_from_menu(app: AppController, item: QStandardItem, text: str) -> None:
    """A right click on a row of the library, and a choice from what is offered."""
    tree = app.window.library.tree
    tree.scrollTo(item.index())
    tree.customContextMenuRequested.emit(tree.visualRect(item.index()).center())
    menu = next(m for m in QApplication.topLevelWidgets() if isinstance(m, QMenu) and m.isVisible())
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.close()


@pytest.fixture
def three_visits(app: AppController, qtbot: QtBot) -> DriftWindow:
    """Three visits, added in another order than they were made in; the last one moved."""
    enrol_in_library(
        app,
        qtbot,
        "P-014",
        visit(3, moved(4, 3.0)),
        visit(1, moved(4, 0.0)),
        visit(2, moved(4, 0.5)),
    )
    return press_drift(app, qtbot)


def test_sessions_stand_by_date_with_ratio_and_interval(three_visits: DriftWindow) -> None:
    window = three_visits
    assert window.panel.status.kind == "done"
    assert "<b>drifts</b>" in window.verdict.text()
    rows = cells(window.sessions)
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert [row[1] for row in rows] == [f"visit-{k} (simulated)" for k in (1, 2, 3)]
    assert [row[2] for row in rows] == ["2024-01-15", "2024-02-15", "2024-03-15"]
    detail = window.detail
    assert detail is not None
    for row, session in zip(rows, detail.report.sessions, strict=True):
        assert session.dnr is not None
        assert session.dnr_interval is not None
        low, high = session.dnr_interval
        assert row[3:5] == [f"{session.dnr:.2f}", f"{low:.2f} to {high:.2f}"]
        assert low < session.dnr < high


def test_the_matrix_tells_which_visits_differ_and_a_click_compares_them(
    three_visits: DriftWindow,
) -> None:
    window = three_visits
    assert window.matrix.pair == (0, 2)  # the farthest apart
    middle = window.matrix.cell(0, 1).center()
    text = window.matrix.text_at(middle)
    assert text.startswith("Sessions 1 (visit-1) and 2 (visit-2): 0.")
    assert "standard deviations apart" in text
    assert window.matrix.text_at(QPointF(2, 2)) == ""
    QTest.mouseClick(window.matrix, Qt.MouseButton.LeftButton, pos=middle.toPoint())
    assert window.matrix.pair == (0, 1)
    assert window.faces.pair == (0, 1)
    own = window.matrix.cell(1, 1).center().toPoint()
    QTest.mouseClick(window.matrix, Qt.MouseButton.LeftButton, pos=own)
    assert window.matrix.pair == (0, 1)


def test_the_component_that_moved_stands_first(three_visits: DriftWindow) -> None:
    first = cells(three_visits.components)[0]
    assert first[0] == "5"  # counted from 1
    assert float(first[1]) == pytest.approx((0.5 + 2.5 + 3.0) / 3, abs=0.15)
    assert float(first[3]) > 10
    assert float(first[4]) > 0.95


def test_the_faces_differ_by_as_many_mm_as_they_do(three_visits: DriftWindow) -> None:
    window = three_visits
    assert window.faces.pair == (0, 2)
    detail = window.detail
    assert detail is not None
    head = load_head("open-head-2")
    one, other = (neutral_vertices(head, detail.moves.means[k]) for k in (0, 2))
    seen = seen_vertices(head)
    apart = differences_mm(one, other, seen)[seen]
    assert f"{np.sqrt(np.mean(apart**2)):.2f} mm root mean square" in window.faces.text
    assert f"at most {apart.max():.2f} mm" in window.faces.text
    assert window.faces.scale_bar.text[2] == f"{round_top(apart.max()):g} mm"


def test_a_session_is_not_compared_with_itself(three_visits: DriftWindow, qtbot: QtBot) -> None:
    choice = three_visits.faces.choices[1]
    choice.setFocus()
    QTest.keyClick(choice, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: three_visits.faces.pair == (1, 0))
    assert three_visits.matrix.pair == (1, 0)


def test_one_session_gets_words_and_its_face(app: AppController, qtbot: QtBot) -> None:
    enrol_in_library(app, qtbot, "P-007", visit(1, moved(0, 1.0)))
    window = press_drift(app, qtbot)
    assert "unknown" in window.verdict.text()
    assert "Needs two sessions" in window.verdict.text()
    assert cells(window.sessions)[0][3:5] == ["-", "-"]
    assert not window.matrix.isVisible()
    assert not window.components.isVisible()
    assert window.faces.choices[0].isVisible()
    assert not window.faces.choices[1].isVisible()
    assert "at rest" in window.faces.text


def test_sessions_of_different_heads_are_named(app: AppController, qtbot: QtBot) -> None:
    enrol_in_library(
        app, qtbot, "P-003", visit(1, moved(0, 1.0)), visit(2, moved(0, 1.0), head="other-head")
    )
    window = press_drift(app, qtbot)
    assert window.panel.status.kind == "error"
    assert "'open-head-2' (visit-1) and 'other-head' (visit-2)" in window.panel.text


def test_a_head_that_is_not_at_hand_leaves_the_numbers(app: AppController, qtbot: QtBot) -> None:
    visits = (visit(k, moved(0, float(k)), head="gone-head") for k in (1, 2))
    enrol_in_library(app, qtbot, "P-005", *visits)
    window = press_drift(app, qtbot)
    assert len(cells(window.sessions)) == 2
    assert cells(window.components)[0][0] == "1"
    assert cells(window.components)[0][2] == "-"
    assert "The faces are not drawn" in window.faces.text
    assert "gone-head" in window.faces.text


def test_an_empty_library_says_what_to_do(app: AppController, qtbot: QtBot) -> None:
    wait_idle(app, qtbot)
    window = press_drift(app, qtbot)
    assert "Nobody is enrolled" in window.panel.text
    assert not window.speaker.isEnabled()
    enrol_in_library(app, qtbot, "P-001", visit(1, moved(0, 1.0)), visit(2, moved(0, 2.0)))
    qtbot.waitUntil(lambda: window.panel.status.kind == "done", timeout=PATIENCE_MS)
    assert len(cells(window.sessions)) == 2


def test_a_date_set_in_the_library_moves_the_session(
    three_visits: DriftWindow, app: AppController, qtbot: QtBot
) -> None:
    def visits() -> list[QStandardItem]:
        speaker = app.window.library.model.item(0).child(0)
        assert app.window.library.tree.isExpanded(speaker.index())
        return [speaker.child(row) for row in range(speaker.rowCount())]

    app.window.library.tree.expandAll()
    assert visits()[0].text().startswith("2024-01-15 · visit-1")
    choose_from_menu(app, visits()[0], "Date of recording…")
    (dialog,) = app.window.library.findChildren(DateDialog)
    assert dialog.date.date() == QDate(2024, 1, 15)
    dialog.date.setDate(QDate(2024, 2, 20))
    dialog.accept()
    wait_idle(app, qtbot)
    names = [visit.text()[:20] for visit in visits()]
    assert names == ["2024-02-15 · visit-2", "2024-02-20 · visit-1", "2024-03-15 · visit-3"]
    qtbot.waitUntil(lambda: not app.drift.queue.jobs, timeout=PATIENCE_MS)
    assert [row[2] for row in cells(three_visits.sessions)] == [
        "2024-02-15",
        "2024-02-20",
        "2024-03-15",
    ]
    choose_from_menu(app, visits()[2], "Date of recording…")
    dialog = app.window.library.findChildren(DateDialog)[-1]
    dialog.known.click()
    assert not dialog.date.isEnabled()
    dialog.accept()
    wait_idle(app, qtbot)
    assert visits()[2].text().startswith("(added ")


def test_it_opens_on_the_speaker_of_the_librarys_menu(app: AppController, qtbot: QtBot) -> None:
    for name in ("P-001", "P-002"):
        enrol_in_library(app, qtbot, name, visit(1, moved(0, 1.0)), visit(2, moved(0, 2.0)))
    choose_from_menu(app, app.window.library.model.item(0).child(1), "Shape drift over sessions…")
    window = shown(app, qtbot)
    assert window.speaker.currentData() == "P-002"
    assert "P-002" in window.verdict.text()
    QTest.keyClick(window.speaker, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: "P-001" in window.verdict.text(), timeout=PATIENCE_MS)


def test_closing_it_and_opening_it_again(
    three_visits: DriftWindow, app: AppController, qtbot: QtBot
) -> None:
    QTest.keyClick(three_visits, Qt.Key.Key_Escape)
    assert app.drift.window is None
    again = press_drift(app, qtbot)
    assert again is not three_visits
    assert len(cells(again.sessions)) == 3
    app.window.close()
    assert app.drift.window is None


def test_closing_the_main_window_while_it_measures(app: AppController, qtbot: QtBot) -> None:
    enrol_in_library(app, qtbot, "P-001", visit(1, moved(0, 1.0)), visit(2, moved(0, 2.0)))
    app.window.drift_requested.emit("P-001")
    app.window.close()
    assert app.drift.window is None
    assert app.drift.queue.jobs == ()


@pytest.mark.parametrize(
    ("value", "top"),
    [(0.0, 1.0), (0.73, 0.8), (1.0, 1.0), (6.5, 8.0), (12.0, 15.0), (0.012, 0.015)],
)
def test_scales_end_at_a_round_number(value: float, top: float) -> None:
    assert round_top(value) == pytest.approx(top)


def test_a_click_beside_the_matrix_changes_nothing(three_visits: DriftWindow) -> None:
    QTest.mouseClick(three_visits.matrix, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert three_visits.matrix.pair == (0, 2)
