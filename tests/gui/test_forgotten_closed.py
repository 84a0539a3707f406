"""What is of forgotten people leaves the screen and the window's memory, whoever forgot them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.files import sha256_of
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.session import EnrolDialog
from facedyn_app.library.library import Library
from facedyn_app.library.takes import OthersRecordingError
from facedyn_app.records import KnownRecording, SourceFile
from facedyn_app.workflows.records import Recording
from tests.gui.conftest import (
    drifting_session,
    made_drift,
    made_identification,
    made_recording,
    wait_idle,
)
from tests.sessions import altered

CONSENT = "given by the simulated speaker"


def visit(name: str) -> Recording:
    """An open recording of the file that was enrolled for somebody."""
    recording = made_recording(None, key=f"/videos/{name}.mp4", title=f"{name}.mp4")
    source = SourceFile(f"{name}.mp4", name.encode().hex().ljust(64, "0"))
    session = altered(recording.session, source=source)
    return made_recording(None, key=recording.key, title=recording.title, session=session)


@pytest.fixture
def people(app: AppController, qtbot: QtBot) -> AppController:
    """The window on a library of Ann and Bo, of whom each has a recording open."""
    wait_idle(app, qtbot)
    folder = app.library.snapshot.folder
    with Library.open(folder) as library:
        for number, name in enumerate(("Ann", "Bo")):
            source = visit(name).session.info.source
            session = altered(drifting_session(float(number)), source=source)
            library.enrol(name, session, CONSENT)
    app.library.open_library(folder)
    wait_idle(app, qtbot)
    for name in ("Ann", "Bo"):
        app.state.add_recording(visit(name))
    return app


def forget(app: AppController, qtbot: QtBot, name: str) -> None:
    """Another program forgets somebody, and the window looks at the library."""
    folder = app.library.snapshot.folder
    with Library.open(folder) as library:
        library.forget(name)
    app.library.open_library(folder)
    wait_idle(app, qtbot)


def test_the_shown_recording_of_a_forgotten_person_is_closed(
    people: AppController, qtbot: QtBot
) -> None:
    people.state.show_recording("/videos/Ann.mp4")
    assert "Ann" in people.window.windowTitle()
    forget(people, qtbot, "Ann")
    assert people.state.recording is None
    assert people.state.timeline is None
    assert [one.title for one in people.state.recordings] == ["Bo.mp4"]
    assert people.window.windowTitle() == "facedyn"
    assert people.window.video.view.image is None
    assert people.window.facts.model.rowCount() == 0
    assert people.window.who.model.rowCount() == 0
    assert people.window.who.answer == ""


def test_a_session_opened_from_the_library_is_closed(people: AppController, qtbot: QtBot) -> None:
    key = people.library.snapshot.speakers[0].sessions[0].key
    people.library.open_session(key)
    wait_idle(people, qtbot)
    shown = people.state.recording
    assert shown is not None
    assert shown.title.startswith("Ann")
    forget(people, qtbot, "Ann")
    assert people.state.recording is None
    assert shown.key not in {one.key for one in people.state.recordings}


def test_answers_that_name_them_are_dropped(people: AppController, qtbot: QtBot) -> None:
    named = made_identification()
    best = named.matches[0].name
    folder = people.library.snapshot.folder
    with Library.open(folder) as library:
        library.enrol(best, altered(drifting_session(3.0), source=None), CONSENT)
    people.library.open_library(folder)
    wait_idle(people, qtbot)
    answered = made_recording(
        None, key="k", title="k.mp4", identification=named, drift=(made_drift(best),)
    )
    people.state.add_recording(answered)
    people.state.show_recording("/videos/Bo.mp4")
    forget(people, qtbot, best)
    (left,) = [one for one in people.state.recordings if one.key == "k"]
    assert left.identification is None
    assert left.drift == ()
    assert people.state.recording is not None  # Bo's stays


def test_an_answer_that_comes_late_opens_nothing(people: AppController, qtbot: QtBot) -> None:
    asked = people.state.find_recording("/videos/Ann.mp4")
    assert asked is not None
    people.identification.ask(asked)  # its work has not begun when the recording is closed
    people.state.close_recordings([asked.key])
    wait_idle(people, qtbot)
    assert people.state.find_recording(asked.key) is None


def test_the_enrol_dialog_asks_about_a_near_name(qtbot: QtBot) -> None:
    dialog = EnrolDialog({"Anna": CONSENT}, "visit.mp4")
    qtbot.addWidget(dialog)
    dialog.giver.setText("Anna")
    dialog.scope.setText("a test")
    dialog.name.setCurrentText("anna")
    assert "nearly the name of “Anna”" in dialog.notes[0]
    assert not dialog.complete
    dialog.another.setChecked(True)
    assert dialog.complete
    assert dialog.enrolment().near
    dialog.name.setCurrentText("Anna")
    assert dialog.another.isHidden()
    assert dialog.complete


def test_the_enrol_dialog_asks_about_a_known_recording(qtbot: QtBot) -> None:
    dialog = EnrolDialog({"Anna": CONSENT}, "visit.mp4")
    qtbot.addWidget(dialog)
    dialog.name.setCurrentText("Anna")
    assert dialog.again.isHidden()
    dialog.show_failure(OthersRecordingError(KnownRecording(1, "x", "Bo").words, "Say '--again'."))
    assert "session 'x' of 'Bo'" in dialog.failure
    assert "--again" not in dialog.failure
    assert not dialog.again.isHidden()
    assert not dialog.enrolment().again
    dialog.again.setChecked(True)
    assert dialog.enrolment().again
    dialog.name.setCurrentText("Anna B")  # another question
    assert dialog.again.isHidden()
    assert not dialog.enrolment().again


def test_a_session_is_shown_with_its_video_where_that_was_found(
    app: AppController, qtbot: QtBot, tmp_path: Path, moving_video: Path
) -> None:
    wait_idle(app, qtbot)
    folder = app.library.snapshot.folder
    source = SourceFile("moved.mp4", sha256_of(moving_video))
    with Library.open(folder) as library:
        library.enrol("Ann", altered(drifting_session(0.0), source=source), CONSENT)
    app.library.open_library(folder)
    wait_idle(app, qtbot)
    key = app.library.snapshot.speakers[0].sessions[0].key
    app.library.open_session(key)
    wait_idle(app, qtbot)
    assert app.state.recording is not None
    assert app.state.recording.video is None
    app.library.find_videos(moving_video.parent)
    wait_idle(app, qtbot)
    assert app.state.recording is not None
    assert app.state.recording.video == moving_video


def test_a_video_of_a_kept_session_is_not_fitted_again(
    app: AppController, qtbot: QtBot, moving_video: Path
) -> None:
    wait_idle(app, qtbot)
    folder = app.library.snapshot.folder
    source = SourceFile("before.mp4", sha256_of(moving_video))
    session = altered(drifting_session(0.0), source=source, head_id=DEFAULT_HEAD)
    with Library.open(folder) as library:
        library.enrol("Ann", session, CONSENT)
    app.library.open_library(folder)
    wait_idle(app, qtbot)
    titles: list[str] = []
    app.queue.job_started.connect(lambda job: titles.append(job.title))
    app.analysis.open_paths([moving_video])
    wait_idle(app, qtbot)
    shown = app.state.find_recording(str(moving_video))
    assert shown is not None
    assert shown.kept == "session 'before' of 'Ann'"
    assert "Session > Fit face again" in shown.kept_words
    assert shown.followed is None  # nothing was fitted; it holds no face that could be
    facts = app.window.facts.model
    rows = [facts.index(row, 1).data() for row in range(facts.rowCount())]
    assert f"{shown.kept}, not fitted anew" in rows
    app.analysis.refit()
    wait_idle(app, qtbot)
    assert "No face was found" in app.window.video.text
