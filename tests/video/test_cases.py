"""Recordings of the kinds that people could not use: fit and player see the same, true pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.records import ByteArray
from facedyn_app.video import VideoReader, probe_video, read_frames, video_notes

EVEN = "The file has no true times: even steps at the stated 25 frames/s are taken."
MIRRORED = "The file asks to be shown mirrored: left and right are the person's."
PADDED = (
    "The picture changes its shape: each part is fitted into the first one's and padded with "
    "black, and has its own camera."
)
LOST = "{} of 288 pictures cannot be decoded: the file is damaged there."


@dataclass(frozen=True)
class Case:
    """A recording, and what is right for it."""

    name: str
    n_frames: int = 100
    size: tuple[int, int] = (512, 512)
    fps: float = 25.0
    lost: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()


CASES = [
    Case("01_hflip.mp4", notes=(MIRRORED,)),
    Case("03_h264_bframes.avi", notes=(EVEN,)),
    Case("04_cover_first.mp4"),
    Case("05_trim.mov", 102),
    Case("07_call.webm", 150, (640, 480), notes=(PADDED,)),
    Case("08_damaged.mp4", 288, (640, 360), 24000 / 1001, (120, 168), (LOST.format(48),)),
    Case("08_zeros.mp4", 288, (640, 360), 24000 / 1001, (159, 216), (LOST.format(57),)),
    Case("09_pi.h264", notes=(EVEN,)),
    Case("36_h264.m2ts"),
    Case("36_mpeg2.vob"),
]


def _thumbnail(image: ByteArray) -> ByteArray:
    return np.asarray(image[::16, ::16]).copy()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_fit_and_player_see_the_same_true_pictures(shared: Path, case: Case) -> None:
    path = shared / "cases" / case.name
    if not path.is_file():
        pytest.skip(f"{case.name} is absent from ../shared")
    info = probe_video(path)
    assert (info.width, info.height, info.fps_assumed) == (*case.size, False)
    assert info.fps == pytest.approx(case.fps)
    frames = [
        (one.seconds, one.damaged, one.zoom, _thumbnail(one.image))
        for one in read_frames(path, as_shown=True)
    ]
    seconds, damaged = np.array([one[0] for one in frames]), np.array([one[1] for one in frames])
    np.testing.assert_allclose(seconds, np.arange(case.n_frames) / case.fps, atol=0.0011)
    assert np.flatnonzero(damaged).tolist() == list(range(*case.lost))
    assert video_notes(info, seconds, damaged, {one[2] for one in frames}) == case.notes
    with VideoReader(path) as reader:
        np.testing.assert_allclose(reader.seconds, seconds, atol=1e-9)
        for k in range(case.n_frames - 1, -1, -9):
            frame = reader.frame(k)
            assert frame.damaged == damaged[k]
            if not frame.damaged:
                np.testing.assert_array_equal(_thumbnail(frame.image), frames[k][3])


@pytest.mark.parametrize(
    ("name", "size"), [("50_gif15k.gif", "15000 x 15000"), ("53_ffv1_16k_sar4.mkv", "16000 x 8000")]
)
def test_pictures_that_nobody_films_are_refused_by_their_size(
    shared: Path, name: str, size: str
) -> None:
    path = shared / "cases" / name
    if not path.is_file():
        pytest.skip(f"{name} is absent from ../shared")
    for read in (probe_video, VideoReader, lambda p: next(read_frames(p))):
        with pytest.raises(InputError, match=f"{name}' are {size} px, more than 50 megapixels"):
            read(path)
