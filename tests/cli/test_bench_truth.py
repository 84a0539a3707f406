"""`facedyn bench truth`: its table, its JSON, and the sentences for files that do not do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def performance(shared: Path) -> tuple[Path, Path]:
    """The video of a recorded performance, and the table of its truth."""
    folder = shared / "data" / "truth"
    if not folder.is_dir():
        pytest.skip("the recorded performance is absent from ../shared")
    return folder / "facecap_own640.mp4", folder / "facecap_truth.csv"


def test_a_performance_as_json_and_as_a_table(run: Run, performance: tuple[Path, Path]) -> None:
    answer = run("bench", "truth", *performance, "--json")
    assert answer.exit_code == 0, answer.stderr
    facts = json.loads(answer.stdout)
    assert facts["moving"]["n"] == 42
    assert facts["n_slopes"] == 21
    assert {one["name"] for one in facts["channels"]} >= {"jawOpen", "eyeBlinkLeft"}
    assert len(facts["lengths"]) == 10
    table = run("bench", "truth", *performance).stdout
    assert "median of 42" in table
    assert "left eye aperture" in table
    assert "worst ratio" in table


def test_a_video_that_is_not_there(run: Run, tmp_path: Path) -> None:
    answer = run("bench", "truth", tmp_path / "gone.mp4", tmp_path / "truth.csv")
    assert answer.exit_code == 3
    assert "gone.mp4" in answer.stderr


def test_a_table_with_other_names(run: Run, tmp_path: Path, moving_video: Path) -> None:
    table = tmp_path / "truth.csv"
    table.write_text("time,blink\n" + "0,1\n" * 20, encoding="utf-8")
    answer = run("bench", "truth", moving_video, table, "--json")
    assert answer.exit_code == 3
    sentence = json.loads(answer.stdout)["error"]["sentence"]
    assert "truth.csv" in sentence
    assert "'time'" in sentence


def test_a_table_of_another_rate(run: Run, tmp_path: Path, moving_video: Path) -> None:
    table = tmp_path / "truth.csv"
    rows = "".join(f"{k / 50:.3f},0.5\n" for k in range(60))
    table.write_text("seconds,jawOpen\n" + rows, encoding="utf-8")
    answer = run("bench", "truth", moving_video, table)
    assert answer.exit_code == 3
    assert "50.00 rows a second" in answer.stderr
