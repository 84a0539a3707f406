"""Pictures of a head: a contact sheet of its coefficients, and the weights of its landmarks."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import torch

from facedyn_app.errors import TooLittleError
from facedyn_app.headmodel.forward import HeadTensors, head_to_tensors, head_vertices
from facedyn_app.headmodel.landmark_embedding.synthetic_views import view_placement
from facedyn_app.headmodel.model import HeadModel, with_zeros
from facedyn_app.headmodel.rendering.fine_mesh import incidence, vertex_normals
from facedyn_app.headmodel.rendering.paint import landmark_points, paint_head
from facedyn_app.headmodel.rendering.render import Camera, HeadRenderer, head_to_camera
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import BoolArray, ByteArray, FloatArray

TILE, COLUMNS, LABEL = 220, 9, 18
N_IDENTITY, IDENTITY_SD = 6, 2.0
_TILE_CAMERA = Camera(TILE, TILE, 3.4 * TILE)
_DISTANCE, _PROFILE = 0.72, 0.6  # m, rad
_OPEN = np.array([0.35, 0.0, 0.0])
_INK, _PAPER, _DOT = (30, 30, 30), (245, 245, 245), (30, 200, 60)

Tile = tuple[str, FloatArray, FloatArray, FloatArray, float]
_SIZE, _LEGEND = 560, 64  # px
_CAMERA = Camera(_SIZE, _SIZE, 2.3 * _SIZE)
_VIEWS = (
    ("its right side", 0.75),
    ("from the front", 0.0),
    ("its left side", -0.75),
)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_DOT_RADIUS, _SHIFT = 2.6, 4  # px; fractional bits of OpenCV's coordinates
_WEIGHT_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)


def contact_sheet(head: HeadModel, on_progress: OnProgress = ignore) -> ByteArray:
    """Draw the mean head with its landmarks, identities, jaw and every expression, labelled.

    Identity components at -2 and +2 standard deviations, expressions at 1 (or 2 standard
    deviations where the coefficients are no activations).

    Args:
        head: The head.
        on_progress: Told of every tile.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    tiles = list(_tiles(head))
    tensors = head_to_tensors(head)
    centre = _look_at(head)
    pictures = []
    with HeadRenderer(paint_head(head), _TILE_CAMERA, background=_PAPER) as renderer:
        for number, (label, shape, expression, jaw, yaw) in enumerate(tiles):
            on_progress(Progress("drawing the head", number, len(tiles)))
            vertices = posed_vertices(head, tensors, shape, expression, jaw)
            rotation = np.array([0.0, yaw, 0.0])
            offset = head_to_camera(centre[None], rotation, np.zeros(3))[0]
            translation = np.array([0.0, 0.0, _DISTANCE]) - offset
            picture = renderer.render(vertices, rotation, translation).copy()
            if label.startswith("landmarks"):
                _draw_landmarks(picture, head, rotation, translation)
            pictures.append(_with_label(picture, label))
    return _grid(pictures)


def _tiles(head: HeadModel) -> Iterator[Tile]:
    """Label, shape (S,), expression (E,), jaw (3,) and yaw of each picture."""
    b, p, still = np.zeros(head.n_shape), np.zeros(head.n_expression), np.zeros(3)
    yield "mean", b, p, still, 0.0
    yield "mean, its left side", b, p, still, -_PROFILE
    if head.landmarks is not None:
        yield "landmarks", b, p, still, 0.0
        yield "landmarks, right side", b, p, still, _PROFILE
    for label, jaw in (
        ("jaw 10 deg", (0.175, 0.0, 0.0)),
        ("jaw 20 deg", _OPEN),
        ("jaw to the left", (0.0, 0.06, 0.04)),
        ("jaw to the right", (0.0, -0.06, -0.04)),
    ):
        yield label, b, p, np.asarray(jaw), 0.0
    yield "jaw, right side", b, p, _OPEN, _PROFILE
    for k in range(min(N_IDENTITY, head.n_shape)):
        for sd in (-IDENTITY_SD, IDENTITY_SD):
            yield f"shape {k} {sd:+.0f} sd", sd * np.eye(head.n_shape)[k], p, still, 0.0
    size = 1.0 if head.activations else 2.0
    for k, name in enumerate(head.expression_names):
        # An open mouth is what this action closes.
        jaw = _OPEN if name == "mouthClose" else still
        yield name, b, size * np.eye(head.n_expression)[k], jaw, 0.0


def _look_at(head: HeadModel) -> FloatArray:
    """The middle of the face, or of the head where the landmarks are not placed."""
    marks = landmark_points(head)
    points = np.stack(list(marks.values())) if marks else np.asarray(head.v_template)
    return np.asarray(0.5 * (points.min(axis=0) + points.max(axis=0)))


def posed_vertices(
    head: HeadModel,
    tensors: HeadTensors,
    shape: FloatArray,
    expression: FloatArray,
    jaw: FloatArray,
) -> FloatArray:
    """(V, 3) vertices of a head in one pose, m.

    Args:
        head: The head.
        tensors: The same as tensors.
        shape: Its leading coefficients; 0 for those that are left out.
        expression: Likewise.
        jaw: (3,) rotation vector, rad.
    """
    pose = np.zeros((1, len(head.joint_names), 3))
    pose[0, head.jaw_joint] = jaw
    values = (with_zeros(shape, head.n_shape), with_zeros(expression, head.n_expression))
    b, p, turns = (torch.as_tensor(x, dtype=torch.float32) for x in (*values, pose))
    return np.asarray(head_vertices(tensors, b[None], p[None], turns)[0].numpy())


def _draw_landmarks(
    picture: ByteArray, head: HeadModel, rotation: FloatArray, translation: FloatArray
) -> None:
    marks = landmark_points(head) or {}
    points = np.stack(list(marks.values()))
    for x, y in _TILE_CAMERA.project(head_to_camera(points, rotation, translation)):
        cv2.circle(picture, (int(x), int(y)), 1, _DOT, cv2.FILLED)


def _with_label(picture: ByteArray, label: str) -> ByteArray:
    strip = np.full((LABEL, TILE, 3), _PAPER, dtype=np.uint8)
    place, font = (4, LABEL - 5), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(strip, label, place, font, 0.42, _INK, 1, cv2.LINE_AA)
    return np.concatenate([picture, strip])


def _grid(pictures: list[ByteArray]) -> ByteArray:
    """Pictures of one size side by side, row by row, the last row filled up with paper."""
    blank = np.full_like(pictures[0], _PAPER[0])
    missing = -len(pictures) % COLUMNS
    filled = [*pictures, *[blank] * missing]
    rows = [np.concatenate(filled[i : i + COLUMNS], 1) for i in range(0, len(filled), COLUMNS)]
    return np.concatenate(rows)


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
    shares = f"over 0.5: {100 * over:.0f} %, under 0.1: {100 * under:.0f} %"
    _write(strip, shares, 44 + 90 * len(_WEIGHT_STEPS), 51)
    return strip


def _write(picture: ByteArray, text: str, x: int, y: int) -> None:
    cv2.putText(picture, text, (x, y), _FONT, 0.5, _INK, 1, cv2.LINE_AA)
