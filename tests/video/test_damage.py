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


def _zeros(data: bytearray) -> None:
    n = len(data)
    data[n // 2 : n // 2 + n // 25] = bytes(n // 25)


def _noise(data: bytearray) -> None:
    n = len(data)
    data[n // 2 : n // 2 + n // 25] = np.random.default_rng(3).bytes(n // 25)


def _hole(data: bytearray) -> None:
    n = len(data)
    del data[n // 2 : n // 2 + n // 25]


def _late(data: bytearray) -> None:
    del data[: len(data) // 5]


WAYS = (_zeros, _noise, _hole, _late)
HEVC = {
    "preset": "ultrafast",
    "x265-params": "bframes=3:b-adapt=0:keyint=10:min-keyint=10:scenecut=0:log-level=0",
}
VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "12"}
DAMAGED = [
    H264,
    Kind("ts", "libx264", X264),
    Kind("flv", "libx264", X264),
    Kind("h264", "libx264", X264),
    Kind("avi", "libx264", X264),
    Kind("mkv", "libx265", HEVC),
    Kind("ts", "libx265", HEVC),
    Kind("hevc", "libx265", HEVC),
    Kind("mp4", "libvpx-vp9", VP9),
    Kind("m2v", "mpeg2video", B_FRAMES, container="mpeg2video"),
    Kind("mkv", "mpeg2video", B_FRAMES),
    Kind("avi", "mpeg4", B_FRAMES),
    Kind("mjpeg", "mjpeg", {}, "yuvj420p"),
]


@pytest.mark.parametrize("kind", DAMAGED, ids=lambda kind: f"{kind.ending}-{kind.codec}")
def test_damage_of_any_kind_leaves_fit_and_player_in_step(tmp_path: Path, kind: Kind) -> None:
    whole, path = tmp_path / f"whole.{kind.ending}", tmp_path / f"damaged.{kind.ending}"
    write_clip(whole, kind, 48)
    for way in WAYS:
        data = bytearray(whole.read_bytes())
        way(data)
        path.write_bytes(data)
        try:
            frames = list(read_frames(path))
        except InputError:
            with pytest.raises(InputError):
                VideoReader(path)
            continue
        with VideoReader(path) as reader:
            seconds = [frame.seconds for frame in frames]
            np.testing.assert_allclose(reader.seconds, seconds, atol=1e-9)
            for frame in frames[::-1]:
                shown = reader.frame(frame.index)
                assert shown.damaged == frame.damaged, (way.__name__, frame.index)
                number = number_in(frame.image)
                if number == round(FPS * frame.seconds):  # else drawn over, differently each time
                    assert number_in(shown.image) == number


def test_a_decoder_that_passes_a_fault_on_begins_anew_at_a_keyframe(tmp_path: Path) -> None:
    """VP9's threads hand a picture's fault to all that follow."""
    path = tmp_path / "hole.mp4"
    write_clip(path, Kind("mp4", "libvpx-vp9", VP9), 60)
    _zero(path, 14, 17)
    damaged = [frame.index for frame in read_frames(path) if frame.damaged]
    assert damaged
    assert set(damaged) <= set(range(14, 36))


@pytest.mark.parametrize(
    "kind", [Kind("mp4", "libx265", HEVC), Kind("mp4", "mpeg4", B_FRAMES)], ids=["hevc", "mpeg4"]
)
def test_what_a_decoder_has_drawn_over_is_damaged(tmp_path: Path, kind: Kind) -> None:
    """Half of a picture is zeros: decoders go on with what they have, and say so if asked to."""
    path = tmp_path / f"drawn.{kind.ending}"
    write_clip(path, kind)
    with av.open(str(path)) as container:
        packet = [bytes(one) for one in container.demux(video=0) if one.size][13]
    data = bytearray(path.read_bytes())
    at = data.index(packet)
    data[at + len(packet) // 2 : at + len(packet)] = bytes(len(packet) - len(packet) // 2)
    path.write_bytes(data)
    frames = list(read_frames(path))
    assert len(frames) == N_PICTURES
    assert any(frame.damaged for frame in frames)
    good = [frame for frame in frames if not frame.damaged]
    assert len(good) >= 18
    assert [number_in(frame.image) for frame in good] == [frame.index for frame in good]


def test_faults_of_all_pictures_are_how_the_file_was_written(tmp_path: Path) -> None:
    """Cameras that leave out the end of each JPEG are read all the same."""
    whole, path = tmp_path / "whole.avi", tmp_path / "short.mkv"
    write_clip(whole, Kind("avi", "mjpeg", {}, "yuvj420p"))
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                short = av.Packet(bytes(packet)[:-8])
                short.pts, short.dts, short.time_base = packet.pts, packet.dts, packet.time_base
                short.stream, short.is_keyframe = stream, True
                target.mux(short)
    frames = list(read_frames(path))
    assert not any(frame.damaged for frame in frames)
    assert [number_in(frame.image) for frame in frames] == list(range(N_PICTURES))


def test_a_damaged_stamp_costs_its_picture_alone(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.mkv", tmp_path / "stamp.mkv"
    write_clip(whole, Kind("mkv", "mjpeg", {}, "yuvj420p"), 60)
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.size:
                packet.stream = stream
                if number == 45:
                    packet.pts += 220  # among those of later pictures
                target.mux(packet)
    frames = list(read_frames(path))
    with VideoReader(path) as reader:
        np.testing.assert_allclose(reader.seconds, [frame.seconds for frame in frames], atol=1e-9)
    good = [frame for frame in frames if not frame.damaged]
    shown = [number_in(frame.image) for frame in good]
    assert shown == [number for number in range(60) if number != 45]
    assert [round(FPS * frame.seconds) for frame in good] == shown


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
