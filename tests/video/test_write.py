"""Written videos come back, are the same every time, and appear whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import OutputError
from facedyn_app.records import ByteArray
from facedyn_app.video import probe_video, read_frames, write_video


def _pictures(n: int = 12, height: int = 48, width: int = 64) -> Iterator[ByteArray]:
    y, x = np.mgrid[:height, :width]
    for i in range(n):
        red, green = 120 + 80 * np.sin((x + 2 * i) / 9), 120 + 80 * np.cos(y / 11)
        yield np.stack([red, green, 0 * red + 90], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("size", [(48, 64), (49, 63)])
def test_pictures_come_back(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "out.mp4"
    pictures = list(_pictures(12, *size))
    assert write_video(path, pictures, 25, crf=15) == 12
    frames = list(read_frames(path))
    assert len(frames) == 12
    np.testing.assert_allclose([f.seconds for f in frames], np.arange(12) / 25, atol=1e-6)
    error = np.stack([f.image for f in frames]).astype(float) - np.stack(pictures)
    assert np.sqrt(np.mean(error**2)) < 4.0
    assert probe_video(path).fps == pytest.approx(25.0)


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, _pictures(), 30000 / 1001)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert probe_video(tmp_path / "a.mp4").fps == pytest.approx(30000 / 1001)


def test_what_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_video(tmp_path / "nowhere" / "out.mp4", _pictures(), 25)
    with pytest.raises(OutputError, match=r"must end in \.mp4"):
        write_video(tmp_path / "out.txt", _pictures(), 25)
    with pytest.raises(OutputError, match="there are no pictures"):
        write_video(tmp_path / "out.mp4", [], 25)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_off_writing_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"old")

    def pictures() -> Iterator[ByteArray]:
        yield from _pictures(3)
        raise KeyError("the renderer failed")

    with pytest.raises(KeyError):
        write_video(path, pictures(), 25)
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]
    assert path.read_bytes() == b"old"
