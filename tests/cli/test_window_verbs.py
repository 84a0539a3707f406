import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedyn_app.cli.demo import demo_outcome
from facedyn_app.dynamics.drift import measure_drift
from facedyn_app.records import Identification, Match, Quality
from facedyn_app.settings import TrustSettings
from facedyn_app.simulate.corpus import simulate_sessions
from facedyn_app.workflows.demo import DemoProbe, DemoResult
from tests.cli.conftest import Run

GOOD = Quality(300, 300, 12.0, 0.5, 240.0, "good", ())


def _probe(speaker: str, first: str, verdict: str = "good") -> DemoProbe:
    other = "Bo" if first == "Ada" else "Ada"
    matches = tuple(
        Match(name, score, probability, np.array([score]))
        for name, score, probability in ((first, 0.8, 0.9), (other, 0.1, 0.1))
    )
    reasons = () if verdict == "good" else ("The face is 40 px high; 100 px or more are better.",)
    quality = Quality(300, 300, 12.0, 0.5, 240.0, verdict, reasons)
    answer = Identification(matches, True, 0.6, np.zeros((1, 2)), quality, "made speakers")
    (session,) = simulate_sessions(0, 1, 5.0)
    return DemoProbe(speaker, Path(f"{speaker}_3.mp4"), session, answer)


@pytest.fixture(scope="module")
def result() -> DemoResult:
    rng = np.random.default_rng(0)
    drift = measure_drift("Ada", [("1", rng.normal(size=(9, 2)))] * 2, rng)
    return DemoResult(
        Path("library"), (_probe("Ada", "Ada"), _probe("Bo", "Ada", "caution")), (drift,)
    )


def test_no_verb_opens_the_window_on_the_users_library(
    run: Run, window: Any, tmp_path: Path
) -> None:
    assert run().exit_code == 0
    assert window.calls == [([], tmp_path / "home" / "facedyn" / "library", False, None)]


def test_gui_opens_the_videos_it_is_given(run: Run, window: Any, tmp_path: Path) -> None:
    videos = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for video in videos:
        video.write_bytes(b"")
    assert run("gui", *videos, "--library", tmp_path / "l").exit_code == 0
    assert window.calls == [(videos, tmp_path / "l", False, None)]


def test_gui_takes_folders_as_well(run: Run, window: Any, tmp_path: Path) -> None:
    folder = tmp_path / "visits"
    folder.mkdir()
    assert run("gui", folder, "--library", tmp_path / "l").exit_code == 0
    assert window.calls == [([folder], tmp_path / "l", False, None)]


def test_a_missing_video_is_told_before_the_window_opens(
    run: Run, window: Any, tmp_path: Path
) -> None:
    answer = run("gui", tmp_path / "missing.mp4")
    assert answer.exit_code == 3
    assert "missing.mp4" in answer.stderr
    assert window.calls == []


def test_the_windows_exit_code_is_the_programs(run: Run, window: Any) -> None:
    window.exit_code = 1
    assert run().exit_code == 1


def test_without_a_display_the_sentence_says_so(
    run: Run, window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    answer = run("gui")
    assert answer.exit_code == 3
    assert "no display" in answer.stderr
    assert window.calls == []


def test_the_demo_prints_what_the_window_found(
    run: Run, window: Any, result: DemoResult, tmp_path: Path
) -> None:
    window.result = result
    picture = tmp_path / "demo.png"
    answer = run("demo", "--screenshot", picture, "--library", tmp_path / "l")
    assert answer.exit_code == 0
    assert window.calls == [([], tmp_path / "l", True, picture)]
    assert "1 of 2 ranked first" in answer.stdout
    assert "simulated" in answer.stdout
    assert "The face is 40 px high" in answer.stdout


def test_the_demo_tells_a_script_the_same(run: Run, window: Any, result: DemoResult) -> None:
    window.result = result
    facts = json.loads(run("demo", "--json").stdout)
    assert (facts["n_probes"], facts["n_first"], facts["simulated"]) == (2, 1, True)
    assert facts["probes"][1]["true"] == "Bo"
    assert facts["probes"][1]["ranked"] == [
        {"name": "Ada", "score": 0.8, "probability": 0.9, "trust": None},
        {"name": "Bo", "score": 0.1, "probability": 0.1, "trust": None},
    ]
    assert [one["speaker"] for one in facts["drift"]] == ["Ada"]
    assert facts == {**json.loads(json.dumps(facts)), "warnings": []}


def test_the_demo_table_has_a_line_a_probe(result: DemoResult) -> None:
    text = demo_outcome(result, TrustSettings()).text
    assert [line.split()[:4] for line in text.splitlines() if ".mp4 " in line] == [
        ["Ada_3.mp4", "Ada", "Ada", "right"],
        ["Bo_3.mp4", "Bo", "Ada", "wrong"],
    ]


def test_a_screenshot_that_cannot_be_written_is_told_first(
    run: Run, window: Any, tmp_path: Path
) -> None:
    answer = run("demo", "--screenshot", tmp_path / "missing" / "demo.png")
    assert answer.exit_code == 3
    assert "demo.png" in answer.stderr
    assert window.calls == []


def test_the_window_takes_a_head(run: Run, window: Any) -> None:
    assert run("gui", "--head", "flame2020-1a2b3c4d").exit_code == 0
    assert run("gui").exit_code == 0
    assert window.heads == ["flame2020-1a2b3c4d", None]


def test_gui_opens_a_camera_by_number_or_the_first_or_a_video_that_plays_as_one(
    run: Run, window: Any, tmp_path: Path
) -> None:
    video = tmp_path / "talk.mp4"
    video.write_bytes(b"")
    for arguments in ([], ["--camera"], ["--camera", "2"], ["--camera", video]):
        assert run("gui", *arguments).exit_code == 0
    assert run("gui", "--camera", "--head", "open-head-2").exit_code == 0
    assert run("gui", video, "--camera").exit_code == 0
    assert window.cameras == [None, 1, 2, video, 1, 1]
    assert [call[0] for call in window.calls] == [[], [], [], [], [], [video]]


def test_a_missing_video_for_a_camera_is_told_before_the_window_opens(
    run: Run, window: Any, tmp_path: Path
) -> None:
    answer = run("gui", "--camera", tmp_path / "missing.mp4")
    assert answer.exit_code == 3
    assert "missing.mp4" in answer.stderr
    assert window.calls == []
