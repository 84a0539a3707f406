"""A made library is divided, trained on and tested; what cannot be is said before the work."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError, MismatchError, OutputError, TooLittleError
from facedyn_app.library.database import DATABASE
from facedyn_app.library.library import Library
from facedyn_app.progress import Cancelled, Progress, StopEarly, ignore
from facedyn_app.recognizer.evaluation import Assessment
from facedyn_app.recognizer.files import load_recognizer
from facedyn_app.recognizer.history import TrainingState
from facedyn_app.recognizer.split import parse_test_sessions
from facedyn_app.settings import Settings, TrainSettings
from facedyn_app.workflows.evaluate import assess_recognizer
from facedyn_app.workflows.split import split_library
from facedyn_app.workflows.study import drift_ratios
from facedyn_app.workflows.train import UNFINISHED, TrainingPlan, plan_split, train_recognizer
from tests.recognizer.conftest import easy_session, small_settings
from tests.sessions import altered

LAST = parse_test_sessions("last")
PLAN = TrainingPlan(LAST, device="cpu")


pytestmark = pytest.mark.usefixtures("one_thread")


def fill(library: Library, n_speakers: int, n_sessions: int, head_id: str = "made") -> None:
    for speaker in range(n_speakers):
        for number in range(n_sessions):
            session = easy_session(speaker, number, head_id)
            library.enrol(f"made {speaker}", session, "made up for this test")


def settings(max_steps: int = 40) -> Settings:
    return small_settings(max_steps, held_out_share=0.2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 24 simulated speakers, three sessions each."""
    place = tmp_path_factory.mktemp("corpus") / "library"
    with Library.open(place) as library:
        fill(library, 24, 3)
    return place


@pytest.fixture(scope="module")
def trained(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "mine"
    with Library.open(folder) as library:
        train_recognizer(library, out, settings(), PLAN, ignore)
    return out


@pytest.fixture(scope="module")
def assessment(folder: Path, trained: Path) -> Assessment:
    with Library.open(folder) as library:
        return assess_recognizer(load_recognizer(trained), library, None, ignore)


def test_sessions_are_never_shared(folder: Path) -> None:
    with Library.open(folder) as library:
        parts = split_library(library, LAST, None, settings().train)
        again = split_library(library, LAST, None, settings().train)
    assert parts.head_id == "made"
    assert {e.name for e in parts.test} == {"session (3)"}
    assert len(parts.test) == 24
    held_out = {e.speaker for e in parts.validation}
    assert len(held_out) == 5
    assert not held_out & {e.speaker for e in parts.train}
    ids = [e.id for e in (*parts.train, *parts.validation, *parts.test)]
    assert len(ids) == len(set(ids)) == 72
    assert [e.id for e in parts.train] == [e.id for e in again.train]


def test_a_recognizer_comes_with_what_made_it(trained: Path) -> None:
    recognizer = load_recognizer(trained)
    assert recognizer.from_simulation
    assert recognizer.training["test_sessions"] == "last"
    assert recognizer.training["n_speakers"] == 19
    assert recognizer.training["n_held_out_speakers"] == 5
    assert len(recognizer.training["sessions"]) == 48
    tested = recognizer.metrics["test_sessions"]
    assert tested["n_speakers"] == tested["n_probes"] == 24
    assert tested["top1_session"] > 5 * tested["chance_uniform"]
    assert not trained.with_name(trained.name + UNFINISHED).exists()


def test_a_test_names_motion_and_not_shape(assessment: Assessment) -> None:
    found = assessment.accuracy
    assert assessment.simulated
    assert found.chance_uniform == pytest.approx(1 / 24)
    assert found.top1_window > 0.3
    # the simulated sessions differ in nothing but how they move: their mean says nothing
    assert assessment.controls["session_mean"].top1_window < 0.2
    assert assessment.controls["shuffled"].top1_window < found.top1_window
    assert set(assessment.controls) == {
        "shuffled",
        "session_mean",
        "velocities_only",
        "uncentred",
        "amplitude_only",
    }
    assert assessment.baselines["session_mean"].top1_window < 0.2
    assert assessment.baselines["descriptors_b"].top1_window > 0.3
    low, high = found.intervals["top1_window"]
    assert low <= found.top1_window <= high


def test_a_gru_of_the_same_sessions_is_trained_beside(folder: Path, trained: Path) -> None:
    with Library.open(folder) as library:
        found = assess_recognizer(load_recognizer(trained), library, None, ignore, gru_minutes=0.05)
    assert found.baselines["gru"].n_probes == 24


def test_what_has_trained_is_not_tested(folder: Path, trained: Path) -> None:
    recognizer = load_recognizer(trained)
    with (
        Library.open(folder) as library,
        pytest.raises(InputError, match="24 of the 24 sessions to be tested"),
    ):
        assess_recognizer(recognizer, library, parse_test_sessions("1"), ignore)


def test_a_stopped_training_is_gone_on_with(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"

    def stop(progress: Progress) -> None:
        if progress.stage == "training" and progress.done == 3:
            raise Cancelled

    with Library.open(folder) as library:
        with pytest.raises(Cancelled):
            train_recognizer(library, out, settings(6), PLAN, stop)
        assert not out.exists()
        with pytest.raises(InputError, match="unfinished training") as caught:
            train_recognizer(library, out, settings(6), PLAN, ignore)
        assert "--resume" in caught.value.hint
        going_on = replace(PLAN, resume=True)
        with pytest.raises(MismatchError):
            train_recognizer(library, out, settings(7), going_on, ignore)
        found = train_recognizer(library, out, settings(6), going_on, ignore)
    assert found.training["steps"] == 6
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_enough_ends_a_training_with_the_best_so_far(folder: Path, tmp_path: Path) -> None:
    looked = replace(settings(500), train=replace(settings(500).train, check_steps=4))

    def report(progress: Progress) -> None:
        if isinstance(progress.partial, TrainingState) and progress.partial.step == 10:
            raise StopEarly

    with Library.open(folder) as library:
        found = train_recognizer(library, tmp_path / "mine", looked, PLAN, report)
    curve = found.training["curve"]
    assert [look["step"] for look in curve] == [4, 8, 10]
    regret = {look["step"]: 1 - look["top1_window"] + look["eer"] for look in curve}
    assert found.training["best_step"] == min(regret, key=lambda step: (regret[step], step))
    assert found.metrics["test_sessions"]["n_probes"] == 24
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_some_sessions_can_be_taken(folder: Path, tmp_path: Path) -> None:
    with Library.open(folder) as library:
        entries = library.sessions()
        some = [entry for entry in entries if entry.speaker in ("made 1", "made 2", "made 5")]
        plan = replace(PLAN, sessions=frozenset(entry.id for entry in some[1:]))
        found = train_recognizer(library, tmp_path / "mine", settings(2), plan, ignore)
        one = replace(PLAN, sessions=frozenset(entry.id for entry in some[:3]))
        with pytest.raises(TooLittleError, match="only one speaker"):
            plan_split(entries, folder, one, settings())
    assert found.training["n_speakers"] == 3
    assert found.training["n_sessions"] == 5  # of eight, one of each speaker is for testing
    assert found.metrics["test_sessions"]["n_probes"] == 3


def none_of_anybody(library: Library) -> None:
    library.add_session(easy_session(0, 0))


def one_speaker(library: Library) -> None:
    fill(library, 1, 4)


def one_session_each(library: Library) -> None:
    fill(library, 4, 1)


def one_left_each(library: Library) -> None:
    fill(library, 4, 2)


def two_heads(library: Library) -> None:
    fill(library, 2, 3)
    library.enrol("made 0", easy_session(0, 7, "other"), "made up for this test")


def nothing_valid(library: Library) -> None:
    for speaker in range(3):
        for number in range(3):
            session = easy_session(speaker, number)
            blind = np.zeros(len(session.motion.seconds), dtype=bool)
            nan = np.full_like(session.motion.expression, np.nan)
            made = altered(session, valid=blind, expression=nan)
            library.enrol(f"made {speaker}", made, "made up for this test")


@pytest.mark.parametrize(
    ("fill_with", "kind", "sentence", "hint"),
    [
        (none_of_anybody, TooLittleError, "no session of a speaker", "Import or enrol"),
        (one_speaker, TooLittleError, "only one speaker", "two or more"),
        (one_session_each, TooLittleError, "two sessions to train on", "other days"),
        (one_left_each, TooLittleError, "beside those for testing", "--test-sessions none"),
        (two_heads, MismatchError, "heads 'made' and 'other'", "--head"),
        (nothing_valid, TooLittleError, "no session long enough", "a face is followed"),
    ],
)
def test_what_cannot_be_trained_on_is_said(
    tmp_path: Path,
    fill_with: Callable[[Library], None],
    kind: type[Exception],
    sentence: str,
    hint: str,
) -> None:
    with Library.open(tmp_path / "library") as library:
        fill_with(library)
        with pytest.raises(kind, match=sentence) as caught:
            train_recognizer(library, tmp_path / "mine", settings(2), PLAN, ignore)
    assert hint in str(caught.value)
    assert not (tmp_path / "mine").exists()


def test_one_of_two_heads_can_be_chosen(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        two_heads(library)
        parts = split_library(library, LAST, "made", TrainSettings())
        with pytest.raises(MismatchError, match="no session of head 'third', only of 'made'"):
            split_library(library, LAST, "third", TrainSettings())
    assert len(parts.train) == 4


def test_a_place_that_cannot_be_written_is_said_first(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("keep me")
    (tmp_path / "file").write_text("")
    with Library.open(folder) as library:
        for out in (tmp_path / "full", tmp_path / "file" / "mine"):
            with pytest.raises(OutputError):
                train_recognizer(library, out, settings(2), PLAN, ignore)


def test_a_library_in_use_is_said(folder: Path, tmp_path: Path) -> None:
    with Library.open(folder, wait_seconds=0.1) as library:
        other = sqlite3.connect(folder / DATABASE)
        other.execute("BEGIN EXCLUSIVE")
        try:
            with pytest.raises(InputError, match="in use by another program"):
                train_recognizer(library, tmp_path / "mine", settings(2), PLAN, ignore)
        finally:
            other.rollback()
            other.close()


def test_shape_drift_of_speakers_with_two_sessions(folder: Path) -> None:
    with Library.open(folder) as library:
        found = drift_ratios(library, ["made 0", "made 1", "nobody"], "made", ignore)
    assert set(found) == {"made 0", "made 1"}
    for plain, corrected in found.values():
        assert 0.0 <= corrected <= plain
