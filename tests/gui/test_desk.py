"""Real work started from the window: it is shown, fails in words, stops, and is kept."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from facedyn_app.gui.desk import Desk
from facedyn_app.gui.listing import Enrolment
from facedyn_app.library.library import Library
from tests.gui.conftest import (
    N_FRAMES,
    PATIENCE_MS,
    drifting_session,
    made_recording,
    wait_idle,
)


def test_a_file_that_is_no_video_is_an_error_in_words(
    desk: Desk, tmp_path: Path, moving_video: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("not a video")
    desk.window.videos_chosen.emit([path])
    wait_idle(desk, qtbot)
    assert desk.window.video.status.kind == "error"
    assert "notes.mp4" in desk.window.video.words
    assert "notes.mp4" in desk.window.status_line.words
    assert desk.window.who.status.kind == "empty"
    desk.window.video.retry_requested.emit()
    assert [job.title for job in desk.flows.queue.jobs] == ["Fit face: notes.mp4"]
    wait_idle(desk, qtbot)
    assert desk.window.video.status.kind == "error"


def test_a_video_without_a_face_is_an_error_in_words(
    desk: Desk, moving_video: Path, qtbot: QtBot
) -> None:
    desk.window.videos_chosen.emit([moving_video])
    assert desk.window.status_line.cancellable
    wait_idle(desk, qtbot)
    assert desk.window.video.status.kind == "error"
    assert "face" in desk.window.video.words
    assert desk.state.timeline is None


def test_a_real_video_is_shown_as_it_is_fitted_and_can_be_enrolled(
    desk: Desk, shared: Path, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: desk.state.head is not None, timeout=PATIENCE_MS)
    lengths: list[int] = []
    desk.state.timeline_changed.connect(lambda t: lengths.append(t.n_frames if t else 0))
    video = shared / "data" / "videos" / "jefapato_1s_1080p.mp4"
    desk.window.videos_chosen.emit([video])
    wait_idle(desk, qtbot)
    recording = desk.state.recording
    assert recording is not None
    assert recording.video == video
    growing = lengths[1:-1]
    assert growing, "nothing was shown while the video was analysed"
    assert growing == sorted(growing)
    qtbot.waitUntil(lambda: desk.window.video.view.points is not None)
    assert desk.window.who.words.startswith("Nobody is enrolled yet")
    assert "Measurement" in desk.window.trust.verdict
    desk.library.enrol(recording, Enrolment("Anna", "given by Anna on 2024-05-06 for a test"))
    wait_idle(desk, qtbot)
    assert [speaker.name for speaker in desk.library.listing.speakers] == ["Anna"]
    assert desk.window.library.model.item(0).child(0).text() == "Anna · 1 session"


def test_cancel_brings_the_first_words_back(desk: Desk, shared: Path, qtbot: QtBot) -> None:
    desk.window.videos_chosen.emit([shared / "data" / "videos" / "pyfeat_20s.mp4"])
    qtbot.waitUntil(lambda: desk.state.timeline is not None, timeout=PATIENCE_MS)
    desk.window.status_line.cancel_requested.emit()
    wait_idle(desk, qtbot)
    assert "stopped" in desk.window.status_line.words
    assert desk.window.video.words.startswith("Drop a video here")
    assert desk.window.who.words.startswith("Who is it?")
    assert desk.state.recordings == ()


def test_closing_stops_the_work(desk: Desk, shared: Path, qtbot: QtBot) -> None:
    desk.window.videos_chosen.emit([shared / "data" / "videos" / "pyfeat_20s.mp4"])
    qtbot.waitUntil(lambda: desk.state.timeline is not None, timeout=PATIENCE_MS)
    desk.window.close()
    assert desk.flows.queue.jobs == ()


def test_kept_sessions_are_listed_opened_and_their_drift_is_shown(desk: Desk, qtbot: QtBot) -> None:
    wait_idle(desk, qtbot)
    folder = desk.library.listing.folder
    with Library.open(folder) as library:
        for offset in (0.0, 3.0):
            library.enrol("P-014", drifting_session(offset), "a made speaker")
    desk.library.open_library(folder)
    wait_idle(desk, qtbot)
    speakers = desk.window.library.model.item(0)
    assert speakers.child(0).text() == "P-014 (simulated) · 2 sessions"
    desk.window.library.speaker_picked.emit("P-014")
    wait_idle(desk, qtbot)
    assert "<b>drifts</b>" in desk.window.trust.drift_words
    desk.window.library.session_picked.emit(desk.library.listing.speakers[0].sessions[1].key)
    wait_idle(desk, qtbot)
    recording = desk.state.recording
    assert recording is not None
    assert recording.session.simulated
    assert f"of {N_FRAMES}" in desk.window.player.time_text
    assert "not its video" in desk.window.video.words


def test_enrolling_without_consent_says_why_not(desk: Desk, qtbot: QtBot) -> None:
    wait_idle(desk, qtbot)
    desk.library.enrol(made_recording(None), Enrolment("Berta", None))
    wait_idle(desk, qtbot)
    assert "consent" in desk.window.status_line.words.lower()
    assert desk.library.listing.speakers == ()
