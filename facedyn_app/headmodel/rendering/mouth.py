"""Inside of the mouth: teeth, and where a head has none a tongue, as far as its file lacks them.

Two arches of strips, the upper on the skull and the lower on the jaw, their edges on the line at
which closed lips meet: closed lips hide them, parted ones show them. Sizes are those of adults
(crown widths and heights of textbooks of dental anatomy, rounded), scaled by the mouth's width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.headmodel.model import (
    REGION_MOUTH_INSIDE,
    REGION_TEETH,
    REGION_TONGUE,
    HeadModel,
    of_material,
)
from facedyn_app.headmodel.rendering import regions
from facedyn_app.headmodel.rendering.appearance import MOUTH_INSIDE, TONGUE, Canvas, Colour
from facedyn_app.headmodel.rendering.rigid_parts import (
    RigidPart,
    Surface,
    grid_faces,
    on_jaw,
    on_skull,
    one_colour,
    rigid_part,
)
from facedyn_app.headmodel.surface import hit_pixels
from facedyn_app.records import BoolArray, ByteArray, FloatArray

_FAR = 10.0  # m: from there rays are nearly parallel
_FOCAL_PX = 1000 * _FAR  # 1 mm a pixel
_COVERED = 0.0015  # m of depth by which something must lie in front
_REACH = np.array([0.02, 0.022])  # m beyond the lips, sideways and up or down
_DEPTH = 0.09  # m behind the lips
GUMS: Colour = (168, 96, 92)
HALF_MOUTH = 0.0236  # m, half the width of the mouth that the sizes below belong to
_COLUMNS = 6  # of a tooth
_BEHIND_LIPS = 0.0072  # m from where the lips meet, seen from the front, back to the upper teeth
_ARCH = 21.0  # 1/m: depth of the arch is _ARCH x^2
_BULGE = 0.0005  # m
_SHADOW = 0.0105  # m of depth of the arch at which the cheeks leave a third of the light
# Rows of a strip: inner edge, cutting edge, crown, gum margin, gum; in crown heights, and colour.
_ROWS = np.array([0.06, 0.0, 0.12, 0.35, 0.65, 0.9, 1.02, 1.5])
_INNER_ROW, _GUM_ROWS = 0, 2


def behind_lips(head: HeadModel, lips: FloatArray) -> BoolArray:
    """(V,) which vertices are the inside of the mouth: near the lips and covered from the front.

    Args:
        head: The head, its mouth closed.
        lips: (K, 3) the lips' outer outline, m.
    """
    vertices, faces = np.asarray(head.v_template, dtype=np.float64), np.asarray(head.faces)
    low, high = lips.min(axis=0), lips.max(axis=0)
    low, high = low - [*_REACH, _DEPTH], high + np.array([*_REACH, 0.0])
    near = ((vertices >= low) & (vertices <= high)).all(axis=1)
    inside = np.zeros(len(vertices), dtype=np.bool_)
    if not near.any():
        return inside
    placed = vertices * [1.0, -1.0, -1.0] + [0.0, 0.0, _FAR]  # as a camera in front sees them
    image = _FOCAL_PX * placed[:, :2] / placed[:, 2:]
    first, _ = hit_pixels(placed, image, faces, image[near])
    inside[near] = placed[near, 2] - first[:, 2] > _COVERED  # false where nothing is hit
    return inside


@dataclass(frozen=True, slots=True, eq=False)
class Arch:
    """One row of teeth.

    Attributes:
        widths: Of the teeth from the middle outwards, m.
        heights: Of their crowns, m.
        edge: How far above the line at which the lips meet their edges are, m.
        behind: How far they are behind the upper front teeth, m.
        up: 1 where the crowns go up from their edges, -1 where down.
    """

    widths: FloatArray
    heights: FloatArray
    edge: float
    behind: float
    up: float


UPPER = Arch(
    widths=1e-3 * np.array([8.5, 6.6, 7.6, 7.0, 6.8, 9.5]),
    heights=1e-3 * np.array([10.0, 9.0, 9.8, 8.5, 8.0, 7.5]),
    edge=0.0001,
    behind=0.0,
    up=1.0,
)
LOWER = Arch(
    widths=1e-3 * np.array([5.3, 5.8, 6.8, 7.0, 7.1, 10.0]),
    heights=1e-3 * np.array([8.5, 8.8, 9.6, 8.5, 8.0, 7.5]),
    edge=-0.0019,
    behind=0.0030,
    up=-1.0,
)


def mouth_parts(
    head: HeadModel, rest: FloatArray, marks: dict[int, FloatArray], teeth: Colour
) -> list[RigidPart]:
    """Teeth and tongue of a head, as far as its file lacks them and its mouth is placed.

    Args:
        head: The head.
        rest: (V, 3) its vertices at rest, of the shape that is drawn, m.
        marks: The landmarks (3,) on these by number, m.
        teeth: Colour of the teeth.
    """
    if of_material(head, REGION_TEETH).any() or not set(regions.MOUTH_CROSS) <= set(marks):
        return []
    left, right, top, bottom = (marks[number] for number in regions.MOUTH_CROSS)
    lip_line = 0.5 * (top + bottom)
    centre = np.array([0.5 * (left[0] + right[0]), lip_line[1], lip_line[2]])
    scale = float(np.clip(0.5 * abs(left[0] - right[0]) / HALF_MOUTH, 0.8, 1.25))
    skull, jaw = on_skull(head), on_jaw(head)
    parts = [
        rigid_part(head, rest, skull, _placed(_teeth(UPPER, teeth), centre, scale)),
        rigid_part(head, rest, jaw, _placed(_teeth(LOWER, teeth), centre, scale)),
    ]
    if not of_material(head, REGION_TONGUE).any():
        parts.append(rigid_part(head, rest, jaw, _placed(_tongue(), centre, scale)))
    if not of_material(head, REGION_MOUTH_INSIDE).any():
        parts.append(rigid_part(head, rest, skull, _placed(_throat(), centre, scale)))
    return parts


def paint_own_teeth(canvas: Canvas, share: FloatArray, colour: Colour) -> None:
    """Colour the teeth that a head has itself, (N,) 0..1 of them, darker further back."""
    if share.max() > 0:
        depth = canvas.points[share > 0.5, 2].max() - canvas.points[:, 2]
        canvas.blend(colour, share)
        canvas.blend((0, 0, 0), share * (1.0 - _shadow(depth)))


def _shadow(depth: FloatArray) -> FloatArray:
    """Share of the light that the cheeks leave to teeth so far behind the front ones, m."""
    return np.asarray(np.exp(-((np.maximum(depth, 0.0) / _SHADOW) ** 2)))


def _placed(surface: Surface, centre: FloatArray, scale: float) -> Surface:
    return Surface(centre + scale * surface.points, surface.faces, surface.colours)


def _teeth(arch: Arch, colour: Colour) -> Surface:
    """A strip of teeth about the origin, where the lips meet in the middle, z to the front."""
    half_along, half_in, half_height = _columns(arch)
    along = np.concatenate([-half_along[::-1], half_along])
    inside, height = (np.concatenate([x[::-1], x]) for x in (half_in, half_height))
    x, depth = _arch_places(along)
    rounded = 1.0 - (2.0 * inside - 1.0) ** 4  # 0 between two teeth, 1 on most of a tooth
    rows = _ROWS[:, None]
    y = arch.edge + arch.up * height * (rows + 0.05 * (1 - rounded) * (rows < 0.5))
    z = -_BEHIND_LIPS - arch.behind - depth + _BULGE * rounded * np.ones_like(rows)
    z[_INNER_ROW] -= 0.003 + 0.2 * depth
    points = np.stack([np.broadcast_to(x, y.shape), y, z], axis=-1)
    n_rows, n_columns = y.shape
    return Surface(
        points=points.reshape(-1, 3),
        faces=grid_faces(n_rows, n_columns),
        colours=_tooth_colours(colour, rounded, depth),
    )


def _columns(arch: Arch) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of one side's columns: way along the arch, m; place in the tooth, 0..1; crown height, m."""
    inside = np.linspace(0.0, 1.0, _COLUMNS)
    starts = np.cumsum(arch.widths) - arch.widths
    along = starts[:, None] + inside * arch.widths[:, None]
    heights = np.repeat(arch.heights, _COLUMNS)
    return along.ravel(), np.tile(inside, len(arch.widths)), heights


def _arch_places(along: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sideward place and depth, m, at a way along the parabola `depth = _ARCH x^2`."""
    x = np.linspace(0.0, 0.05, 501)
    steps = np.hypot(np.diff(x), np.diff(_ARCH * x**2))
    way = np.concatenate([[0.0], np.cumsum(steps)])
    place = np.interp(np.abs(along), way, x)
    return np.sign(along) * place, _ARCH * place**2


def _tooth_colours(colour: Colour, rounded: FloatArray, depth: FloatArray) -> ByteArray:
    """(N, 3) colours of a strip: darker between the teeth, further back, and behind the edge."""
    shadow = _shadow(depth)
    crown = np.asarray(colour) * ((0.78 + 0.19 * rounded) * shadow)[:, None]
    gums = np.asarray(GUMS) * (0.85 * shadow)[:, None]
    rows = np.stack([crown] * len(_ROWS))
    rows[_INNER_ROW] *= 0.7
    rows[-_GUM_ROWS:] = gums
    return np.asarray(np.clip(np.rint(rows), 0, 255).astype(np.uint8).reshape(-1, 3))


def _tongue() -> Surface:
    """The upper side of a tongue, its tip behind the lower teeth."""
    along, across = np.linspace(0.0, 1.0, 10), np.linspace(-1.0, 1.0, 13)
    half_width = 0.017 * np.sqrt(1.0 - (1.0 - np.minimum(along / 0.4, 1.0)) ** 2)[:, None] + 1e-4
    x = half_width * across
    y = -0.0045 + 0.004 * np.sin(np.pi * along)[:, None] - 0.006 * across**4
    z = np.broadcast_to((-0.015 - 0.045 * along)[:, None], x.shape)
    dark = (1.0 - 0.5 * along)[:, None] * (1.0 - 0.25 * np.exp(-((across / 0.12) ** 2)))
    colours = np.rint(dark[..., None] * np.asarray(TONGUE)).astype(np.uint8)
    points = np.stack([x, np.broadcast_to(y, x.shape), z], axis=-1)
    return Surface(points.reshape(-1, 3), grid_faces(10, 13), colours.reshape(-1, 3))


def _throat() -> Surface:
    """A dark bowl behind teeth and tongue, so that nobody looks into an empty head."""
    turn, rise = np.meshgrid(np.linspace(-1.3, 1.3, 9), np.linspace(-1.2, 1.2, 9))
    x, y = 0.028 * np.sin(turn) * np.cos(rise), -0.012 + 0.024 * np.sin(rise)
    z = -0.026 - 0.03 * np.cos(turn) * np.cos(rise)
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    return Surface(points, grid_faces(9, 9), one_colour(MOUTH_INSIDE, len(points)))
