"""Optical flow of a face: where its skin has gone, whatever the landmarks say, and how surely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedyn_app.errors import MismatchError
from facedyn_app.landmarks import (
    BLENDSHAPE_NAMES,
    Face,
    FrameFaces,
    StoredTrack,
    TrackCollector,
    follow_skin,
)
from facedyn_app.landmarks.optical_flow import FaceFlow, reference_frame
from facedyn_app.landmarks.track_store import FLOW_WIDTH, RowFile, StoredFlow, flow_row
from facedyn_app.progress import Progress
from facedyn_app.records import (
    N_BLENDSHAPES,
    N_LANDMARKS,
    ByteArray,
    FloatArray,
    Frame,
    Landmarks,
    VideoInfo,
)

SIDE = 320
SHOWN = 0.6
"""Of a motion, what the simulated landmarks show."""
MIDDLE = np.array([160.0, 200.0])


@dataclass(frozen=True)
class Skin:
    """A picture with structure everywhere, and landmarks spread over it."""

    image: ByteArray
    points: FloatArray

    def moved(self, push: float) -> tuple[ByteArray, FloatArray]:
        """The picture with its middle pushed to the right, px, and where the landmarks then lie."""
        axis = np.arange(SIDE, dtype=np.float32)
        grid = np.stack(np.meshgrid(axis, axis), axis=2)
        behind = grid.copy()
        for _ in range(20):  # the place x that the push takes to the pixel: x = pixel - push(x)
            behind[..., 0] = grid[..., 0] - _push(behind, push)
        image = cv2.remap(self.image, behind, None, cv2.INTER_CUBIC)
        points = self.points.copy()
        points[:, 0] += _push(points, push)
        return np.asarray(image, np.uint8), points


def _push(places: FloatArray, push: float) -> FloatArray:
    distance2 = np.square(places - MIDDLE).sum(axis=-1)
    return np.asarray(push * np.exp(-distance2 / (2 * 40.0**2)))


@pytest.fixture(scope="module")
def skin() -> Skin:
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(SIDE, SIDE)).astype(np.float32)
    fine, coarse = (cv2.GaussianBlur(noise, (0, 0), size) for size in (2.0, 8.0))
    grey = 128 + 40 * fine / fine.std() + 25 * coarse / coarse.std()
    image = np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    points = rng.uniform(60, 260, size=(N_LANDMARKS, 2))
    points[:2] = [[40.0, 40.0], [280.0, 280.0]]
    return Skin(image, points)


def test_what_the_landmarks_do_not_show_of_a_motion_is_found(skin: Skin) -> None:
    image, true = skin.moved(8.0)
    shown = skin.points + SHOWN * (true - skin.points)
    shift, certainty = FaceFlow(skin.image, skin.points).measure(image, shown)
    assert np.abs(true - shown).max() > 2.5
    sure = certainty > 0.5
    assert sure.mean() > 0.8
    assert np.sqrt(np.square(shown + shift - true)[sure].mean()) < 0.25
    still, _ = FaceFlow(skin.image, skin.points).measure(skin.image, skin.points)
    assert np.abs(still).max() < 0.1


def test_landmarks_of_a_turned_and_larger_face_are_followed_alike(skin: Skin) -> None:
    image, true = skin.moved(6.0)
    matrix = cv2.getRotationMatrix2D((150.0, 170.0), 12.0, 1.2)
    turned = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC)
    shown = skin.points + SHOWN * (true - skin.points)
    shown, true = (points @ matrix[:, :2].T + matrix[:, 2] for points in (shown, true))
    flow = FaceFlow(skin.image, skin.points)
    shift, certainty = flow.measure(np.asarray(turned, np.uint8), shown)
    inside = (certainty > 0.5) & ((true > 20) & (true < SIDE - 20)).all(axis=1)
    assert inside.mean() > 0.6
    assert np.sqrt(np.square(shown + shift - true)[inside].mean()) < 0.5


def test_no_structure_and_a_cover_are_not_believed(skin: Skin) -> None:
    image, true = skin.moved(6.0)
    shown = skin.points + SHOWN * (true - skin.points)
    covered = image.copy()
    noise = np.random.default_rng(9).integers(0, 255, size=(90, 90, 1), dtype=np.uint8)
    covered[160:250, 100:190] = noise
    within = ((shown > [112, 172]) & (shown < [178, 238])).all(axis=1)
    _, free = FaceFlow(skin.image, skin.points).measure(image, shown)
    _, hidden = FaceFlow(skin.image, skin.points).measure(covered, shown)
    assert free[within].mean() > 0.7
    assert hidden[within].mean() < 0.1
    flat = np.full_like(skin.image, 120)
    _, none = FaceFlow(flat, skin.points).measure(flat, shown)
    assert none.max() < 0.01


def test_the_reference_is_a_sharp_frame_of_the_usual_rest() -> None:
    n = 40
    scores = np.full((n, N_BLENDSHAPES), 0.3, np.float32)  # nobody's scores at rest are 0
    scores[np.arange(n) % 4 == 0, BLENDSHAPE_NAMES.index("jawOpen")] = 0.9
    scores[:, BLENDSHAPE_NAMES.index("eyeLookUpLeft")] = np.linspace(0, 1, n)  # gaze is none of it
    scores[:, BLENDSHAPE_NAMES.index("mouthSmileLeft")] += 0.1
    rest = [9, 18, 27]
    scores[rest, BLENDSHAPE_NAMES.index("mouthSmileLeft")] -= 0.15
    turn = np.zeros((n, 3), np.float32)
    turn[9, 1] = 0.3
    sharpness = np.ones(n, np.float32)
    sharpness[18] = 0.5
    landmarks = Landmarks(
        seconds=np.arange(n) / 25,
        points=np.ones((n, N_LANDMARKS, 2), np.float32),
        scores=scores,
        width=SIDE,
        height=SIDE,
        sharpness=sharpness,
        turn=turn,
    )
    scores[:8, BLENDSHAPE_NAMES.index("mouthSmileLeft")] -= 0.15
    scores[:8, BLENDSHAPE_NAMES.index("browInnerUp")] += 0.1
    assert reference_frame(landmarks) == 27


def _track(points: FloatArray, seen: list[bool]) -> StoredTrack:
    collector = TrackCollector(VideoInfo(Path("v.mp4"), SIDE, SIDE, 25.0, None, None))
    blank = np.zeros((SIDE, SIDE, 3), np.uint8)
    for k, there in enumerate(seen):
        scores = np.full(N_BLENDSHAPES, 0.01 * k, np.float32)
        face = Face(1, points[k].astype(np.float32), scores, 1.0, 1.0)
        collector.add(FrameFaces(Frame(k, k / 25, blank), (face,) if there else ()))
    return collector.track(1)


@pytest.fixture
def film(skin: Skin) -> tuple[list[Frame], StoredTrack, FloatArray]:
    """A face that is pushed further from frame to frame, but gone in the third."""
    seen = [True, True, False, True, True, True]
    moved = [skin.moved(2.0 * k) for k in range(len(seen))]
    true = np.stack([points for _, points in moved])
    shown = skin.points + SHOWN * (true - skin.points)
    frames = [Frame(k, k / 25, image) for k, (image, _) in enumerate(moved)]
    return frames, _track(shown, seen), true


def test_a_face_is_followed_through_its_film(
    film: tuple[list[Frame], StoredTrack, FloatArray],
) -> None:
    frames, track, true = film
    told: list[Progress] = []
    found = follow_skin(frames.copy, track, told.append)
    assert found.flow is not None
    assert told
    landmarks = found.only(np.array([5, 2, 0]))
    assert np.isnan(landmarks.flow[1]).all()
    assert (landmarks.flow_certainty[1] == 0).all()
    own = landmarks.flow[0] - landmarks.flow[2] - (true[5] - true[0])
    sure = landmarks.flow_certainty[0] > 0.5
    assert sure.mean() > 0.6
    assert np.sqrt(np.square(own[sure]).mean()) < 0.4
    np.testing.assert_array_equal(landmarks.points, track.only(np.array([5, 2, 0])).points)
    assert track.only(np.array([0])).flow.shape == (1, 0, 2)


def test_another_film_is_refused(film: tuple[list[Frame], StoredTrack, FloatArray]) -> None:
    frames, track, _ = film
    for other in (frames[:-1], [*frames, frames[0]]):
        with pytest.raises(MismatchError, match=f"{len(other)} frames where 6 were followed"):
            follow_skin(other.copy, track)


def test_a_stop_ends_the_decoding(film: tuple[list[Frame], StoredTrack, FloatArray]) -> None:
    frames, track, _ = film
    ended = []

    def decode() -> Iterator[Frame]:
        try:
            yield from frames
        finally:
            ended.append(True)

    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow_skin(decode, track, stop)
    assert ended == [True, True]


def test_the_flow_comes_back_from_its_file_as_each_camera_saw_it(skin: Skin) -> None:
    rng = np.random.default_rng(1)
    shift = rng.normal(size=(3, N_LANDMARKS, 2)) * 5
    certainty = rng.uniform(size=(3, N_LANDMARKS))
    file = RowFile(FLOW_WIDTH)
    for one in zip(shift, certainty, strict=True):
        file.add(flow_row(*one))
    track = _track(np.stack([skin.points] * 3), [True] * 3)
    track = replace(track, flow=StoredFlow(np.arange(3), file))
    found = track.only(np.array([2, 0]))
    np.testing.assert_allclose(found.flow - found.points, shift[[2, 0]], atol=0.02)
    np.testing.assert_allclose(found.flow_certainty, certainty[[2, 0]], atol=0.5 / 255 + 1e-6)
    zoomed = replace(track, zoom=np.array([1.0, 1.0, 2.0])).in_own_cameras().only(np.array([2]))
    np.testing.assert_allclose(zoomed.flow - zoomed.points, shift[[2]] / 2, atol=0.02)
