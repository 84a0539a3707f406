"""Decoding: true times, upright pictures, and a sentence for what cannot be decoded."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.records import ByteArray
from facedyn_app.video import probe_video, read_frames

N_FRAMES = 30


def _corner_picture() -> ByteArray:
    """Black, 96x64, with a red top left corner."""
    image = np.zeros((64, 96, 3), dtype=np.uint8)
    image[:32, :32, 0] = 255
    return image


def _write(path: Path, images: list[ByteArray], ticks: list[int], **stream_options: object) -> None:
    """Write pictures at times in 1/1000 s, as lossless video in Matroska or MPEG-4 in MP4."""
    rotation = stream_options.pop("rotation", None)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1" if path.suffix == ".mkv" else "mpeg4", rate=1000)
        stream.height, stream.width = images[0].shape[:2]
        for name, value in stream_options.items():
            setattr(stream, name, value)
        if rotation is not None:
            stream.set_display_rotation(rotation)
        stream.codec_context.time_base = Fraction(1, 1000)
        for image, tick in zip(images, ticks, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _left_edge(image: ByteArray) -> int:
    return int(np.argmax(image[32, :, 0] > 150))


def test_probe_states_size_rate_and_length(moving_video: Path) -> None:
    info = probe_video(moving_video)
    assert (info.width, info.height, info.n_frames) == (96, 64, N_FRAMES)
    assert info.fps == pytest.approx(25.0)
    assert info.seconds == pytest.approx(1.2)


def test_frames_come_in_order_with_their_times(moving_video: Path) -> None:
    frames = list(read_frames(moving_video))
    assert [frame.index for frame in frames] == list(range(N_FRAMES))
    np.testing.assert_allclose([f.seconds for f in frames], np.arange(N_FRAMES) / 25, atol=1e-9)
    edges = np.array([_left_edge(frame.image) for frame in frames])
    assert np.all(np.abs(edges - 2 * np.arange(N_FRAMES)) <= 1)


def test_varying_rate_keeps_true_times(tmp_path: Path) -> None:
    ticks = [500, 540, 560, 700, 701, 1500]
    path = tmp_path / "varying.mkv"
    _write(path, [_corner_picture()] * 6, ticks, pix_fmt="bgr0")
    seconds = [frame.seconds for frame in read_frames(path)]
    np.testing.assert_allclose(seconds, (np.array(ticks) - 500) / 1000, atol=1e-9)


@pytest.mark.parametrize(
    ("rotation", "corner"), [(90, (-1, 0)), (180, (-1, -1)), (270, (0, -1)), (0, (0, 0))]
)
def test_rotation_is_applied(tmp_path: Path, rotation: int, corner: tuple[int, int]) -> None:
    path = tmp_path / "turned.mp4"
    _write(path, [_corner_picture()] * 3, [0, 40, 80], pix_fmt="yuv420p", rotation=rotation)
    info = probe_video(path)
    assert (info.width, info.height) == ((96, 64) if rotation % 180 == 0 else (64, 96))
    frame = next(iter(read_frames(path)))
    assert frame.image.shape == (info.height, info.width, 3)
    assert frame.image.flags.c_contiguous
    red = frame.image[..., 0].astype(int)
    corners = {
        (y, x): int(red[8 if y == 0 else -8, 8 if x == 0 else -8]) for y in (0, -1) for x in (0, -1)
    }
    assert max(corners, key=lambda key: corners[key]) == corner
    assert sorted(corners.values())[-2] < 60 < 200 < corners[corner]


@pytest.mark.parametrize("pix_fmt", ["gray", "yuv444p10le", "bgra", "yuv411p"])
def test_odd_pixel_formats_become_rgb(tmp_path: Path, pix_fmt: str) -> None:
    path = tmp_path / "odd.mkv"
    _write(path, [np.full((64, 96, 3), 200, dtype=np.uint8)] * 2, [0, 40], pix_fmt=pix_fmt)
    frames = list(read_frames(path))
    assert len(frames) == 2
    assert frames[0].image.dtype == np.uint8
    assert np.abs(frames[0].image.astype(int) - 200).max() <= 3


def test_oblong_pixels_are_made_square(tmp_path: Path) -> None:
    path = tmp_path / "oblong.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(_corner_picture(), "rgb24")))
        container.mux(stream.encode(None))
    assert probe_video(path).width == 144
    assert next(iter(read_frames(path))).image.shape == (64, 144, 3)


def _refused(path: Path) -> str:
    """The sentence with which both ways of reading refuse a file."""
    with pytest.raises(InputError) as probed:
        probe_video(path)
    with pytest.raises(InputError) as read:
        list(read_frames(path))
    assert probed.value.sentence == read.value.sentence
    assert path.name in probed.value.sentence
    return probed.value.sentence


def test_missing_file_folder_and_empty_file(tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    assert "does not exist" in _refused(tmp_path / "none.mp4")
    assert "is a folder" in _refused(tmp_path)
    assert "is empty" in _refused(empty)


@pytest.mark.parametrize("name", ["text.mp4", "text.txt", "text.ans"])
def test_text_is_no_video(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("This is a letter and no video.\n" * 50, encoding="utf-8")
    assert "no video that can be read" in _refused(path)


def test_a_play_list_is_not_followed(tmp_path: Path, moving_video: Path) -> None:
    for name, text in {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{moving_video}\n",
        "list.txt": f"ffconcat version 1.0\nfile '{moving_video}'\n",
    }.items():
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        assert "no video that can be read" in _refused(path)


def test_sound_without_pictures(tmp_path: Path) -> None:
    path = tmp_path / "sound.mka"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        samples = np.zeros((1, 800), dtype=np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert "holds no pictures" in _refused(path)


def test_video_without_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "none.mp4"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(_corner_picture(), "rgb24")))
        container.mux(stream.encode(None))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 4])
    assert "no picture that can be read" in _refused(path)


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    image = np.full((360, 640, 3), 90, dtype=np.uint8)
    _write(path, [image] * 300, [40 * i for i in range(300)], pix_fmt="yuv420p")
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from facedyn_app.video import read_frames\n"
        "frames = read_frames(Path(sys.argv[1]))\n"
        "for _ in range(50): next(frames)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "n = 50 + sum(1 for _ in frames)\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "sys.exit(0 if n == 300 and after - before < 40_000 else f'{after - before} kB')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_real_recordings_are_read_to_their_end(shared: Path) -> None:
    for name, n_frames in {"pyfeat_20s.mp4": 472, "jefapato_1s_1080p.mp4": 30}.items():
        frames = read_frames(shared / "data" / "videos" / name)
        assert sum(1 for _ in frames) == n_frames


def test_oblong_pixels_of_a_real_recording(shared: Path) -> None:
    info = probe_video(shared / "data" / "videos" / "liveportrait_d9.mp4")
    assert (info.width, info.height) == (480, 480)
