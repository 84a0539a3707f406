"""An eye that is covered all the time, from the pictures to the empty cell with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.covered import covered_frames
from facedyn_app.dynamics.clinical.session import ClinicalMeasures, measure_session
from facedyn_app.landmarks import collect_face, track_faces
from facedyn_app.records import ByteArray, FloatArray, Session
from facedyn_app.settings import Settings
from facedyn_app.video import probe_video, read_frames, write_video
from facedyn_app.workflows.analyse import analyse_video
from facedyn_app.workflows.heads import read_ready_head

N_FRAMES = 60
LEFT_CORNERS = (263, 362)
Cover = Callable[[ByteArray, FloatArray], ByteArray]


def _before_left_eye(picture: ByteArray, points: FloatArray, texture: ByteArray) -> ByteArray:
    outer, inner = points[list(LEFT_CORNERS)]
    width = float(np.linalg.norm(outer - inner))
    mask = np.zeros(picture.shape[:2], np.uint8)
    middle = np.rint((outer + inner) / 2).astype(int).tolist()
    axes = (round(0.95 * width), round(0.75 * width))
    cv2.ellipse(mask, middle, axes, 0, 0, 360, 255, cv2.FILLED)
    return np.where(mask[..., None] > 0, texture, picture).astype(np.uint8)


def _patch(picture: ByteArray, points: FloatArray) -> ByteArray:
    """Black cloth with a weave."""
    cloth = np.full_like(picture, 25)
    cloth[::3] = 40
    return _before_left_eye(picture, points, cloth)


def _palm(picture: ByteArray, points: FloatArray) -> ByteArray:
    """The face's own cheek, drawn large."""
    x, y = points[280].astype(int)
    cheek = cv2.resize(picture[y - 9 : y + 9, x - 9 : x + 9], picture.shape[1::-1])
    return _before_left_eye(picture, points, cheek)


def _fitted(video: Path, cover: Cover | None, folder: Path) -> tuple[Session, ClinicalMeasures]:
    """The fit of the first frames of a recording, and what is measured, something before an eye."""
    info = probe_video(video)
    frames = list(islice(read_frames(video), N_FRAMES))
    points = collect_face(track_faces(frames, info), info).points
    pictures = (
        frame.image if cover is None else cover(frame.image, place)
        for frame, place in zip(frames, points, strict=True)
    )
    path = folder / "covered.mp4"
    write_video(path, pictures, info.fps)
    head = read_ready_head(DEFAULT_HEAD, lambda _: None)
    session = analyse_video(path, head, Settings()).session
    return session, measure_session(session, head, replace(ClinicalSettings(), n_draws=20))


@pytest.mark.parametrize("cover", [_patch, _palm])
def test_a_covered_eye_is_an_empty_cell_with_its_reason(
    shared: Path, tmp_path: Path, cover: Cover
) -> None:
    session, found = _fitted(shared / "data/videos/talk_b.mp4", cover, tmp_path)
    left, right = covered_frames(session)[session.motion.valid].mean(axis=0)
    assert (left > 0.95, right) == (True, 0.0)
    assert found.reasons["left eye"].startswith("the left eye is covered in")
    assert "fissure_height" not in found.sides["rest"]
    assert "commissure_excursion" in found.sides["range"]  # the mouth is seen
    assert np.isnan(found.closures[:, 0]).all()
    assert np.isfinite(found.closures[session.motion.valid, 1]).all()


def test_glasses_and_nothing_are_no_cover(shared: Path, tmp_path: Path) -> None:
    session, found = _fitted(shared / "data/videos/talk_b.mp4", None, tmp_path)
    assert not covered_frames(session).any()
    assert "fissure_height" in found.sides["rest"]
