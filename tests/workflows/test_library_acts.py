"""What is done with a library: listed, enrolled into, dated, opened, asked, measured."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import ConsentError, InputError, TooLittleError
from facedyn_app.library.database import DATABASE
from facedyn_app.progress import Progress, ignore
from facedyn_app.records import DriftReport
from facedyn_app.settings import Settings
from facedyn_app.workflows.drift import measure_speakers, speaker_drift
from facedyn_app.workflows.drift_detail import detail_drift
from facedyn_app.workflows.enrol import Enrolment, enrol_session
from facedyn_app.workflows.identify import identify_opened, identify_ticked
from facedyn_app.workflows.library import (
    date_listed_session,
    list_library,
    list_sessions,
    open_session,
)
from facedyn_app.workflows.recognizers import (
    bring_in_recognizer,
    usable_recognizers,
    use_recognizer,
)
from facedyn_app.workflows.records import Recording
from tests.workflows.conftest import CONSENT, SPEAKERS, simulated


def opened(speaker: int, seconds: float = 12.0) -> Recording:
    """The session after those that are enrolled."""
    session = simulated(speaker, 3, seconds)[-1]
    name = f"visit {speaker}, {seconds:g} s"
    return Recording(name, name, session, assess_quality(session, Settings().trust))


def test_a_library_that_is_not_there_holds_nobody(tmp_path: Path) -> None:
    assert list_library(tmp_path / "none").speakers == ()
    assert not (tmp_path / "none").exists()


def test_a_library_is_listed_with_everybody_and_their_sessions(folder: Path) -> None:
    snapshot = list_library(folder)
    assert snapshot.folder == folder
    assert [speaker.name for speaker in snapshot.speakers] == list(SPEAKERS)
    assert snapshot.simulated_speakers == set(SPEAKERS)
    for speaker in snapshot.speakers:
        assert speaker.consent == CONSENT
        assert [session.seconds for session in speaker.sessions] == pytest.approx([12, 12], abs=0.1)
        assert all(session.simulated and session.day is None for session in speaker.sessions)


def test_a_session_is_enrolled_by_consent_only(folder: Path) -> None:
    session = simulated(3, 1)[0]
    with pytest.raises(ConsentError):
        enrol_session(session, Enrolment("new", None), folder)
    snapshot = enrol_session(session, Enrolment("new", CONSENT), folder).snapshot
    assert snapshot == list_library(folder)
    assert [len(one.sessions) for one in snapshot.speakers if one.name == "new"] == [1]
    # who has given consent needs no other
    again = enrol_session(simulated(3, 2)[1], Enrolment("new", None), folder).snapshot
    assert [len(one.sessions) for one in again.speakers if one.name == "new"] == [2]


def test_a_session_is_dated_by_its_key(folder: Path) -> None:
    key = list_library(folder).speakers[1].sessions[0].key
    day = date(2024, 5, 17)
    sessions = date_listed_session(key, day, folder).speakers[1].sessions
    assert {one.key: one.day for one in sessions}[key] == day
    assert [one.date_words for one in list_sessions(folder, SPEAKERS[1]) if one.id == key] == [
        one.date_text for one in sessions if one.key == key
    ]
    assert date_listed_session(key, None, folder) == list_library(folder)
    with pytest.raises(InputError, match="no longer in the library"):
        date_listed_session(999, day, folder)


def test_a_session_of_the_library_is_opened(folder: Path) -> None:
    listed = list_library(folder).speakers[2].sessions[1]
    recording = open_session(listed.key, folder, Settings())
    assert recording.key == f"{folder}#{listed.key}"
    assert recording.label == f"{SPEAKERS[2]}, {listed.name} (simulated)"
    kept = simulated(2, 2)[1]
    assert np.array_equal(recording.session.motion.seconds, kept.motion.seconds)
    assert recording.quality.verdict == assess_quality(kept, Settings().trust).verdict


def test_an_open_recording_is_identified_with_the_drift_of_the_likeliest(folder: Path) -> None:
    seen: list[Progress] = []
    asked = opened(1)
    found = identify_opened(asked, folder, Settings(), seen.append)
    assert found.identification is not None
    assert {match.name for match in found.identification.matches} == set(SPEAKERS)
    assert found.identification.matches[0].name == SPEAKERS[1]
    assert [one.speaker for one in found.drift] == [
        match.name for match in found.identification.matches
    ]
    assert found.simulated_speakers == set(SPEAKERS)
    assert (found.key, found.session) == (asked.key, asked.session)
    assert "measuring the drift" in {progress.stage for progress in seen}


def test_of_several_those_too_short_are_named_and_left_out(folder: Path) -> None:
    seen: list[Progress] = []
    asked = [opened(0), opened(1, 1.0), opened(2)]
    found = identify_ticked(asked, folder, Settings(), seen.append)
    assert [recording.key for recording in found.recordings] == [asked[0].key, asked[2].key]
    ((title, error),) = found.left_out
    assert title == "visit 1, 1 s"
    assert isinstance(error, TooLittleError)
    assert [answer.matches[0].name for _, answer in found.answers] == [SPEAKERS[0], SPEAKERS[2]]
    assert [(p.done, p.total) for p in seen[-3:]] == [(0, 3), (1, 3), (2, 3)]
    with pytest.raises(TooLittleError):
        identify_opened(opened(1, 1.0), folder, Settings(), ignore)


def test_the_drift_of_one_is_that_of_all_and_of_the_detail(folder: Path) -> None:
    alone = speaker_drift(SPEAKERS[0], folder)
    (among_all, *_others) = measure_speakers(folder, None, ignore)
    detail = detail_drift(SPEAKERS[0], folder, ignore)
    assert isinstance(alone, DriftReport)
    assert isinstance(among_all.report, DriftReport)
    assert alone.dnr == among_all.report.dnr == detail.report.dnr
    assert among_all.simulated
    assert [entry.name for entry in detail.entries] == list(detail.moves.names)
    faces = detail.faces
    assert faces is not None
    assert len(faces.vertices) == 2
    assert faces.differences_mm(0, 0)[faces.seen].max() < 1e-9
    apart = faces.differences_mm(0, 1)[faces.seen]
    moved_m = (faces.vertices[0] - faces.vertices[1])[faces.seen]
    # laid upon each other they are nearer: of all moves and turns the least sum of squares
    assert 0 < (apart**2).sum() <= 1e6 * (moved_m**2).sum()
    assert len(faces.paint) == faces.mesh.matrix.shape[0]
    assert np.isfinite(faces.moved_mm).all()


def test_the_built_in_recognizer_alone_where_no_library_can_be_read(tmp_path: Path) -> None:
    entries, error = usable_recognizers(tmp_path / "none")
    assert [(one.name, one.active, one.fault) for one in entries] == [("", True, "")]
    assert error is None
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / DATABASE).write_bytes(b"no database" * 100)
    entries, error = usable_recognizers(tmp_path / "bad")
    assert [one.name for one in entries] == [""]
    assert isinstance(error, InputError)


def test_a_recognizer_is_brought_in_and_used(folder: Path, tmp_path: Path) -> None:
    from facedyn_app.recognizer.files import default_recognizer, save_recognizer

    elsewhere = tmp_path / "elsewhere"
    save_recognizer(default_recognizer(), elsewhere)
    new = tmp_path / "new"
    with pytest.raises(InputError):
        bring_in_recognizer(new, elsewhere)
    assert bring_in_recognizer(new, elsewhere, True)[0] == "elsewhere"
    name, entries = bring_in_recognizer(folder, elsewhere)
    assert name == "elsewhere"
    assert [(one.name, one.active) for one in entries] == [("", True), ("elsewhere", False)]
    assert [one.active for one in use_recognizer(folder, "elsewhere")] == [False, True]
    assert [one.active for one in use_recognizer(folder, None)] == [True, False]
    assert usable_recognizers(folder) == (use_recognizer(folder, None), None)
