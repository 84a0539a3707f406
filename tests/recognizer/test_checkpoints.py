"""A training that is stopped goes on as if it had not been; what is damaged is said."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors
from safetensors import torch as safe_torch

from facedyn_app.errors import InputError, MismatchError
from facedyn_app.progress import Cancelled, OnProgress, Progress, ignore
from facedyn_app.recognizer.checkpoint import FILE, CheckpointDir
from facedyn_app.recognizer.history import TrainingState
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.track_files import INDEX, ROWS
from facedyn_app.recognizer.training import train
from facedyn_app.recognizer.trials import LabelledSession
from facedyn_app.settings import Settings
from tests.recognizer.conftest import held_out_trials, labelled, small_settings


def plan() -> Settings:
    settings = small_settings(12, check_steps=5, margin_weight=0.5)
    return replace(settings, network=replace(settings.network, dropout=0.2))


def stop_at(step: int) -> OnProgress:
    def report(progress: Progress) -> None:
        if isinstance(progress.partial, TrainingState) and progress.partial.step == step:
            raise Cancelled

    return report


def run(
    work: CheckpointDir | None, on_progress: OnProgress = ignore, settings: Settings | None = None
) -> Recognizer:
    sessions = labelled(range(8), range(2))
    return train(
        sessions,
        held_out_trials(),
        settings or plan(),
        checkpoint_dir=work,
        on_progress=on_progress,
    )


def curve(recognizer: Recognizer) -> list[dict[str, object]]:
    validations = recognizer.training["curve"]
    return [{k: v for k, v in look.items() if k != "minutes"} for look in validations]


@pytest.mark.parametrize("step", [3, 5, 11])
def test_a_stopped_training_goes_on_to_the_same_curve(tmp_path: Path, step: int) -> None:
    whole = run(None)
    work = CheckpointDir(tmp_path / "work", "these")
    with pytest.raises(Cancelled):
        run(work, stop_at(step))
    assert work.begun
    again = run(work)
    assert [look["step"] for look in curve(whole)] == [5, 10, 12]
    assert curve(again) == curve(whole)
    assert again.training["best_step"] == whole.training["best_step"]
    for name, value in whole.network.state_dict().items():
        np.testing.assert_array_equal(again.network.state_dict()[name], value, err_msg=name)


def test_the_motion_is_read_once(tmp_path: Path) -> None:
    work = CheckpointDir(tmp_path, "these")
    with pytest.raises(Cancelled):
        run(work, stop_at(5))

    def none() -> list[LabelledSession]:
        raise AssertionError("the sessions are read again")
        return []

    sessions = (item for make in [none] for item in make())
    assert (
        train(sessions, held_out_trials(), plan(), checkpoint_dir=work).training["n_sessions"] == 16
    )


def test_another_training_is_not_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        run(CheckpointDir(tmp_path, "these"), stop_at(5))
    with pytest.raises(MismatchError, match="other sessions or settings"):
        run(CheckpointDir(tmp_path, "those"))


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def no_tensors(path: Path) -> None:
    path.write_bytes(b"\x80\x04pickle")


def rewrite(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    with safetensors.safe_open(path, framework="pt") as file:
        state = json.loads(file.metadata()["state"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(state)
    safe_torch.save_file(tensors, path, metadata={"state": json.dumps(state)})


def newer(path: Path) -> None:
    rewrite(path, lambda state: state.update(version=2))


def without_order(path: Path) -> None:
    rewrite(path, lambda state: state.pop("order"))


def strange_course(path: Path) -> None:
    rewrite(path, lambda state: state.update(course={"looks": [], "what": 1}))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut_off, "not whole"),
        (no_tensors, "not whole"),
        (newer, "version 2"),
        (without_order, "do not fit"),
        (strange_course, "do not fit"),
    ],
)
def test_a_damaged_checkpoint_is_said(
    tmp_path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    work = CheckpointDir(tmp_path, "these")
    with pytest.raises(Cancelled):
        run(work, stop_at(5))
    damage(tmp_path / FILE)
    with pytest.raises(InputError, match=reason) as caught:
        run(work)
    assert str(tmp_path) in caught.value.sentence
    assert "train again" in caught.value.hint


@pytest.mark.parametrize("name", [ROWS, INDEX])
def test_damaged_motion_is_said(tmp_path: Path, name: str) -> None:
    work = CheckpointDir(tmp_path, "these")
    with pytest.raises(Cancelled):
        run(work, stop_at(5))
    cut_off(tmp_path / name)
    with pytest.raises(InputError, match="prepared motion"):
        run(work)


def test_training_stops_by_itself_when_nothing_gets_better() -> None:
    settings = small_settings(400, check_steps=2, patience=2)
    found = run(None, settings=replace(settings, train=replace(settings.train, learning_rate=0.0)))
    # at a step size of 0 only the statistics' running means still settle
    steps = [look["step"] for look in curve(found)]
    assert steps[-1] == found.training["best_step"] + 4 < 40


def test_the_minutes_end_a_training() -> None:
    settings = small_settings(100_000, check_steps=10, budget_minutes=0.03, patience=10_000)
    found = run(None, settings=settings)
    assert found.training["planned_steps"] == found.training["steps"] < 100_000
    assert found.training["minutes"] < 0.3
