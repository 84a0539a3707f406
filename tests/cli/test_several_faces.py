"""`facedyn fit --face`: one of several faces, or each of them in a file of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.library.session_file import load_session
from facedyn_app.settings import Settings
from facedyn_app.workflows.kept import kept_recording
from tests.cli.conftest import Run


def test_all_faces_are_fitted_in_one_pass_and_a_brief_one_is_named(
    run: Run, several_faces: Path, tmp_path: Path
) -> None:
    out = tmp_path / "made"
    out.mkdir()
    result = run("fit", several_faces, "-o", out / "visit.npz", "--face", "all", "--json")
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    assert [face["number"] for face in facts["faces"]] == [1, 2, 3]
    assert facts["n_fitted"] == 2
    assert sorted(path.name for path in out.iterdir()) == ["visit-face1.npz", "visit-face2.npz"]
    places = []
    for face in facts["faces"][:2]:
        session = load_session(Path(face["session"]))
        assert session.info.face == face["number"]
        assert face["n_seen"] == len(session.motion.seconds) == 40
        assert face["seconds_seen"] == pytest.approx(1.6)
        assert face["valid_share"] == session.motion.valid.mean() > 0.9
        places.append(np.nanmean(session.motion.translation[:, 0]))
    assert abs(places[0] - places[1]) > 0.1, "both files hold the same face"
    brief = facts["faces"][2]
    assert brief["session"] is None
    assert "0.3 s only" in brief["left_out"] or "0.4 s only" in brief["left_out"]


def test_one_face_is_that_of_its_number(run: Run, several_faces: Path, tmp_path: Path) -> None:
    out = tmp_path / "second.npz"
    result = run("fit", several_faces, "-o", out, "--face", "2", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["face"] == load_session(out).info.face == 2


def test_each_face_of_a_video_is_a_person_and_which_is_taken_is_said(
    run: Run, several_faces: Path, tmp_path: Path
) -> None:
    video, library = tmp_path / "there" / several_faces.name, tmp_path / "library"
    video.parent.mkdir()
    shutil.copy(several_faces, video)
    consent = ("--library", library, "--consent", "simulated, no person")

    first = run("enrol", "Ada", video, *consent, "--face", "1", "--json")
    assert first.exit_code == 0, first.stderr
    (session,) = json.loads(first.stdout)["sessions"]
    assert any("2 faces are seen" in note and "face 1" in note for note in session["notes"])
    second = run("enrol", "Bo", video, *consent, "--face", "2")
    assert second.exit_code == 0, second.stderr
    assert "face 2" in second.stdout
    refused = run("enrol", "Cy", video, *consent, "--face", "2", "--json")
    assert refused.exit_code == 3
    assert "session 'several' of 'Bo'" in json.loads(refused.stdout)["error"]["sentence"]

    moved = tmp_path / "elsewhere" / "renamed.mp4"
    moved.parent.mkdir()
    video.rename(moved)
    linked = run("library", "relink", moved.parent, "--library", library, "--json")
    assert linked.exit_code == 0, linked.stderr
    found = json.loads(linked.stdout)
    assert [(one["speaker"], one["video"]) for one in found["found"]] == [
        ("Ada", str(moved)),
        ("Bo", str(moved)),
    ]
    assert found["missing"] == []
    for face, name in ((0, "Ada"), (1, "Ada"), (2, "Bo")):
        kept = kept_recording(moved, face, DEFAULT_HEAD, library, Settings())
        assert kept is not None
        assert kept.kept == f"session 'several' of '{name}'"
        assert kept.video == moved
    assert kept_recording(moved, 3, DEFAULT_HEAD, library, Settings()) is None
    assert kept_recording(moved, 1, "another-head", library, Settings()) is None


def test_a_video_without_a_face_is_refused_for_all_faces_too(
    run: Run, moving_video: Path, tmp_path: Path
) -> None:
    result = run("fit", moving_video, "-o", tmp_path / "s.npz", "--face", "all")
    assert result.exit_code == 3
    assert "No face was found" in result.stderr
    assert not list(tmp_path.glob("*.npz"))


@pytest.mark.parametrize("face", ["both", "-2", "1.5"])
def test_a_face_is_a_number_or_all(run: Run, tmp_path: Path, face: str) -> None:
    result = run("fit", tmp_path / "v.mp4", "-o", tmp_path / "s.npz", f"--face={face}")
    assert result.exit_code == 2
    assert face in result.stderr
