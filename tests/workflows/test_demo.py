"""The demo, from the pixels of its videos: two minutes on two cores."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedyn_app.library.library import Library
from facedyn_app.progress import Progress, ignore
from facedyn_app.settings import Settings
from facedyn_app.workflows.demo import DemoResult, demo_videos, open_demo, run_demo
from facedyn_app.workflows.library import list_library


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def result(folder: Path) -> DemoResult:
    return run_demo(folder, Settings())


def test_made_speakers_are_recognised_by_their_motion(result: DemoResult) -> None:
    assert len(result.probes) == 6
    assert result.n_first >= 5
    assert result.n_first == sum(
        probe.identification.matches[0].name == probe.speaker for probe in result.probes
    )
    for probe in result.probes:
        assert probe.session.simulated
        assert probe.session.motion.valid.mean() > 0.95
        assert len(probe.identification.matches) == 6


def test_drift_is_measured_over_three_sessions_of_each(result: DemoResult) -> None:
    for report in result.drift:
        assert len(report.sessions) == 3
        assert report.dnr is not None
        assert report.dnr_corrected is not None
        assert 0 <= report.dnr_corrected <= report.dnr


def test_a_second_run_looks_at_no_video_again(folder: Path, result: DemoResult) -> None:
    seen: list[Progress] = []
    again = run_demo(folder, Settings(), on_progress=seen.append)
    assert not [progress for progress in seen if "following" in progress.stage]
    for first, second in zip(result.probes, again.probes, strict=True):
        assert [m.score for m in first.identification.matches] == pytest.approx(
            [m.score for m in second.identification.matches], abs=1e-6
        )
    with Library.open(folder) as library:
        assert {entry.name: entry.n_sessions for entry in library.speakers()} == {
            video.speaker: 2 for video in demo_videos()
        }


def test_the_demo_is_opened_with_a_recording_of_each_probe(
    folder: Path, result: DemoResult
) -> None:
    opened = open_demo(folder, Settings(), ignore)
    assert opened.snapshot == list_library(folder)
    speakers = frozenset(probe.speaker for probe in result.probes)
    for recording, probe in zip(opened.recordings, result.probes, strict=True):
        assert (recording.video, recording.true_speaker) == (probe.video, probe.speaker)
        assert recording.label == f"{probe.video.name} (simulated)"
        assert recording.identification is not None
        assert len(recording.drift) == len(speakers)
        assert recording.simulated_speakers == speakers
