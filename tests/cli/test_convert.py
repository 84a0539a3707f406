"""`facedyn convert`, `facedyn export --layout` and what the other verbs make of such sessions."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.session_file import load_session
from tests.headmodel.flame_files import flame_arrays
from tests.tracks.tables import OPENFACE_NAMES, openface_rows, write_table


@pytest.fixture
def flame_head(tiny_head: HeadModel, tmp_path: Path) -> Path:
    """A small FLAME file of the user's."""
    path = tmp_path / "flame.npz"
    np.savez(path, **flame_arrays(tiny_head))
    return path


@pytest.fixture
def parameters(tmp_path: Path) -> Path:
    """FLAME parameters of 40 frames."""
    path = tmp_path / "track.npz"
    rng = np.random.default_rng(0)
    np.savez(
        path,
        shape=rng.normal(size=300),
        expr=rng.normal(size=(40, 50)),
        rotation=np.zeros((40, 3)),
        jaw_pose=0.1 * rng.random((40, 3)),
        translation=np.tile([0.0, 0.0, -1.0], (40, 1)),
    )
    return path


def test_a_table_becomes_a_session_file(run: Any, tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", OPENFACE_NAMES, openface_rows(60))
    done = run("convert", path, "-o", tmp_path / "s.npz", "--json")
    assert done.exit_code == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["head_id"], facts["n_frames"], facts["n_valid"]) == ("openface-2", 60, 60)
    assert facts["fps_assumed"] is False
    assert facts["notes"] == ["No shape was measured over time, so that no drift can be told."]
    assert facts["quality"]["error_percent_face"] is None
    session = load_session(tmp_path / "s.npz")
    assert session.info.source_name == "a.csv"


def test_an_assumed_rate_is_said(run: Any, parameters: Path, tmp_path: Path) -> None:
    done = run("convert", parameters, "-o", tmp_path / "s.npz")
    assert done.exit_code == 0, done.stderr
    assert "30 frames a second are assumed" in done.stdout
    assert load_session(tmp_path / "s.npz").info.fps_assumed is True
    done = run("convert", parameters, "-o", tmp_path / "s.npz", "--fps", "25")
    assert "are assumed" not in done.stdout
    assert load_session(tmp_path / "s.npz").info.fps == pytest.approx(25.0)


def test_what_cannot_be_converted_leaves_nothing(
    run: Any, moving_video: Path, tmp_path: Path
) -> None:
    two = [row for pair in zip(openface_rows(9), openface_rows(9, 1), strict=True) for row in pair]
    files = {
        write_table(tmp_path / "two.csv", OPENFACE_NAMES, two): "holds 2 faces (face_id 0, 1)",
        write_table(tmp_path / "other.csv", ("a", "b"), [[1, 2]]): "no column that is known",
        moving_video: "A video is measured with 'facedyn fit'",
        tmp_path / "missing.csv": "does not exist",
    }
    for path, sentence in files.items():
        done = run("convert", path, "-o", tmp_path / "s.npz")
        assert done.exit_code == 3
        assert sentence in done.stderr
        assert not (tmp_path / "s.npz").exists()


def test_flame_parameters_are_drawn_on_the_head_that_is_named(
    run: Any, parameters: Path, flame_head: Path, tmp_path: Path
) -> None:
    out = tmp_path / "s.npz"
    done = run("convert", parameters, "-o", out, "--head", flame_head, "--json")
    assert done.exit_code == 0, done.stderr
    head_id = json.loads(done.stdout)["head_id"]
    assert head_id.startswith("flame-300-50@")
    # the head is remembered by its sha256: no --head is needed to draw
    for kind in ("expression", "full", "neutral"):
        which = [] if kind == "neutral" else ["--frame", "3"]
        mesh = tmp_path / f"{kind}.obj"
        done = run("export", out, "-o", mesh, "--mesh", kind, *which)
        assert done.exit_code == 0, done.stderr
        assert mesh.is_file()
    done = run("export", out, "-o", tmp_path / "a.glb", "--layout", "glb")
    assert done.exit_code == 0, done.stderr
    done = run("export", out, "-o", tmp_path / "v.npz", "--layout", "flame")
    assert done.exit_code == 0, done.stderr
    done = run("convert", tmp_path / "v.npz", "-o", tmp_path / "b.npz", "--head", flame_head)
    assert done.exit_code == 0, done.stderr
    first, second = load_session(out), load_session(tmp_path / "b.npz")
    assert second.head_id == head_id
    np.testing.assert_allclose(first.motion.expression, second.motion.expression, atol=1e-6)
    np.testing.assert_allclose(first.motion.jaw, second.motion.jaw, atol=1e-6)


def test_without_its_head_a_track_is_not_drawn_and_says_why(
    run: Any, parameters: Path, tmp_path: Path
) -> None:
    table = write_table(tmp_path / "a.csv", OPENFACE_NAMES, openface_rows(60))
    for path, sentence in (
        (parameters, "names no FLAME file"),
        (table, "No head has the channels of 'openface-2'"),
    ):
        assert run("convert", path, "-o", tmp_path / "s.npz").exit_code == 0
        done = run("export", tmp_path / "s.npz", "-o", tmp_path / "a.glb", "--layout", "glb")
        assert done.exit_code == 3
        assert sentence in done.stderr
        assert not (tmp_path / "a.glb").exists()


def test_another_head_than_flame_is_no_head_of_parameters(
    run: Any, parameters: Path, tiny_head: HeadModel, tmp_path: Path
) -> None:
    from facedyn_app.headmodel.files.io import save_head

    save_head(tiny_head, tmp_path / "tiny.npz")
    done = run("convert", parameters, "-o", tmp_path / "s.npz", "--head", tmp_path / "tiny.npz")
    assert done.exit_code == 3
    assert "is no FLAME head" in done.stderr


def test_a_live_link_table_says_what_is_not_measured(run: Any, tmp_path: Path) -> None:
    from tests.tracks.test_blendshapes import LIVE_LINK, code

    rows = [[code(k), 61, 0.5, 0.25] for k in range(90)]
    path = write_table(tmp_path / "a.csv", LIVE_LINK, rows)
    assert run("convert", path, "-o", tmp_path / "s.npz").exit_code == 0
    done = run("export", tmp_path / "s.npz", "-o", tmp_path / "b.csv", "--layout", "livelink")
    assert done.exit_code == 0, done.stderr
    assert "tongueOut" in done.stdout
    assert run(
        "export", tmp_path / "s.npz", "-o", tmp_path / "b.obj", "--layout", "flame"
    ).exit_code
    with_mesh = ("--layout", "glb", "--mesh", "expression")
    assert run("export", tmp_path / "s.npz", "-o", tmp_path / "b.glb", *with_mesh).exit_code == 2


def test_a_mesh_of_what_was_not_measured_is_refused(run: Any, tmp_path: Path) -> None:
    from tests.tracks.test_blendshapes import LIVE_LINK, code

    path = write_table(tmp_path / "a.csv", LIVE_LINK, [[code(k), 61, 0.5, 0.25] for k in range(90)])
    run("convert", path, "-o", tmp_path / "s.npz")
    for kind, word in (("full", "pose"), ("neutral", "shape")):
        which = [] if kind == "neutral" else ["--frame", "3"]
        done = run("export", tmp_path / "s.npz", "-o", tmp_path / "m.obj", "--mesh", kind, *which)
        assert done.exit_code == 3
        assert f"has no {word}" in done.stderr
    moving = ("--mesh", "expression", "--frame", "3")
    done = run("export", tmp_path / "s.npz", "-o", tmp_path / "m.obj", *moving)
    assert done.exit_code == 0, done.stderr
