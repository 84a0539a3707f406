"""Both engines that follow faces: the same frames, nearly the same points, nothing left behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.assets import model_file
from facedyn_app.errors import InputError
from facedyn_app.landmarks import FrameFaces, TrackCollector, open_tracker, track_faces
from facedyn_app.landmarks.faces import crop_to_image, image_to_crop
from facedyn_app.landmarks.mediapipe_tracking import check_silent
from facedyn_app.landmarks.models import MODEL
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.records import FloatArray, Frame, Landmarks
from facedyn_app.settings import ENGINES, MEDIAPIPE, LandmarkSettings
from facedyn_app.video import probe_video, read_frames
from facedyn_app.workflows.demo import demo_videos

ONE = LandmarkSettings(engine=MEDIAPIPE, max_faces=1)
SEVERAL = LandmarkSettings(engine=MEDIAPIPE)


def _main_face(path: Path, settings: LandmarkSettings, n_frames: int) -> Landmarks:
    info = probe_video(path)
    collector = TrackCollector(info)
    with closing(track_faces(islice(read_frames(path), n_frames), info, settings)) as found:
        for faces in found:
            collector.add(faces)
    return collector.track().whole()


@pytest.mark.parametrize("max_faces", [1, 4])
def test_both_engines_find_the_same_frames_and_points(max_faces: int) -> None:
    path = demo_videos()[0].path
    own, theirs = (
        _main_face(path, LandmarkSettings(engine=engine, max_faces=max_faces), 60)
        for engine in ENGINES
    )
    np.testing.assert_array_equal(own.found, theirs.found)
    assert own.found.all()
    distance = np.linalg.norm(own.points - theirs.points, axis=2).mean(axis=1)
    assert (distance / own.face_px).mean() < 0.015
    assert np.abs(own.scores - theirs.scores).mean() < 0.03
    assert np.degrees(np.abs(own.turn - theirs.turn)).mean() < 2.0
    np.testing.assert_allclose(theirs.sharpness, own.sharpness, rtol=0.2)
    np.testing.assert_array_equal(theirs.certainty, 1.0)
    assert np.nanmedian(theirs.likeness) > 0.8


def _graphs_own(frames: list[Frame]) -> tuple[FloatArray, FloatArray]:
    """Points (T, L, 2), px, and scores (T, A) as MediaPipe's documentation asks for them."""
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        BaseOptions(model_asset_path=str(model_file(MODEL))),
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
    )
    points, scores = [], []
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for frame in frames:
            height, width = frame.image.shape[:2]
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=frame.image)
            found = landmarker.detect_for_video(image, round(1000 * frame.seconds))
            points.append([(p.x * width, p.y * height) for p in found.face_landmarks[0]])
            scores.append([category.score for category in found.face_blendshapes[0]])
    return np.array(points), np.array(scores)


def test_one_face_is_measured_as_mediapipe_itself_does(shared: Path) -> None:
    path = shared / "data/videos/pyfeat_single_face.mp4"
    found = _main_face(path, ONE, 40)
    points, scores = _graphs_own(list(islice(read_frames(path), 40)))
    np.testing.assert_allclose(found.points, points, atol=0.01)
    np.testing.assert_allclose(found.scores, scores, atol=1e-3)


def _numbers(found: FrameFaces) -> tuple[int, ...]:
    return tuple(face.number for face in found.faces)


def test_faces_keep_their_numbers(several_faces: Path) -> None:
    info = probe_video(several_faces)
    with closing(track_faces(read_frames(several_faces), info, SEVERAL)) as following:
        found = list(following)
    assert {_numbers(one) for one in (*found[:15], *found[30:])} == {(1, 2)}
    assert _numbers(found[20]) == (1, 2, 3)
    for number in (1, 2):
        centres = [face.points.mean(axis=0) for one in found if (face := one.face(number))]
        assert np.ptp(np.array(centres)[:, 0]) < info.width / 6


def test_a_face_that_comes_back_has_its_number_again(shared: Path) -> None:
    frames = list(islice(read_frames(shared / "data/videos/pyfeat_single_face.mp4"), 30))
    for index in (*range(10, 13), *range(20, 22)):
        frames[index].image[:] = 90
    with open_tracker(SEVERAL) as tracker:
        blocks = [tracker.track(frames[start : start + 8]) for start in range(0, 30, 8)]
    found = [_numbers(one) for block in blocks for one in block]
    assert found == [() if index in (10, 11, 12, 20, 21) else (1,) for index in range(30)]


def test_frames_of_the_same_time_are_taken(shared: Path) -> None:
    frames = islice(read_frames(shared / "data/videos/pyfeat_single_face.mp4"), 3)
    with open_tracker(ONE) as tracker:
        found = [tracker.track([Frame(i, -0.1, f.image)])[0] for i, f in enumerate(frames)]
    assert [len(one.faces) for one in found] == [1, 1, 1]


def test_positions_go_into_the_crop_and_back() -> None:
    square = np.array([300.0, 200.0, 411.0, 0.3])
    points = np.array([[290.0, 180.0], [310.5, 240.0], [10.0, 20.0]])
    there = image_to_crop(points, square)
    np.testing.assert_allclose(crop_to_image(there[None], square[None])[0], points, atol=1e-3)


def _n_system_threads() -> int:
    return len(os.listdir("/proc/self/task"))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc")
def test_being_cancelled_ends_the_graph_and_the_threads(
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = demo_videos()[0].path
    info = probe_video(path)

    def report(progress: Progress) -> None:
        if progress.done == 3:
            raise Cancelled

    def cancelled() -> None:
        with (
            pytest.raises(Cancelled),
            closing(track_faces(read_frames(path), info, SEVERAL, report)) as found,
        ):
            for _ in found:
                pass

    cancelled()  # the first time libraries start threads that stay
    before = _n_system_threads()
    for _ in range(3):
        cancelled()
    until = time.monotonic() + 5
    while _n_system_threads() > before and time.monotonic() < until:
        time.sleep(0.05)
    assert _n_system_threads() <= before
    assert not [t for t in threading.enumerate() if t.name.startswith("read-ahead")]
    assert capfd.readouterr().err == ""


def test_where_mediapipe_is_missing_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe.tasks.python", None)
    with pytest.raises(InputError, match="MediaPipe cannot be loaded on this machine") as caught:
        open_tracker(ONE)
    assert caught.value.hint.startswith("Use the engine bundle")


@pytest.mark.parametrize("installed", ["0.10.34", "0.10.35", "0.11", "1.2.3", "1.0.0rc1"])
def test_a_version_that_sends_data_about_its_use_is_refused(installed: str) -> None:
    with pytest.raises(InputError, match=f"MediaPipe {installed} sends data about its use"):
        check_silent(installed)


def test_the_installed_version_opens_no_connection() -> None:
    """One that does would ask the user's proxy, here one that listens, for Google's server."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        own = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"), address)
        code = (
            "from facedyn_app.landmarks.mediapipe_tracking import open_graph\n"
            "from facedyn_app.settings import LandmarkSettings\n"
            "open_graph(LandmarkSettings()).close()\n"
        )
        command = [sys.executable, "-c", code]
        subprocess.run(command, env={**os.environ, **own}, check=True, timeout=120)
        proxy.settimeout(0.5)
        with pytest.raises(TimeoutError):
            proxy.accept()
