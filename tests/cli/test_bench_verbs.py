from __future__ import annotations

import json
from pathlib import Path

import pytest

from facedyn_app.bench.cases import QUICK_CASES
from tests.cli.conftest import Run


def test_bench_tells_its_verbs(run: Run) -> None:
    help_text = run("bench", "--help").output
    for verb in ("accuracy", "fit", "landmarks"):
        assert verb in help_text


def test_a_work_folder_is_needed(run: Run) -> None:
    assert run("bench", "accuracy").exit_code == 2


def test_a_file_cannot_be_the_work_folder(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "taken"
    place.write_text("x", encoding="utf-8")
    result = run("bench", "accuracy", "--work", place)
    assert result.exit_code == 3
    assert str(place) in result.stderr


def test_a_head_that_is_not_there(run: Run, tmp_path: Path) -> None:
    result = run("bench", "accuracy", "--work", tmp_path, "--head", "no-such-head", "--json")
    assert result.exit_code == 3
    assert "no-such-head" in json.loads(result.stdout)["error"]["sentence"]


@pytest.mark.slow
def test_accuracy_as_json_and_as_a_table(run: Run, tmp_path: Path) -> None:
    facts = json.loads(run("bench", "accuracy", "--work", tmp_path, "--quick", "--json").stdout)
    (head,) = facts["heads"]
    assert [one["case"] for one in head["cases"]] == [case.name for case in QUICK_CASES]
    assert facts["settings"]["landmark_noise"] > 0
    options = ("--work", tmp_path, "--quick", "--keep-landmarks")
    table = run("bench", "accuracy", *options).stdout
    assert "head open-head-2" in table
    assert "expression changes by" in table


def test_a_live_video_must_be_there(run: Run, tmp_path: Path) -> None:
    result = run("bench", "live", "--work", tmp_path, "--video", tmp_path / "gone.mp4")
    assert result.exit_code == 3
    assert "gone.mp4" in result.stderr


def test_the_windows_gaps_are_told(run: Run) -> None:
    answer = run("bench", "window", "--seconds", "7", "--json")
    assert answer.exit_code == 0, answer.stderr
    facts = json.loads(answer.stdout)
    assert facts["aim_ms"] == 50
    (one,) = facts["mixtures"]
    assert one["gap_ms"]["worst"] == 80.0
    assert one["gap_ms"]["median"] == 7.5
    assert one["own_ms"]["worst"] == 40.0
    assert one["waited_percent"] == 80.0
    assert (one["n_shown"], one["n_fitted"], one["n_steps"]) == (3, 40, 7)
    assert "scrubbing" in run("bench", "window").stdout
    assert run("bench", "window", "--seconds", "0").exit_code == 2


@pytest.mark.parametrize("minutes", ["0", "-1,2", "long", ""])
def test_lengths_are_numbers_above_nothing(run: Run, minutes: str) -> None:
    result = run("bench", "memory", f"--minutes={minutes}")
    assert result.exit_code == 2
    assert "Invalid value" in result.stderr


def test_the_memory_of_a_short_recording_is_told(run: Run) -> None:
    result = run("bench", "memory", "--minutes", "0.05", "--json")
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    (one,) = facts["recordings"]
    assert one["n_frames"] == 90
    assert facts["before_mib"] <= one["collected_mib"] <= one["fitted_mib"]
