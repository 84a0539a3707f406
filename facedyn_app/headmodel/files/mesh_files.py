"""Mesh files: Wavefront OBJ, read fast enough for a model of 150 files; OBJ, PLY, GLB, written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from facedyn_app.errors import InputError, OutputError
from facedyn_app.files import atomic_file, read_plain
from facedyn_app.records import FloatArray, IntArray

MAX_BYTES = 64 * 2**20
MESH_SUFFIXES = (".obj", ".ply", ".glb")
_DIGITS = 7  # decimals of a metre in text files


@dataclass(frozen=True, slots=True, eq=False)
class ObjMesh:
    """A mesh, its polygons cut into triangles (a b c, a c d and so on).

    Attributes:
        vertices: (V, 3) float64.
        faces: (F, 3) int32 triangles.
        uv: (F, 3, 2) float32 texture places of the corners, or None where the file has none.
        material: (F,) which of `materials`; -1 before any is named.
        materials: Names of the materials in order of appearance.
        libraries: Names of the files that describe them.
        sha256: Of the file.
    """

    vertices: FloatArray
    faces: IntArray
    uv: FloatArray | None
    material: IntArray
    materials: tuple[str, ...]
    libraries: tuple[str, ...]
    sha256: str


def read_obj_vertices(path: Path) -> tuple[FloatArray, str]:
    """The vertices (V, 3) float64 of an OBJ file, and its sha256.

    Raises:
        InputError: The file cannot be read, or its vertices are no numbers.
    """
    data = _read_bytes(path)
    return _rows(data, b"v", 3, path), hashlib.sha256(data).hexdigest()


def read_obj(path: Path) -> ObjMesh:
    """The vertices, triangles, texture places and material names of an OBJ file.

    Raises:
        InputError: The file cannot be read or is no OBJ mesh.
    """
    data = _read_bytes(path)
    vertices = _rows(data, b"v", 3, path)
    places = _rows(data, b"vt", 2, path) if b"\nvt " in data else None
    polygons = _Polygons()
    try:
        for line in data.decode("ascii", "replace").splitlines():
            if line.startswith(("f ", "usemtl ", "mtllib ")):
                polygons.take(line)
        corners = np.asarray(polygons.corners, dtype=np.int64).reshape(-1, 3, 2) - 1
    except ValueError as error:
        raise InputError(f"The faces in '{path}' cannot be understood.") from error
    faces, of_places = corners[..., 0], corners[..., 1]
    _check_range(faces, len(vertices), path)
    uv = None
    if places is not None and (of_places >= 0).all():
        _check_range(of_places, len(places), path)
        uv = places[of_places].astype(np.float32)
    return ObjMesh(
        vertices=vertices,
        faces=faces.astype(np.int32),
        uv=uv,
        material=np.asarray(polygons.material, dtype=np.int32),
        materials=tuple(polygons.materials),
        libraries=tuple(polygons.libraries),
        sha256=hashlib.sha256(data).hexdigest(),
    )


class _Polygons:
    """Triangles being gathered from the lines of a file."""

    def __init__(self) -> None:
        self.corners: list[tuple[int, ...]] = []
        self.material: list[int] = []
        self.materials: list[str] = []
        self.libraries: list[str] = []

    def take(self, line: str) -> None:
        """Take a line that begins with f, usemtl or mtllib.

        Raises:
            ValueError: The line is odd.
        """
        key, _, value = line.partition(" ")
        if key == "mtllib":
            self.libraries.append(value.strip())
        elif key == "usemtl":
            if value.strip() not in self.materials:
                self.materials.append(value.strip())
            self._current = self.materials.index(value.strip())
        else:
            corners = [self._corner(corner) for corner in value.split()]
            if len(corners) < 3:
                raise ValueError(line)
            for b, c in pairwise(corners[1:]):
                self.corners.append((*corners[0], *b, *c))
                self.material.append(self._current)

    _current = -1

    @staticmethod
    def _corner(text: str) -> tuple[int, int]:
        """Vertex and texture place, from 1; the place is 0 where none is given."""
        vertex, _, rest = text.partition("/")
        place = rest.partition("/")[0]
        return int(vertex), int(place) if place else 0


def _read_bytes(path: Path) -> bytes:
    try:
        data = read_plain(path, MAX_BYTES)
    except OSError as error:
        raise InputError(f"The file '{path}' cannot be opened: {error.strerror}.") from error
    return data.replace(b"\r\n", b"\n")


def _rows(data: bytes, key: bytes, n: int, path: Path) -> FloatArray:
    """(N, n) the numbers of the lines that begin with a key; these must stand together."""
    mark = b"\n" + key + b" "
    start = 0 if data.startswith(mark[1:]) else data.find(mark) + 1
    last = data.rfind(mark)
    end = data.find(b"\n", max(last + 1, start))
    block = data[start : end if end >= 0 else len(data)]
    n_rows = block.count(b"\n") + 1
    if start == 0 and not block.startswith(mark[1:]):
        raise InputError(f"The file '{path}' is no OBJ mesh: it has no line '{key.decode()} '.")
    text = block[len(key) :].replace(mark, b" ")
    try:
        numbers = np.array(text.split(), dtype=np.float64)
    except ValueError as error:
        raise InputError(f"The vertices in '{path}' are no numbers.") from error
    if len(numbers) % n_rows or len(numbers) < n * n_rows:
        raise InputError(f"The file '{path}' is no OBJ mesh: its '{key.decode()}' lines are odd.")
    return numbers.reshape(n_rows, -1)[:, :n]


def _check_range(numbers: IntArray, n: int, path: Path) -> None:
    if not len(numbers) or numbers.min() < 0 or numbers.max() >= n:
        raise InputError(f"The faces in '{path}' point past its vertices.")


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
