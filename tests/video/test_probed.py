"""A video that is probed once and then decoded: the frames of a fresh reading, no second look."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from facedyn_app.settings import VideoSettings
from facedyn_app.video import ProbedVideo, read_frames
from facedyn_app.workflows.options import FitOptions
from facedyn_app.workflows.recordings import check_recording


def test_a_probed_video_gives_the_frames_of_a_fresh_reading(moving_video: Path) -> None:
    settings = VideoSettings(mirrored_pixels=True)
    probed = ProbedVideo.of(moving_video, settings)
    for as_shown in (False, True):
        fresh = list(read_frames(moving_video, settings, as_shown=as_shown))
        frames = list(probed.frames(as_shown=as_shown))
        assert [(f.index, f.seconds, f.zoom) for f in frames] == [
            (f.index, f.seconds, f.zoom) for f in fresh
        ]
        for one, other in zip(frames, fresh, strict=True):
            np.testing.assert_array_equal(one.image, other.image)


def test_its_first_pictures_are_decoded_once(
    moving_video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    av_open = av.open

    def counted(path: str, **options: Any) -> Any:
        opened.append(path)
        return av_open(path, **options)

    monkeypatch.setattr(av, "open", counted)
    probed = check_recording(moving_video, FitOptions(head=None))
    assert probed is not None
    assert sum(1 for _ in probed.frames()) == 30
    assert len(opened) == 2


def test_a_file_that_was_replaced_is_told(moving_video: Path, tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    shutil.copy(moving_video, path)
    probed = ProbedVideo.of(path)
    assert probed.is_current
    os.utime(path, (0, 0))
    assert not probed.is_current
    path.unlink()
    assert not probed.is_current
