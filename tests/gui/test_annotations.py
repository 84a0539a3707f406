"""Annotations in the window: dragged, keyed, moved, undone, kept, said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facedyn_app.events import Event
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.event import EventDialog, KindDialog
from facedyn_app.gui.panels.facts import facts_of
from facedyn_app.gui.widgets.event_lane import EventLane
from facedyn_app.library.library import Library
from facedyn_app.library.session_file import load_session, save_session
from facedyn_app.workflows.event_kinds import EventKind, read_kinds
from facedyn_app.workflows.library import list_library
from tests.gui.conftest import FPS, choose, made_recording, made_session, wait_idle

NO_KEYS = Qt.KeyboardModifier.NoModifier
CONSENT = "Ada, in writing, 2026"
NOTE, OUT = Event("note", 0.2, 0.2, "", "yawns"), Event("exclude", 0.4, 0.8)


@pytest.fixture
def shown(
    app: AppController, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> Iterator[AppController]:
    """The window with a recording that is kept nowhere."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    app.state.add_recording(made_recording(None, identification=None))
    app.state.show_recording("visit-0412")
    qtbot.waitUntil(lambda: app.window.lane.width() > 400)
    yield app
    wait_idle(app, qtbot)


def events(app: AppController) -> tuple[Event, ...]:
    assert app.state.recording is not None
    return app.state.recording.session.events


def at(lane: EventLane, seconds: float, row: int) -> QPoint:
    """Where a second is in the lane; row 0 is the upper one."""
    place = lane.place_of(Event("exclude" if row else "note", seconds, seconds))
    return QPoint(round(place.left()), round(place.center().y()))


def drag(lane: EventLane, first: QPoint, last: QPoint) -> None:
    QTest.mousePress(lane, Qt.MouseButton.LeftButton, NO_KEYS, first)
    for step in range(1, 6):
        QTest.mouseMove(lane, first + (last - first) * step / 5)
    QTest.mouseRelease(lane, Qt.MouseButton.LeftButton, NO_KEYS, last)


def go_to(app: AppController, seconds: float) -> None:
    app.state.show_frame(round(seconds * FPS))


def test_dragging_excludes_a_range_and_says_how_much(shown: AppController) -> None:
    lane = shown.window.lane
    drag(lane, at(lane, 0.405, 1), at(lane, 0.805, 1))
    assert events(shown) == (Event("exclude", 0.4, 0.8),)
    assert lane.chosen == Event("exclude", 0.4, 0.8)
    lane.choose(None)
    assert lane.note == "1 event · 11 frames out · not kept"
    assert shown.state.recording is not None
    assert (
        dict(facts_of(shown.state.recording))["Frames"]
        == "19, 19 valid; 11 frames excluded by annotation"
    )


def test_the_words_of_a_moment_end_where_the_next_event_begins(shown: AppController) -> None:
    lane = shown.window.lane
    task = Event("task", 0.3, 0.9, "smile")
    lane.show_events((task,))
    alone = lane.grab().toImage()
    lane.show_events((Event("note", 0.28, 0.28, "", "yawns at length"), task))
    place = lane.place_of(task).toAlignedRect().adjusted(6, 2, -2, -2)
    assert lane.grab().toImage().copy(place) == alone.copy(place)


def test_an_edge_is_dragged_to_another_frame(shown: AppController) -> None:
    lane = shown.window.lane
    shown.annotations.add(OUT)
    drag(lane, at(lane, 0.8, 1), at(lane, 1.005, 1))
    assert events(shown) == (Event("exclude", 0.4, 1.0),)
    drag(lane, at(lane, 0.4, 1), at(lane, 0.605, 1))
    assert events(shown) == (Event("exclude", 0.6, 1.0),)


def test_the_first_press_of_a_key_begins_a_range_and_the_second_ends_it(
    shown: AppController,
) -> None:
    go_to(shown, 0.4)
    choose(shown, "Exclude from here, or the in-to-out stretch")
    assert events(shown) == ()
    go_to(shown, 0.8)
    choose(shown, "Exclude from here, or the in-to-out stretch")
    assert events(shown) == (OUT,)
    go_to(shown, 0.2)
    choose(shown, "Note here")
    assert events(shown) == (Event("note", 0.2, 0.2), OUT)


def test_a_key_marks_the_stretch_from_in_to_out(shown: AppController) -> None:
    for seconds, text in ((0.2, "In point here"), (0.6, "Out point here")):
        go_to(shown, seconds)
        choose(shown, text)
    choose(shown, "Task from here, or the in-to-out stretch")
    assert events(shown) == (Event("task", 0.2, 0.6),)
    assert shown.state.span.first is None


def test_changes_are_undone_and_done_again_one_by_one(shown: AppController) -> None:
    shown.annotations.add(NOTE)
    shown.annotations.add(OUT)
    choose(shown, "Delete event")
    assert events(shown) == (NOTE,)
    choose(shown, "Undo marking")
    assert events(shown) == (NOTE, OUT)
    choose(shown, "Undo marking")
    choose(shown, "Undo marking")
    choose(shown, "Undo marking")
    assert events(shown) == ()
    choose(shown, "Redo marking")
    choose(shown, "Redo marking")
    assert events(shown) == (NOTE, OUT)
    shown.annotations.add(Event("task", 1.0, 1.1, "smile"))
    choose(shown, "Redo marking")
    assert len(events(shown)) == 3


def test_keys_choose_events_and_move_their_ends(shown: AppController) -> None:
    for event in (NOTE, OUT):
        shown.annotations.add(event)
    shown.window.lane.choose(None)
    go_to(shown, 0.28)
    choose(shown, "Next event")
    assert shown.window.lane.chosen == OUT
    go_to(shown, 1.0)
    choose(shown, "Event ends here")
    assert events(shown)[1] == Event("exclude", 0.4, 1.0)
    choose(shown, "Event begins here")
    assert events(shown)[1] == Event("exclude", 1.0, 1.0)


def test_words_are_asked_for_and_wrong_times_refused(shown: AppController) -> None:
    shown.annotations.add(OUT)
    choose(shown, "Edit event…")
    dialog = shown.marking.dialog
    assert isinstance(dialog, EventDialog)
    dialog.start.setValue(1.0)
    assert "before it begins" in dialog.error
    assert not dialog.complete
    dialog.start.setValue(0.4)
    dialog.kind.setCurrentText("task")
    dialog.name.setCurrentText("smile")
    dialog.side.setCurrentIndex(1)
    dialog.text.setPlainText("as wide\nas they can")
    dialog.accept()
    assert events(shown) == (Event("task", 0.4, 0.8, "smile", "as wide\nas they can", "left"),)


def test_a_kind_of_the_users_own_has_a_key_and_is_remembered(
    shown: AppController, tmp_path: Path
) -> None:
    shown.marking.ask_kind()
    dialog = shown.marking.dialog
    assert isinstance(dialog, KindDialog)
    dialog.name.setText("exclude")
    assert not dialog.complete
    dialog.name.setText("tic")
    dialog.accept()
    go_to(shown, 0.2)
    choose(shown, "“tic” from here, or the in-to-out stretch")
    go_to(shown, 0.4)
    choose(shown, "“tic” from here, or the in-to-out stretch")
    assert events(shown) == (Event("tic", 0.2, 0.4),)
    assert read_kinds()[-1] == EventKind("tic", "1", "#009E73")


def test_work_that_began_before_does_not_take_the_events_away(shown: AppController) -> None:
    before = shown.state.recording
    assert before is not None
    shown.annotations.add(OUT)
    shown.state.add_recording(before)
    assert events(shown) == (OUT,)


@pytest.fixture
def kept(app: AppController, tmp_path: Path, qtbot: QtBot) -> AppController:
    """The window with a session of a library."""
    with Library.open(tmp_path / "library") as library:
        entry = library.enrol("Ada", made_session(), CONSENT)
    app.library.take_snapshot(list_library(tmp_path / "library"))
    app.library.open_session(entry.id)
    wait_idle(app, qtbot)
    return app


def stored(tmp_path: Path) -> tuple[Event, ...]:
    with Library.open(tmp_path / "library") as library:
        return library.load(library.sessions()[0]).events


def test_what_is_marked_in_a_session_of_the_library_is_kept_at_once(
    kept: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    kept.annotations.add(OUT)
    wait_idle(kept, qtbot)
    assert stored(tmp_path) == (OUT,)
    assert "not kept" not in kept.window.lane.note
    choose(kept, "Undo marking")
    wait_idle(kept, qtbot)
    assert stored(tmp_path) == ()


def test_a_library_that_is_gone_is_said(kept: AppController, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "library").rename(tmp_path / "elsewhere")
    said: list[str] = []
    kept.state.message_shown.connect(said.append)
    kept.annotations.add(OUT)
    wait_idle(kept, qtbot)
    kept.window.lane.choose(None)
    assert kept.window.lane.note.startswith("NOT SAVED")
    assert "not kept" in said[-1]
    assert events(kept) == (OUT,)
    (tmp_path / "elsewhere").rename(tmp_path / "library")


def test_a_recording_that_is_enrolled_keeps_what_is_marked_afterwards(
    shown: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    from facedyn_app.workflows.enrol import Enrolment

    shown.annotations.add(NOTE)
    assert shown.state.recording is not None
    shown.library.enrol(shown.state.recording, Enrolment("Ada", CONSENT))
    wait_idle(shown, qtbot)
    assert stored(tmp_path) == (NOTE,)
    shown.annotations.add(OUT)
    wait_idle(shown, qtbot)
    assert stored(tmp_path) == (NOTE, OUT)


def test_a_session_file_that_is_open_is_written(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    save_session(made_session(), tmp_path / "visit.npz")
    app.analysis.open_measured(tmp_path / "visit.npz")
    wait_idle(app, qtbot)
    app.annotations.add(OUT)
    wait_idle(app, qtbot)
    assert load_session(tmp_path / "visit.npz").events == (OUT,)


def test_events_go_out_to_a_file_and_come_back_as_one_change(
    shown: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    for event in (NOTE, OUT):
        shown.annotations.add(event)
    shown.marking.export_to(tmp_path / "e.eaf")
    wait_idle(shown, qtbot)
    choose(shown, "Delete event")
    shown.marking.import_from(tmp_path / "e.eaf")
    wait_idle(shown, qtbot)
    assert events(shown) == (NOTE, OUT)
    choose(shown, "Undo marking")
    assert events(shown) == (NOTE,)


def test_the_lane_follows_the_plots_when_they_are_zoomed(
    shown: AppController, qapp: QApplication
) -> None:
    lane = shown.window.lane
    wide = lane.place_of(OUT).width()
    shown.window.traces.range_changed.emit(0.4, 1.0)
    assert lane.place_of(OUT).width() > 1.5 * wide
