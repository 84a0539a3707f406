"""Mesh files keep the vertices' order and unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

from facedyn_app.errors import OutputError
from facedyn_app.headmodel.files.mesh_files import write_mesh
from facedyn_app.headmodel.model import HeadModel


@pytest.mark.parametrize("suffix", [".obj", ".ply", ".glb", ".OBJ"])
def test_a_mesh_comes_back(tiny_head: HeadModel, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"head{suffix}"
    write_mesh(path, tiny_head.v_template, tiny_head.faces)
    mesh = trimesh.load(path, force="mesh", process=False, maintain_order=True)
    np.testing.assert_allclose(mesh.vertices, tiny_head.v_template, atol=1e-6)
    np.testing.assert_array_equal(mesh.faces, tiny_head.faces)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_other_endings_and_absent_folders_are_refused(tiny_head: HeadModel, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"head\.stl"):
        write_mesh(tmp_path / "head.stl", tiny_head.v_template, tiny_head.faces)
    with pytest.raises(OutputError, match="cannot be written"):
        write_mesh(tmp_path / "absent" / "head.ply", tiny_head.v_template, tiny_head.faces)
