"""Times that are missing, run backwards or are absurd: even steps, and said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facedyn_app.settings import VideoSettings
from facedyn_app.video import VideoReader, probe_video, read_frames
from tests.video.clips import (
    FPS,
    HEIGHT,
    N_PICTURES,
    WIDTH,
    X264,
    Kind,
    number_in,
    numbered_picture,
    write_clip,
)

EVERY = list(range(N_PICTURES))


def _times(path: Path, settings: VideoSettings | None = None) -> np.ndarray:
    frames = list(read_frames(path, settings))
    with VideoReader(path, settings) as reader:
        np.testing.assert_allclose(reader.seconds, [frame.seconds for frame in frames], atol=1e-9)
        assert [number_in(reader.frame(k).image) for k in EVERY[::-1]] == EVERY[::-1]
    assert [number_in(frame.image) for frame in frames] == EVERY
    return np.array([frame.seconds for frame in frames])


@pytest.mark.parametrize(("ending", "given"), [("avi", "stated"), ("wmv", "stated")])
def test_times_that_run_backwards_become_even_steps(
    tmp_path: Path, ending: str, given: str
) -> None:
    path = tmp_path / f"clip.{ending}"
    write_clip(path, Kind(ending, "libx264", X264))
    np.testing.assert_allclose(_times(path), np.arange(N_PICTURES) / FPS, atol=1e-9)
    info = probe_video(path)
    assert info.notes == (
        f"The file has no true times: even steps at the {given} 25 frames/s are taken.",
    )
    assert not info.fps_assumed


def test_a_raw_stream_has_the_rate_that_it_states_itself(tmp_path: Path) -> None:
    stated, silent = tmp_path / "stated.h264", tmp_path / "silent.mjpeg"
    write_clip(stated, Kind("h264", "libx264", X264), fps=50)
    write_clip(silent, Kind("mjpeg", "mjpeg", {}, "yuvj420p"), fps=50)
    np.testing.assert_allclose(_times(stated), np.arange(N_PICTURES) / 50, atol=1e-9)
    np.testing.assert_allclose(_times(silent), np.arange(N_PICTURES) / 25, atol=1e-9)
    assert not probe_video(stated).fps_assumed
    info = probe_video(silent)
    assert info.fps_assumed
    assert info.notes == ("The file has no true times: even steps at 25 frames/s are assumed.",)


@pytest.mark.parametrize("ending", ["mjpeg", "mkv"])
def test_a_rate_can_be_set(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"clip.{ending}"
    write_clip(path, Kind(ending, "mjpeg", {}, "yuvj420p"))
    settings = VideoSettings(fps=120.0)
    np.testing.assert_allclose(_times(path, settings), np.arange(N_PICTURES) / 120, atol=1e-9)
    info = probe_video(path, settings)
    assert (info.fps, info.fps_assumed) == (120.0, False)
    assert info.notes == ("Even steps at 120 frames/s, as asked for.",)


def test_an_absurd_rate_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "absurd.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=60_000)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(20):
            frame = av.VideoFrame(32, 32, "yuv420p")
            frame.pts, frame.time_base = 40 * number, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    info = probe_video(path)
    assert info.fps == pytest.approx(25.0)
    seconds = [frame.seconds for frame in read_frames(path)]
    np.testing.assert_allclose(seconds, np.arange(20) / 25, atol=1e-9)


@pytest.mark.parametrize("fps", [Fraction(65_000), Fraction(1_000_000), Fraction(1, 100)])
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_stamps_of_an_absurd_rate_are_not_believed(
    tmp_path: Path, ending: str, fps: Fraction
) -> None:
    path = tmp_path / f"absurd.{ending}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=fps)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        for number in EVERY:
            frame = av.VideoFrame.from_ndarray(numbered_picture(number), format="rgb24")
            frame.pts, frame.time_base = number, 1 / fps
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    np.testing.assert_allclose(_times(path), np.arange(N_PICTURES) / 25, atol=1e-9)
    info = probe_video(path)
    assert (info.fps, info.fps_assumed) == (25.0, True)
    assert info.notes == ("The file has no true times: even steps at 25 frames/s are assumed.",)


def test_a_pause_is_no_other_rate(tmp_path: Path) -> None:
    path = tmp_path / "paused.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        for number in EVERY:
            frame = av.VideoFrame.from_ndarray(numbered_picture(number), format="rgb24")
            frame.pts, frame.time_base = number + 90_000 * (number > 20), Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    times = _times(path)
    np.testing.assert_allclose(times[[20, 21]], [20 / 25, 3600 + 21 / 25], atol=2e-3)
    assert (probe_video(path).fps, probe_video(path).fps_assumed) == (25.0, False)


def test_a_clock_that_is_set_back_by_an_hour_goes_on(tmp_path: Path) -> None:
    """FFmpeg takes it for one that has run over, and would add 26.5 h."""
    late, early, path = (tmp_path / name for name in ("late.ts", "early.ts", "both.ts"))
    write_clip(early, Kind("ts", "mpeg2video", {"g": "12", "bf": "2"}))
    with av.open(str(early)) as source, av.open(str(late), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.pts, packet.dts = packet.pts + 324_000_000, packet.dts + 324_000_000
                packet.stream = stream
                target.mux(packet)
    path.write_bytes(late.read_bytes() + early.read_bytes())
    frames = list(read_frames(path))
    assert len(frames) == 2 * N_PICTURES
    steps = np.diff([frame.seconds for frame in frames])
    assert 0.02 < steps.min() <= steps.max() < 0.2
    with VideoReader(path) as reader:
        assert reader.n_frames == 2 * N_PICTURES
        good = [k for k in (59, 3, 45, 31) if not frames[k].damaged]
        assert [number_in(reader.frame(k).image) for k in good] == [k % 30 for k in good]


def test_a_hole_at_the_beginning_leaves_a_transport_stream_its_times(tmp_path: Path) -> None:
    path = tmp_path / "hole.ts"
    write_clip(path, Kind("ts", "libx264", X264))
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(data[:middle] + data[middle + 1000 :])
    frames = list(read_frames(path))
    assert frames[-1].seconds == pytest.approx((N_PICTURES - 1) / FPS)
    assert not probe_video(path).notes


def test_a_clock_that_is_set_back_goes_on(tmp_path: Path) -> None:
    """A DVD's parts begin their clocks anew; two transport streams end to end do the same."""
    path, part = tmp_path / "both.ts", tmp_path / "part.ts"
    write_clip(part, Kind("ts", "mpeg2video", {"g": "12", "bf": "2"}))
    path.write_bytes(2 * part.read_bytes())
    frames = list(read_frames(path))
    numbers = [number_in(frame.image) for frame in frames]
    assert numbers == 2 * EVERY
    steps = np.diff([frame.seconds for frame in frames])
    assert steps.min() > 0.02
    assert steps.max() < 0.2
    with VideoReader(path) as reader:
        assert reader.n_frames == 2 * N_PICTURES
        for k in (59, 3, 31, 29, 30):
            assert number_in(reader.frame(k).image) == numbers[k]


def test_a_stream_that_begins_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    """Transport streams end to end, the second with a sound stream and numbers of its own."""
    first, second, path = (tmp_path / name for name in ("first.ts", "second.ts", "both.ts"))
    write_clip(first, Kind("ts", "mpeg2video", {"g": "12", "bf": "2"}))
    numbers = {"mpegts_start_pid": "600", "mpegts_pmt_start_pid": "5000"}
    with av.open(str(second), "w", options=numbers) as container:
        film = container.add_stream("mpeg2video", rate=FPS)
        film.width, film.height, film.pix_fmt = 96, 64, "yuv420p"
        sound = container.add_stream("mp2", rate=44_100)
        for tick in range(N_PICTURES):
            frame = av.VideoFrame(96, 64, "yuv420p")
            frame.pts, frame.time_base = tick, Fraction(1, FPS)
            container.mux(film.encode(frame))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.int16), "s16", "mono")
        silence.sample_rate = 44_100
        container.mux(sound.encode(silence))
        container.mux([*sound.encode(None), *film.encode(None)])
    path.write_bytes(first.read_bytes() + 3 * second.read_bytes())
    _times(path)


def test_packets_without_a_picture_are_no_damage(tmp_path: Path) -> None:
    """VP8 has packets that are only referred to: no picture belongs to them."""
    plain, path = tmp_path / "plain.webm", tmp_path / "hidden.webm"
    write_clip(plain, Kind("webm", "libvpx", {"deadline": "realtime", "g": "1"}))
    with av.open(str(plain)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if not packet.size:
                continue
            data, stamp = bytearray(bytes(packet)), packet.pts
            packet.stream = stream
            target.mux(packet)
            if stamp % 200 == 120:
                data[0] &= ~0x10  # "show_frame"
                hidden = av.Packet(bytes(data))
                hidden.pts = hidden.dts = stamp + 10
                hidden.time_base, hidden.stream = Fraction(1, 1000), stream
                target.mux(hidden)
    times = _times(path)
    np.testing.assert_allclose(times, np.arange(N_PICTURES) / FPS, atol=0.0011)


def test_what_comes_before_the_first_keyframe_does_not_count(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.ts", tmp_path / "cut.ts"
    write_clip(whole, Kind("ts", "libx264", X264))
    data = whole.read_bytes()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    pictures = [k for k, one in enumerate(packets) if one[1] & 0x40 and one[1] & 0x1F]
    cut.write_bytes(b"".join(packets[: pictures[0]] + packets[pictures[5] :]))
    frames = list(read_frames(cut))
    numbers = [number_in(frame.image) for frame in frames]
    assert frames[0].seconds == 0.0
    assert not any(frame.damaged for frame in frames)
    assert numbers == list(range(12, N_PICTURES))
    with VideoReader(cut) as reader:
        assert reader.n_frames == len(numbers)
        assert number_in(reader.frame(10).image) == numbers[10]
