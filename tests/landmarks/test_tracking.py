"""Finding and following faces, on real recordings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.landmarks import (
    FaceTracker,
    Landmarker,
    TrackCollector,
    collect_face,
    track_faces,
)
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.records import Frame, VideoInfo
from facedyn_app.settings import LandmarkSettings
from facedyn_app.topology import LEFT_EYE, LIPS_OUTER, RIGHT_EYE
from facedyn_app.video import probe_video, read_frames

ONE = LandmarkSettings(max_faces=1)


def _side_by_side(left: Path, right: Path, n_frames: int) -> tuple[list[Frame], VideoInfo]:
    """Frames of two recordings of equal height in one picture, 25 frames/s."""
    pairs = zip(read_frames(left), read_frames(right), strict=False)
    frames = [
        Frame(i, i / 25, np.hstack([a.image, b.image]))
        for i, (a, b) in enumerate(islice(pairs, n_frames))
    ]
    height, width = frames[0].image.shape[:2]
    return frames, VideoInfo(Path("both.mp4"), width, height, 25.0, n_frames, n_frames / 25)


def test_a_blank_picture_has_no_face(capfd: pytest.CaptureFixture[str]) -> None:
    blank = np.full((120, 160, 3), 128, dtype=np.uint8)
    with Landmarker() as landmarker:
        assert landmarker.detect_image(blank) is None
    with FaceTracker() as tracker:
        assert tracker.track([Frame(0, 0.0, blank)])[0].faces == ()
    assert capfd.readouterr().err == ""


def test_a_real_face_lies_where_it_is(shared: Path) -> None:
    frame = next(iter(read_frames(shared / "data" / "videos" / "talk_a.mp4")))
    with Landmarker(ONE) as landmarker:
        points = landmarker.detect_image(frame.image)
        turned = landmarker.detect_image(np.ascontiguousarray(frame.image[:, ::-1]))
    assert points is not None
    assert turned is not None
    assert points.shape == (478, 2)
    assert points.dtype == np.float32
    mouth, left, right = (
        points[list(part)].mean(axis=0) for part in (LIPS_OUTER, LEFT_EYE, RIGHT_EYE)
    )
    assert right[0] < mouth[0] < left[0]
    assert mouth[1] > max(left[1], right[1])
    mirrored_mouth = turned[list(LIPS_OUTER)].mean(axis=0)
    face_height = float(np.ptp(points[:, 1]))
    width = frame.image.shape[1]
    assert abs(width - mirrored_mouth[0] - mouth[0]) < 0.03 * face_height


def test_several_faces_in_a_picture_largest_first(shared: Path) -> None:
    frame = next(iter(read_frames(shared / "data" / "videos" / "pyfeat_multi_face.jpg")))
    with FaceTracker(LandmarkSettings(max_faces=8)) as tracker:
        faces = tracker.track([frame])[0].faces
    assert len(faces) >= 2
    assert [face.number for face in faces] == list(range(1, len(faces) + 1))
    heights = [face.height for face in faces]
    assert heights == sorted(heights, reverse=True)


def test_a_video_is_followed_frame_by_frame(shared: Path) -> None:
    path = shared / "data" / "videos" / "pyfeat_single_face.mp4"
    info = probe_video(path)
    reports: list[Progress] = []
    found = list(track_faces(read_frames(path), info, on_progress=reports.append))
    assert [f.frame.index for f in found] == list(range(72))
    assert [p.done for p in reports] == list(range(1, 73))
    assert reports[0].total == 72
    landmarks = collect_face(found, info)
    assert landmarks.found.all()
    assert 150 < np.median(landmarks.face_px) < 250
    steps = np.linalg.norm(np.diff(landmarks.points, axis=0), axis=2)
    assert np.median(steps) < 0.02 * np.median(landmarks.face_px)
    assert landmarks.scores.min() >= 0
    assert landmarks.scores.max() <= 1


def test_a_face_that_leaves_is_absent_afterwards(shared: Path) -> None:
    path = shared / "data" / "videos" / "pyfeat_face_then_none.mov"
    info = probe_video(path)
    landmarks = collect_face(track_faces(read_frames(path), info), info)
    found = landmarks.found
    assert found[:60].all()
    # The landmarker sees a face in one of the last 69 empty pictures.
    assert found[100:].sum() <= 1
    assert np.isnan(landmarks.points[~found]).all()


def test_two_faces_keep_their_numbers_and_are_measured_as_if_alone(shared: Path) -> None:
    videos = shared / "data" / "videos"
    frames, info = _side_by_side(videos / "talk_a.mp4", videos / "talk_b.mp4", 40)
    collector = TrackCollector(info)
    for found in track_faces(frames, info):
        collector.add(found)
    assert sorted(collector.n_seen.values()) == [40, 40]
    half = info.width / 2
    sides = {n: collector.track(n).whole().points[:, :, 0].mean(axis=1) < half for n in (1, 2)}
    assert {bool(side[0]) for side in sides.values()} == {True, False}
    assert all((side == side[0]).all() for side in sides.values())
    left = 1 if sides[1][0] else 2
    left_info = probe_video(videos / "talk_a.mp4")
    alone_frames = islice(read_frames(videos / "talk_a.mp4"), 40)
    alone = collect_face(track_faces(alone_frames, left_info, ONE), left_info)
    distance = np.linalg.norm(collector.track(left).whole().points - alone.points, axis=2)
    assert np.median(distance[10:]) < 0.005 * np.median(alone.face_px)


def test_a_face_that_arrives_later_gets_the_next_number(shared: Path) -> None:
    videos = shared / "data" / "videos"
    frames, info = _side_by_side(videos / "talk_a.mp4", videos / "talk_b.mp4", 40)

    def late() -> Iterator[Frame]:
        for frame in frames:
            image = frame.image.copy()
            if frame.index < 10:
                image[:, info.width // 2 :] = 90
            yield Frame(frame.index, frame.seconds, image)

    found = list(track_faces(late(), info))
    assert [face.number for face in found[5].faces] == [1]
    assert [face.number for face in found[-1].faces] == [1, 2]
    only = list(track_faces(late(), info, ONE))
    assert {face.number for f in only for face in f.faces} == {1}


def test_being_cancelled_ends_the_thread(moving_video: Path) -> None:
    info = probe_video(moving_video)

    def report(progress: Progress) -> None:
        if progress.done == 3:
            raise Cancelled

    with (
        pytest.raises(Cancelled),
        closing(track_faces(read_frames(moving_video), info, ONE, report)) as found,
    ):
        for _ in found:
            pass
    assert not [t for t in threading.enumerate() if t.name.startswith("read-ahead")]
