"""Contact sheet of a head: identities, jaw and every expression in one picture."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import torch

from facedyn_app.headmodel.forward import HeadTensors, head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.paint import landmark_points, paint_head
from facedyn_app.headmodel.rendering.render import Camera, HeadRenderer, head_to_camera
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import ByteArray, FloatArray

TILE, COLUMNS, LABEL = 220, 9, 18
N_IDENTITY, IDENTITY_SD = 6, 2.0
_CAMERA = Camera(TILE, TILE, 3.4 * TILE)
_DISTANCE, _PROFILE = 0.72, 0.6  # m, rad
_OPEN = np.array([0.35, 0.0, 0.0])
_INK, _PAPER, _DOT = (30, 30, 30), (245, 245, 245), (30, 200, 60)

Tile = tuple[str, FloatArray, FloatArray, FloatArray, float]


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
    with HeadRenderer(paint_head(head), _CAMERA, background=_PAPER) as renderer:
        for number, (label, shape, expression, jaw, yaw) in enumerate(tiles):
            on_progress(Progress("drawing the head", number, len(tiles)))
            vertices = _posed(head, tensors, shape, expression, jaw)
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


def _posed(
    head: HeadModel,
    tensors: HeadTensors,
    shape: FloatArray,
    expression: FloatArray,
    jaw: FloatArray,
) -> FloatArray:
    pose = np.zeros((1, len(head.joint_names), 3))
    pose[0, head.jaw_joint] = jaw
    b, p, turns = (torch.as_tensor(x, dtype=torch.float32) for x in (shape, expression, pose))
    return np.asarray(head_vertices(tensors, b[None], p[None], turns)[0].numpy())


def _draw_landmarks(
    picture: ByteArray, head: HeadModel, rotation: FloatArray, translation: FloatArray
) -> None:
    marks = landmark_points(head) or {}
    points = np.stack(list(marks.values()))
    for x, y in _CAMERA.project(head_to_camera(points, rotation, translation)):
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
