"""Rigid parts that a head carries and its file lacks: teeth on the skull or jaw, glasses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering import regions
from facedyn_app.headmodel.rendering.appearance import Colour, Glasses
from facedyn_app.records import BoolArray, ByteArray, FloatArray, IntArray

N_ANCHORS = 80
_STIFF = 2e-4  # m of movement that an anchor may have before it counts for less
_OPEN_RAD = 0.15
_JAW_OWN, _JAW_FREE = 0.98, 0.01  # skinning weights of the jaw: all of it, nothing of it
_AROUND, _RIM_AROUND = 6, 40  # corners of a tube's section, points of a rim
_BEFORE_EYE, _CLEARANCE = 0.013, 0.004  # m from the front of the eye, from skin that is nearer
_HALF_BRIDGE = 0.008  # m, least half distance between the lenses
_BELOW_PUPIL = 0.003  # m from the pupil down to the middle of the lens
_WRAP = 3.0  # 1/m: the frame goes back by _WRAP x^2
_ARM_LENGTH = 0.095  # m
_REFLECTION = (214, 220, 228)


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


def glasses_parts(
    head: HeadModel, rest: FloatArray, marks: dict[int, FloatArray], glasses: Glasses
) -> list[RigidPart]:
    """Glasses for a head whose eyes and nose are placed, else none.

    Args:
        head: The head.
        rest: (V, 3) its vertices at rest, of the shape that is drawn, m.
        marks: The landmarks (3,) on these by number, m.
        glasses: Which glasses.
    """
    needed = {*regions.RIGHT_IRIS, *regions.LEFT_IRIS, regions.NOSE_BRIDGE}
    if not needed <= set(marks):
        return []
    skull = on_skull(head)
    pieces: list[Surface] = []
    inner: list[FloatArray] = []
    for side, iris in ((-1.0, regions.RIGHT_IRIS), (1.0, regions.LEFT_IRIS)):
        pupil = np.mean([marks[number] for number in iris], axis=0)
        rim = _rim(rest, pupil, side, glasses)
        pieces.append(_tube(rim, glasses, closed=True))
        inner.append(rim[_RIM_AROUND * 3 // 8])
        pieces.append(_tube(_arm(rest, rim, side), glasses))
        if glasses.reflection:
            pieces.append(_reflection(rim, glasses))
    over = marks[regions.NOSE_BRIDGE] + np.array([0.0, 0.0, _CLEARANCE])
    over[2] = max(over[2], inner[0][2], inner[1][2])
    over[1] = max(over[1], inner[0][1] + 0.002)
    pieces.append(_tube(_curve(inner[0], over, inner[1]), glasses))
    return [rigid_part(head, rest, skull, joined(pieces))]


def _rim(rest: FloatArray, pupil: FloatArray, side: float, glasses: Glasses) -> FloatArray:
    """(_RIM_AROUND, 3) middle line of the rim before an eye, from the outer end upwards."""
    angle = np.linspace(0.0, 2 * np.pi, _RIM_AROUND, endpoint=False)
    power = 2.0 / glasses.squareness
    wide = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    high = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power
    middle = max(abs(float(pupil[0])), glasses.half_width + _HALF_BRIDGE)
    x = side * (middle + glasses.half_width * wide)
    y = pupil[1] - _BELOW_PUPIL + glasses.half_height * high
    back = _WRAP * (x**2 - pupil[0] ** 2)
    # The whole rim moves to the front until no skin near its line is before it.
    near = np.hypot(x[:, None] - rest[:, 0], y[:, None] - rest[:, 1]) < 0.004
    beyond = near & (np.abs(x) > abs(pupil[0]) - 0.5 * glasses.half_width)[:, None]
    skin = np.where(beyond, rest[:, 2] + back[:, None], -np.inf).max()
    front = max(pupil[2] + _BEFORE_EYE, skin + _CLEARANCE)
    return np.column_stack([x, y, front - back])


def _arm(rest: FloatArray, rim: FloatArray, side: float) -> FloatArray:
    """(K, 3) middle line of an arm: from the rim's outer end along the temple to the ear."""
    start = rim[2]
    along = np.linspace(0.0, 1.0, 8)
    z = start[2] - _ARM_LENGTH * along
    beside = (np.abs(rest[:, 1] - start[1]) < 0.012) & (side * rest[:, 0] > 0)
    beside = beside & (np.abs(rest[:, 2] - (start[2] - 0.045)) < 0.015)
    temple = np.abs(rest[beside, 0]).max() if beside.any() else abs(start[0])
    width = max(temple + 0.002, abs(start[0]) - 0.003)
    bend = np.minimum(along / 0.25, 1.0)
    x = side * (abs(start[0]) + (width - abs(start[0])) * bend * (2 - bend))
    return np.column_stack([x, np.full(8, start[1]), z])


def _curve(start: FloatArray, over: FloatArray, end: FloatArray) -> FloatArray:
    """(K, 3) a bow from one point over a second to a third."""
    t = np.linspace(0.0, 1.0, 9)[:, None]
    pull = 2 * over - 0.5 * (start + end)
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * pull + t**2 * end)


def _tube(line: FloatArray, glasses: Glasses, *, closed: bool = False) -> Surface:
    """A tube about a line of points; where it is closed, its end meets its start."""
    step = np.roll(line, -1, axis=0) - np.roll(line, 1, axis=0)
    if not closed:
        step[0], step[-1] = line[1] - line[0], line[-1] - line[-2]
    ahead = step / np.linalg.norm(step, axis=1, keepdims=True)
    # Sections stand on the direction least along the line: arms run along z, all else across it.
    up = np.array([0.0, 1.0, 0.0]) if np.abs(ahead[:, 2]).mean() > 0.7 else np.array([0, 0, 1.0])
    one = np.cross(ahead, up)
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    other = np.cross(ahead, one)
    angle = np.linspace(0.0, 2 * np.pi, _AROUND, endpoint=False)
    ring = np.cos(angle)[:, None] * one[:, None] + np.sin(angle)[:, None] * other[:, None]
    points = line[:, None] + 0.5 * glasses.rim * ring
    rows = len(line)
    if closed:
        points, rows = np.concatenate([points, points[:1]]), rows + 1
    colours = one_colour(glasses.colour, rows * _AROUND)
    return Surface(points.reshape(-1, 3), grid_faces(rows, _AROUND, closed=True), colours)


def _reflection(rim: FloatArray, glasses: Glasses) -> Surface:
    """A slanted streak of light in the upper outer part of a lens."""
    middle = rim.mean(axis=0)
    out = np.array([np.sign(middle[0]) * glasses.half_width, 0.0, 0.0])
    high = np.array([0.0, glasses.half_height, 0.0])
    corners = [(0.45, 0.74), (0.60, 0.69), (0.57, 0.22), (0.51, 0.26)]
    points = np.stack([middle + a * out + b * high for a, b in corners])
    points[:, 2] = middle[2] - _WRAP * (points[:, 0] ** 2 - middle[0] ** 2)
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    return Surface(points, faces, one_colour(_REFLECTION, 4))
