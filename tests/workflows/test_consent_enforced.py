"""Consent where it counts: who is compared with, and who is trained and tested on."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedyn_app.errors import ConsentError
from facedyn_app.library.library import Library
from facedyn_app.library.people import change_consent
from facedyn_app.progress import ignore
from facedyn_app.recognizer.files import default_recognizer
from facedyn_app.recognizer.split import TestSessions as Tested
from facedyn_app.records import LeftOut, Purpose
from facedyn_app.settings import Settings, TrainSettings
from facedyn_app.workflows.comparison import read_enrolled
from facedyn_app.workflows.evaluate import split_of
from facedyn_app.workflows.identify import identify
from facedyn_app.workflows.split import split_library
from facedyn_app.workflows.train import TrainingPlan, read_material, train_on_library
from facedyn_app.workflows.verify import verify
from tests.workflows.conftest import SPEAKERS, simulated

ZERO, ONE, TWO = SPEAKERS


def withdraw(folder: Path, purpose: Purpose, *names: str) -> None:
    with Library.open(folder, create=False) as library:
        for name in names:
            change_consent(library, name, {one: None for one in Purpose if one is not purpose})


def test_who_has_withdrawn_is_matched_with_nothing(folder: Path) -> None:
    probe, recognizer = simulated(1, 3)[2], default_recognizer()
    own = simulated(1, 1)[0]  # of the very recording that the library has of them
    with Library.open(folder, create=False) as library:
        before = identify(probe, read_enrolled(library, recognizer, Settings()))
    withdraw(folder, Purpose.RECOGNITION, ONE)
    with Library.open(folder, create=False) as library:
        enrolled = read_enrolled(library, recognizer, Settings())
        after, of_own = identify(probe, enrolled), identify(own, enrolled)
        with pytest.raises(ConsentError, match="consent to recognition withdrawn"):
            verify(ONE, probe, enrolled)
        other = verify(ZERO, probe, enrolled)
    assert {match.name for match in before.matches} == set(SPEAKERS)
    assert before.left_out.words == ""
    for answer in (after, of_own):
        assert {match.name for match in answer.matches} == {ZERO, TWO}
        assert answer.left_out == LeftOut(Purpose.RECOGNITION, n_withdrawn=1)
        assert answer.recordings == ()
    assert other.left_out.words == "1 speaker is left out: consent to recognition withdrawn (1)."


def test_where_nobody_may_be_recognised_that_is_said(folder: Path) -> None:
    withdraw(folder, Purpose.RECOGNITION, *SPEAKERS)
    with (
        Library.open(folder, create=False) as library,
        pytest.raises(ConsentError, match=r"3 speakers are left out: .* withdrawn \(3\)"),
    ):
        read_enrolled(library, default_recognizer(), Settings())


def test_training_takes_only_who_agreed(folder: Path) -> None:
    withdraw(folder, Purpose.TRAINING, TWO)
    material = read_material(folder)
    assert {entry.speaker for entry in material.sessions} == {ZERO, ONE}
    assert material.left_out == LeftOut(Purpose.TRAINING, n_withdrawn=1)
    with Library.open(folder, create=False) as library:
        assert set(library.gallery(material.sessions[0].head_id)) == set(SPEAKERS)
        for division in (
            split_library(library, Tested(last=True), None, TrainSettings()),
            split_of(default_recognizer(), library, None),
        ):
            used = (*division.train, *division.validation, *division.test)
            assert {entry.speaker for entry in used} == {ZERO, ONE}


def test_without_anybodys_consent_nothing_is_trained(folder: Path, tmp_path: Path) -> None:
    withdraw(folder, Purpose.TRAINING, *SPEAKERS)
    plan = TrainingPlan(Tested(last=True), device="cpu")
    with pytest.raises(ConsentError, match="may be trained or tested on"):
        train_on_library(folder, tmp_path / "out", Settings(), plan, ignore)
    assert not (tmp_path / "out").exists()
    assert read_material(folder).sessions == ()
