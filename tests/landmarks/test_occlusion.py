"""A covered mouth, covered eyes, and what only looks a little like that, on real recordings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedyn_app.fit_settings import FitSettings
from facedyn_app.landmarks import collect_face, track_faces
from facedyn_app.landmarks.occlusion import N_PLACES, UsualAppearance, light_ratio, shades_at
from facedyn_app.records import N_LANDMARKS, BoolArray, ByteArray, FloatArray, Frame, Landmarks
from facedyn_app.topology import (
    LEFT_EYE,
    LEFT_EYE_ROWS,
    LIPS_AROUND,
    LIPS_INNER,
    LIPS_OUTER,
    MIRRORED_POINTS,
    RIGHT_EYE,
    RIGHT_EYE_ROWS,
)
from facedyn_app.video import probe_video, read_frames

N_FRAMES = 60
LEAST = FitSettings().min_likeness
RINGS = (LIPS_OUTER, LIPS_INNER, LIPS_AROUND)
EYE_ROWS = tuple(zip(RIGHT_EYE_ROWS, LEFT_EYE_ROWS, strict=True))
Change = Callable[[ByteArray, FloatArray], ByteArray]


def _ellipse(picture: ByteArray, centre: FloatArray, size: float, texture: ByteArray) -> ByteArray:
    """A picture with a textured ellipse twice as wide as high before it."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    axes = (round(size), round(0.65 * size))
    cv2.ellipse(mask, np.rint(centre).astype(int).tolist(), axes, 20, 0, 360, 255, cv2.FILLED)
    return np.where(mask[..., None] > 0, texture, picture).astype(np.uint8)


def _span(points: FloatArray) -> float:
    """The distance of the eyes, px."""
    return float(np.linalg.norm(points[list(LEFT_EYE)].mean(0) - points[list(RIGHT_EYE)].mean(0)))


def _hand(picture: ByteArray, points: FloatArray) -> ByteArray:
    """A hand of the face's own skin, its cheek drawn large, before the mouth."""
    x, y = points[50].astype(int)
    cheek = cv2.resize(picture[y - 9 : y + 9, x - 9 : x + 9], picture.shape[1::-1])
    return _ellipse(picture, points[list(LIPS_OUTER)].mean(0), _span(points), cheek)


def _microphone(picture: ByteArray, points: FloatArray) -> ByteArray:
    dark = np.full_like(picture, 30)
    dark[::4, ::4] = 60
    return _ellipse(picture, points[list(LIPS_OUTER)].mean(0), 0.7 * _span(points), dark)


def _hand_over_eyes(picture: ByteArray, points: FloatArray) -> ByteArray:
    middle = points[list(LEFT_EYE + RIGHT_EYE)].mean(0)
    skin = np.broadcast_to(0.9 * picture[tuple(points[50].astype(int)[::-1])], picture.shape)
    return _ellipse(picture, middle, 1.2 * _span(points), skin.astype(np.uint8))


def _lamp(picture: ByteArray, _points: FloatArray) -> ByteArray:
    """Warm light from one side."""
    side = np.linspace(0.5, 1.4, picture.shape[1])[None, :, None] * (1.1, 1.0, 0.8)
    return np.clip(picture * side, 0, 255).astype(np.uint8)


def _mirrored(frame: Frame) -> Frame:
    return replace(frame, image=np.ascontiguousarray(frame.image[:, ::-1]))


def _whole(video: Path, mirrored: bool) -> Landmarks:
    """The landmarks of a whole recording, or of its mirror image."""
    info = probe_video(video)
    frames = read_frames(video)
    return collect_face(track_faces(map(_mirrored, frames) if mirrored else frames, info), info)


def _landmarks(video: Path, change: Change | None, changed: BoolArray) -> tuple[Landmarks, ...]:
    """The landmarks of a recording as it is, and with some of its frames changed."""
    info = probe_video(video)
    frames = list(islice(read_frames(video), N_FRAMES))
    before = collect_face(track_faces(frames, info), info)

    def shown(frame: Frame) -> Frame:
        if change is None or not changed[frame.index]:
            return frame
        return replace(frame, image=change(frame.image, before.points[frame.index]))

    return before, collect_face(track_faces(map(shown, frames), info), info)


def _sometimes() -> BoolArray:
    return np.arange(N_FRAMES) % 25 >= 15


@pytest.mark.parametrize("change", [_hand, _microphone, _hand_over_eyes])
@pytest.mark.parametrize("video", ["talk_a.mp4", "pyfeat_single_face.mp4"])
def test_a_covered_mouth_or_eyes_are_unlike_the_face(
    shared: Path, video: str, change: Change
) -> None:
    covered = _sometimes()
    before, after = _landmarks(shared / "data/videos" / video, change, covered)
    assert (before.likeness > LEAST).all()
    assert (after.likeness[~covered] > LEAST).all()
    seen = covered & after.found
    assert (after.likeness[seen] < LEAST).mean() > 0.9


def test_other_light_is_no_cover(shared: Path) -> None:
    lit = _sometimes()
    _, after = _landmarks(shared / "data/videos/talk_b.mp4", _lamp, lit)
    assert (after.likeness > LEAST).all()


@pytest.mark.parametrize("mirrored", [False, True])
def test_light_from_one_side_is_measured(shared: Path, mirrored: bool) -> None:
    """The lamp stands on the picture's right, where the left side of a face is."""
    video = shared / "data/videos/talk_b.mp4"
    info = probe_video(video)

    def ratio(change: Change | None) -> float:
        frames = list(islice(read_frames(video), 5))
        if change is not None:
            frames = [replace(one, image=change(one.image, np.zeros(0))) for one in frames]
        found = track_faces(map(_mirrored, frames) if mirrored else frames, info)
        return float(np.median([one.faces[0].light_ratio for one in found]))

    plain, lamp = ratio(None), ratio(_lamp)
    assert (lamp < 0.8 * plain) if mirrored else (lamp > 1.25 * plain)


def test_the_light_ratio_is_that_of_the_bare_skin() -> None:
    points = np.zeros((N_LANDMARKS, 2))
    points[:, 0] = np.where(np.arange(N_LANDMARKS) >= MIRRORED_POINTS, 96.0, 32.0)
    points[:, 1] = 64.0
    picture = np.full((128, 128, 3), 50, np.uint8)
    assert light_ratio(shades_at(picture, points)) == pytest.approx(1.0)
    picture[:, 64:] = 100
    # 6 is added to every shade, so that noise in the dark does not count
    assert light_ratio(shades_at(picture, points)) == pytest.approx(106 / 56)


def test_a_mouth_covered_most_of_the_time_is_still_told_from_the_hand(shared: Path) -> None:
    covered = np.arange(N_FRAMES) % 25 >= 6
    _, after = _landmarks(shared / "data/videos/talk_a.mp4", _hand, covered)
    assert (after.likeness[~covered] > LEAST).all()
    assert (after.likeness[covered] < LEAST).mean() > 0.9


def test_grimaces_and_a_tongue_are_no_cover(shared: Path) -> None:
    """Of the frames that have a face, at most one in 200 is unlike the others."""
    video = shared / "data/videos/liveportrait_d6.mp4"
    info = probe_video(video)
    found = collect_face(track_faces(islice(read_frames(video), 400), info), info)
    assert (found.likeness < LEAST).mean() <= 0.005


def test_too_few_frames_tell_nothing() -> None:
    shades = np.random.default_rng(0).integers(0, 255, (9, N_PLACES, 3)).astype(np.uint8)
    assert np.isnan(UsualAppearance(shades).likeness(shades)).all()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    "video",
    [
        "cases/40_wide_mouth_glasses.mp4",
        "cases/41_smile_glasses.mp4",
        "data/truth/facecap_own640.mp4",
    ],
)
def test_a_wide_mouth_a_smile_and_glasses_are_no_cover(
    shared: Path, video: str, mirrored: bool
) -> None:
    if not (shared / video).is_file():
        pytest.skip(f"{video} is absent from ../shared")
    assert (_whole(shared / video, mirrored).likeness < LEAST).mean() <= 0.01


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_hand_over_half_of_the_mouth_is_found(shared: Path, mirrored: bool) -> None:
    """A woman's fingers lie on one half of her lips, on more or less of it."""
    covered = _whole(shared / "data/videos/pyfeat_20s.mp4", mirrored).likeness < LEAST
    assert covered[59:228].mean() > 0.7
    assert np.delete(covered, np.s_[55:232]).mean() <= 0.01


SKIN_RGB, LIP_RGB, INSIDE_RGB = (200, 160, 130), (160, 80, 90), (40, 15, 15)
MOUTH = np.array([128.0, 190.0])
USUAL, PRESSED, GAPING = ((56, 24), (56, 4)), ((72, 7), (72, 1)), ((46, 52), (34, 40))
Sizes = tuple[tuple[float, float], tuple[float, float]]


def _mouth(sizes: Sizes) -> tuple[ByteArray, FloatArray]:
    """A face of one colour but for its mouth, half of it in the shade, and its points.

    Args:
        sizes: Half of the width and of the height of the lips' outline, and of what is in them.
    """
    points = np.random.default_rng(0).uniform(20, 100, (478, 2)).astype(np.float32)
    # from the right corner through the lower lip to the left one, and back
    turns = np.pi - np.linspace(0, 2 * np.pi, 20, endpoint=False)
    ring = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    picture = np.full((256, 256, 3), SKIN_RGB, np.uint8)
    for row, size, colour in zip(
        (LIPS_OUTER, LIPS_INNER), sizes, (LIP_RGB, INSIDE_RGB), strict=True
    ):
        points[list(row)] = MOUTH + size * ring
        axes = (round(size[0]), round(size[1]))
        cv2.ellipse(picture, MOUTH.astype(int).tolist(), axes, 0, 0, 360, colour, cv2.FILLED)
    points[list(LIPS_AROUND)] = MOUTH + (np.array(sizes[0]) + 12) * ring
    picture[:, 140:] = 0.9 * picture[:, 140:]
    return picture, points


def _mouth_likeness(picture: ByteArray, points: FloatArray) -> float:
    """Of one picture among those of the usual mouth."""
    usual = [shades_at(*_mouth(((56 + n % 3, 24 + n % 2), (56, 4)))) for n in range(12)]
    shades = np.stack([*usual, shades_at(picture, points)])
    return float(UsualAppearance(shades).likeness(shades)[-1])


def _fingers(picture: ByteArray, left: int, right: int) -> ByteArray:
    """Upright fingers of the face's own skin, dark between them, before a part of a picture."""
    covered = picture.copy()
    covered[140:, left:right] = SKIN_RGB
    covered[140:, left + 12 : right : 24] = np.array(SKIN_RGB) // 2
    return covered


@pytest.mark.parametrize("sizes", [USUAL, PRESSED, GAPING])
def test_lips_pressed_or_wide_open_are_the_same_lips(sizes: Sizes) -> None:
    assert _mouth_likeness(*_mouth(sizes)) > 1.2 * LEAST


@pytest.mark.parametrize(("left", "right"), [(50, 206), (50, 134), (122, 206)])
def test_fingers_before_all_or_one_half_of_the_lips_are_found(left: int, right: int) -> None:
    picture, points = _mouth(USUAL)
    assert _mouth_likeness(_fingers(picture, left, right), points) < LEAST


@pytest.mark.parametrize("sizes", [USUAL, PRESSED, GAPING])
def test_a_mirrored_face_is_as_like_itself(sizes: Sizes) -> None:
    """Of a picture, and of its mirror image with its points' numbers changed over."""

    def shades(sizes: Sizes, mirrored: bool) -> ByteArray:
        picture, points = _mouth(sizes)
        if not mirrored:
            return shades_at(picture, points)
        points = points * (-1, 1) + (len(picture) - 1, 0)
        changed = points.copy()
        rings = [(row, np.roll(row[::-1], 11).tolist()) for row in RINGS]
        for row, other in [*rings, *EYE_ROWS, *((b, a) for a, b in EYE_ROWS)]:
            changed[list(row)] = points[list(other)]
        return shades_at(np.ascontiguousarray(picture[:, ::-1]), changed)

    like = []
    for mirrored in (False, True):
        usual = [shades(USUAL, mirrored)] * 12
        found = np.stack([*usual, shades(sizes, mirrored)])
        like.append(UsualAppearance(found).likeness(found)[-1])
    assert like[1] == pytest.approx(like[0], abs=0.01)


def test_light_changes_no_likeness_and_a_bare_face_has_none() -> None:
    """A face of one colour but for its lips, in light of its own in each frame."""
    rng = np.random.default_rng(0)
    points = np.zeros((478, 2), np.float32)
    points[:] = rng.uniform(20, 100, points.shape)
    turns = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    ring = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    points[list(LIPS_OUTER)] = [128, 190] + [60, 40] * ring
    skin, lips = np.full((256, 256, 3), (200, 160, 130)), (160, 80, 90)
    face = cv2.ellipse(skin.astype(np.uint8), (128, 190), (60, 40), 0, 0, 360, lips, -1)
    points[list(LIPS_INNER)] = [128, 190] + [30, 20] * ring
    pictures = [(face * rng.uniform(0.4, 1.2)).astype(np.uint8) for _ in range(12)]
    pictures.append(skin.astype(np.uint8))
    shades = np.stack([shades_at(picture, points) for picture in pictures])
    like = UsualAppearance(shades).likeness(shades)
    assert like[:-1] == pytest.approx(1.0, abs=0.15)
    assert like[-1] == pytest.approx(0.0, abs=0.1)
