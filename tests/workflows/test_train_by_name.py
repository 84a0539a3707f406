"""Training among a library's own recognizers: what there is, which name, an early end."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from facedyn_app.library.library import Library
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.recognizer.history import TrainingState
from facedyn_app.recognizer.split import parse_test_sessions
from facedyn_app.workflows.recognizers import recognizers_of
from facedyn_app.workflows.train import Material, TrainingPlan, read_material, train_by_name
from tests.recognizer.conftest import easy_session, small_settings

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "library"
    with Library.open(place) as library:
        for speaker in range(6):
            for number in range(3):
                session = easy_session(speaker, number, "made")
                library.enrol(f"made {speaker}", session, "made up for this test")
        library.add_session(easy_session(7, 0, "made"))
    return place


def test_a_training_is_stopped_gone_on_with_and_ended_early(folder: Path) -> None:
    material = read_material(folder)
    assert len(material.sessions) == 18
    assert material.free_name() == "recognizer"
    settings = small_settings(40, held_out_share=0.2)
    last = parse_test_sessions("last")

    def stop_at_ten(progress: Progress) -> None:
        if isinstance(progress.partial, TrainingState) and progress.partial.step >= 10:
            raise Cancelled

    plan = TrainingPlan(last, device="cpu")
    with pytest.raises(Cancelled):
        train_by_name("mine", folder, settings, plan, Event(), stop_at_ten)
    stopped = read_material(folder)
    assert stopped.unfinished == {"mine"}
    assert not stopped.taken
    assert stopped.free_name() == "mine"

    enough, steps = Event(), []

    def enough_at_once(progress: Progress) -> None:
        if isinstance(progress.partial, TrainingState):
            steps.append(progress.partial.step)
            enough.set()

    again = TrainingPlan(last, device="cpu", resume=True)
    train_by_name("mine", folder, settings, again, enough, enough_at_once)
    assert len(steps) < 30
    done = read_material(folder)
    assert done.taken == {"mine"}
    assert not done.unfinished
    assert [(one.name, one.fault) for one in recognizers_of(folder)][1] == ("mine", "")


def test_names_for_a_new_recognizer(tmp_path: Path) -> None:
    nothing = read_material(tmp_path / "none")
    assert nothing.sessions == ()
    material = Material(tmp_path, taken=frozenset({"recognizer", "recognizer 2", "mine"}))
    assert material.free_name() == "recognizer 3"
    assert material.name_error("yours") == ""
    assert material.name_error("") == "Give the recognizer a name."
    assert "already" in material.name_error("mine")
    for bad in (".hidden", "-x", "a/b", "a\\b", "a:b", "mine.training", "mine.", "mine ", "a\nb"):
        assert "begins with a letter or a digit" in material.name_error(bad)
