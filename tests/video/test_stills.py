"""Folders of numbered stills are read as videos; a single photograph says what it would need."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.numbered_stills import series_in, sha256_of_video, stills_of
from facedyn_app.settings import VideoSettings
from facedyn_app.video import open_reader, probe_video, read_frames, video_notes
from tests.video.clips import Kind, number_in, numbered_picture, write_clip

AT_30 = VideoSettings(fps=30.0)


def put(path: Path, number: int, size: tuple[int, int] = (176, 144)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.ascontiguousarray(numbered_picture(number, size)[..., ::-1])
    assert cv2.imwrite(str(path), picture)


def seen(folder: Path, settings: VideoSettings | None = None) -> list[int]:
    """The numbers that the pictures show, by the fit; the player is held against it."""
    frames = list(read_frames(folder, settings))
    with open_reader(folder, settings) as reader:
        assert reader.n_frames == len(frames)
        np.testing.assert_allclose(reader.seconds, [frame.seconds for frame in frames])
        for frame in frames[::-1]:
            shown = reader.frame(frame.index)
            np.testing.assert_array_equal(shown.image, frame.image)
            assert (shown.damaged, shown.zoom) == (frame.damaged, frame.zoom)
    assert [frame.index for frame in frames] == list(range(len(frames)))
    return [number_in(frame.image) for frame in frames]


@pytest.mark.parametrize("ending", ["png", "jpg", "JPEG", "tif", "tiff", "bmp", "webp"])
def test_numbered_stills_are_a_video(tmp_path: Path, ending: str) -> None:
    for number in range(12):
        put(tmp_path / f"img_{number + 1}.{ending}", number)
    assert seen(tmp_path, AT_30) == list(range(12))  # img_10 after img_9
    info = probe_video(tmp_path, AT_30)
    assert (info.width, info.height, info.fps, info.n_frames) == (176, 144, 30.0, 12)
    assert (info.fps_assumed, info.notes) == (False, ("Even steps at 30 frames/s, as asked for.",))
    times = [frame.seconds for frame in read_frames(tmp_path, AT_30)]
    np.testing.assert_allclose(times, np.arange(12) / 30)


def test_a_rate_that_is_assumed_is_said(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path / f"{number:05d}.png", number)
    info = probe_video(tmp_path)
    assert (info.fps, info.fps_assumed) == (25.0, True)
    assert info.notes == ("Stills have no times: even steps at 25 frames/s are assumed.",)


def test_missing_numbers_keep_their_time(tmp_path: Path) -> None:
    for number in (3, 4, 5, 9, 10):
        put(tmp_path / f"frame{number}.png", number)
    frames = list(read_frames(tmp_path, AT_30))
    assert seen(tmp_path, AT_30) == [3, 4, 5, 5, 5, 5, 9, 10]
    assert [frame.damaged for frame in frames] == [False] * 3 + [True] * 3 + [False] * 2
    assert frames[6].seconds == pytest.approx(6 / 30)
    info = probe_video(tmp_path, AT_30)
    assert info.notes[-1] == (
        "Of the stills 3 to 10, 3 are missing: each keeps its time, as a damaged picture."
    )
    damaged = np.array([frame.damaged for frame in frames])
    seconds = np.array([frame.seconds for frame in frames])
    assert video_notes(info, seconds, damaged, {1.0}) == info.notes


def test_a_damaged_still_keeps_its_time(tmp_path: Path) -> None:
    for number in range(6):
        put(tmp_path / f"{number}.png", number)
    for number in (0, 3):
        (tmp_path / f"{number}.png").write_bytes(b"no picture")
    assert seen(tmp_path) == [1, 2, 2, 4, 5]
    frames = list(read_frames(tmp_path))
    assert [frame.damaged for frame in frames] == [False, False, True, False, False]
    info = probe_video(tmp_path)
    assert "The first 1 stills cannot be decoded and are left out." in info.notes
    notes = video_notes(info, np.arange(5) / 25, np.array([f.damaged for f in frames]), {1.0})
    assert notes[-1].startswith("1 of 5 pictures cannot be decoded")


def test_every_fifth_picture_is_no_gap(tmp_path: Path) -> None:
    for number in range(0, 50, 5):
        put(tmp_path / f"{number}.png", number)
    assert seen(tmp_path) == list(range(0, 50, 5))
    assert "go on by 5" in probe_video(tmp_path).notes[-1]


def test_numbers_that_count_no_frames_are_taken_in_a_row(tmp_path: Path) -> None:
    for number, name in enumerate(("20240305_120001", "20240305_120002", "20240305_153210")):
        put(tmp_path / f"IMG_{name}.png", number)
    assert seen(tmp_path) == [0, 1, 2]
    assert "taken in a row" in probe_video(tmp_path).notes[-1]


def test_pictures_of_other_sizes_are_padded(tmp_path: Path) -> None:
    for number, size in enumerate([(176, 144), (352, 288), (176, 288)]):
        path = tmp_path / f"{number}.png"
        image = np.full((size[1], size[0], 3), 200, dtype=np.uint8)
        cv2.imwrite(str(path), image)
    frames = list(read_frames(tmp_path))
    assert [frame.image.shape for frame in frames] == [(144, 176, 3)] * 3
    assert [int(frame.image[72, 4].mean()) for frame in frames] == [200, 200, 0]
    assert [frame.zoom for frame in frames] == [1.0, 1.0, 0.818]
    seen(tmp_path)


def test_two_cameras_are_two_films(tmp_path: Path) -> None:
    for number in range(4):
        put(tmp_path / f"cam1_{number:04d}.png", number)
    for number in range(6):
        put(tmp_path / f"cam2_{number:04d}.png", 10 + number)
    assert seen(tmp_path) == [10, 11, 12, 13, 14, 15]
    info = probe_video(tmp_path)
    assert info.stream == 1
    assert info.films == ("cam1_#.png, 4 frames", "cam2_#.png, 6 frames")
    assert info.notes[0] == (
        "The folder holds 2 series of stills: number 1 is taken ('cam2_#.png'; the first is "
        "number 0)."
    )
    assert seen(tmp_path, VideoSettings(stream=0)) == [0, 1, 2, 3]
    with pytest.raises(InputError, match="there is no number 2"):
        probe_video(tmp_path, VideoSettings(stream=2))


def test_the_frames_number_is_the_one_that_tells_pictures_apart(tmp_path: Path) -> None:
    for number in range(5):
        put(tmp_path / f"take2_{number:03d}_25fps.png", number)
    (series,) = series_in(tmp_path)
    assert (series.name, series.first, series.n_missing) == ("take2_#_25fps.png", 0, 0)
    put(tmp_path / "take2_03_25fps.png", 3)  # the same number twice: they count nothing
    (series,) = series_in(tmp_path)
    assert (len(series.files), series.first) == (6, None)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_read_as_a_viewer_shows_them(tmp_path: Path, orientation: int) -> None:
    """Turned and mirrored by their EXIF data, in any order of bytes; the player's are the same."""
    image_module = pytest.importorskip("PIL.Image")
    operations = pytest.importorskip("PIL.ImageOps")
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 256, (4, 6, 3), dtype=np.uint8)
    stored = image_module.fromarray(np.kron(blocks, np.ones((16, 16, 1), np.uint8)))
    for number in range(2):
        exif = image_module.Exif()
        exif.endian = "<>"[number]
        exif[0x010F] = "camera"
        exif[0x0112] = orientation
        stored.save(tmp_path / f"{number}.jpg", exif=exif, quality=95)
    with image_module.open(tmp_path / "0.jpg") as file:
        wanted = np.asarray(operations.exif_transpose(file)).astype(int)
    info = probe_video(tmp_path)
    assert (info.height, info.width) == wanted.shape[:2]
    assert not info.mirrored
    frames = [*read_frames(tmp_path), *read_frames(tmp_path, as_shown=True)]
    with open_reader(tmp_path) as reader:
        frames += [reader.frame(0), reader.frame(1)]
    for frame in frames:
        assert np.abs(frame.image - wanted).mean() < 6


def test_each_photograph_has_its_own_orientation(tmp_path: Path) -> None:
    image_module = pytest.importorskip("PIL.Image")
    upright = numbered_picture(21)
    stored = (upright, upright[:, ::-1], upright[::-1, ::-1], upright[::-1])
    for number, picture in enumerate(stored):
        exif = image_module.Exif()
        exif[0x0112] = number + 1
        image_module.fromarray(picture).save(tmp_path / f"{number}.jpg", exif=exif, quality=95)
    assert seen(tmp_path) == [21, 21, 21, 21]


@pytest.mark.parametrize(
    "data",
    [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12"],
)
def test_broken_exif_data_turn_nothing(tmp_path: Path, data: bytes) -> None:
    image_module = pytest.importorskip("PIL.Image")
    for number in range(2):
        image_module.fromarray(numbered_picture(21)).save(tmp_path / "x.jpg", quality=95)
        plain = (tmp_path / "x.jpg").read_bytes()
        segment = b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + data
        (tmp_path / f"{number}.jpg").write_bytes(plain[:2] + segment + plain[2:])
    (tmp_path / "x.jpg").unlink()
    assert seen(tmp_path) == [21, 21]


def test_mirrored_stills_are_measured_mirrored_back(tmp_path: Path) -> None:
    for number in range(2):
        put(tmp_path / f"{number}.png", 11)
    mirrored = VideoSettings(mirrored_pixels=True)
    frame = next(iter(read_frames(tmp_path, mirrored)))
    assert number_in(frame.image[:, ::-1]) == 11
    assert probe_video(tmp_path, mirrored).mirrored
    assert number_in(next(iter(read_frames(tmp_path, mirrored, as_shown=True))).image) == 11


def test_a_folder_without_stills_is_no_video(tmp_path: Path) -> None:
    put(tmp_path / "face.png", 1)
    put(tmp_path / "001.png", 1)
    with pytest.raises(InputError, match="holds no numbered stills"):
        probe_video(tmp_path)
    (tmp_path / "a").mkdir()
    for number in range(2):
        (tmp_path / "a" / f"{number}.png").write_bytes(b"none")
    with pytest.raises(InputError, match=r"None of the first stills '#\.png' can be decoded"):
        probe_video(tmp_path / "a")


def test_a_large_still_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    for number in range(2):
        put(tmp_path / f"{number}.png", number, (1400, 1000))
    with pytest.raises(InputError) as caught:
        probe_video(tmp_path, VideoSettings(most_megapixels=1.0))
    assert "1400 x 1000 px, more than 1 megapixels" in str(caught.value)


def test_the_hash_is_of_the_pictures_in_their_order(tmp_path: Path) -> None:
    for folder, numbers in (("a", (1, 2)), ("b", (1, 2)), ("c", (2, 1))):
        for place, number in enumerate(numbers):
            put(tmp_path / folder / f"{place + 9}.png", number)
    a, b, c = (sha256_of_video(tmp_path / folder) for folder in "abc")
    assert a == b != c
    assert [path.name for path in stills_of(tmp_path / "a")] == ["9.png", "10.png"]


def test_a_single_photograph_says_what_it_would_need(tmp_path: Path) -> None:
    for ending in ("png", "jpg", "tiff"):
        put(tmp_path / f"face.{ending}", 1)
        with pytest.raises(InputError) as caught:
            probe_video(tmp_path / f"face.{ending}")
        assert str(caught.value) == (
            f"'{tmp_path / f'face.{ending}'}' is a single photograph: motion is measured in a "
            "video, or in a folder of numbered stills with their rate (--fps)."
        )


def test_a_pattern_in_a_name_is_no_series(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path / f"img{number}.png", number)
    with pytest.raises(InputError, match="does not exist"):
        next(iter(read_frames(tmp_path / "img%d.png")))
    put(tmp_path / "img%d.png", 9)
    assert [number_in(frame.image) for frame in read_frames(tmp_path / "img%d.png")] == [9]


def test_an_animated_gif_is_a_video(tmp_path: Path) -> None:
    path = tmp_path / "face.gif"
    write_clip(path, Kind("gif", "gif", {}, "rgb8"), 8, fps=10)
    frames = list(read_frames(path))
    assert [number_in(frame.image) for frame in frames] == list(range(8))
    np.testing.assert_allclose([frame.seconds for frame in frames], np.arange(8) / 10, atol=1e-6)
