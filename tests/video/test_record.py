"""Recorded pictures keep their own times; what does not fit in is counted; failures are said."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedyn_app.errors import OutputError
from facedyn_app.records import Frame
from facedyn_app.video import VideoRecorder, probe_video, read_frames
from facedyn_app.video.record import MOST_WAITING
from tests.conftest import moving_image

SECONDS = (5.0, 5.04, 5.08, 5.2, 5.24, 5.5)


def frames(seconds: tuple[float, ...]) -> list[Frame]:
    return [Frame(index, when, moving_image(index)) for index, when in enumerate(seconds)]


def test_pictures_come_back_at_their_own_times(tmp_path: Path) -> None:
    recorder = VideoRecorder(tmp_path / "visit.mkv", 25.0, simulated=True)
    with ThreadPoolExecutor(1) as writer:
        written = writer.submit(recorder.write)
        for frame in frames(SECONDS):
            recorder.add(frame)
        recorder.end()
        recorder.add(Frame(9, 9.0, moving_image(9)))
        made = written.result()
    assert (made.path, made.n_frames, made.n_lost) == (tmp_path / "visit.mkv", 6, 0)
    assert recorder.seconds == pytest.approx(0.5)
    back = list(read_frames(made.path))
    np.testing.assert_allclose([f.seconds for f in back], np.array(SECONDS) - 5.0, atol=1e-3)
    error = np.stack([f.image for f in back]).astype(float)
    error -= np.stack([moving_image(index) for index in range(6)])
    assert np.sqrt(np.mean(error**2)) < 12.0
    assert probe_video(made.path).simulated
    assert [file.name for file in tmp_path.iterdir()] == ["visit.mkv"]


def test_pictures_that_come_too_fast_are_lost_and_counted(tmp_path: Path) -> None:
    recorder = VideoRecorder(tmp_path / "visit.mkv", 25.0)
    for frame in frames(tuple(np.arange(MOST_WAITING + 3) / 25)):
        recorder.add(frame)
    recorder.end()
    made = recorder.write()
    assert (made.n_frames, made.n_lost) == (MOST_WAITING, 3)
    assert not probe_video(made.path).simulated


def test_what_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    recorder = VideoRecorder(tmp_path / "nowhere" / "visit.mkv", 25.0)
    recorder.add(frames(SECONDS)[0])
    with pytest.raises(OutputError, match=r"visit\.mkv' cannot be written"):
        recorder.write()
    nothing = VideoRecorder(tmp_path / "visit.mkv", 25.0)
    nothing.end()
    with pytest.raises(OutputError, match="there are no pictures"):
        nothing.write()
    with pytest.raises(OutputError, match=r"must end in \.mp4"):
        VideoRecorder(tmp_path / "visit.avi", 25.0)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def little_room() -> Iterator[None]:
    """No file may grow beyond 200 kB, as if the disk were full."""
    resource: Any = pytest.importorskip("resource")  # not on Windows
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("little_room")
def test_what_was_written_before_the_disk_was_full_is_kept(tmp_path: Path) -> None:
    recorder = VideoRecorder(tmp_path / "visit.mkv", 25.0)
    noise = np.random.default_rng(0).integers(0, 255, (MOST_WAITING, 240, 320, 3), np.uint8)
    for index, image in enumerate(noise):
        recorder.add(Frame(index, index / 25, image))
    recorder.end()
    with pytest.raises(OutputError, match=r"cannot be written: .* What was written until"):
        recorder.write()
    assert [file.name for file in tmp_path.iterdir()] == ["visit.mkv"]
    first = next(read_frames(tmp_path / "visit.mkv"))
    assert first.image.shape == (240, 320, 3)
