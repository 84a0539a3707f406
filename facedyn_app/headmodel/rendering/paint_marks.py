"""Paint by landmarks and materials: uneven skin, folds, beard, hair, brows, lips, lids, eyes."""

from __future__ import annotations

import numpy as np

from facedyn_app.headmodel.model import REGION_LID_EDGE, HeadModel, rest_joints
from facedyn_app.headmodel.rendering import regions
from facedyn_app.headmodel.rendering.appearance import (
    MOUTH_INSIDE,
    PUPIL,
    SCLERA,
    Appearance,
    Beard,
    Canvas,
    Colour,
    Skin,
)
from facedyn_app.headmodel.rendering.fine_mesh import FineMesh
from facedyn_app.records import BoolArray, FloatArray

_N_WAVES, _N_SPOTS = 10, 8
_WAVE_LENGTHS = (0.012, 0.05)  # m
_BLOTCH, _PORE, _REDNESS = 0.035, 0.025, 0.02  # share of the skin's brightness, of its colour
_FOLD, _BAG, _LINE = 0.30, 0.20, 0.16  # share of the light that the deepest folds take
_HAIRINESS = 0.16  # share of the hair that is missing at a point, deviation
_FRONT = 0.03  # m before or behind a line, seen from the front, that its fold may lie
IRIS_RADIUS, PUPIL_RADIUS = 0.0059, 0.0023  # m
_TEMPLE_DEPTH = 0.07  # m, at least, from the middle of the forehead back to the temples


def paint_skin(canvas: Canvas, marks: dict[int, FloatArray], appearance: Appearance) -> None:
    """Unevenness and folds of bare skin, before anything else is painted on it."""
    if appearance.texture > 0:
        _paint_texture(canvas, appearance)
    if appearance.wrinkles > 0:
        _paint_folds(canvas, marks, appearance.wrinkles)


def _paint_texture(canvas: Canvas, appearance: Appearance) -> None:
    rng = np.random.default_rng(appearance.seed)
    size, points = appearance.texture, canvas.points
    light = 1.0 + size * (_BLOTCH * _waves(points, rng) + _PORE * rng.standard_normal(len(points)))
    red = 1.0 + size * _REDNESS * _waves(points, rng)
    canvas.colours *= light[:, None] * np.stack([red, 1 / red, 1 / red], axis=1)
    front = np.flatnonzero(points[:, 2] > np.quantile(points[:, 2], 0.5))
    for _ in range(rng.integers(round(_N_SPOTS * size) + 1)):
        spot = regions.spot_mask(points, points[rng.choice(front)], rng.uniform(0.001, 0.0022))
        canvas.colours *= 1.0 - (rng.uniform(0.2, 0.6) * spot)[:, None]


def _waves(points: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(N,) a smooth random field of deviation about 1: waves of any direction."""
    direction = rng.standard_normal((3, _N_WAVES))
    direction /= np.linalg.norm(direction, axis=0)
    waves = 2 * np.pi / rng.uniform(*_WAVE_LENGTHS, _N_WAVES) * direction
    phase = rng.uniform(0, 2 * np.pi, _N_WAVES)
    # single precision: many times as fast, and a colour has 256 steps
    angle = points.astype(np.float32) @ waves.astype(np.float32) + phase.astype(np.float32)
    return np.asarray(np.sqrt(2 / _N_WAVES) * np.sin(angle).sum(axis=1, dtype=np.float64))


def _paint_folds(canvas: Canvas, marks: dict[int, FloatArray], depth: float) -> None:
    """Folds from nose to mouth, bags under the eyes, lines on the forehead."""
    shade = np.ones(len(canvas.points))
    for nose, corner in regions.NOSE_TO_MOUTH:
        if {nose, corner} <= set(marks):
            shade *= 1 - _FOLD * depth * _front_line(canvas.points, _fold(marks, nose, corner))
    for lower in (regions.LEFT_EYE_LOWER, regions.RIGHT_EYE_LOWER):
        if set(lower) <= set(marks):
            bag = np.stack([marks[number] for number in lower[2:-1]]) - [0.0, 0.0085, 0.0]
            shade *= 1 - _BAG * depth * _front_line(canvas.points, bag, 0.0035)
    if {*regions.BROW_TOPS, regions.FOREHEAD_TOP} <= set(marks):
        brows = np.stack([marks[number] for number in regions.BROW_TOPS])
        height = marks[regions.FOREHEAD_TOP][1] - brows[:, 1].max()
        for share in (0.3, 0.48, 0.66):
            line = brows + np.array([0.0, share * height, 0.0])
            shade *= 1 - _LINE * depth * _front_line(canvas.points, line)
    canvas.colours *= shade[:, None]


def _fold(marks: dict[int, FloatArray], nose: int, corner: int) -> FloatArray:
    """(4, 3) from beside the nose's wing past the corner of the mouth."""
    wing, mouth = marks[nose], marks[corner]
    out = np.array([np.sign(mouth[0]), 0.0, 0.0])
    beside = mouth + 0.009 * out + [0.0, 0.004, 0.0]
    start = wing + 0.003 * out + [0.0, 0.003, 0.0]
    between = 0.5 * (start + beside) + 0.002 * out + [0.0, 0.002, 0.0]
    return np.stack([start, between, beside, mouth + 0.009 * out - [0.0, 0.009, 0.0]])


def _front_line(points: FloatArray, line: FloatArray, width: float = 0.0018) -> FloatArray:
    """(N,) 0..1 how close points lie to a line seen from the front; half way at `width` metres."""
    low, high = line.min(axis=0) - 4 * width, line.max(axis=0) + 4 * width
    low[2], high[2] = line[:, 2].min() - _FRONT, line[:, 2].max() + _FRONT
    mask = np.zeros(len(points))
    near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
    if len(near):
        ratio = regions.distance_to_line(points[near, :2], line[:, :2]) / width
        mask[near] = np.exp2(-(ratio**2))
    return mask


def paint_beard(
    canvas: Canvas, marks: dict[int, FloatArray], beard: Beard, colour: Colour, seed: int
) -> None:
    """A beard on skin whose lips are painted afterwards.

    Args:
        canvas: What is painted on.
        marks: The landmarks (3,) by number, m.
        beard: Which beard.
        colour: Of the hair.
        seed: Of its unevenness.
    """
    if not set(regions.BEARD_MARKS) <= set(marks):
        return
    rng = np.random.default_rng(seed)
    hairs = 1.0 - _HAIRINESS * np.abs(rng.standard_normal(len(canvas.points)))
    amount = beard.cover * beard_mask(canvas.points, marks, beard) * np.clip(hairs, 0.0, 1.0)
    canvas.blend(colour, amount)


def beard_mask(points: FloatArray, marks: dict[int, FloatArray], beard: Beard) -> FloatArray:
    """(N,) 0..1 where a beard grows: below a line from nose over cheeks to ears, above the neck."""
    right, left, _, lips = (marks[number] for number in regions.MOUTH_CROSS)
    corner = 0.5 * abs(left[0] - right[0])
    ears = np.stack([marks[number] for number in regions.EARS])
    ear_x, ear_y, ear_z = np.abs(ears[:, 0]).mean(), ears[:, 1].mean(), ears[:, 2].mean()
    nose, chin = marks[regions.NOSE_BASE], marks[regions.CHIN]
    aside = np.abs(points[:, 0])
    knots = [0.0, corner, corner + 0.012, 0.8 * ear_x, ear_x]
    line = [nose[1] - 0.003, lips[1] + 0.009, lips[1] + 0.002, lips[1] + 0.004, ear_y]
    below_line = np.interp(aside, knots, line) - points[:, 1]
    neck = chin[1] - 0.008 + 0.3 * np.maximum(chin[2] - 0.02 - points[:, 2], 0.0)
    inside = [below_line, points[:, 1] - np.minimum(neck, lips[1]), points[:, 2] - ear_z + 0.008]
    if not beard.cheeks:
        inside.append(corner + 0.008 - aside)
    if not beard.moustache:
        inside.append(lips[1] - 0.002 - points[:, 1])
    if not beard.chin:
        inside.append(points[:, 1] - lips[1] + 0.003 + 0.4 * np.maximum(aside - corner, 0.0))
    return np.asarray(np.clip(0.5 + np.min(inside, axis=0) / 0.006, 0.0, 1.0))


def paint_lid_edges(canvas: Canvas, head: HeadModel, mesh: FineMesh, skin: Skin) -> None:
    """Lashes along the edges of the lids, the upper ones darker."""
    if head.region is None:
        return
    share = mesh.matrix @ (np.asarray(head.region) == REGION_LID_EDGE).astype(np.float64)
    eyes = [j for j, name in enumerate(head.joint_names) if "eye" in name]
    middle = rest_joints(head)[eyes, 1].mean() - 0.0015
    darkness = np.where(canvas.points[:, 1] > middle, 0.95, 0.5)
    canvas.blend(skin.brows, darkness * share**1.5)


def paint_eyes(canvas: Canvas, head: HeadModel, on_eye: BoolArray, skin: Skin) -> None:
    """White, iris with a dark rim, pupil and a highlight on eyeballs that look ahead.

    Args:
        canvas: What is painted on.
        head: The head.
        on_eye: (V',) which fine vertices are eyeball.
        skin: The colours.
    """
    joints = rest_joints(head)
    rim = (int(0.35 * skin.iris[0]), int(0.35 * skin.iris[1]), int(0.35 * skin.iris[2]))
    canvas.blend(SCLERA, on_eye.astype(np.float64))
    for j, name in enumerate(head.joint_names):
        if "eye" not in name:
            continue
        offset = canvas.points - joints[j]
        own = on_eye & (np.linalg.norm(offset, axis=1) < 0.02) & (offset[:, 2] > 0)
        radius = np.hypot(offset[:, 0], offset[:, 1])
        canvas.blend(rim, _disc(radius, IRIS_RADIUS) * own)
        canvas.blend(skin.iris, _disc(radius, 0.85 * IRIS_RADIUS) * own)
        canvas.blend(PUPIL, _disc(radius, PUPIL_RADIUS) * own)
        glint = np.hypot(offset[:, 0] - 0.0015, offset[:, 1] - 0.0018)
        canvas.blend((250, 250, 250), _disc(glint, 0.0009) * own)


def _disc(radius: FloatArray, size: float) -> FloatArray:
    return np.asarray(np.clip(0.5 + (size - radius) / 0.0006, 0.0, 1.0))


def paint_landmark_parts(
    canvas: Canvas,
    marks: dict[int, FloatArray],
    skin: Skin,
    appearance: Appearance,
    *,
    lips_known: bool,
) -> None:
    """Hair, cheeks, brows, lips and lid lines by the outlines of which all landmarks are placed.

    Args:
        canvas: What is painted on.
        marks: The landmarks (3,) by number, m.
        skin: The colours.
        appearance: The brows and the beard.
        lips_known: Whether the head's file tells the lips, so that they are left out here.
    """
    points = canvas.points
    for line in outlines(marks, (regions.FOREHEAD_TOP, *regions.TEMPLES, regions.CHIN)):
        canvas.blend(skin.hair, _hair_mask(points, *line))
    red = (min(255, skin.skin[0] + 6), int(0.72 * skin.skin[1]), int(0.72 * skin.skin[2]))
    for cheek in outlines(marks, *((number,) for number in regions.CHEEKS)):
        canvas.blend(red, skin.flush * regions.spot_mask(points, cheek[0], 0.017))
    if appearance.beard is not None:
        paint_beard(canvas, marks, appearance.beard, skin.brows, appearance.seed)
    for brow in outlines(marks, regions.LEFT_BROW, regions.RIGHT_BROW):
        drawn = _brow(brow, appearance.brow_width)
        canvas.blend(skin.brows, appearance.brow_cover * regions.polygon_mask(points, drawn, 0.003))
    if not lips_known:
        for outer in outlines(marks, regions.LIPS_OUTER):
            canvas.blend(skin.lips, 0.9 * regions.polygon_mask(points, outer, 0.002))
        for inner in outlines(marks, regions.LIPS_INNER):
            canvas.blend(MOUTH_INSIDE, 0.9 * regions.polygon_mask(points, inner, 0.001))
    _paint_lid_lines(canvas, marks, skin)


def _brow(outline: FloatArray, width: float) -> FloatArray:
    """(K, 3) the outline of a brow, so many times as wide about its middle line."""
    if width == 1.0:
        return outline
    middle = 0.5 * (outline + outline[::-1])  # the lower edge runs back below the upper one
    return np.asarray(middle + width * (outline - middle))


def _paint_lid_lines(canvas: Canvas, marks: dict[int, FloatArray], skin: Skin) -> None:
    """Dark lines along the lids, the upper ones darker."""
    for upper in outlines(marks, regions.LEFT_EYE_UPPER, regions.RIGHT_EYE_UPPER):
        canvas.blend(skin.brows, regions.line_mask(canvas.points, upper, 0.0014))
    for lower in outlines(marks, regions.LEFT_EYE_LOWER, regions.RIGHT_EYE_LOWER):
        canvas.blend(skin.brows, 0.55 * regions.line_mask(canvas.points, lower, 0.0009))


def outlines(marks: dict[int, FloatArray], *parts: tuple[int, ...]) -> list[FloatArray]:
    """The corners (K, 3) of those parts whose landmarks are all placed."""
    whole = [part for part in parts if all(number in marks for number in part)]
    return [np.stack([marks[number] for number in part]) for part in whole]


def _hair_mask(
    points: FloatArray, top: FloatArray, left: FloatArray, right: FloatArray, chin: FloatArray
) -> FloatArray:
    """(N,) 0..1 the scalp: above and behind the hairline, from forehead over ears to nape."""
    temple = 0.5 * (left + right)
    # Temples are seen on the outline and found badly: never nearer to the eyes than on a head.
    temple[2] = min(temple[2], top[2] - _TEMPLE_DEPTH)
    behind_ears = temple[2] - 0.075
    slope = (top[1] - temple[1]) / max(top[2] - temple[2] + 0.02, 1e-3)
    depth = np.minimum(top[2] - points[:, 2], top[2] - behind_ears)
    over_ears = points[:, 1] - top[1] - 0.004 + depth * slope
    nape = np.minimum(behind_ears - points[:, 2], points[:, 1] - chin[1] - 0.01)
    edge = np.maximum(over_ears, nape)
    return np.asarray(np.clip(0.5 + edge / 0.012, 0.0, 1.0))
