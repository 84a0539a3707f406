"""What is painted by the outlines that landmarks give: hair, cheeks, brows, lips, lids."""

from __future__ import annotations

import numpy as np

from facedyn_app.headmodel.drawing import regions
from facedyn_app.headmodel.drawing.appearance import Appearance
from facedyn_app.headmodel.drawing.canvas import MOUTH_INSIDE, Canvas, Skin
from facedyn_app.headmodel.drawing.skin_marks import paint_beard
from facedyn_app.records import FloatArray

_TEMPLE_DEPTH = 0.07  # m, at least, from the middle of the forehead back to the temples


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
