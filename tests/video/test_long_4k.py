"""One hour at 4K: first picture, seeking and memory do not depend on the length."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.video.clips import numbered_picture

SIZE, FPS, SECONDS = (3840, 2160), 25, 3600
SEEN = """
import json, sys, time
from itertools import islice
from pathlib import Path
from facedyn_app.bench.memory import peak_mib
from facedyn_app.video import VideoReader, probe_video, read_frames
from tests.video.clips import number_in

def n_read():
    return int(Path("/proc/self/io").read_text().split("rchar:")[1].split()[0])

path, before = Path(sys.argv[1]), n_read()
info = probe_video(path)
first = [number_in(frame.image, 3840) for frame in islice(read_frames(path), 3)]
found = {"first": first, "info": [info.width, info.height, info.fps, info.n_frames],
         "first_mib": (n_read() - before) / 2**20, "before_mib": peak_mib()}
began = time.perf_counter()
with VideoReader(path) as reader:
    found["n_frames"], found["last_s"] = reader.n_frames, reader.seconds[-1]
    found["open_s"] = time.perf_counter() - began
    places = [89_999, 0, 45_007, 12, 63_020, 63_019, 63_018]
    found["seen"] = [number_in(reader.frame(k).image, 3840) for k in places]
    found["seek_s"] = time.perf_counter() - began - found["open_s"]
found["after_mib"] = peak_mib()
print(json.dumps(found))
"""


def write_hour(path: Path) -> None:
    """A second of numbered pictures, and the same packets over and over for an hour."""
    options = {"preset": "ultrafast", "x264-params": f"bframes=2:keyint={FPS}:scenecut=0"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        packets: list[av.Packet] = []
        for number in range(FPS):
            frame = av.VideoFrame.from_ndarray(numbered_picture(number, SIZE), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        again = [(bytes(one), one.pts, one.dts, one.is_keyframe) for one in packets]
        base = packets[0].time_base
        second = int(1 / base)
        for number in range(SECONDS):
            for data, pts, dts, is_keyframe in again:
                packet = av.Packet(data)
                packet.pts, packet.dts = pts + number * second, dts + number * second
                packet.time_base, packet.stream, packet.is_keyframe = base, stream, is_keyframe
                container.mux(packet)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="no count of bytes read")
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_an_hour_at_4k_opens_and_seeks(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"hour.{ending}"
    write_hour(path)
    done = subprocess.run(
        [sys.executable, "-c", SEEN, path],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    found = json.loads(done.stdout)
    assert found["info"] == [*SIZE, FPS, FPS * SECONDS]
    assert found["first"] == [0, 1, 2]
    assert found["first_mib"] < 0.2 * path.stat().st_size / 2**20
    assert found["n_frames"] == FPS * SECONDS
    assert found["last_s"] == pytest.approx(SECONDS - 1 / FPS)
    assert found["seen"] == [24, 0, 7, 12, 20, 19, 18]
    # stamps of 90,000 pictures, and pictures of 12 MB that the reader keeps
    assert found["after_mib"] - found["before_mib"] < 250
