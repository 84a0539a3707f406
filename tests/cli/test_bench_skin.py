"""`facedyn bench skin`: its table, its JSON, and the sentences for what does not do."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_a_clip_as_json_and_as_a_table(run: Run, short_clip: Path) -> None:
    answer = run("bench", "skin", short_clip, "--json")
    assert answer.exit_code == 0, answer.stderr
    (facts,) = json.loads(answer.stdout)["videos"]
    assert facts["video"] == short_clip.name
    assert 0.0 < facts["skin"] < facts["landmarks"] < 1.0
    answer = run("bench", "skin", short_clip)
    assert f"{facts['variance_ratio']:.2f}" in answer.stdout
    assert "half of the skin" in answer.stdout.lower()


def test_what_is_no_video_of_a_face_is_said(run: Run, moving_video: Path, tmp_path: Path) -> None:
    assert run("bench", "skin").exit_code == 2
    answer = run("bench", "skin", tmp_path / "gone.mp4")
    assert answer.exit_code == 3
    assert "gone.mp4" in answer.stderr
    answer = run("bench", "skin", moving_video)
    assert answer.exit_code == 3
    assert moving_video.name in answer.stderr
