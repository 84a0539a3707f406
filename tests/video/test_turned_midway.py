"""A camera that is turned while it films: each part is upright, in fit and player alike."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facedyn_app.video import VideoReader, read_frames
from tests.video.clips import FPS, N_PICTURES, number_in, numbered_picture

SIDE = 192
HALF = 15
X264 = {"preset": "veryfast", "x264-params": f"bframes=0:keyint={HALF}:min-keyint={HALF}"}


def turn_message(quarter_turns: int) -> bytes:
    """The H.264 message that one picture is to be turned (ISO 14496-10, D.1.27), as a NAL unit.

    Args:
        quarter_turns: Counter-clockwise.
    """
    bits = "0" + "00" + f"{quarter_turns << 14:016b}" + "1" + "0" + "1"
    payload = int(bits.ljust(24, "0"), 2).to_bytes(3, "big")
    return b"\x00\x00\x00\x01\x06" + bytes([47, len(payload)]) + payload + b"\x80"


def write_turned(path: Path, quarter_turns: int) -> None:
    """Numbered pictures, those of the second half stored turned, with the message to turn back."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=dict(X264))
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        packets: list[av.Packet] = []
        for number in range(N_PICTURES):
            image = numbered_picture(number, (SIDE, SIDE))
            if number >= HALF:
                image = np.ascontiguousarray(np.rot90(image, -quarter_turns))
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for packet in packets:
            second = packet.pts * packet.time_base >= Fraction(HALF, FPS)
            told = av.Packet(turn_message(quarter_turns if second else 0) + bytes(packet))
            told.pts, told.dts, told.time_base = packet.pts, packet.dts, packet.time_base
            told.stream, told.is_keyframe = stream, packet.is_keyframe
            container.mux(told)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
@pytest.mark.parametrize("ending", ["ts", "h264"])
def test_each_part_is_upright(tmp_path: Path, ending: str, quarter_turns: int) -> None:
    path = tmp_path / f"turned.{ending}"
    write_turned(path, quarter_turns)
    every = list(range(N_PICTURES))
    frames = list(read_frames(path))
    assert [number_in(frame.image, SIDE) for frame in frames] == every
    assert {frame.zoom for frame in frames} == {1.0}
    with VideoReader(path) as reader:
        backwards = every[::-1]
        assert [number_in(reader.frame(k).image, SIDE) for k in backwards] == backwards
