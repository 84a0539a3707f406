"""Landmarks that lie in a file: what was put in comes out, little is in memory, nothing is left."""

from __future__ import annotations

import os
import tempfile
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedyn_app.errors import OutputError
from facedyn_app.landmarks import Face, FrameFaces, TrackCollector
from facedyn_app.landmarks.track_store import RowFile
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, FloatArray, Frame, VideoInfo

INFO = VideoInfo(Path("visit.mp4"), 320, 240, 25.0, None, None)
PICTURE = np.zeros((240, 320, 3), dtype=np.uint8)
needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="lists open files")


def _points(number: int, index: int) -> FloatArray:
    rng = np.random.default_rng([number, index])
    return rng.uniform(0, 100 * number, size=(N_LANDMARKS, 2)).astype(np.float32)


def _face(number: int, index: int) -> Face:
    scores = np.full(N_BLENDSHAPES, (number + index) / 1000, dtype=np.float32)
    return Face(number, _points(number, index), scores, 0.5 + index / 1000, index / 10)


def _open_files(folder: Path) -> list[str]:
    """Names of the files in a folder that this process has open."""
    names = []
    for entry in Path("/proc/self/fd").iterdir():
        if entry.is_symlink():
            names.append(os.readlink(entry))
    return [name for name in names if name.startswith(str(folder))]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_rows_come_back_in_any_order_and_from_any_thread() -> None:
    rows = np.random.default_rng(0).normal(size=(300, 7)).astype(np.float32)
    file = RowFile(7)
    assert [file.add(row) for row in rows] == list(range(300))
    wanted = [np.random.default_rng(k).permutation(300)[:50] for k in range(8)]
    with ThreadPoolExecutor(4) as pool:
        for numbers, found in zip(wanted, pool.map(file.read, wanted), strict=True):
            np.testing.assert_array_equal(found, rows[numbers])
    assert file.read(np.array([], dtype=np.int64)).shape == (0, 7)


def test_a_damaged_picture_has_no_face_and_is_no_repeated_one() -> None:
    collector = TrackCollector(INFO)
    for index in range(9):
        frame = Frame(index, index / 25, PICTURE, damaged=index in (4, 5))
        collector.add(FrameFaces(frame, (_face(1, index),)))
    track = collector.track(1)
    assert np.flatnonzero(track.damaged).tolist() == [4, 5]
    assert np.flatnonzero(~track.found).tolist() == [4, 5]
    assert np.flatnonzero(track.repeated).tolist() == [1, 2, 3, 6, 7, 8]


def test_a_part_that_is_drawn_smaller_has_a_camera_of_its_own() -> None:
    collector = TrackCollector(INFO)
    for index, zoom in enumerate((1.0, 0.75)):
        face = Face(
            1, (160 + zoom * (_points(1, 0) - 160)).astype(np.float32), np.zeros(N_BLENDSHAPES)
        )
        collector.add(FrameFaces(Frame(index, index / 25, PICTURE, zoom=zoom), (face,)))
    assert collector.zooms == {1.0, 0.75}
    own = collector.track(1).in_own_cameras()
    points = own.whole().points
    middle = np.array([160.0, 120.0])
    drawn = 160 + 0.75 * (_points(1, 0) - 160)
    np.testing.assert_allclose(points[1], middle + (drawn - middle) / 0.75, atol=1e-3)
    np.testing.assert_allclose(points[0], _points(1, 0), atol=1e-3)
    np.testing.assert_allclose(own.face_px, own.whole().face_px, rtol=1e-5)
    assert own.face_px[1] == pytest.approx(own.face_px[0], rel=1e-5)


def test_each_face_has_its_own_landmarks_and_gaps() -> None:
    collector = TrackCollector(INFO)
    for index in range(60):
        present = [n for n in (1, 2) if n == 1 or 10 <= index < 40]
        faces = tuple(_face(number, index) for number in present)
        collector.add(FrameFaces(Frame(index, index / 25, PICTURE), faces))
    track = collector.track(2)
    assert np.flatnonzero(track.found).tolist() == list(range(10, 40))
    some = track.only(np.array([39, 5, 12]))
    np.testing.assert_array_equal(some.points[[0, 2]], [_points(2, 39), _points(2, 12)])
    assert some.found.tolist() == [True, False, True]
    assert some.seconds == pytest.approx([1.56, 0.2, 0.48])
    assert some.scores[2, 0] == pytest.approx(0.014)
    assert some.certainty == pytest.approx([0.539, np.nan, 0.512], nan_ok=True)
    assert some.sharpness == pytest.approx([3.9, np.nan, 1.2], nan_ok=True)
    np.testing.assert_allclose(track.face_px, track.whole().face_px, rtol=1e-6)
    newest = collector.newest(5, 1)
    np.testing.assert_array_equal(newest.points, [_points(1, k) for k in range(55, 60)])
    assert np.isnan(collector.newest(5, 2).points).all()


def test_the_points_are_not_in_memory() -> None:
    points_bytes = 4 * 2 * N_LANDMARKS
    collector = TrackCollector(INFO)
    collector.add(FrameFaces(Frame(0, 0.0, PICTURE), (_face(1, 0),)))
    tracemalloc.start()
    try:
        for index in range(1, 1000):
            collector.add(FrameFaces(Frame(index, index / 25, PICTURE), (_face(1, 0),)))
        track = collector.track()
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(track.seconds) == 1000
    assert now < 0.1 * 1000 * points_bytes


@needs_proc
def test_the_file_has_no_name_and_goes_with_its_owner(folder: Path) -> None:
    collector = TrackCollector(INFO)
    collector.add(FrameFaces(Frame(0, 0.0, PICTURE), (_face(1, 0),)))
    track = collector.track()
    assert list(folder.iterdir()) == []
    assert len(_open_files(folder)) == 1
    del collector
    np.testing.assert_array_equal(track.whole().points[0], _points(1, 0))
    del track
    assert _open_files(folder) == []


def test_a_folder_that_cannot_be_written_is_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "nowhere"))
    with pytest.raises(OutputError, match="nowhere"):
        TrackCollector(INFO)


def test_a_full_disk_is_a_sentence(folder: Path) -> None:
    resource: Any = pytest.importorskip("resource", reason="no limit on file sizes here")
    file = RowFile(1000)
    file.add(np.arange(1000.0))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, limits[1]))
    try:
        with pytest.raises(OutputError, match=folder.name):
            file.add(np.arange(1000.0))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    np.testing.assert_array_equal(file.read(np.array([0]))[0], np.arange(1000.0))
