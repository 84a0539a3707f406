"""Boxes, contours, collecting and reading ahead: what needs no face."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from facedyn_app import topology
from facedyn_app.errors import InputError
from facedyn_app.landmarks import (
    BLENDSHAPE_NAMES,
    Face,
    FrameFaces,
    TrackCollector,
    collect_face,
)
from facedyn_app.landmarks.engines import read_ahead
from facedyn_app.landmarks.faces import moved, overlap
from facedyn_app.landmarks.models import known_notices_removed
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, Frame, VideoInfo

INFO = VideoInfo(Path("visit.mp4"), 320, 240, 25.0, 4, 0.16)


def _face(number: int, height: float, left: float = 0.0) -> Face:
    points = np.zeros((N_LANDMARKS, 2), dtype=np.float32)
    points[:, 0] = left + np.linspace(0, 10, N_LANDMARKS)
    points[:, 1] = np.linspace(5, 5 + height, N_LANDMARKS)
    return Face(number, points, np.full(N_BLENDSHAPES, number / 10, dtype=np.float32))


def _frame(index: int) -> Frame:
    return Frame(index, index / 25, np.zeros((240, 320, 3), dtype=np.uint8))


def test_overlap_and_movement_of_boxes() -> None:
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 2, 2), (2, 0, 4, 2)) == 0.0
    assert moved((0, 0, 10, 20), (6, 8, 16, 28)) == pytest.approx(0.5)


def test_a_face_knows_its_box() -> None:
    face = _face(1, 20, left=3)
    assert face.box == (3, 5, 13, 25)
    assert face.height == 20


def test_topology_is_that_of_the_landmarker() -> None:
    from mediapipe.tasks.python.vision import FaceLandmarksConnections

    def edges(name: str) -> set[frozenset[int]]:
        return {
            frozenset((c.start, c.end))
            for c in getattr(FaceLandmarksConnections, f"FACE_LANDMARKS_{name}")
        }

    def ring(points: tuple[int, ...]) -> set[frozenset[int]]:
        return {frozenset(edge) for edge in topology.ring_edges(points)}

    assert ring(topology.LIPS_OUTER) | ring(topology.LIPS_INNER) == edges("LIPS")
    assert ring(topology.LEFT_EYE) == edges("LEFT_EYE")
    assert ring(topology.RIGHT_EYE) == edges("RIGHT_EYE")
    assert ring(topology.LEFT_IRIS) == edges("LEFT_IRIS")
    assert ring(topology.RIGHT_IRIS) == edges("RIGHT_IRIS")
    assert ring(topology.FACE_OVAL) == edges("FACE_OVAL")
    assert ring(topology.LEFT_BROW) > edges("LEFT_EYEBROW")
    assert ring(topology.RIGHT_BROW) > edges("RIGHT_EYEBROW")
    nose = {frozenset(edge) for edge in topology.line_edges(topology.NOSE_BRIDGE)}
    assert nose <= edges("NOSE")


def test_there_is_a_name_for_every_score() -> None:
    assert len(BLENDSHAPE_NAMES) == len(set(BLENDSHAPE_NAMES)) == N_BLENDSHAPES
    assert BLENDSHAPE_NAMES[0] == "_neutral"
    assert list(BLENDSHAPE_NAMES[1:]) == sorted(BLENDSHAPE_NAMES[1:])


def test_collecting_leaves_gaps_where_the_face_was_not_seen() -> None:
    found = [
        FrameFaces(_frame(0), (_face(1, 50),)),
        FrameFaces(_frame(1), ()),
        FrameFaces(_frame(2), (_face(1, 50), _face(2, 200))),
        FrameFaces(_frame(3), (_face(2, 200),)),
    ]
    landmarks = collect_face(found, INFO, 1)
    assert landmarks.found.tolist() == [True, False, True, False]
    np.testing.assert_allclose(landmarks.seconds, [0, 0.04, 0.08, 0.12])
    np.testing.assert_allclose(landmarks.face_px, [50, np.nan, 50, np.nan])
    assert landmarks.scores[0, 0] == np.float32(0.1)
    assert (landmarks.width, landmarks.height) == (320, 240)
    assert landmarks.points.dtype == landmarks.scores.dtype == np.float32


def test_the_main_face_is_the_one_seen_longest_and_largest() -> None:
    collector = TrackCollector(INFO)
    for index in range(3):
        faces = (_face(1, 50), _face(2, 200)) if index < 2 else (_face(1, 50),)
        collector.add(FrameFaces(_frame(index), faces))
    assert collector.n_seen == {2: 2, 1: 3}
    assert collector.track().found.tolist() == [True, True, False]
    with pytest.raises(InputError, match=r"'visit\.mp4' has no face number 7"):
        collector.track(7)


def test_a_video_without_a_face_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"No face was found in the video 'visit\.mp4'"):
        collect_face([FrameFaces(_frame(0), ())], INFO)


def test_reading_ahead_keeps_order_and_is_bounded() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for i in range(200):
            made.append(i)
            yield i

    got = []
    for i in read_ahead(items(), n_ahead=4):
        got.append(i)
        assert len(made) <= i + 7
    assert got == list(range(200))


def test_reading_ahead_passes_errors_on_after_the_items_before() -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise InputError("The video breaks off.")

    got: list[int] = []
    with pytest.raises(InputError, match="breaks off"):
        got.extend(read_ahead(items()))
    assert got == [0, 1, 2]


def test_stopping_early_ends_the_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    with closing(read_ahead(items(), n_ahead=2)) as ahead:
        assert next(ahead) == 1
    assert closed.is_set()
    assert not [t for t in threading.enumerate() if t.name.startswith("read-ahead")]


def test_only_the_known_notices_are_taken_out(capfd: pytest.CaptureFixture[str]) -> None:
    with known_notices_removed():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
        os.write(2, b"E0000 something that matters\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "E0000 something that matters\nafterwards\n"
