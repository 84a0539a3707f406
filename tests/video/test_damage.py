"""Damage costs what is damaged: numbers and times of the rest stay, in fit and player alike."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.records import Frame
from facedyn_app.video import VideoReader, probe_video, read_frames, video_notes
from tests.video.clips import FPS, N_PICTURES, X264, Kind, number_in, write_clip

B_FRAMES = {"bf": "3", "g": "12", "b_strategy": "0", "sc_threshold": "0"}
H264 = Kind("mp4", "libx264", X264)


def _zero(path: Path, first: int, last: int) -> None:
    """Overwrite the packets of some pictures, in the order in which they are decoded."""
    with av.open(str(path)) as container:
        packets = [bytes(one) for one in container.demux(video=0) if one.size]
    data = bytearray(path.read_bytes())
    for packet in packets[first:last]:
        at = data.index(packet)
        data[at : at + len(packet)] = bytes(len(packet))
    path.write_bytes(data)


def _notes(path: Path, frames: list[Frame]) -> tuple[str, ...]:
    seconds = np.array([frame.seconds for frame in frames])
    damaged = np.array([frame.damaged for frame in frames])
    return video_notes(probe_video(path), seconds, damaged, {1.0})


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_a_gap_keeps_its_numbers_and_times(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"hole.{ending}"
    write_clip(path, H264)
    _zero(path, 13, 18)  # from behind the second keyframe
    frames = list(read_frames(path))
    assert [frame.index for frame in frames] == list(range(N_PICTURES))
    seconds = [frame.seconds for frame in frames]
    np.testing.assert_allclose(seconds, np.arange(N_PICTURES) / FPS, atol=1e-3)
    damaged = [frame.index for frame in frames if frame.damaged]
    assert len(damaged) >= 5
    assert set(damaged) <= set(range(12, 24))
    for frame in frames:
        # a damaged frame shows the last good picture
        good = max(k for k in range(frame.index + 1) if k not in damaged)
        assert number_in(frame.image) == good
    for order in (range(N_PICTURES), range(N_PICTURES)[::-1], (14, 29, 3, 16, 22, 11)):
        with VideoReader(path) as reader:
            assert reader.n_frames == N_PICTURES
            np.testing.assert_allclose(reader.seconds, seconds, atol=1e-9)
            for k in order:
                shown = reader.frame(k)
                assert (shown.index, shown.damaged) == (k, k in damaged)
                if k not in damaged:
                    assert number_in(shown.image) == k
    assert _notes(path, frames) == (
        f"{len(damaged)} of 30 pictures cannot be decoded: the file is damaged there.",
    )


def test_much_damage_is_no_refusal(tmp_path: Path) -> None:
    path = tmp_path / "hole.mp4"
    write_clip(path, Kind("mp4", "mjpeg", {}, "yuvj420p"), 60)
    _zero(path, 10, 50)
    frames = list(read_frames(path))
    assert [frame.index for frame in frames if frame.damaged] == list(range(10, 50))
    with VideoReader(path) as reader:
        assert [number_in(reader.frame(k).image) for k in (55, 30, 9)] == [55, 9, 9]
        assert reader.frame(30).damaged


def test_a_file_cut_short_keeps_what_is_good_and_says_so(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.mkv", tmp_path / "cut.mkv"
    write_clip(whole, Kind("mkv", "mjpeg", {}, "yuvj420p"), 60)
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    frames = list(read_frames(cut))
    good = [frame.index for frame in frames if not frame.damaged]
    assert 25 <= len(good) <= 31
    assert [number_in(frames[k].image) for k in good] == good
    with VideoReader(cut) as reader:
        assert reader.n_frames == len(frames)
    note = _notes(cut, frames)[-1]
    assert note.startswith("The file breaks off after 1.")
    assert note.endswith("of 2.4 s: it is damaged or cut short.")


@pytest.mark.parametrize(
    "kind",
    [
        Kind("avi", "mjpeg", {}, "yuvj420p"),
        Kind("mkv", "libx264", X264),
        Kind("ts", "mpeg2video", B_FRAMES),
        Kind("vob", "mpeg2video", B_FRAMES),
        Kind("webm", "libvpx", {"deadline": "realtime", "cpu-used": "8"}),
    ],
    ids=lambda kind: f"{kind.ending}-{kind.codec}",
)
def test_what_lies_before_a_cut_is_kept(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / f"cut.{kind.ending}"
    write_clip(path, kind, 60)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    frames = list(read_frames(path))
    good = [frame for frame in frames if not frame.damaged]
    assert 20 < len(good) < 55
    before = good[:-1]  # half of the last one may be there
    assert [number_in(one.image) for one in before] == [round(one.seconds * FPS) for one in before]
    with VideoReader(path) as reader:
        assert reader.n_frames == len(frames)
        for frame in before[::-5]:
            np.testing.assert_array_equal(reader.frame(frame.index).image, frame.image)


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        (Kind("mxf", "mpeg2video", B_FRAMES), 0.6, 1.0),
        (Kind("avi", "mjpeg", {}, "yuvj420p"), 0.45, 0.49),
        (Kind("mkv", "libx264", X264), 0.45, 0.49),
        (Kind("ts", "mpeg2video", B_FRAMES), 0.45, 0.49),
    ],
    ids=lambda value: value.ending if isinstance(value, Kind) else "",
)
def test_a_file_that_counts_anew_behind_damage_is_played_as_it_is_fitted(
    tmp_path: Path, kind: Kind, first: float, last: float
) -> None:
    """Sought in, some containers give other stamps than from the start on."""
    path = tmp_path / f"hole.{kind.ending}"
    write_clip(path, kind)
    data = bytearray(path.read_bytes())
    begin, end = int(first * len(data)), int(last * len(data))
    data[begin:end] = bytes(end - begin if last < 1 else 0)
    path.write_bytes(data)
    frames = list(read_frames(path))
    assert len(frames) > 4
    with VideoReader(path) as reader:
        assert reader.n_frames == len(frames)
        for frame in frames[::-1]:
            shown = reader.frame(frame.index)
            assert shown.damaged == frame.damaged
            if not frame.damaged:
                assert number_in(shown.image) == number_in(frame.image)


def test_an_mp4_that_breaks_off_before_its_index_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    write_clip(path, H264)
    data = path.read_bytes()
    assert data.index(b"moov") > data.index(b"mdat")
    path.write_bytes(data[: data.index(b"moov") - 4])
    with pytest.raises(InputError, match=r"cut\.mp4' breaks off before its index") as caught:
        probe_video(path)
    assert "Copy it again" in caught.value.hint
    path.write_bytes(b"text" * 9)
    with pytest.raises(InputError, match="is no video that can be read"):
        probe_video(path)


def test_no_picture_at_all_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "gone.mp4"
    write_clip(path, Kind("mp4", "mjpeg", {}, "yuvj420p"))
    _zero(path, 0, N_PICTURES)
    for read in (probe_video, VideoReader, lambda p: list(read_frames(p))):
        with pytest.raises(InputError, match=r"gone\.mp4' holds no picture that can be read"):
            read(path)


def test_a_trimmed_clip_is_whole_in_the_player(shared: Path) -> None:
    """Trimmed between keyframes: the pictures before the cut are decoded and not shown."""
    path = shared / "cases" / "05_trim.mov"
    kept = {frame.index: frame for frame in read_frames(path)}
    assert len(kept) == 102
    with VideoReader(path) as reader:
        assert reader.n_frames == 102
        for k in (0, 101, 15, 14, 60):
            np.testing.assert_array_equal(reader.frame(k).image, kept[k].image)
