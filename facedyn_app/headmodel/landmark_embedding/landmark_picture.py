"""Picture of a landmark table: the painted head with its landmarks, coloured by weight."""

from __future__ import annotations

import cv2
import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.headmodel.landmark_embedding.synthetic_views import view_placement
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.fine_mesh import incidence, vertex_normals
from facedyn_app.headmodel.rendering.paint import landmark_points, paint_head
from facedyn_app.headmodel.rendering.render import Camera, HeadRenderer, head_to_camera
from facedyn_app.records import BoolArray, ByteArray, FloatArray

_SIZE, _LEGEND = 560, 64  # px
_CAMERA = Camera(_SIZE, _SIZE, 2.3 * _SIZE)
_DISTANCE = 0.72  # m
_VIEWS = (
    ("its right side", 0.75),
    ("from the front", 0.0),
    ("its left side", -0.75),
)
_PAPER, _INK = (245, 245, 245), (30, 30, 30)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_DOT_RADIUS, _SHIFT = 2.6, 4  # px; fractional bits of OpenCV's coordinates
_WEIGHT_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)


def landmark_picture(head: HeadModel) -> ByteArray:
    """Draw the painted head from the front and both sides with its landmarks, and a legend.

    A landmark's colour is its weight in the fit, from red (0: not used) over yellow to green
    (1: trusted); on the far side of the head it is not drawn.

    Args:
        head: The head, its landmarks placed.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        TooLittleError: The head has no landmarks yet.
    """
    marks, table = landmark_points(head), head.landmarks
    if marks is None or table is None:
        raise TooLittleError(
            f"The landmarks of the head '{head.head_id}' are not placed yet.",
            "Prepare the head first.",
        )
    points, weight = np.stack(list(marks.values())), np.asarray(table.weight)
    normals = _landmark_normals(head)
    vertices = np.asarray(head.v_template, dtype=np.float64)
    pictures = []
    with HeadRenderer(paint_head(head), _CAMERA, background=_PAPER) as renderer:
        for label, yaw in _VIEWS:
            rotation, translation = view_placement(head, (0.0, yaw, 0.0), _DISTANCE)
            picture = renderer.render(vertices, rotation, translation).copy()
            placed = head_to_camera(points, rotation, translation)
            seen = _faces_camera(placed, head_to_camera(normals, rotation, np.zeros(3)))
            _draw_dots(picture, _CAMERA.project(placed)[seen], weight[seen])
            _write(picture, label, 12, 26)
            pictures.append(picture)
    row = np.concatenate(pictures, axis=1)
    return np.concatenate([row, _legend(row.shape[1], head.head_id, weight)])


def weight_colour(weight: float) -> tuple[int, int, int]:
    """Red at 0, yellow at a half, green at 1."""
    share = float(np.clip(weight, 0.0, 1.0))
    return int(220 * min(1.0, 2 - 2 * share)), int(190 * min(1.0, 2 * share)), 30


def _landmark_normals(head: HeadModel) -> FloatArray:
    """(L, 3) the surface's normals at the landmarks."""
    faces, table = np.asarray(head.faces), head.landmarks
    vertices = np.asarray(head.v_template, dtype=np.float64)
    normals = vertex_normals(vertices, faces, incidence(faces, len(vertices)))
    if table is None:
        return np.zeros((0, 3))
    return np.asarray(np.einsum("lk,lkd->ld", table.bary, normals[faces[table.face]]))


def _faces_camera(points: FloatArray, normals: FloatArray) -> BoolArray:
    """(L,) whether the surface is seen from outside at points in the camera frame."""
    return np.asarray((points * normals).sum(axis=1) < 0)


def _draw_dots(picture: ByteArray, places: FloatArray, weight: FloatArray) -> None:
    scale = 2**_SHIFT
    radius = round(_DOT_RADIUS * scale)
    for (x, y), w in zip(places, weight, strict=True):
        centre = (round(x * scale), round(y * scale))
        cv2.circle(picture, centre, radius, _INK, cv2.FILLED, cv2.LINE_AA, _SHIFT)
        inner = radius - scale // 2
        cv2.circle(picture, centre, inner, weight_colour(float(w)), cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _legend(width: int, head_id: str, weight: FloatArray) -> ByteArray:
    strip = np.full((_LEGEND, width, 3), _PAPER, dtype=np.uint8)
    title = f"{head_id}: {len(weight)} landmarks, coloured by their weight in the fit"
    _write(strip, title, 12, 24)
    for k, step in enumerate(_WEIGHT_STEPS):
        x = 24 + 90 * k
        _draw_dots(strip, np.array([[x, 46.0]]), np.array([step]))
        _write(strip, f"{step:.2f}", x + 10, 51)
    over, under = (weight > 0.5).mean(), (weight < 0.1).mean()
    shares = f"over 0.5: {over:.0%}, under 0.1: {under:.0%}"
    _write(strip, shares, 44 + 90 * len(_WEIGHT_STEPS), 51)
    return strip


def _write(picture: ByteArray, text: str, x: int, y: int) -> None:
    cv2.putText(picture, text, (x, y), _FONT, 0.5, _INK, 1, cv2.LINE_AA)
