"""Recordings found, opened and shown again: what is known of each without a window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.errors import InputError
from facedyn_app.library.session_file import save_session
from facedyn_app.progress import Progress, ignore
from facedyn_app.records import PartialFit
from facedyn_app.settings import Settings
from facedyn_app.workflows.open_recording import (
    STAGES,
    find_landmarks,
    find_recordings,
    fit_other_face,
    open_measured,
    open_video,
)
from tests.workflows.conftest import simulated


def head() -> str:
    return DEFAULT_HEAD


@pytest.fixture
def session_file(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "S1.npz"
    path.parent.mkdir()
    save_session(simulated(0, 1)[0], path)
    return path


def test_a_folder_is_searched_for_videos_and_measurements(
    session_file: Path, moving_video: Path
) -> None:
    folder = session_file.parent
    (folder / "deep").mkdir()
    for name in ("b.mp4", "deep/a.MP4"):
        (folder / name).write_bytes(moving_video.read_bytes())
    (folder / "notes.csv").write_text("day,weather\n1,rain\n", encoding="utf-8")
    np.savez(folder / "head.npz", v_template=np.zeros((3, 3)))
    found = find_recordings(folder, ignore)
    assert found.videos == (folder / "b.mp4", folder / "deep" / "a.MP4")
    assert found.measured == (session_file,)
    assert find_recordings(session_file, ignore).measured == (session_file,)
    assert find_recordings(moving_video, ignore).videos == (moving_video,)


def test_a_folder_without_recordings_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no video in the folder"):
        find_recordings(tmp_path, ignore)


def test_a_session_file_is_opened_as_it_is(session_file: Path) -> None:
    recording = open_measured(session_file, None, head, Settings(), ignore)
    assert recording.key == str(session_file)
    assert recording.label == "S1.npz (simulated)"
    assert recording.session.info.source_name == "S1.npz"
    assert recording.video is None
    assert recording.quality.n_valid == recording.session.motion.valid.sum()
    # there is no video of it: neither landmarks nor another face are to be had
    assert find_landmarks(recording, Settings(), ignore) is recording
    assert fit_other_face(recording, 2, Settings(), ignore) is recording


def test_a_video_is_opened_with_each_of_its_faces(several_faces: Path) -> None:
    seen: list[Progress] = []
    first = open_video(several_faces, 0, None, None, head, Settings(), seen.append)
    assert first.key == str(several_faces)
    assert first.title == f"several.mp4, face {first.face}"
    # the third is there for a moment only
    assert [round(face.seconds, 1) for face in first.faces] == [1.6, 1.6]
    assert [label for label, _ in first.timing] == [*STAGES.values(), "Fit speed"]
    assert any(isinstance(progress.partial, PartialFit) for progress in seen)
    assert first.info is not None
    assert len(first.session.motion.seconds) == first.info.n_frames == 40

    other = next(face.number for face in first.faces if face.number != first.face)
    second = fit_other_face(first, other, Settings(), ignore)
    assert second.key == f"{several_faces}#face{other}"
    assert second.session.info.face == other
    assert second.session.info.source_sha256 == first.session.info.source_sha256
    assert second.followed is first.followed

    kept = replace(first, landmarks=None, followed=None)
    again = find_landmarks(kept, Settings(), ignore)
    assert first.landmarks is not None
    assert again.landmarks is not None
    frames = np.arange(40)
    found, before = (one.only(frames).points for one in (again.landmarks, first.landmarks))
    assert np.array_equal(found, before)
    assert [label for label, _ in again.timing] == [STAGES["landmarks"]]
