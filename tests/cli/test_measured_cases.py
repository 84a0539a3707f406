"""Inputs of other programs that people could not use, and session files that cannot be believed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from facedyn_app.library.session_file import load_session
from tests.cli.conftest import Run


def _case(shared: Path, name: str) -> Path:
    path = shared / "cases" / name
    if not path.is_file():
        pytest.skip(f"{name} is absent from ../shared")
    return path


@pytest.mark.parametrize(
    ("name", "head_id", "n_frames"),
    [
        ("11_smirk.npz", "flame-300-50", 300),
        ("11_vhap.npz", "flame-300-100", 300),
        ("12_livelink.csv", "arkit-52", 600),
    ],
)
def test_tracks_become_sessions(
    run: Run, shared: Path, tmp_path: Path, name: str, head_id: str, n_frames: int
) -> None:
    track, out = _case(shared, name), tmp_path / "s.npz"
    result = run("convert", track, "-o", out)
    assert result.exit_code == 0, result.stderr
    session = load_session(out)
    assert (session.head_id, int(session.motion.valid.sum())) == (head_id, n_frames)
    library = tmp_path / "library"
    result = run("enrol", "Ada", track, "--library", library, "--consent", "A test.", "--json")
    assert result.exit_code == 0, result.stderr
    assert len(json.loads(result.stdout)["sessions"]) == 1


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("11_smirk.npz", "a measurement by another program (flame)"),
        ("12_livelink.csv", "a measurement by another program (livelink)"),
        ("52_date_y1.npz", "a session file"),
    ],
)
def test_what_is_measured_already_is_not_fitted(
    run: Run, shared: Path, tmp_path: Path, name: str, what: str
) -> None:
    result = run("fit", _case(shared, name), "-o", tmp_path / "s.npz")
    assert result.exit_code == 3
    assert f"{name}' is {what}, not a video: its motion is measured already." in result.stderr
    assert not (tmp_path / "s.npz").exists()


def test_a_number_without_end_is_refused_and_the_rest_is_imported(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    bad, good = _case(shared, "51_meta_inf_focal.npz"), _case(shared, "12_livelink.csv")
    library, folder = tmp_path / "library", tmp_path / "corpus"
    result = run("enrol", "Ada", bad, "--library", library, "--consent", "A test.")
    assert result.exit_code == 3
    assert "a number in its 'meta' is not finite" in result.stderr
    assert not library.exists()
    for speaker, path in (("ada", bad), ("bert", good)):
        (folder / speaker).mkdir(parents=True)
        (folder / speaker / path.name).write_bytes(path.read_bytes())
    result = run("import", folder, "--library", library, "--consent", "A test.")
    assert result.exit_code == 0, result.stderr
    assert "imported: 1 session of" in result.stdout
    assert "a number in its 'meta' is not finite" in result.stdout


def test_a_recording_of_the_year_1_has_no_date(
    run: Run, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    old, library = _case(shared, "52_date_y1.npz"), tmp_path / "library"
    result = run("enrol", "Ada", old, "--library", library, "--consent", "A test.")
    assert result.exit_code == 0, result.stderr
    result = run("sessions", "--library", library, "--json")
    assert result.exit_code == 0, result.stderr
    (session,) = json.loads(result.stdout)["sessions"]
    assert session["recorded_at"] is None


@pytest.mark.slow
def test_a_messengers_copy_is_no_second_session(run: Run, shared: Path, tmp_path: Path) -> None:
    copy, library = _case(shared, "16_messenger_copy.mp4"), tmp_path / "library"
    own = shared / "data" / "videos" / "talk_a.mp4"
    result = run("enrol", "Ada", own, "--library", library, "--consent", "A test.")
    assert result.exit_code == 0, result.stderr
    result = run("enrol", "Ada", copy, "--library", library)
    assert result.exit_code == 3
    assert "the same take as session 'talk_a' of 'Ada'" in result.stderr
    result = run("sessions", "--library", library, "--json")
    assert len(json.loads(result.stdout)["sessions"]) == 1
