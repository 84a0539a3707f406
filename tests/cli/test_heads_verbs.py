import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from facedyn_app.headmodel.model import HeadModel
from tests.cli.conftest import Run


def _vertices(path: Path) -> np.ndarray:
    return np.asarray(trimesh.load_mesh(path, process=False).vertices)


def test_the_list_says_what_a_head_has(run: Run, head: HeadModel) -> None:
    facts, _ = json.loads(run("heads", "--json").stdout)["heads"]
    assert facts["head_id"] == "open-head-2"
    assert facts["n_vertices"] == len(head.v_template)
    assert facts["licence"] == "CC0-1.0"
    assert "open-head-2" in run("heads").stdout


def test_without_coefficients_the_mesh_is_the_mean_head(
    run: Run, head: HeadModel, tmp_path: Path
) -> None:
    result = run("heads", "mesh", "open-head-2", "-o", tmp_path / "mean.obj", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["n_vertices"] == len(head.v_template)
    np.testing.assert_allclose(_vertices(tmp_path / "mean.obj"), head.v_template, atol=1e-6)


def test_leading_coefficients_move_the_mesh(run: Run, head: HeadModel, tmp_path: Path) -> None:
    out = tmp_path / "shaped.ply"
    assert run("heads", "mesh", "open-head-2", "--shape", "-1,2", "-o", out).exit_code == 0
    expected = head.v_template + head.shapedirs[:, :, :2] @ np.array([-1.0, 2.0])
    np.testing.assert_allclose(_vertices(out), expected, atol=1e-6)


def test_a_rotation_turns_the_whole_head_about_its_root(
    run: Run, head: HeadModel, tmp_path: Path
) -> None:
    out = tmp_path / "turned.ply"
    quarter = f"0,{np.pi / 2},0"
    assert run("heads", "mesh", "open-head-2", "--rotation", quarter, "-o", out).exit_code == 0
    turned, still = _vertices(out), np.asarray(head.v_template)
    # a quarter turn about y takes z to x and x to -z
    moved = np.stack([still[:, 2], still[:, 1], -still[:, 0]], axis=1)
    offset = turned - moved
    np.testing.assert_allclose(offset, np.broadcast_to(offset[0], offset.shape), atol=1e-6)


def test_the_jaw_moves_the_chin_alone(run: Run, head: HeadModel, tmp_path: Path) -> None:
    out = tmp_path / "open.glb"
    assert run("heads", "mesh", "open-head-2", "--jaw", "0.3,0,0", "-o", out).exit_code == 0
    moved = np.linalg.norm(_vertices(out) - head.v_template, axis=1)
    assert moved.max() > 0.01
    upper_half = head.v_template[:, 1] > np.median(head.v_template[:, 1])
    assert np.median(moved[upper_half]) < 1e-6
    assert np.argmax(moved) in np.flatnonzero(~upper_half)


@pytest.mark.slow
def test_the_picture_of_a_head_is_a_png(run: Run, tmp_path: Path) -> None:
    result = run("heads", "show", "open-head-2", "-o", tmp_path / "head.png", "--json")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "head.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert [path.name for path in tmp_path.iterdir()] == ["head.png"]


def test_the_landmarks_of_a_head_are_drawn(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "marks.png"
    result = run("heads", "landmarks", "open-head-2", "-o", out, "--json")
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    picture = cv2.imread(str(out))
    assert picture is not None
    assert (facts["height"], facts["width"]) == picture.shape[:2]
    # green where the fit trusts a landmark, red where it does not
    blue, green, red = (picture[..., k].astype(int) for k in range(3))
    assert ((green > red + 60) & (green > blue + 60)).any()
    assert ((red > green + 60) & (red > blue + 60)).any()
