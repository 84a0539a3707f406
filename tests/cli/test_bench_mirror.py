"""`facedyn bench mirror`: its table, its JSON, and the sentences for what does not do."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_a_clip_as_json_and_as_a_table(run: Run, short_clip: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    answer = run("bench", "mirror", short_clip, "--work", work, "--json")
    assert answer.exit_code == 0, answer.stderr
    facts = json.loads(answer.stdout)
    assert facts["all"]["fit"]["n_channels"] == facts["videos"][0]["fit"]["n_channels"] > 5
    assert {"median_percent", "p90_percent", "largest_bias", "r"} <= set(facts["all"]["scores"])
    assert len(list(work.iterdir())) == 2
    answer = run("bench", "mirror", short_clip, "--work", work)
    assert "mirrored by hand" in answer.stdout
    assert "mean of both, fit" in answer.stdout
    assert "of 36 frames compared" in answer.stdout


def test_a_video_that_is_not_there(run: Run, tmp_path: Path) -> None:
    answer = run("bench", "mirror", tmp_path / "gone.mp4")
    assert answer.exit_code == 3
    assert "gone.mp4" in answer.stderr


def test_a_video_is_needed(run: Run) -> None:
    assert run("bench", "mirror").exit_code == 2


def test_a_video_without_a_face_is_named(run: Run, moving_video: Path, tmp_path: Path) -> None:
    answer = run("bench", "mirror", moving_video, "--work", tmp_path)
    assert answer.exit_code == 3
    assert moving_video.name in answer.stderr
