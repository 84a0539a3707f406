"""Counterparts of landmarks and scores, against the canonical mesh and a real mirrored picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedyn_app.landmarks import BLENDSHAPE_NAMES, Landmarker
from facedyn_app.landmarks.measurement import turns_of
from facedyn_app.landmarks.models import bundled
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, FloatArray, Landmarks
from facedyn_app.settings import LandmarkSettings
from facedyn_app.topology import (
    FACE_OVAL,
    LEFT_EYE,
    LEFT_EYE_ROWS,
    LIPS_OUTER,
    MIRRORED_BLENDSHAPES,
    MIRRORED_POINTS,
    RIGHT_EYE,
    RIGHT_EYE_ROWS,
    mirror_landmarks,
    mirror_name,
    mirrored_channels,
)
from facedyn_app.video import read_frames

_FLOAT_FIELD = 0x1D  # protocol buffers: field 3 (`vertex_buffer` of the mesh), a float


def _canonical_points() -> FloatArray:
    """(468, 3) vertices of the canonical face mesh: `x, y, z, u, v` each, one float a field."""
    data = bundled("geometry_pipeline_metadata_landmarks.binarypb")
    start = data.index(bytes([_FLOAT_FIELD]))
    numbers = []
    while data[start] == _FLOAT_FIELD:
        numbers.append(np.frombuffer(data, "<f4", 1, start + 1)[0])
        start += 5
    return np.array(numbers, dtype=np.float32).reshape(-1, 5)[:, :3]


def _landmarks(n_frames: int = 3) -> Landmarks:
    rng = np.random.default_rng(0)
    return Landmarks(
        seconds=np.arange(n_frames) / 25.0,
        points=rng.uniform(0, 100, (n_frames, N_LANDMARKS, 2)).astype(np.float32),
        scores=rng.uniform(size=(n_frames, N_BLENDSHAPES)).astype(np.float32),
        width=100,
        height=80,
        turn=rng.normal(size=(n_frames, 3)).astype(np.float32),
    )


def test_points_are_the_pairs_of_the_canonical_mesh() -> None:
    mesh = _canonical_points()
    assert len(mesh) == 468
    np.testing.assert_array_equal(mesh[MIRRORED_POINTS[:468]], mesh * [-1, 1, 1])


def test_counterparts_are_each_other_s() -> None:
    np.testing.assert_array_equal(MIRRORED_POINTS[MIRRORED_POINTS], np.arange(N_LANDMARKS))
    np.testing.assert_array_equal(
        MIRRORED_BLENDSHAPES[MIRRORED_BLENDSHAPES], np.arange(N_BLENDSHAPES)
    )
    assert (MIRRORED_POINTS[468:473] >= 473).all()


def test_the_parts_of_the_face_change_sides() -> None:
    assert {int(MIRRORED_POINTS[k]) for k in RIGHT_EYE} == set(LEFT_EYE)
    for one, other in zip(RIGHT_EYE_ROWS, LEFT_EYE_ROWS, strict=True):
        assert [int(MIRRORED_POINTS[k]) for k in one] == list(other)
    for ring in (LIPS_OUTER, FACE_OVAL):
        assert {int(MIRRORED_POINTS[k]) for k in ring} == set(ring)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("eyeBlinkLeft", "eyeBlinkRight"),
        ("mouthRight", "mouthLeft"),
        ("eyeBlink_L", "eyeBlink_R"),
        ("jawOpen", "jawOpen"),
        ("expression_001", "expression_001"),
    ],
)
def test_names_change_sides(name: str, other: str) -> None:
    assert mirror_name(name) == other
    assert mirror_name(other) == name


def test_scores_of_the_two_sides_change_places() -> None:
    assert BLENDSHAPE_NAMES[MIRRORED_BLENDSHAPES[BLENDSHAPE_NAMES.index("jawLeft")]] == "jawRight"
    assert int((np.arange(N_BLENDSHAPES) != MIRRORED_BLENDSHAPES).sum()) == 40


def test_a_side_without_counterpart_is_told() -> None:
    with pytest.raises(ValueError, match="eyeBlinkRight"):
        mirrored_channels(("eyeBlinkLeft", "jawOpen"))


def test_mirrored_twice_landmarks_are_the_same() -> None:
    landmarks = _landmarks()
    again = mirror_landmarks(mirror_landmarks(landmarks))
    np.testing.assert_allclose(again.points, landmarks.points, atol=1e-5)
    np.testing.assert_array_equal(again.scores, landmarks.scores)
    np.testing.assert_array_equal(again.turn, landmarks.turn)


def test_the_turn_is_that_of_the_mirrored_points() -> None:
    landmarks = _landmarks()
    depths = np.random.default_rng(1).normal(size=(3, N_LANDMARKS)) * 20
    turned = Landmarks(
        landmarks.seconds,
        landmarks.points,
        landmarks.scores,
        100,
        80,
        turn=turns_of(landmarks.points, depths),
    )
    mirrored = mirror_landmarks(turned)
    expected = turns_of(mirrored.points, depths[:, MIRRORED_POINTS])
    np.testing.assert_allclose(mirrored.turn, expected, atol=1e-4)
    assert mirrored.turn.dtype == turned.turn.dtype


def test_a_mirrored_picture_has_the_mirrored_points(shared: Path) -> None:
    image = next(iter(read_frames(shared / "data/videos/talk_b.mp4"))).image
    with Landmarker(LandmarkSettings(max_faces=1)) as landmarker:
        plain = landmarker.detect_image(image)
        mirrored = landmarker.detect_image(np.ascontiguousarray(image[:, ::-1]))
    assert plain is not None
    assert mirrored is not None
    by_hand = plain[MIRRORED_POINTS] * [-1, 1] + [image.shape[1], 0]
    face_px = np.ptp(plain[:, 1])
    distance = np.linalg.norm(by_hand - mirrored, axis=1) / face_px
    assert np.median(distance) < 0.02
    assert distance[468:].max() < 0.015  # an iris is as wide as 0.06 of the face
