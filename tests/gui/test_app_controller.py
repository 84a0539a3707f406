"""Real work started from the window: it is shown, fails in words, stops, and is kept."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.workflows.enrol import Enrolment
from tests.gui.conftest import (
    N_FRAMES,
    PATIENCE_MS,
    enrol_drifting,
    made_recording,
    wait_idle,
)


def test_a_file_that_is_no_video_is_an_error_in_words(
    app: AppController, tmp_path: Path, moving_video: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("not a video")
    app.window.videos_chosen.emit([path])
    wait_idle(app, qtbot)
    assert app.window.video.status.kind == "error"
    assert "notes.mp4" in app.window.video.text
    assert "notes.mp4" in app.window.status_line.text
    assert app.window.who.status.kind == "empty"
    app.window.video.retry()
    assert [job.title for job in app.queue.jobs] == ["Fit face: notes.mp4"]
    wait_idle(app, qtbot)
    assert app.window.video.status.kind == "error"


def test_a_video_without_a_face_is_an_error_in_words(
    app: AppController, moving_video: Path, qtbot: QtBot
) -> None:
    app.window.videos_chosen.emit([moving_video])
    assert app.window.status_line.cancellable
    wait_idle(app, qtbot)
    assert app.window.video.status.kind == "error"
    assert "face" in app.window.video.text
    assert app.state.timeline is None


def test_a_real_video_is_shown_as_it_is_fitted_and_can_be_enrolled(
    app: AppController, shared: Path, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: app.state.head is not None, timeout=PATIENCE_MS)
    lengths: list[int] = []
    app.state.timeline_changed.connect(lambda t: lengths.append(t.n_frames if t else 0))
    video = shared / "data" / "videos" / "jefapato_1s_1080p.mp4"
    app.window.videos_chosen.emit([video])
    wait_idle(app, qtbot)
    recording = app.state.recording
    assert recording is not None
    assert recording.video == video
    growing = lengths[1:-1]
    assert growing, "nothing was shown while the video was analysed"
    assert growing == sorted(growing)
    qtbot.waitUntil(lambda: app.window.video.view.points is not None)
    assert app.window.who.text.startswith("Nobody is enrolled yet")
    assert "Measurement" in app.window.trust.verdict
    app.library.enrol(recording, Enrolment("Anna", "given by Anna on 2024-05-06 for a test"))
    wait_idle(app, qtbot)
    assert [speaker.name for speaker in app.library.snapshot.speakers] == ["Anna"]
    assert app.window.library.model.item(0).child(0).text() == "Anna · 1 session"


def test_cancel_brings_the_first_words_back(app: AppController, shared: Path, qtbot: QtBot) -> None:
    app.window.videos_chosen.emit([shared / "data" / "videos" / "pyfeat_20s.mp4"])
    qtbot.waitUntil(lambda: app.state.timeline is not None, timeout=PATIENCE_MS)
    app.window.status_line.cancel_requested.emit()
    wait_idle(app, qtbot)
    assert "stopped" in app.window.status_line.text
    assert app.window.video.text.startswith("Drop a video here")
    assert app.window.who.text.startswith("Who is it?")
    assert app.state.recordings == ()


def test_closing_stops_the_work(app: AppController, shared: Path, qtbot: QtBot) -> None:
    app.window.videos_chosen.emit([shared / "data" / "videos" / "pyfeat_20s.mp4"])
    qtbot.waitUntil(lambda: app.state.timeline is not None, timeout=PATIENCE_MS)
    app.window.close()
    assert app.queue.jobs == ()


def test_kept_sessions_are_listed_opened_and_their_drift_is_shown(
    app: AppController, qtbot: QtBot
) -> None:
    enrol_drifting(app, qtbot)
    speakers = app.window.library.model.item(0)
    assert speakers.child(0).text() == "P-014 (simulated) · 2 sessions"
    app.window.library.speaker_picked.emit("P-014")
    wait_idle(app, qtbot)
    assert "<b>drifts</b>" in app.window.trust.drift_text
    app.window.library.session_picked.emit(app.library.snapshot.speakers[0].sessions[1].key)
    wait_idle(app, qtbot)
    recording = app.state.recording
    assert recording is not None
    assert recording.session.simulated
    who = app.window.who
    assert who.text.startswith("This recording has not been compared yet.")
    app.window.identify_requested.emit()
    wait_idle(app, qtbot)
    assert who.status.kind == "error"
    refused = who.text
    assert "tiny-head" in refused
    app.window.library.session_picked.emit(app.library.snapshot.speakers[0].sessions[0].key)
    wait_idle(app, qtbot)
    assert who.text.startswith("This recording has not been compared yet.")
    app.state.show_recording(recording.key)
    assert (who.text, who.status.kind) == (refused, "error")  # why, also after another was shown
    assert f"of {N_FRAMES}" in app.window.player.time_text
    assert "not its video" in app.window.video.text


def test_enrolling_without_consent_says_why_not(app: AppController, qtbot: QtBot) -> None:
    wait_idle(app, qtbot)
    app.library.enrol(made_recording(None), Enrolment("Berta", None))
    wait_idle(app, qtbot)
    assert "consent" in app.window.status_line.text.lower()
    assert app.library.snapshot.speakers == ()
