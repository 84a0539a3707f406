"""Heads as mesh files that other programs read: OBJ, PLY, GLB."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facedyn_app.errors import OutputError
from facedyn_app.files import atomic_file
from facedyn_app.records import FloatArray, IntArray

MESH_SUFFIXES = (".obj", ".ply", ".glb")
_DIGITS = 7  # decimals of a metre in text files


def write_mesh(path: Path, vertices: FloatArray, faces: IntArray) -> None:
    """Write a mesh, by a temporary name, so that no half-written file is left behind.

    The vertices keep their order and their unit; nothing is merged or dropped.

    Args:
        path: Where to; its ending chooses the format (`MESH_SUFFIXES`).
        vertices: (V, 3) m.
        faces: (F, 3) triangles.

    Raises:
        OutputError: The ending is none of them, or the file cannot be written there.
    """
    kind = path.suffix.lower()
    if kind not in MESH_SUFFIXES:
        raise OutputError(
            f"A mesh cannot be written as '{path.name}'.",
            f"Use one of the endings {', '.join(MESH_SUFFIXES)}.",
        )
    import trimesh  # half a second, which only who writes a mesh waits for

    mesh = trimesh.Trimesh(np.asarray(vertices), np.asarray(faces), process=False)
    options = {"digits": _DIGITS, "include_normals": False} if kind == ".obj" else {}
    data = mesh.export(file_type=kind[1:], **options)
    with atomic_file(path) as file:
        file.write(data.encode() if isinstance(data, str) else bytes(data))
