"""The identity of recordings in the acts: asked about, enrolled and imported once more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.library.importers import Layout
from facedyn_app.library.library import Library
from facedyn_app.library.names import NearNameError
from facedyn_app.library.session_file import save_session
from facedyn_app.library.takes import KnownRecordingError, OthersRecordingError
from facedyn_app.progress import ignore
from facedyn_app.records import SameSpeaker, Session, SourceFile
from facedyn_app.workflows.enrol import Enrolment, enrol_recordings, enrol_session
from facedyn_app.workflows.identify import identify_recordings
from facedyn_app.workflows.import_ import import_folder
from facedyn_app.workflows.options import FitOptions, ImportStatement
from facedyn_app.workflows.verify import verify_recording
from tests.sessions import altered
from tests.workflows.conftest import CONSENT, SPEAKERS, simulated

OPTIONS = FitOptions(None)


def recoded(session: Session, sha256: str = "ee" * 32) -> Session:
    """Every second frame of a recording, measured with other errors: a copy in another file."""
    rng = np.random.default_rng(4)
    motion = session.motion
    sd = np.nanstd(motion.expression, axis=0)
    noisy = motion.expression + 0.2 * sd * rng.normal(size=motion.expression.shape)
    kept = altered(session, expression=noisy.astype(np.float32))
    halved = {
        name: getattr(kept.motion, name)[::2]
        for name in ("seconds", "valid", "expression", "jaw", "rotation", "translation")
    }
    if kept.motion.gaze is not None:
        halved["gaze"] = kept.motion.gaze[::2]
    per_frame = ("error_px", "face_px", "invalid_reason", "confidence", "sharpness", "brightness")
    rows = {
        name: getattr(kept, name)[::2]
        for name in (*per_frame, "repeated")
        if getattr(kept, name) is not None
    }
    return replace(
        kept,
        motion=replace(kept.motion, **halved),
        info=replace(kept.info, source=SourceFile("copy.mp4", sha256)),
        **rows,
    )


def saved(session: Session, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_session(session, path)
    return path


@pytest.fixture
def kept(folder: Path) -> Session:
    """The first session of the first speaker, as the library has it."""
    with Library.open(folder) as library:
        return library.load(library.sessions(SPEAKERS[0])[0])


def test_an_enrolled_recording_is_named_and_left_out(
    folder: Path, kept: Session, tmp_path: Path
) -> None:
    path = saved(kept, tmp_path / "again.npz")
    found = identify_recordings([path], folder, None, OPTIONS, None, ignore)
    (_, answer) = found.answers[0]
    (known,) = answer.recordings
    assert known.speaker == SPEAKERS[0]
    assert known.correlation == pytest.approx(1.0)  # a simulated session is of no file
    assert answer.shown_name == SPEAKERS[0]
    assert answer.words().startswith("Enrolled already")
    assert "speakers are compared by their other sessions" in answer.recording_words
    own = next(match for match in answer.matches if match.name == SPEAKERS[0])
    assert own.score < 0.99  # compared with their other session, not with itself


def test_who_has_no_other_session_is_not_ranked(
    folder: Path, kept: Session, tmp_path: Path
) -> None:
    with Library.open(folder) as library:
        library.delete_session(library.sessions(SPEAKERS[0])[1])
    path = saved(recoded(kept), tmp_path / "copy.npz")
    (_, answer) = identify_recordings([path], folder, None, OPTIONS, None, ignore).answers[0]
    assert {match.name for match in answer.matches} == set(SPEAKERS[1:])
    assert "same take" in answer.recording_words
    assert f"'{SPEAKERS[0]}' has no other session" in answer.recording_words
    _, verified = verify_recording(SPEAKERS[0], path, folder, None, OPTIONS, ignore)
    assert (verified.answer, verified.match) == (SameSpeaker.OPEN, None)
    assert "no other session to compare with" in verified.reason


def test_nobody_is_left_to_compare_with(tmp_path: Path) -> None:
    session = simulated(0, 1)[0]
    with Library.open(tmp_path / "l") as library:
        library.enrol("Ann", session, CONSENT)
    path = saved(recoded(session), tmp_path / "copy.npz")
    table = tmp_path / "scores.csv"
    found = identify_recordings([path], tmp_path / "l", None, OPTIONS, table, ignore)
    (_, answer) = found.answers[0]
    assert (len(answer.matches), answer.known, answer.name) == (0, False, "")
    assert answer.shown_name == "Ann"
    assert len(table.read_text().splitlines()) == 1


def test_a_new_recording_is_compared_as_ever(folder: Path, tmp_path: Path) -> None:
    path = saved(simulated(0, 3)[2], tmp_path / "new.npz")
    (_, answer) = identify_recordings([path], folder, None, OPTIONS, None, ignore).answers[0]
    assert answer.recordings == ()
    assert answer.recording_words == ""
    assert len(answer.matches) == len(SPEAKERS)


def test_a_copy_does_not_count_as_a_second_session(
    folder: Path, kept: Session, tmp_path: Path
) -> None:
    copy = saved(recoded(kept), tmp_path / "copy.npz")
    new = saved(simulated(0, 3)[2], tmp_path / "new.npz")
    found = enrol_recordings(Enrolment(SPEAKERS[0], ""), [copy, new], folder, OPTIONS, ignore)
    assert [path for path, _ in found.copies] == [copy]
    assert len(found.sessions) == 1
    with pytest.raises(KnownRecordingError, match="does not count as a second session"):
        enrol_recordings(Enrolment(SPEAKERS[0], ""), [copy], folder, OPTIONS, ignore)
    with pytest.raises(OthersRecordingError, match=f"not enrolled for '{SPEAKERS[1]}' as well"):
        enrol_recordings(Enrolment(SPEAKERS[1], ""), [copy], folder, OPTIONS, ignore)
    again = enrol_recordings(
        Enrolment(SPEAKERS[0], "", again=True), [copy], folder, OPTIONS, ignore
    )
    assert len(again.sessions) == 1


def test_the_window_asks_about_names_and_recordings(folder: Path, kept: Session) -> None:
    new, near = simulated(1, 3)[2], f" {SPEAKERS[0].upper()} "
    with pytest.raises(NearNameError, match="is nearly the name"):
        enrol_session(new, Enrolment(near, CONSENT), folder)
    with pytest.raises(OthersRecordingError):
        enrol_session(recoded(kept), Enrolment(SPEAKERS[1], None), folder)
    enrol_session(recoded(kept), Enrolment(SPEAKERS[1], None, again=True), folder)
    snapshot = enrol_session(new, Enrolment(near, CONSENT, near=True), folder)
    assert len(snapshot.snapshot.speakers) == len(SPEAKERS) + 1


def imported(
    place: Path, folder: Path, *, near: bool = False, again: bool = False
) -> tuple[int, list[str], list[str]]:
    statement = ImportStatement(CONSENT, near=near, again=again)
    found = import_folder(place, folder, Layout.AUTO, statement, FitOptions("open-head-2"), ignore)
    return (
        found.n_added,
        [Path(path).name for path, _ in found.copies],
        sorted(Path(path).name for path, _ in found.left_out),
    )


def test_an_import_passes_copies_over_and_asks_about_names(tmp_path: Path) -> None:
    corpus, folder = tmp_path / "corpus", tmp_path / "l"
    (first, second), (other,) = simulated(0, 2), simulated(1, 1)
    saved(first, corpus / "Ann" / "a.npz")
    saved(recoded(first), corpus / "Ann" / "b.npz")
    saved(second, corpus / "Ann" / "c.npz")
    saved(other, corpus / "anN" / "d.npz")
    saved(first, corpus / "Bo" / "a.npz")
    assert imported(corpus, folder) == (2, ["b.npz"], ["a.npz", "anN"])
    assert imported(corpus, folder) == (0, ["b.npz"], ["a.npz", "anN"])
    assert imported(corpus, folder, near=True, again=True) == (3, [], [])


def test_nothing_but_what_is_another_ones_is_no_import(tmp_path: Path) -> None:
    session = simulated(0, 1)[0]
    saved(session, tmp_path / "first" / "Ann" / "a.npz")
    saved(session, tmp_path / "second" / "Bo" / "a.npz")
    assert imported(tmp_path / "first", tmp_path / "l") == (1, [], [])
    with pytest.raises(InputError, match="can be used"):
        imported(tmp_path / "second", tmp_path / "l")
