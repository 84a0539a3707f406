"""Small, crossing, returning, blurred and covered faces, made from real recordings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedyn_app.landmarks import FaceTracker, Landmarker, TrackCollector, track_faces
from facedyn_app.records import ByteArray, Frame, VideoInfo
from facedyn_app.settings import LandmarkSettings
from facedyn_app.video import read_frames

INFO = VideoInfo(Path("made.mp4"), 1920, 1080, 25.0, None, None)


def _pictures(path: Path, n: int) -> list[ByteArray]:
    return [frame.image for frame in islice(read_frames(path), n)]


def _face_of_height(picture: ByteArray, height: float) -> ByteArray:
    """The picture scaled so that its face has a height, px."""
    with Landmarker() as landmarker:
        face = landmarker.detect_face(picture)
    assert face is not None
    scale = height / face.height
    scaled = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(scaled, dtype=np.uint8)


def _on_canvas(picture: ByteArray, x: int, y: int) -> ByteArray:
    canvas = np.full((1080, 1920, 3), 110, dtype=np.uint8)
    canvas[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return canvas


@pytest.mark.parametrize("height", [60, 90, 175])
def test_a_small_face_in_a_large_picture_is_found_and_followed(shared: Path, height: int) -> None:
    small = _face_of_height(_pictures(shared / "data/videos/talk_a.mp4", 1)[0], height)
    frames = [Frame(i, i / 25, _on_canvas(small, 1300 + 4 * i, 500)) for i in range(12)]
    with FaceTracker() as tracker:
        found = [f for i in (0, 8) for f in tracker.track(frames[i : i + 8])]
    heights = [face.height for f in found for face in f.faces]
    assert len(heights) == 12
    assert np.median(heights) == pytest.approx(height, rel=0.12)
    assert {face.number for f in found for face in f.faces} == {1}


def _crossing(left: list[ByteArray], right: list[ByteArray]) -> Iterator[Frame]:
    """Two faces that walk past each other; then the first leaves and comes back elsewhere."""
    n, width = len(left), left[0].shape[1]
    for i in range(n):
        canvas = np.full((left[0].shape[0], 1500, 3), 110, dtype=np.uint8)
        away = 0.55 * n < i < 0.8 * n
        at_left = int((1500 - width) * i / (n - 1))
        if not away:
            canvas[:, at_left : at_left + width] = left[i]
        at_right = int((1500 - width) * (1 - i / (n - 1)))
        canvas[:, at_right : at_right + width] = right[i]
        yield Frame(i, i / 25, canvas)


def test_identity_is_kept_through_a_crossing_and_a_gap(shared: Path) -> None:
    videos = shared / "data" / "videos"
    left = [p[100:500, 100:420] for p in _pictures(videos / "talk_a.mp4", 100)]
    right = [p[100:500, 100:420] for p in _pictures(videos / "talk_b.mp4", 100)]
    collector = TrackCollector(INFO)
    for found in track_faces(_crossing(left, right), INFO):
        collector.add(found)
    seen = collector.faces()
    assert len(seen) == 2
    # The face in front is whole all the time; the other is hidden while they pass.
    front, back = (collector.track(face.number).whole() for face in seen)
    assert front.found.mean() > 0.9
    x = front.points[:, :, 0].mean(axis=1)
    assert (np.diff(x[front.found]) < 0).mean() > 0.8
    assert back.found[:35].mean() > 0.8
    assert back.found[88:].mean() > 0.8
    assert back.points[90:, :, 0].mean() > 900
    assert not back.found[60:78].any()
    assert seen[1].n_frames == back.found.sum()
    assert seen[0].thumbnail.shape == (96, 96, 3)
    assert seen[0].thumbnail.std() > 20


def test_blur_and_a_covered_face_show(shared: Path) -> None:
    picture = _pictures(shared / "data/videos/talk_a.mp4", 1)[0]
    height = picture.shape[0]
    covered = picture.copy()
    with Landmarker() as landmarker:
        clear = landmarker.detect_face(picture)
        assert clear is not None
        blurred = landmarker.detect_face(cv2.GaussianBlur(picture, (0, 0), 5))
        x, y = clear.points[[13]].mean(axis=0).astype(int)
        covered[y - 40 : height, max(0, x - 120) : x + 120] = (190, 150, 130)
        hidden = landmarker.detect_face(covered)
    assert blurred is not None
    assert blurred.sharpness < 0.5 * clear.sharpness
    assert clear.certainty > 0.95
    assert hidden is None or hidden.certainty < clear.certainty


def test_tiles_are_not_searched_in_every_frame_without_a_face() -> None:
    from facedyn_app.device import choose_device
    from facedyn_app.landmarks.detection import Detection, FaceDetector, Search
    from facedyn_app.landmarks.models import FaceModels
    from facedyn_app.records import FloatArray

    class Counting(FaceDetector):
        n_squares = 0

        def find(self, image: ByteArray, squares: FloatArray) -> list[Detection]:
            self.n_squares += len(squares)
            return super().find(image, squares)

    finder = Counting(FaceModels(choose_device("auto")), LandmarkSettings().min_detection)
    search = Search(finder)
    empty = np.full((270, 480, 3), 128, dtype=np.uint8)
    large = np.full((540, 960, 3), 128, dtype=np.uint8)
    assert search.find(Frame(0, 0.0, large), 0) == []
    n_first = finder.n_squares
    assert n_first > 10
    for i in range(1, 10):
        search.find(Frame(i, i / 25, empty), 0)
    assert finder.n_squares == n_first + 9
