"""One face frame by frame: what comes of single pictures, and of pictures that come too fast."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.live import LiveTiming, measure_live, paced
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.landmarks import collect_face, track_faces
from facedyn_app.records import Frame
from facedyn_app.settings import LandmarkSettings, Settings
from facedyn_app.video import probe_video, read_frames
from facedyn_app.workflows.camera import LiveFace

BLANK = np.full((64, 96, 3), 128, dtype=np.uint8)


def test_single_frames_give_the_motion_that_the_whole_recording_gives(shared: Path) -> None:
    head, path = load_head("open-head-2"), shared / "data/videos/pyfeat_20s.mp4"
    frames = list(islice(read_frames(path), 300))
    with LiveFace(head, Settings(), "cpu") as live:
        seen = [live.see(frame) for frame in frames]
    info = probe_video(path)
    alone = collect_face(track_faces(frames, info, LandmarkSettings(max_faces=1)), info)
    fit = fit_session(head, alone, Settings().fit, device="cpu")
    assert sum(one.vertices is not None for one in seen) > 290
    late = range(230, 300)  # the shape is known by then, and no hand is before the mouth
    blink = head.expression_names.index("eyeBlinkLeft")
    for ours, theirs in (
        ([seen[k].fit.motion.jaw[0, 0] for k in late], fit.motion.jaw[late, 0]),
        (
            [seen[k].fit.motion.expression[0, blink] for k in late],
            fit.motion.expression[late, blink],
        ),
    ):
        assert np.corrcoef(ours, theirs)[0, 1] > 0.9
    opened = [one for one in seen if one.vertices is not None]
    assert opened[0].vertices is not None
    assert opened[0].vertices.shape == head.v_template.shape
    assert np.abs(opened[0].vertices - head.v_template).max() < 0.03


def test_a_picture_without_a_face_gives_no_mesh_and_the_next_face_is_found(shared: Path) -> None:
    frames = list(islice(read_frames(shared / "data/videos/pyfeat_single_face.mp4"), 4))
    empty = np.zeros_like(frames[0].image)
    with LiveFace(load_head("open-head-2"), Settings(), "cpu") as live:
        first = live.see(frames[0])
        nothing = live.see(Frame(1, frames[1].seconds, empty))
        again = live.see(Frame(2, frames[1].seconds + 10, frames[2].image))
    assert first.vertices is not None
    assert nothing.vertices is None
    assert not nothing.fit.motion.valid.any()
    assert np.isnan(nothing.fit.points).all()
    assert again.vertices is not None


def test_the_mean_with_the_mirrored_picture_is_left_out(shared: Path) -> None:
    frame = next(iter(read_frames(shared / "data/videos/pyfeat_single_face.mp4")))
    head, fits = load_head("open-head-2"), []
    for mirrored_mean in (False, True):
        settings = Settings(landmarks=LandmarkSettings(mirrored_mean=mirrored_mean))
        with LiveFace(head, settings, "cpu") as live:
            fits.append(live.see(frame).fit)
    np.testing.assert_array_equal(fits[0].points, fits[1].points)


def test_a_camera_is_followed_by_the_engine_that_is_set(shared: Path) -> None:
    frames = list(islice(read_frames(shared / "data/videos/pyfeat_single_face.mp4"), 4))
    head, seen = load_head("open-head-2"), []
    for engine in ("bundle", "mediapipe"):
        settings = Settings(landmarks=LandmarkSettings(engine=engine))
        with LiveFace(head, settings, "cpu") as live:
            seen.append([live.see(frame) for frame in frames][-1])
    assert all(one.vertices is not None for one in seen)
    apart = np.abs(seen[0].fit.points - seen[1].fit.points).mean()
    assert 0.0 < apart < 2.0


def test_frames_come_when_they_are_due_and_late_ones_are_passed_over() -> None:
    def frames() -> Iterator[Frame]:
        for index in range(20):
            yield Frame(index, index / 100, BLANK)

    taken = []
    for frame, due in paced(frames(), 1.0):
        assert time.perf_counter() >= due
        taken.append(frame.index)
        time.sleep(0.035)
    assert taken == sorted(taken)
    assert taken[0] == 0
    assert taken[-1] == 19
    assert len(taken) < 15
    at_once = [frame.index for frame, _ in paced(frames(), 1e9)]
    assert at_once[-1] == 19
    assert list(paced([], 1.0)) == []


def test_latencies_are_told_in_shares() -> None:
    timing = LiveTiming("v", 30.0, 12, 1, 10, np.arange(11.0), {})
    assert timing.latency(0.5) == 5.0
    assert timing.latency(1.0) == 10.0


@pytest.mark.slow
def test_a_paced_video_is_measured(shared: Path) -> None:
    video = shared / "data/videos/pyfeat_single_face.mp4"
    found = measure_live(load_head("open-head-2"), Settings(), video)
    assert found.n_frames == 72
    assert len(found.latency_ms) == found.n_frames - found.n_dropped
    assert 0 < found.n_meshes <= len(found.latency_ms)
    assert found.latency_ms.min() > 0
