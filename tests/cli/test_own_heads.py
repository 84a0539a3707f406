"""Head files of the user's: used, remembered by where they are, listed, forgotten."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from facedyn_app.headmodel.files.io import load_head, save_head
from facedyn_app.library.library import Library
from facedyn_app.library.session_file import load_session
from tests.cli.conftest import Run
from tests.headmodel.flame_files import flame_arrays, python2_pickle, write


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A head file of the user's: the open head under another name."""
    path = tmp_path / "mine.npz"
    save_head(replace(load_head("open-head-2"), head_id="mine-1"), path)
    return path


@pytest.fixture
def video(shared: Path) -> Path:
    return shared / "data" / "videos" / "jefapato_1s_1080p.mp4"


def _heads(run: Run) -> list[dict[str, Any]]:
    heads: list[dict[str, Any]] = json.loads(run("heads", "--json").stdout)["heads"]
    return heads


def test_a_head_file_is_fitted_and_remembered_but_not_copied(
    run: Run, own: Path, video: Path, tmp_path: Path
) -> None:
    out = tmp_path / "s.npz"
    result = run("fit", video, "-o", out, "--head", own)
    assert result.exit_code == 0, result.stderr
    head = load_head(own)
    session = load_session(out)
    assert session.head_id == "mine-1"
    assert session.info.head_sha256 == head.sha256
    *built_in, mine = _heads(run)
    assert all(one["built_in"] for one in built_in)
    assert (mine["head_id"], mine["path"], mine["sha256"]) == ("mine-1", str(own), head.sha256)
    assert mine["file_there"]
    assert (mine["n_vertices"], mine["n_shape"]) == (len(head.v_template), head.n_shape)
    kept = [path.name for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert "mine.npz" not in kept
    # now its id is enough, also to draw the session
    mesh = tmp_path / "a.obj"
    assert run("export", out, "-o", mesh, "--mesh", "neutral").exit_code == 0
    assert run("heads", "mesh", "mine-1", "-o", tmp_path / "b.obj").exit_code == 0


def test_fewer_directions_are_used_where_that_is_asked_for(
    run: Run, video: Path, tmp_path: Path
) -> None:
    out = tmp_path / "s.npz"
    fewer = ("--n-shape", "10", "--n-expression", "20", "--json")
    result = run("fit", video, "-o", out, *fewer)
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    assert (facts["n_shape"], facts["n_expression"]) == (10, 20)
    session = load_session(out)
    assert session.shape.shape == (10,)
    assert session.shape_chunks.shape[1] == 10
    assert session.motion.names == load_head("open-head-2").expression_names[:20]
    refused = run("fit", video, "-o", tmp_path / "t.npz", "--n-shape", "999")
    assert refused.exit_code == 3
    assert "'open-head-2' has" in refused.stderr


def test_a_file_that_is_gone_is_said(run: Run, own: Path, tmp_path: Path) -> None:
    assert run("heads", "show", own, "-o", tmp_path / "a.png").exit_code == 0
    own.unlink()
    assert not _heads(run)[-1]["file_there"]
    assert "the file is gone" in run("heads").stdout
    refused = run("heads", "mesh", "mine-1", "-o", tmp_path / "b.obj")
    assert refused.exit_code == 3
    assert str(own) in refused.stderr


def test_a_forgotten_head_leaves_the_list_and_keeps_its_file(
    run: Run, own: Path, tmp_path: Path
) -> None:
    assert run("heads", "show", own, "-o", tmp_path / "a.png").exit_code == 0
    assert "its file stays" in run("heads", "forget", "mine-1").stdout
    assert [head["head_id"] for head in _heads(run)] == ["open-head-2", "open-head-1"]
    assert own.is_file()
    for unknown in ("mine-1", "open-head-1", "open-head-2"):
        refused = run("heads", "forget", unknown)
        assert refused.exit_code == 3
        assert unknown in refused.stderr


@pytest.mark.slow
def test_a_flame_file_is_prepared_once_and_fitted(run: Run, video: Path, tmp_path: Path) -> None:
    file = tmp_path / "generic_model.pkl"
    write(file, python2_pickle(flame_arrays(load_head("open-head-2"))))
    first = run("fit", video, "-o", tmp_path / "a.npz", "--head", file, "--json")
    assert first.exit_code == 0, first.stderr
    facts = json.loads(first.stdout)
    assert (facts["n_shape"], facts["n_expression"]) == (300, 100)
    assert facts["n_valid"] == facts["n_frames"]
    (known,) = (head for head in _heads(run) if not head["built_in"])
    assert known["landmarks_placed"]
    assert known["head_id"] == facts["head_id"]
    assert known["family"] == "FLAME"
    again = run("fit", video, "-o", tmp_path / "b.npz", "--head", facts["head_id"], "--json")
    seconds = [json.loads(result.stdout)["seconds_per_stage"] for result in (first, again)]
    assert seconds[1]["start_up"] < 0.5 * seconds[0]["start_up"]


def test_the_built_in_head_comes_with_its_measurement(run: Run) -> None:
    result = run("heads", "measure", "open-head-1")
    assert result.exit_code == 3
    assert "'open-head-1' comes with its measurement" in result.stderr


@pytest.mark.slow
def test_a_head_of_the_users_is_measured_and_then_fitted_better(
    run: Run, own: Path, video: Path, tmp_path: Path
) -> None:
    measured = json.loads(run("heads", "measure", own, "--faces", 200, "--json").stdout)
    assert 0.1 < measured["landmark_mm"] < 3.0
    assert Path(measured["file"]).exists()
    facts = json.loads(run("fit", video, "-o", tmp_path / "s.npz", "--head", own, "--json").stdout)
    assert facts["quality"]["n_valid"] == facts["quality"]["n_frames"]


def test_a_video_is_enrolled_once_with_each_head(run: Run, video: Path, tmp_path: Path) -> None:
    to = ("--library", tmp_path / "library", "--consent", "in writing")
    assert run("enrol", "Ada", video, *to, "--head", "open-head-1").exit_code == 0
    refused = run("identify", video, "--library", tmp_path / "library")
    assert refused.exit_code == 3
    assert "--head open-head-2" in refused.stderr
    assert run("enrol", "Ada", video, *to).exit_code == 0
    with Library.open(tmp_path / "library") as library:
        heads = [entry.head_id for entry in library.sessions("Ada")]
    assert heads == ["open-head-1", "open-head-2"]
    again = run("enrol", "Ada", video, *to)
    assert again.exit_code == 3
    assert "already among the sessions of 'Ada'" in again.stderr


def test_a_folder_is_imported_once_with_each_head(run: Run, video: Path, tmp_path: Path) -> None:
    place = tmp_path / "people" / "Ada"
    place.mkdir(parents=True)
    (place / video.name).symlink_to(video)
    arguments = ("import", tmp_path / "people", "--library", tmp_path / "library", "--json")
    added = [
        json.loads(run(*arguments, "--consent", "in writing", "--head", head).stdout)["n_added"]
        for head in ("open-head-1", "open-head-2", "open-head-1")
    ]
    assert added == [1, 1, 0]
