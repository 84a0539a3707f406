"""The paint of the eyes: lashes along the lids, white, iris, pupil."""

from __future__ import annotations

import numpy as np

from facedyn_app.headmodel.drawing.canvas import PUPIL, SCLERA, Canvas, Skin
from facedyn_app.headmodel.drawing.subdivide import FineMesh
from facedyn_app.headmodel.model import REGION_LID_EDGE, HeadModel, rest_joints
from facedyn_app.records import BoolArray, FloatArray

IRIS_RADIUS, PUPIL_RADIUS = 0.0059, 0.0023  # m


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
