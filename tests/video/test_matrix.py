"""One clip in many containers and codecs: fit and player see the same pictures."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest

from facedyn_app.video import VideoReader, read_frames
from tests.video.clips import N_PICTURES, X264, Kind, number_in, write_clip

B_FRAMES = {"bf": "3", "g": "12", "b_strategy": "0", "sc_threshold": "0"}
X264_OPEN = {
    "preset": "veryfast",
    "x264-params": "bframes=3:b-adapt=0:keyint=10:scenecut=0:open-gop=1",
}
X265 = {
    "preset": "ultrafast",
    "x265-params": "bframes=3:b-adapt=0:keyint=10:min-keyint=10:open-gop=1:scenecut=0:log-level=0",
}
INTERLACED = {"preset": "veryfast", "x264-params": "interlaced=1:bframes=2:keyint=12"}
INTERLACED_MPEG2 = {**B_FRAMES, "flags": "+ildct+ilme", "top": "1"}
HDR10 = {
    "preset": "ultrafast",
    "x265-params": "bframes=3:keyint=10:log-level=0:hdr10=1:repeat-headers=1:colorprim=bt2020:"
    "transfer=smpte2084:colormatrix=bt2020nc:master-display=G(13250,34500)B(7500,3000)"
    "R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400",
}
HLG = {
    "preset": "ultrafast",
    "x265-params": "bframes=2:keyint=10:log-level=0:colorprim=bt2020:transfer=arib-std-b67:"
    "colormatrix=bt2020nc",
}
ODD = (177, 145)
REFRESHED = {"preset": "veryfast", "x264-params": "intra-refresh=1:keyint=20:bframes=0"}
VP8 = {"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "1", "lag-in-frames": "12"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "12"}
AV1 = {"preset": "8", "crf": "10", "svtav1-params": "keyint=12"}


KINDS = [
    Kind("mp4", "libx264", X264),
    Kind("mp4", "libx265", X265),
    Kind("mp4", "mpeg4", B_FRAMES),
    Kind("mp4", "libvpx-vp9", VP9),
    Kind("mp4", "libsvtav1", AV1),
    Kind("mov", "libx264", X264_OPEN),
    Kind("mov", "prores_ks", {}, "yuv422p10le"),
    Kind("mov", "mjpeg", {}, "yuvj420p"),
    Kind("mov", "png", {}, "rgb24"),
    Kind("mov", "qtrle", {}, "rgb24"),
    Kind("mkv", "libx264", X264),
    Kind("mkv", "libx265", X265, "yuv420p10le"),
    Kind("mkv", "libvpx", VP8),
    Kind("mkv", "ffv1"),
    Kind("nut", "ffvhuff", {}, "yuv422p"),
    Kind("mkv", "mpeg2video", B_FRAMES),
    Kind("mkv", "libtheora"),
    Kind("webm", "libvpx", VP8),
    Kind("webm", "libvpx-vp9", VP9),
    Kind("webm", "libsvtav1", AV1),
    Kind("avi", "libx264", X264),
    Kind("avi", "mpeg4", B_FRAMES),
    Kind("avi", "mjpeg", {}, "yuvj420p"),
    Kind("avi", "utvideo"),
    Kind("avi", "huffyuv", {}, "yuv422p"),
    Kind("avi", "msmpeg4"),
    Kind("wmv", "wmv2"),
    Kind("wmv", "wmv1"),
    Kind("wmv", "libx264", X264),
    Kind("flv", "flv"),
    Kind("flv", "libx264", X264),
    Kind("ts", "libx264", X264_OPEN),
    Kind("ts", "libx265", X265),
    Kind("ts", "libx264", INTERLACED),
    Kind("h264", "libx264", REFRESHED),
    Kind("mkv", "ffv1", {}, "yuv444p", size=(177, 145)),
    Kind("ts", "mpeg2video", B_FRAMES),
    Kind("m2ts", "libx264", X264, container="mpegts"),
    Kind("mpg", "mpeg1video", B_FRAMES),
    Kind("vob", "mpeg2video", B_FRAMES),
    Kind("mxf", "mpeg2video", B_FRAMES),
    Kind("ogv", "libtheora"),
    Kind("nut", "ffv1"),
    Kind("3gp", "h263"),
    Kind("3gp", "mpeg4", {"g": "12"}),
    Kind("dv", "dvvideo", {}, "yuv420p", size=(720, 576)),
    Kind("ivf", "libvpx", VP8),
    Kind("gif", "gif", {}, "rgb8"),
    Kind("apng", "apng", {}, "rgb24"),
    Kind("h264", "libx264", X264),
    Kind("hevc", "libx265", X265),
    Kind("m1v", "mpeg1video", B_FRAMES, container="mpeg1video"),
    Kind("m2v", "mpeg2video", B_FRAMES, container="mpeg2video"),
    Kind("m4v", "mpeg4", B_FRAMES, container="m4v"),
    Kind("mjpeg", "mjpeg", {}, "yuvj420p"),
    # 10-bit HDR
    Kind("mp4", "libx265", HDR10, "yuv420p10le"),
    Kind("mov", "libx265", HLG, "yuv420p10le"),
    Kind("mp4", "libsvtav1", AV1, "yuv420p10le"),
    Kind("mov", "prores_ks", {}, "yuva444p10le"),
    # odd sizes
    Kind("mp4", "libx264", X264, "yuv444p", size=ODD),
    Kind("webm", "libvpx-vp9", VP9, size=ODD),
    Kind("mp4", "mpeg4", B_FRAMES, size=ODD),
    Kind("avi", "mjpeg", {}, "yuvj420p", size=ODD),
    Kind("gif", "gif", {}, "rgb8", size=ODD),
    # interlaced
    Kind("mp4", "libx264", INTERLACED),
    Kind("mpg", "mpeg2video", INTERLACED_MPEG2),
    Kind("mxf", "mpeg2video", INTERLACED_MPEG2),
    # slow motion
    Kind("mp4", "libx264", X264, fps=240),
    Kind("mov", "libx265", X265, fps=240),
    Kind("mkv", "libx264", X264, fps=240),
    Kind("ts", "libx264", X264, fps=240),
    Kind("avi", "libx264", X264, fps=240),
]


def _has_encoder(name: str) -> bool:
    try:
        av.codec.Codec(name, "w")
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS if _has_encoder(kind.codec)],
    ids=lambda kind: f"{kind.ending}-{kind.codec}-{kind.pix_fmt}-{kind.size[0]}-{kind.fps}",
)
def test_fit_and_player_agree(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / f"clip.{kind.ending}"
    write_clip(path, kind)
    number_of = partial(number_in, stored_width=kind.size[0])
    frames = list(read_frames(path))
    every = list(range(N_PICTURES))
    assert [number_of(frame.image) for frame in frames] == every
    assert [frame.index for frame in frames] == every
    assert not any(frame.damaged for frame in frames)
    seconds = [frame.seconds for frame in frames]
    np.testing.assert_allclose(seconds, np.arange(N_PICTURES) / kind.fps, atol=0.0011)
    order = random.Random(0).choices(every, k=20)
    with VideoReader(path) as reader:
        assert reader.n_frames == N_PICTURES
        np.testing.assert_allclose(reader.seconds, seconds, atol=1e-9)
        assert [number_of(reader.frame(k).image) for k in every] == every
    with VideoReader(path) as reader:
        backwards = every[::-1]
        assert [number_of(reader.frame(k).image) for k in backwards] == backwards
    with VideoReader(path) as reader:
        reader._cache_length = 4
        assert [number_of(reader.frame(k).image) for k in order] == order


def test_the_table_is_long_enough() -> None:
    assert sum(_has_encoder(kind.codec) for kind in KINDS) >= 36
