"""Which cameras there are, what is said of those that cannot be had, and videos as cameras."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.video.camera import (
    CameraSource,
    PacedVideo,
    SourceChoice,
    choose_source,
    named_cameras,
)
from tests.conftest import SQUARE, VIDEO_FRAMES, square_left


def made_system(folder: Path) -> tuple[Path, Path]:
    """Linux's folders with two cameras, the further device of one, and one unplugged just now."""
    system, devices = folder / "system", folder / "devices"
    devices.mkdir(parents=True)
    for node, index, name in ((10, 0, "Wall"), (0, 0, "Desk"), (1, 1, "Desk"), (3, 0, "Gone")):
        place = system / f"video{node}"
        place.mkdir(parents=True)
        (place / "index").write_text(f"{index}\n")
        (place / "name").write_text(f"{name}\n")
        if name != "Gone":
            (devices / f"video{node}").touch()
    (system / "video4").mkdir()
    return system, devices


def test_cameras_have_their_names_and_order(tmp_path: Path) -> None:
    assert named_cameras(*made_system(tmp_path)) == [(0, "Desk"), (10, "Wall")]
    assert named_cameras(tmp_path / "nowhere", tmp_path) == []


def test_a_camera_is_chosen_by_number_and_a_wrong_one_names_those_there_are(
    moving_video: Path,
) -> None:
    choices = tuple(SourceChoice(name, lambda: PacedVideo(moving_video)) for name in ("a", "b"))
    assert choose_source(choices, 2).name == "b"
    with pytest.raises(InputError, match="no camera 3: 1 is “a”, 2 is “b”"):
        choose_source(choices, 3)
    with pytest.raises(InputError, match="no camera on this machine"):
        choose_source((), 1)


def test_a_camera_that_does_not_open_is_said(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(InputError, match=r"“Desk” shows no picture: another program may be using"):
        CameraSource(987, "Desk")
    assert capfd.readouterr() == ("", "")


def test_a_video_plays_as_a_camera_again_and_again(moving_video: Path) -> None:
    source = PacedVideo(moving_video)
    middles = []
    for _ in range(VIDEO_FRAMES + 3):
        lit = np.flatnonzero(source.read()[32, :, 0] > 150)
        middles.append(lit.mean())
    source.close()
    expected = [square_left(k % VIDEO_FRAMES) + (SQUARE - 1) / 2 for k in range(VIDEO_FRAMES + 3)]
    inside = [k for k, middle in enumerate(expected) if middle < 96 - SQUARE]
    np.testing.assert_allclose(np.array(middles)[inside], np.array(expected)[inside], atol=1.0)
    assert not source.simulated
