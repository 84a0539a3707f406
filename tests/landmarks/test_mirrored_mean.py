"""The mean with the mirrored picture: mirrored pictures give the mirrored answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.device import choose_device
from facedyn_app.landmarks import Face, Landmarker, collect_face, track_faces
from facedyn_app.landmarks.faces import CROP_PX, crop, crop_to_image, mirrored_square, squares_of
from facedyn_app.landmarks.measurement import Measured, Measurer, turns_of
from facedyn_app.landmarks.models import FaceModels
from facedyn_app.records import ByteArray, FloatArray
from facedyn_app.settings import LandmarkSettings
from facedyn_app.topology import MIRRORED_BLENDSHAPES, MIRRORED_POINTS
from facedyn_app.video import probe_video, read_frames

ONE = LandmarkSettings(max_faces=1, mirrored_mean=False)
BOTH = LandmarkSettings(max_faces=1)
MIRRORED_TURN = (1.0, -1.0, -1.0)


@dataclass(frozen=True)
class Seen:
    """One face in a picture, the square (1, 4) around it, and what the networks are."""

    models: FaceModels
    image: ByteArray
    square: FloatArray

    @property
    def mirrored(self) -> tuple[ByteArray, FloatArray]:
        """The mirrored picture and the face's square in it."""
        width = self.image.shape[1]
        image = np.ascontiguousarray(self.image[:, ::-1])
        return image, mirrored_square(self.square[0], width)[None]


@pytest.fixture(scope="module")
def seen(shared: Path) -> Seen:
    image = next(iter(read_frames(shared / "data/videos/talk_b.mp4"))).image
    with Landmarker(ONE) as landmarker:
        points = landmarker.detect_image(image)
    assert points is not None
    square = squares_of(points[None])
    square[0, 3] += 0.1  # a face is seldom upright
    return Seen(FaceModels(choose_device("auto")), image, square)


@pytest.fixture
def both(seen: Seen) -> Iterator[Measurer]:
    measurer = Measurer(seen.models, mirrored_mean=True)
    yield measurer
    measurer.close()


@pytest.fixture
def plain(seen: Seen) -> Iterator[Measurer]:
    measurer = Measurer(seen.models)
    yield measurer
    measurer.close()


def _back(points: FloatArray, width: int) -> FloatArray:
    """Points (N, L, 2) of the mirrored picture in the picture."""
    return points[:, MIRRORED_POINTS] * [-1, 1] + [width, 0]


def _measured_twice(measurer: Measurer, seen: Seen) -> tuple[Measured, Measured]:
    """What is measured in the picture and in the mirrored one."""
    image, square = seen.mirrored
    return measurer.measure([seen.image], seen.square), measurer.measure([image], square)


def test_a_mirrored_picture_has_the_mirrored_measurement(seen: Seen, both: Measurer) -> None:
    one, other = _measured_twice(both, seen)
    back = _back(other.points, seen.image.shape[1])
    np.testing.assert_allclose(back, one.points, atol=1e-3)
    np.testing.assert_allclose(other.depths[:, MIRRORED_POINTS], one.depths, atol=1e-3)
    np.testing.assert_allclose(other.certainty, one.certainty, atol=1e-6)
    turns = [turns_of(found.points, found.depths) for found in (one, other)]
    np.testing.assert_allclose(turns[1] * MIRRORED_TURN, turns[0], atol=1e-4)
    scores = both.scores(one.points), both.scores(other.points)
    np.testing.assert_allclose(scores[1][:, MIRRORED_BLENDSHAPES], scores[0], atol=1e-4)
    assert one.points.dtype == one.depths.dtype == scores[0].dtype == np.float32


def test_without_the_mean_the_two_differ(seen: Seen, plain: Measurer) -> None:
    one, other = _measured_twice(plain, seen)
    back = _back(other.points, seen.image.shape[1])
    assert np.median(np.linalg.norm(back - one.points, axis=2)) > 0.1
    scores = plain.scores(one.points), plain.scores(_back(one.points, 0))
    assert np.abs(scores[1][:, MIRRORED_BLENDSHAPES] - scores[0]).max() > 0.01


def test_the_mean_is_that_of_the_two(seen: Seen, plain: Measurer, both: Measurer) -> None:
    one, other = _measured_twice(plain, seen)
    mean = both.measure([seen.image], seen.square)
    expected = (one.points + _back(other.points, seen.image.shape[1])) / 2
    np.testing.assert_allclose(mean.points, expected, atol=1e-3)
    expected = (one.depths + other.depths[:, MIRRORED_POINTS]) / 2
    np.testing.assert_allclose(mean.depths, expected, atol=1e-3)
    expected = (one.certainty**2 + other.certainty**2) / (one.certainty + other.certainty)
    np.testing.assert_allclose(mean.certainty, expected, atol=1e-6)
    np.testing.assert_array_equal(mean.sharpness, one.sharpness)


def test_without_the_mean_the_networks_answer_is_not_touched(seen: Seen, plain: Measurer) -> None:
    found = plain.measure([seen.image], seen.square)
    shown, certainty = seen.models.points([crop(seen.image, seen.square[0])])
    np.testing.assert_array_equal(found.points, crop_to_image(shown[:, :, :2], seen.square))
    scale = (seen.square[:, 2:3] / CROP_PX).astype(np.float32)
    np.testing.assert_array_equal(found.depths, shown[:, :, 2] * scale)
    np.testing.assert_array_equal(found.certainty, certainty)
    np.testing.assert_array_equal(plain.scores(found.points), seen.models.scores(found.points))


def test_the_mirrored_square_shows_the_mirrored_face(seen: Seen) -> None:
    points = np.array([[[10.0, 20.0], [128.0, 128.0], [250.0, 5.0]]])
    _, square = seen.mirrored
    there = crop_to_image(points * [-1, 1] + [CROP_PX, 0], square)
    here = crop_to_image(points, seen.square)
    np.testing.assert_allclose(there * [-1, 1] + [seen.image.shape[1], 0], here, atol=1e-3)


def _faces(image: ByteArray, settings: LandmarkSettings) -> Face:
    with Landmarker(settings) as landmarker:
        face = landmarker.detect_face(image)
    assert face is not None
    return face


def test_single_pictures_take_the_mean(seen: Seen) -> None:
    """The detector is not mirrored, so that the squares differ a little."""
    apart = []
    for settings in (ONE, BOTH):
        one, other = (_faces(image, settings) for image in (seen.image, seen.mirrored[0]))
        back = _back(other.points[None], seen.image.shape[1])[0]
        apart.append(float(np.median(np.linalg.norm(back - one.points, axis=1))))
    assert apart[1] < apart[0] / 3


def test_videos_take_the_mean(shared: Path) -> None:
    path = shared / "data/videos/pyfeat_single_face.mp4"
    info = probe_video(path)
    plain, both = (
        collect_face(track_faces(islice(read_frames(path), 8), info, settings), info)
        for settings in (ONE, BOTH)
    )
    assert both.found.all()
    apart = np.linalg.norm(both.points - plain.points, axis=2) / plain.face_px[:, None]
    assert 0.001 < np.median(apart) < 0.02


def test_of_several_pictures_some_are_looked_at_mirrored_and_the_others_drawn_along(
    seen: Seen, plain: Measurer, both: Measurer
) -> None:
    """The second and the sixth of seven; between them the correction goes over from one to the
    other."""
    images = [np.roll(seen.image, shift, axis=1) for shift in range(7)]
    squares = np.repeat(seen.square, len(images), axis=0)
    squares[:, 0] += np.arange(len(images))  # the crops are the same, but for what is filled in
    alone, mean = plain.measure(images, squares), both.measure(images, squares)
    single = [both.measure([images[row]], squares[row : row + 1]).points[0] for row in (1, 5)]
    first, last = (found - alone.points[row] for row, found in zip((1, 5), single, strict=True))
    shares = (0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0)
    for row, share in enumerate(shares):
        expected = alone.points[row] + (1 - share) * first + share * last
        np.testing.assert_allclose(mean.points[row], expected, atol=2e-3)
    scores = both.scores(mean.points), plain.scores(mean.points)
    drawn = scores[0] - scores[1]
    np.testing.assert_allclose(drawn[3], (drawn[1] + drawn[5]) / 2, atol=1e-5)
    assert np.abs(drawn[1]).max() > 0.001
