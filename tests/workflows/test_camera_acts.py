"""A live camera without a window: read, fitted and recorded on three threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.assets import DEFAULT_HEAD, asset_folder
from facedyn_app.progress import Cancelled, Progress, ignore
from facedyn_app.records import Motion, PartialFit
from facedyn_app.settings import Settings
from facedyn_app.video import VideoRecorder, probe_video
from facedyn_app.video.camera import paced_choice
from facedyn_app.workflows.camera import fit_camera, read_camera, write_recording
from facedyn_app.workflows.camera_feed import CameraFeed, LiveTiming
from tests.conftest import moving_image

VIDEO = asset_folder("resources") / "demo" / "S-01_session1.mp4"


def fitted(seconds: float) -> PartialFit:
    nan = np.full((1, 3), np.nan, np.float32)
    motion = Motion(
        seconds=np.array([seconds]),
        valid=np.zeros(1, bool),
        names=("a",),
        expression=nan[:, :1],
        jaw=nan,
        rotation=nan,
        translation=nan,
    )
    return PartialFit(motion=motion, points=np.full((478, 2), np.nan, np.float32))


def test_the_newest_frame_is_fitted_and_those_overtaken_are_counted() -> None:
    feed, timing = CameraFeed(), LiveTiming()
    assert feed.newest(0.0) is None
    assert feed.take() is None
    feed.put(moving_image(0))
    first = feed.take()  # nothing is fitted yet: the picture itself
    assert first is not None
    assert (first.points, first.parts, timing.text(first)) == (None, (), "")
    for index in (1, 2):
        feed.put(moving_image(index))
    for overtaken in (0, 3):
        for index in range(overtaken):
            feed.put(moving_image(index))
        frame = feed.newest(0.0)
        assert frame is not None
        feed.tell(frame, fitted(frame.seconds), ("a",))
    update = feed.take()
    assert update is not None
    assert (update.n_shown, update.n_passed, len(update.parts)) == (2, 2, 2)
    assert feed.take() is None
    timing.add(update, update.captured + 0.25)
    assert timing.text(update) == "250 ms behind the camera · 2 of 4 frames passed over"
    feed.end()
    feed.put(moving_image(9))
    assert feed.newest(1.0) is None


def test_a_camera_is_read_fitted_and_recorded_until_it_is_stopped(tmp_path: Path) -> None:
    feed, stop = CameraFeed(), threading.Event()
    recorder = VideoRecorder(tmp_path / "visit.mkv", 25.0, simulated=True)

    def until_stopped(_progress: Progress) -> None:
        if stop.is_set():
            raise Cancelled

    def sources() -> tuple[object, ...]:
        return (paced_choice(VIDEO),)

    with ThreadPoolExecutor(3) as pool:
        reading = pool.submit(read_camera, feed, sources, 1, until_stopped)  # type: ignore[arg-type]
        fitting = pool.submit(fit_camera, feed, DEFAULT_HEAD, Settings(), ignore)
        feed.record(recorder)
        writing = pool.submit(write_recording, recorder, ignore)
        try:
            for _ in range(600):
                update = feed.take()
                if update is not None and update.n_shown > 3:
                    break
                stop.wait(0.1)
        finally:
            stop.set()
        with pytest.raises(Cancelled):
            reading.result(30)
        fitting.result(30)
        recorded = writing.result(30)
    assert update is not None
    assert update.n_shown > 3
    assert update.points is not None
    assert np.isfinite(update.points).all()
    assert len(update.names) == update.parts[-1].motion.expression.shape[1]
    assert feed.over
    assert feed.simulated
    assert 20 < feed.fps < 30
    assert recorded.n_frames > 3
    assert probe_video(recorded.path).simulated
