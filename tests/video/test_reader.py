"""Random access gives the same frames as reading from the start."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.video import VideoReader, read_frames


def test_any_order_gives_the_frames_of_reading(moving_video: Path) -> None:
    frames = list(read_frames(moving_video))
    order = [0, 29, 3, 17, 16, 15, 14, 9, 10, 11, 28, 1, 0, 29]
    with VideoReader(moving_video) as reader:
        assert reader.n_frames == len(frames)
        np.testing.assert_allclose(reader.seconds, [f.seconds for f in frames], atol=1e-9)
        for index in order:
            got = reader.frame(index)
            assert got.index == index
            assert got.seconds == pytest.approx(frames[index].seconds)
            np.testing.assert_array_equal(got.image, frames[index].image)


def test_a_time_gives_the_frame_shown_then(moving_video: Path) -> None:
    with VideoReader(moving_video) as reader:
        assert [reader.index_at(s) for s in (-1.0, 0.0, 0.039, 0.04, 0.05, 0.081, 99.0)] == [
            0, 0, 0, 1, 1, 2, 29,
        ]  # fmt: skip
        assert reader.at(0.5).index == 12
        assert reader.frame(1000).index == 29


def test_a_real_recording_with_reordered_frames(shared: Path) -> None:
    path = shared / "data" / "videos" / "pyfeat_face_then_none.mov"
    chosen = [150, 20, 21, 19, 80]
    kept = {f.index: f for f in read_frames(path) if f.index in chosen}
    with VideoReader(path) as reader:
        for index in chosen:
            got = reader.frame(index)
            assert got.seconds == pytest.approx(kept[index].seconds)
            np.testing.assert_array_equal(got.image, kept[index].image)


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.mp4"
    path.write_text("no video", encoding="utf-8")
    with pytest.raises(InputError, match="no video"):
        VideoReader(path)
