"""Clinical measures in the window: measured, told or greyed, followed, exported."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from facedyn_app.assets import asset_folder
from facedyn_app.bench.clinical_script import Script, ScriptedBlink, act, session_of_truth
from facedyn_app.dynamics.clinical.how_fitted import ALONE
from facedyn_app.dynamics.clinical.scale import ADULT_IPD_MM
from facedyn_app.dynamics.clinical.sheets import sheets_of
from facedyn_app.events import Event
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.clinical import ClinicalWindow
from facedyn_app.gui.theme import colours_of
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.session_file import load_session, save_session
from facedyn_app.records import Session
from facedyn_app.reports.clinical_words import SIDED_HEADS
from facedyn_app.settings import ONE_PICTURE, LandmarkSettings
from facedyn_app.video import read_frames, write_video
from tests.gui.conftest import PATIENCE_MS, choose, made_recording, wait_idle

DEMO = asset_folder("resources") / "demo" / "S-01_session1.mp4"
FPS = 30.0
BLINKS = (0.5, 1.4, 8.4, 9.2)
SCRIPT = Script(
    tuple(ScriptedBlink(onset, left=0.6) for onset in BLINKS),
    ("smile", "brow_raise"),
    palsy=1.0,
    seconds=10.0,
)


@pytest.fixture(scope="module")
def session(head: HeadModel) -> Session:
    """A face whose left side moves neither mouth nor brow, and whose left eye closes by 60 %."""
    motion = act(SCRIPT, head.expression_names, FPS, np.random.default_rng(0))
    found = session_of_truth(motion, np.zeros(head.n_shape), head.head_id)
    return replace(found, events=SCRIPT.events)


@pytest.fixture
def shown(app: AppController, session: Session, qtbot: QtBot) -> Iterator[ClinicalWindow]:
    """The window of that face's measures."""
    recording = made_recording(
        None, session=session, landmarks=None, info=None, identification=None
    )
    app.state.add_recording(recording)
    app.state.show_recording("visit-0412")
    choose(app, "Clinical measures…")
    window = app.clinical.window
    assert window is not None
    measured(app, qtbot)
    yield window
    wait_idle(app, qtbot)


def measured(app: AppController, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not app.clinical.queue.jobs, timeout=PATIENCE_MS)


def measured_film(
    app: AppController, landmarks: LandmarkSettings, folder: Path, qtbot: QtBot
) -> ClinicalWindow:
    """The window of a short film's measures, its landmarks made as said."""
    film = folder / "short.mp4"
    write_video(film, (one.image for one in islice(read_frames(DEMO), 75)), 30.0)
    app.state.set_settings(replace(app.state.settings, landmarks=landmarks))
    app.analysis.open_video(film)
    wait_idle(app, qtbot)
    choose(app, "Clinical measures…")
    measured(app, qtbot)
    assert app.clinical.window is not None
    return app.clinical.window


def cells(table: QTableView) -> list[list[str]]:
    model = table.model()
    rows, columns = range(model.rowCount()), range(model.columnCount())
    return [[str(model.index(row, column).data()) for column in columns] for row in rows]


def row_of(table: QTableView, title: str) -> int:
    return [row[0] for row in cells(table)].index(title)


def first(cell: str) -> float:
    """The number of "3.5 (3.4 to 3.8)"."""
    return float(cell.split(" ")[0])


def test_a_side_that_does_not_move_is_told_with_unit_interval_and_floor(
    shown: ClinicalWindow,
) -> None:
    row = cells(shown.tasks)[row_of(shown.tasks, "Smile: oral commissure excursion")]
    _, of, left, right, difference, floor, ratio, to, _, unit = row
    assert (of, unit) == ("peak", "mm")
    assert abs(first(left)) < 1.0 < 5.0 < first(right)
    assert first(difference) == pytest.approx(first(left) - first(right), abs=1.0)
    assert " to " in difference
    assert abs(first(difference)) > float(floor)
    assert first(ratio) < 0.2
    slow, fast = (float(one) for one in to.split(" / "))
    assert slow < 5.0 < fast
    assert "(simulated)" in shown.headline.text()
    assert "no grade" in shown.note.text()


def test_what_cannot_be_told_is_grey_and_no_number(shown: ClinicalWindow) -> None:
    row = row_of(shown.sides, "Inner canthus to commissure")
    texts = cells(shown.sides)[row]
    assert texts[4] == "no difference that can be told"
    assert texts[6] == "no ratio"
    model, role = shown.sides.model(), Qt.ItemDataRole.ForegroundRole
    muted = QColor(colours_of(shown.sides).muted)
    assert [model.index(row, column).data(role) for column in (2, 4, 6)] == [None, muted, muted]


def test_blinks_are_listed_marked_and_partial_on_the_side_that_is(shown: ClinicalWindow) -> None:
    rows = cells(shown.blinks)
    assert all(row[3].endswith(" / 100") for row in rows)
    left, right = (float(one) for one in rows[0][4].split(" / "))
    assert 1.0 < left < right < 15.0
    open_ratio, shut_ratio = (float(one) for one in rows[0][5].split(" / "))
    assert open_ratio > shut_ratio
    assert [float(row[1]) for row in rows] == pytest.approx([one + 0.1 for one in BLINKS], abs=0.05)
    assert {row[2] for row in rows} == {"blink, partial on the left"}
    complete, other = shown.lids.marked()
    assert complete == []
    assert len(other) == len(BLINKS)
    assert "4 in 10 s: 24.0 a minute" in shown.blink_facts.text()


def test_the_lids_are_shown_in_mm_and_as_ratio_too(shown: ClinicalWindow) -> None:
    tops = []
    for choice in range(3):
        shown.lids.unit.setCurrentIndex(choice)
        tops.append(shown.lids.top)
    closure, fissure, ratio = tops
    assert closure == pytest.approx(1.25)
    assert 6.0 < fissure < 20.0
    assert 0.2 < ratio < 1.0


def test_tables_are_copied_with_their_heads(shown: ClinicalWindow) -> None:
    shown.copy.click()
    lines = QGuiApplication.clipboard().text().split("\n")
    assert lines[0].split("\t") == [*SIDED_HEADS]
    assert len(lines) == shown.sides.rows.rowCount() + shown.middle.rows.rowCount() + 3
    shown.tabs.setCurrentIndex(2)
    shown.blinks.selectRow(1)
    shown.blinks.setFocus()
    QTest.keySequence(shown.blinks, QKeySequence(QKeySequence.StandardKey.Copy))
    _, row = QGuiApplication.clipboard().text().split("\n")
    assert row.split("\t")[0] == "2"


def test_a_click_on_a_row_leads_to_its_frame(shown: ClinicalWindow, app: AppController) -> None:
    shown.tabs.setCurrentIndex(2)
    place = shown.blinks.visualRect(shown.blinks.model().index(2, 2)).center()
    QTest.mouseClick(shown.blinks.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert app.state.wanted / FPS == pytest.approx(8.5, abs=0.1)
    shown.tabs.setCurrentIndex(1)
    row = row_of(shown.tasks, "Smile: oral commissure excursion")
    place = shown.tasks.visualRect(shown.tasks.model().index(row, 2)).center()
    QTest.mouseClick(shown.tasks.viewport(), Qt.MouseButton.LeftButton, pos=place)
    smile = SCRIPT.events[1]
    assert smile.start < app.state.wanted / FPS < smile.end


def test_millimetres_follow_the_distance_entered(
    shown: ClinicalWindow, app: AppController, qtbot: QtBot
) -> None:
    before = first(cells(shown.sides)[4][2])  # the fissure's height at rest
    assert "adult mean" in shown.note.text()
    shown.ipd.setValue(50.0)
    shown.ipd.editingFinished.emit()
    measured(app, qtbot)
    assert first(cells(shown.sides)[4][2]) == pytest.approx(before * 50.0 / ADULT_IPD_MM, abs=0.1)
    assert "entered, 50 mm" in shown.note.text()


def test_another_mark_measures_again_and_a_task_too_short_says_why(
    shown: ClinicalWindow, app: AppController, qtbot: QtBot
) -> None:
    app.annotations.add(Event("task", 9.0, 9.05, "pucker"))
    measured(app, qtbot)
    row = cells(shown.tasks)[row_of(shown.tasks, "Pucker")]
    assert row[2].startswith("not measured: the face was seen for 0.")
    app.annotations.undo()
    measured(app, qtbot)
    assert "Pucker" not in [one[0] for one in cells(shown.tasks)]


def test_another_programs_measurement_says_why_there_are_no_millimetres(
    shown: ClinicalWindow, app: AppController, session: Session, qtbot: QtBot
) -> None:
    info = replace(session.info, other_program="Elsewhere")
    other = replace(session, info=info, events=())
    app.state.add_recording(made_recording(None, key="b", session=other, landmarks=None, info=None))
    app.state.show_recording("b")
    measured(app, qtbot)
    texts = {row[2] for row in cells(shown.sides)}
    assert texts == {
        "not measured: another program's measurement has no head, and so no millimetres"
    }
    assert len(cells(shown.blinks)) == len(BLINKS)
    shown.tabs.setCurrentIndex(1)
    assert shown.no_tasks.isVisible()


def test_the_table_is_written_with_its_code_book(
    shown: ClinicalWindow, app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    shown.kind.setCurrentIndex(2)
    app.clinical.write_table(tmp_path / "blinks.csv")
    measured(app, qtbot)
    with (tmp_path / "blinks.csv").open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    assert [row["blink_complete"] for row in rows] == ["0"] * len(BLINKS)
    assert (tmp_path / "blinks_codebook.csv").exists()
    assert "blinks_codebook.csv" in shown.said.text()
    app.clinical.write_table(tmp_path / "gone" / "t.xlsx")
    measured(app, qtbot)
    assert "cannot be written" in shown.said.text()


def test_the_mirror_image_is_fitted_on_request_and_can_be_stopped(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    window = measured_film(app, LandmarkSettings(mirrored_mean=False), tmp_path, qtbot)
    assert "its mean over other recordings" in window.note.text()
    window.mirror.click()
    assert window.work.isVisible()
    assert not window.mirror.isEnabled()
    window.work.cancel_requested.emit()
    wait_idle(app, qtbot)
    measured(app, qtbot)
    assert "stopped" in window.said.text()
    assert not window.work.isVisible()
    window.mirror.click()
    wait_idle(app, qtbot)
    measured(app, qtbot)
    assert "that of this recording, by its mirror image" in window.note.text()
    assert not window.mirror.isEnabled()
    assert len(app.state.recordings) == 1


def test_the_skin_is_followed_on_request_and_it_is_said_what_a_recording_is_fitted_to(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    window = measured_film(app, ONE_PICTURE, tmp_path, qtbot)
    assert ALONE in window.note.text()
    before = app.state.recording
    window.skin.click()
    wait_idle(app, qtbot)
    measured(app, qtbot)
    after = app.state.recording
    assert before is not None
    assert after is not None
    assert (before.session.optical_flow, after.session.optical_flow) == (False, True)
    moved = np.abs(after.session.motion.expression - before.session.motion.expression)
    assert 0.001 < np.nanmean(moved) < 0.1
    assert ALONE not in window.note.text()
    assert not window.skin.isEnabled()
    assert app.state.settings.landmarks == ONE_PICTURE
    assert len(app.state.recordings) == 1


def test_a_sheet_that_is_filled_in_is_kept_with_the_session(
    app: AppController, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "visit.npz"
    save_session(session, path)
    app.analysis.open_measured(path)
    wait_idle(app, qtbot)
    choose(app, "Clinical measures…")
    window = app.clinical.window
    assert window is not None
    measured(app, qtbot)
    shown = window.measured
    assert "13 of 13" in window.sheets.sum_text("sunnybrook")
    window.sheets.choice("sunnybrook", "movement_snarl").setCurrentIndex(3)
    window.sheets.choice("house_brackmann", "grade").setCurrentIndex(2)
    measured(app, qtbot)
    assert window.measured is shown  # nothing was measured anew
    assert "kept with the session" in window.said.text()
    assert "12 of 13" in window.sheets.sum_text("sunnybrook")
    window.tabs.setCurrentIndex(3)
    window.copy.click()
    assert "Snarl: movement\t3: initiates" in QGuiApplication.clipboard().text()
    kept = {"sunnybrook": {"movement_snarl": 2}, "house_brackmann": {"grade": 1}}
    assert sheets_of(load_session(path)) == kept
    app.annotations.add(Event("note", 1.0, 1.0))
    wait_idle(app, qtbot)
    measured(app, qtbot)
    assert sheets_of(load_session(path)) == kept
    assert (
        window.sheets.choice("house_brackmann", "grade").currentText() == "2: II, mild dysfunction"
    )
    assert "no grade" in window.note.text()
    field = window.sheets.choice("house_brackmann", "grade")
    at, none = QPointF(5.0, 5.0), Qt.MouseButton.NoButton
    down = QWheelEvent(
        at, at, QPoint(), QPoint(0, -120), none, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QGuiApplication.sendEvent(field, down)
    assert field.currentText() == "2: II, mild dysfunction"


def test_nothing_to_show_is_said_and_nothing_can_be_exported(
    app: AppController, qtbot: QtBot
) -> None:
    choose(app, "Clinical measures…")
    window = app.clinical.window
    assert window is not None
    assert "Open a video" in window.panel.text
    assert not window.export.isEnabled()
    assert not window.mirror.isEnabled()
    window.close()
    qtbot.waitUntil(lambda: app.clinical.window is None)
