"""A folder of stills is fitted, enrolled and identified as any recording."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facedyn_app.library.session_file import load_session
from facedyn_app.records import INVALID_REASONS
from facedyn_app.video import read_frames, sha256_of_video

N_STILLS, MISSING = 50, (20, 21, 22)


@pytest.fixture(scope="module")
def stills(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of a face, numbered from 1, three of them missing."""
    folder = tmp_path_factory.mktemp("anna") / "visit"
    folder.mkdir()
    frames = islice(read_frames(shared / "data" / "videos" / "talk_a.mp4"), N_STILLS)
    for frame in frames:
        if frame.index not in MISSING:
            image = cv2.resize(frame.image, (256, 256))[..., ::-1]
            cv2.imwrite(str(folder / f"img_{frame.index + 1}.png"), np.ascontiguousarray(image))
    return folder


def test_stills_are_fitted_at_their_rate(run: Any, stills: Path, tmp_path: Path) -> None:
    out = tmp_path / "visit.npz"
    done = run("fit", stills, "-o", out, "--fps", "10")
    assert done.exit_code == 0, done.stderr
    assert "Of the stills 1 to 50, 3 are missing" in done.stderr
    session = load_session(out)
    assert session.info.source_name == "visit"
    assert session.info.source_sha256 == sha256_of_video(stills)
    assert (session.info.fps, session.info.fps_assumed) == (10.0, None)
    np.testing.assert_allclose(session.motion.seconds, np.arange(N_STILLS) / 10)
    assert session.invalid_reason is not None
    lost = np.flatnonzero(session.invalid_reason == INVALID_REASONS.index("damaged picture"))
    assert lost.tolist() == list(MISSING)
    assert session.motion.valid.sum() > 40


def test_stills_are_enrolled_once_and_identified(run: Any, stills: Path, tmp_path: Path) -> None:
    library = ("--library", tmp_path / "library")
    consent = ("--consent", "the recording's licence")
    done = run("enrol", "anna", stills, *library, *consent, "--fps", "10")
    assert done.exit_code == 0, done.stderr
    again = run("enrol", "anna", stills, *library)
    assert again.exit_code == 3
    assert "is already among the sessions of 'anna'" in again.stderr
    asked = run("identify", stills, *library, "--fps", "10", "--json")
    assert asked.exit_code == 0, asked.stderr
    # the one recording of the library is the one in question, and not compared with itself
    assert json.loads(asked.stdout)["matches"] == []
    assert "'anna'" in asked.stdout


def test_a_photograph_is_told_what_it_would_need(run: Any, shared: Path, tmp_path: Path) -> None:
    photograph = shared / "data" / "videos" / "pyfeat_multi_face.jpg"
    done = run("fit", photograph, "-o", tmp_path / "x.npz")
    assert done.exit_code == 3
    assert "is a single photograph: motion is measured in a video" in done.stderr
    assert not (tmp_path / "x.npz").exists()
