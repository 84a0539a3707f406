"""Which film of a file is taken, and what is no video file at all."""

from __future__ import annotations

import os
import socket
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from facedyn_app.errors import InputError
from facedyn_app.settings import VideoSettings
from facedyn_app.video import VideoReader, probe_video, read_frames
from facedyn_app.video.source import open_video
from tests.video.clips import write_films


def _shade(path: Path, settings: VideoSettings | None = None) -> int:
    frames = [int(frame.image.mean()) for frame in read_frames(path, settings)]
    with VideoReader(path, settings) as reader:
        assert [int(reader.frame(k).image.mean()) for k in range(5)] == frames
    assert len(set(frames)) == 1
    return frames[0]


def test_cover_art_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "cover.mp4"
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 320, 320, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        film = container.add_stream("mpeg4", rate=25)
        film.width, film.height, film.pix_fmt = 96, 64, "yuv420p"
        container.mux(cover.encode(av.VideoFrame(320, 320, "yuvj420p")))
        container.mux(cover.encode(None))
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 90, np.uint8), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(film.encode(frame))
        container.mux(film.encode(None))
    with av.open(str(path)) as container:
        assert any(one.disposition & Disposition.attached_pic for one in container.streams.video)
    info = probe_video(path)
    assert (info.width, info.height, info.stream, info.notes) == (96, 64, None, ())
    assert len(list(read_frames(path))) == 10


def test_cover_art_may_come_first(shared: Path) -> None:
    path = shared / "cases" / "04_cover_first.mp4"
    assert (probe_video(path).width, len(list(read_frames(path)))) == (512, 100)


def test_of_several_films_the_default_then_the_largest_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "cameras.mkv"
    write_films(path, [(64, 48, 50), (128, 96, 120), (96, 64, 200)])
    assert _shade(path) == pytest.approx(120, abs=2)
    info = probe_video(path)
    assert (info.width, info.height, info.stream) == (128, 96, 1)
    assert info.notes == (
        "The file holds 3 films: number 1 is taken (128 x 96; the first is number 0).",
    )
    marked = tmp_path / "marked.mkv"
    write_films(marked, [(64, 48, 50), (128, 96, 120), (96, 64, 200)], default=0)
    assert _shade(marked) == pytest.approx(50, abs=2)


@pytest.mark.parametrize("ending", ["mkv", "ts"])
def test_a_picture_that_nothing_marks_is_no_film(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"cover.{ending}"
    kind = "mpeg2video" if ending == "ts" else "mjpeg"
    with av.open(str(path), "w") as container:
        cover = container.add_stream(kind, rate=25)
        film = container.add_stream("mpeg4", rate=25)
        cover.width, cover.height = 640, 480
        cover.pix_fmt = "yuv420p" if ending == "ts" else "yuvj420p"
        film.width, film.height, film.pix_fmt = 96, 64, "yuv420p"
        container.mux(cover.encode(av.VideoFrame(640, 480, cover.pix_fmt)))
        container.mux(cover.encode(None))
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 90, np.uint8), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(film.encode(frame))
        container.mux(film.encode(None))
    info = probe_video(path)
    assert (info.width, info.stream) == (96, 1)
    assert len(list(read_frames(path))) == 10
    assert probe_video(path, VideoSettings(stream=0)).width == 640


def test_another_film_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "cameras.mkv"
    write_films(path, [(64, 48, 50), (128, 96, 120)])
    assert _shade(path, VideoSettings(stream=0)) == pytest.approx(50, abs=2)
    with pytest.raises(InputError, match=r"holds 2 films: there is no number 2"):
        probe_video(path, VideoSettings(stream=2))


def test_too_large_a_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "large.gif"
    # logical screen of 15,000 x 15,000, one small picture
    screen = (15_000).to_bytes(2, "little") * 2 + b"\x80\x00\x00" + b"\x00\x00\x00\xff\xff\xff"
    picture = b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
    path.write_bytes(b"GIF89a" + screen + picture)
    with pytest.raises(InputError, match=r"large\.gif' are 15000 x 15000 px, more than 50 megap"):
        probe_video(path)
    small = tmp_path / "small.mkv"
    write_films(small, [(1200, 1000, 60)])
    assert probe_video(small).width == 1200
    with pytest.raises(InputError, match="1200 x 1000 px, more than 1 megapixels"):
        probe_video(small, VideoSettings(most_megapixels=1.0))


def test_oblong_pixels_do_not_pass_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "wide.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 800, 1000, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 1)
        container.mux(stream.encode(av.VideoFrame(800, 1000, "yuv420p")))
        container.mux(stream.encode(None))
    assert probe_video(path).width == 3200
    for read in (probe_video, VideoReader, lambda p, s: next(read_frames(p, s))):
        with pytest.raises(InputError, match="3200 x 1000 px"):
            read(path, VideoSettings(most_megapixels=1.0))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipes_devices_and_sockets_are_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match=r"pipe\.mp4' is no ordinary file"):
        open_video(pipe)
    with pytest.raises(InputError, match="no ordinary file"):
        open_video(Path("/dev/zero"))
    address = tmp_path / "socket.mp4"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(address))
        with pytest.raises(InputError, match=r"socket\.mp4'"):
            open_video(address)
