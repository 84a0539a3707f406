"""Gaze from the irises' landmarks, once head, shape and expression are known.

An eye is a ball about its joint. The line of sight of the iris's middle meets the plane through
the iris, parallel to the face; how far from the eye's middle it meets it is the sine of the turn:

    x = r sin(yaw) cos(pitch),   y = r sin(pitch),   z = r cos(yaw) cos(pitch),

with r the distance from the joint to the iris on the head at rest. The iris has no part in the
fit itself, since its motion is no expression.

Both eyes turn alike (Hering's law of equal innervation; King 2011, Binocular coordination of eye
movements, Eur. J. Neurosci. 33), and what tells them apart here is the landmarks' error, 4 degrees
on rendered faces that look straight on: both get the mean. An eye whose lids hide the iris tells
nothing; the landmark network then puts the iris where the lids are. While both are shut the gaze
is bridged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from facedyn_app.fitting.state import FaceState
from facedyn_app.fitting.symmetry import AXES, HeadMirror
from facedyn_app.fitting.view import to_head
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, Landmarks

IRISES = {"left_eye": slice(473, 478), "right_eye": slice(468, 473)}
N_ROUNDS = 3
LEAST_OPENING = 0.5
"""Opening of an eye below which its iris is hidden, of its median over the recording."""
_LIDS = {"left_eye": (386, 374, 362, 263), "right_eye": (159, 145, 133, 33)}
"""Landmarks of the middles of upper and lower lid and of the inner and outer corner."""


@dataclass(frozen=True, slots=True, eq=False)
class Eyes:
    """The two eyes of a head, the subject's left first.

    Attributes:
        middle: (2, 3) joints of the mean head, m.
        by_shape: (2, 3, S).
        by_expression: (2, 3, E).
        radius: (2,) from joint to iris, m.
        rest: (2, 2) yaw and pitch of the irises' landmarks at rest, rad.
    """

    middle: Tensor
    by_shape: Tensor
    by_expression: Tensor
    radius: Tensor
    rest: Tensor


def head_eyes(head: HeadModel, like: Tensor) -> Eyes | None:
    """The eyes of a head; None where it has no eye joints or no landmarks on its irises.

    Args:
        head: The head.
        like: Device and precision of the fit.
    """
    table = head.landmarks
    if table is None or not set(IRISES) <= set(head.joint_names):
        return None
    irises = [np.flatnonzero(np.isin(table.index, np.arange(478)[s])) for s in IRISES.values()]
    if not all(len(rows) for rows in irises):
        return None
    regressor = head.J_regressor[[head.joint_names.index(name) for name in IRISES]]
    corners = head.faces[table.face]
    points = np.einsum("lk,lkc->lc", table.bary, head.v_template[corners])
    iris = np.stack([points[rows].mean(axis=0) for rows in irises])
    middle = regressor @ head.v_template
    away = iris - middle
    radius = np.linalg.norm(away, axis=1)
    rest = np.stack([np.arctan2(away[:, 0], away[:, 2]), np.arcsin(away[:, 1] / radius)], axis=1)

    def tensor(values: FloatArray) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(values), dtype=like.dtype, device=like.device)

    return Eyes(
        tensor(middle),
        tensor(np.einsum("jv,vcs->jcs", regressor, head.shapedirs)),
        tensor(np.einsum("jv,vce->jce", regressor, head.exprdirs)),
        tensor(radius),
        tensor(rest),
    )


def symmetric_eyes(eyes: Eyes, mirror: HeadMirror) -> Eyes:
    """The mean of a head's eyes and of their mirror image, each on the other side.

    Args:
        eyes: The eyes.
        mirror: Of their head, whose first directions may be the only ones that are fitted.
    """
    flipped = eyes.middle.new_tensor(AXES)
    n_shape, n_expression = len(mirror.shape.sign), len(mirror.expression.sign)
    by_shape, by_expression = eyes.by_shape[..., :n_shape], eyes.by_expression[..., :n_expression]

    def mean(values: Tensor, mirrored: Tensor) -> Tensor:
        return 0.5 * (values + mirrored.flip(0))

    return Eyes(
        mean(eyes.middle, eyes.middle * flipped),
        mean(by_shape, mirror.shape.of(by_shape, 2) * flipped[:, None]),
        mean(by_expression, mirror.expression.of(by_expression, 2) * flipped[:, None]),
        mean(eyes.radius, eyes.radius),
        mean(eyes.rest, eyes.rest * flipped[:2]),
    )


def gaze_angles(eyes: Eyes, landmarks: Landmarks, state: FaceState, focal_px: float) -> FloatArray:
    """(T, 2, 2) rad: of the left and the right eye, yaw to the subject's left and pitch up.

    Args:
        eyes: The head's eyes.
        landmarks: Landmarks of the T frames that were fitted.
        state: Their fit.
        focal_px: Focal length, px.
    """
    like = state.translation
    seen = np.stack([landmarks.points[:, part].mean(axis=1) for part in IRISES.values()], axis=1)
    flat = (seen - np.array([landmarks.width / 2, landmarks.height / 2])) / focal_px
    sight = torch.as_tensor(flat, dtype=like.dtype, device=like.device)
    sight = torch.cat([sight, torch.ones_like(sight[..., :1])], dim=2)
    axes = to_head(state).mT
    sight, origin = sight @ axes, -(like[:, None] @ axes)
    slope = sight[..., :2] / sight[..., 2:]
    shape = state.shape[0, : eyes.by_shape.shape[2]]
    middle = eyes.middle + eyes.by_shape[..., : len(shape)] @ shape
    middle = middle + torch.einsum("jce,te->tjc", eyes.by_expression, state.expression)
    depth = eyes.radius.expand(len(like), -1)
    for _ in range(N_ROUNDS):
        level = middle[..., 2] + depth - origin[..., 2]
        away = origin[..., :2] + slope * level.unsqueeze(2) - middle[..., :2]
        pitch = torch.asin((away[..., 1] / eyes.radius).clamp(-1.0, 1.0))
        yaw = torch.asin((away[..., 0] / (eyes.radius * pitch.cos())).clamp(-1.0, 1.0))
        depth = eyes.radius * yaw.cos() * pitch.cos()
    angles = torch.stack([yaw, pitch], dim=2) - eyes.rest
    return np.asarray(angles.cpu().numpy(), np.float32)


def eye_openings(points: FloatArray) -> FloatArray:
    """(T, 2) fissure height over its width of the left and the right eye, from (T, L, 2) px."""

    def apart(first: int, second: int) -> FloatArray:
        return np.asarray(np.linalg.norm(points[:, first] - points[:, second], axis=1))

    return np.stack(
        [
            apart(upper, lower) / apart(inner, outer)
            for upper, lower, inner, outer in _LIDS.values()
        ],
        axis=1,
    )


def joint_gaze(angles: FloatArray, openings: FloatArray) -> FloatArray:
    """The gaze of both eyes together, as (T, 2, 2) float32, rad; NaN as in `angles`.

    The mean of the eyes that are open. What each lies apart from the mean in the median is its own
    error, and taken off before, so that nothing jumps where one eye shuts.

    Args:
        angles: (T, 2, 2) of each eye by itself (`gaze_angles`); NaN in frames without a gaze.
        openings: (T, 2) `eye_openings`.
    """
    seen = np.isfinite(angles).all(axis=(1, 2))
    gaze = np.full(angles.shape, np.nan, np.float32)
    if not seen.any():
        return gaze
    angles, openings = angles[seen], openings[seen]
    is_open = openings > LEAST_OPENING * np.median(openings, axis=0)
    both, one = is_open.all(axis=1), is_open.any(axis=1)
    if both.any():
        apart = angles[both] - angles[both].mean(axis=1, keepdims=True)
        angles = angles - np.median(apart, axis=0)
    share = is_open / np.maximum(is_open.sum(axis=1, keepdims=True), 1)
    together = np.einsum("te,tec->tc", share, angles)
    if one.any():
        at = np.flatnonzero(seen)
        for coordinate in together.T:
            coordinate[~one] = np.interp(at[~one], at[one], coordinate[one])
    gaze[seen] = together[:, None]
    return gaze
