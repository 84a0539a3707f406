"""Rigid parts that a head carries and its file lacks: teeth on the skull or jaw, glasses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.appearance import Colour
from facedyn_app.records import BoolArray, ByteArray, FloatArray, IntArray

N_ANCHORS = 80
_STIFF = 2e-4  # m of movement that an anchor may have before it counts for less
_OPEN_RAD = 0.15
_JAW_OWN, _JAW_FREE = 0.98, 0.01  # skinning weights of the jaw: all of it, nothing of it


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A coloured surface of its own.

    Attributes:
        points: (N, 3) m.
        faces: (F, 3) triangles.
        colours: (N, 3) uint8.
    """

    points: FloatArray
    faces: IntArray
    colours: ByteArray


@dataclass(frozen=True, slots=True, eq=False)
class RigidPart:
    """A surface that follows some vertices of a head as a stiff body.

    Attributes:
        surface: The surface where the head rests.
        normals: (N, 3) its unit normals there.
        anchors: (K,) numbers of the vertices that it follows.
        weights: (4, K) weights that give the origin and the ends of the three axes, 1 m long, of
            the head frame as the anchors carry it along.
    """

    surface: Surface
    normals: FloatArray
    anchors: IntArray
    weights: FloatArray

    def placed(self, vertices: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(N, 3) points and unit normals on a head of (V, 3) vertices, posed and placed."""
        frame = self.weights @ vertices[self.anchors]
        left, _, right = np.linalg.svd(frame[1:] - frame[0])
        axes = left @ right
        # The stiff body keeps the place of the anchors' middle, not that of the far origin.
        middle = self.surface.points.mean(axis=0)
        origin = frame[0] + middle @ (frame[1:] - frame[0])
        return (self.surface.points - middle) @ axes + origin, self.normals @ axes


def on_skull(head: HeadModel) -> BoolArray:
    """(V,) the vertices that neither the jaw nor the eyes turn."""
    eyes = [j for j, name in enumerate(head.joint_names) if "eye" in name]
    turned = np.asarray(head.weights)[:, [head.jaw_joint, *eyes]].sum(axis=1)
    return np.asarray(turned < _JAW_FREE)


def on_jaw(head: HeadModel) -> BoolArray:
    """(V,) the vertices that turn with the jaw and nothing else."""
    weight = np.asarray(head.weights)[:, head.jaw_joint]
    return np.asarray(weight > _JAW_OWN * weight.max())


def rigid_part(
    head: HeadModel, rest: FloatArray, carrier: BoolArray, surface: Surface
) -> RigidPart:
    """Hang a surface on those of some vertices that expressions move least.

    The weights `w` of a point `q` are the smallest of those with `sum w = 1` and
    `sum w x = q` over the anchors `x`, measured in units of the anchors' stiffness: they follow
    any turn and shift of the anchors exactly, and even out what expressions do to them.

    Args:
        head: The head.
        rest: (V, 3) its vertices at rest, of the shape that is drawn, m.
        carrier: (V,) the vertices that may be anchors, four at least that lie not in a plane.
        surface: The surface, placed on the head at rest.
    """
    candidates = np.flatnonzero(carrier)
    moved = own_movement(head, candidates)
    steadiest = np.argsort(moved, kind="stable")[:N_ANCHORS]
    anchors, moved = candidates[steadiest], moved[steadiest]
    stiffness = 1.0 / (moved + _STIFF**2)
    known = np.column_stack([rest[anchors], np.ones(len(anchors))])
    wanted = np.array([[0.0, 0, 0, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]])
    weighted = known.T * stiffness
    weights = wanted @ np.linalg.solve(weighted @ known, weighted)
    return RigidPart(surface, surface_normals(surface), anchors, weights)


def own_movement(head: HeadModel, vertices: IntArray) -> FloatArray:
    """(K,) m^2: what expressions and the open jaw's correctives do to some vertices of a head.

    What one of them does to most of the vertices alike, as an expression that pushes the jaw
    forward, is not their own.

    Args:
        head: The head.
        vertices: (K,) numbers of the vertices.
    """
    turn = Rotation.from_rotvec([_OPEN_RAD, 0.0, 0.0]).as_matrix() - np.eye(3)
    opened = np.asarray(head.jaw_posedirs)[vertices] @ turn.ravel()
    offsets = np.concatenate([np.asarray(head.exprdirs)[vertices], opened[..., None]], axis=2)
    return np.asarray(((offsets - np.median(offsets, axis=0)) ** 2).sum(axis=(1, 2)))


def surface_normals(surface: Surface) -> FloatArray:
    """(N, 3) unit normals, the mean of the triangles' around a vertex weighted by area."""
    corners = surface.points[surface.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(surface.points)
    np.add.at(normals, surface.faces.ravel(), np.repeat(across, 3, axis=0))
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20))


def grid_faces(n_rows: int, n_columns: int, *, closed: bool = False) -> IntArray:
    """(F, 3) triangles of a grid of points, row by row; closed: its last column meets the first."""
    last = n_columns if closed else n_columns - 1
    row, column = np.meshgrid(np.arange(n_rows - 1), np.arange(last), indexing="ij")
    following = (column + 1) % n_columns
    a, b = row * n_columns + column, row * n_columns + following
    c, d = a + n_columns, b + n_columns
    pieces = np.stack([a, b, c, b, d, c], axis=-1)
    return np.asarray(pieces.reshape(-1, 3))


def one_colour(colour: Colour, n: int) -> ByteArray:
    """(n, 3) uint8 of one colour."""
    return np.tile(np.array(colour, dtype=np.uint8), (n, 1))


def joined(surfaces: list[Surface]) -> Surface:
    """Several surfaces as one."""
    starts = np.cumsum([0, *(len(one.points) for one in surfaces)])
    return Surface(
        points=np.concatenate([one.points for one in surfaces]),
        faces=np.concatenate([one.faces + s for one, s in zip(surfaces, starts, strict=False)]),
        colours=np.concatenate([one.colours for one in surfaces]),
    )
