"""Which frames cannot be trusted, and why: never left out silently, never filled in."""

from __future__ import annotations

import numpy as np

from facedyn_app.fitting.state import FaceState
from facedyn_app.records import (
    INVALID_REASONS,
    ByteArray,
    FloatArray,
    Landmarks,
)
from facedyn_app.settings import FitSettings

NEIGHBOUR_S = 0.1
JUMP_SHARE = 0.15
"""Landmarks that leave for one frame by so much of the face's height have jumped."""


def reason_code(reason: str) -> int:
    """The number that stands for a reason in `invalid_reason`."""
    return INVALID_REASONS.index(reason)


def distrust(
    landmarks: Landmarks,
    state: FaceState,
    error_px: FloatArray,
    settings: FitSettings,
    usual_sharpness: float,
) -> ByteArray:
    """(T,) uint8 why each fitted frame is not to be trusted, 0 where it is.

    Args:
        landmarks: Landmarks of the T frames that were fitted.
        state: Their fit.
        error_px: (T,) their landmark error, px.
        settings: The limits.
        usual_sharpness: Median over the recording; NaN where it was not measured.
    """
    face_px = landmarks.face_px
    # how far the face's own z axis is turned from the camera
    turn_deg = np.degrees(np.arccos(np.clip(state.rotation[:, 2, 2].cpu().numpy(), -1.0, 1.0)))
    sharpness = landmarks.sharpness / usual_sharpness
    code = np.zeros(len(face_px), np.uint8)
    # the first that holds says the most: the later ones follow from it
    for reason, holds in (
        ("face too small", face_px < settings.min_face_px),
        ("turned away", turn_deg > settings.max_yaw_deg),
        ("occluded", landmarks.certainty < settings.min_certainty),
        ("blurred", sharpness < settings.min_sharpness),
        ("landmark jump", _jumps(landmarks, face_px) > JUMP_SHARE),
        ("poor fit", ~(error_px <= settings.max_error_share * face_px)),
    ):
        code[(code == 0) & holds] = reason_code(reason)
    return code


def usual_sharpness(sharpness: FloatArray) -> float:
    """The median of a recording; NaN where it was not measured."""
    known = sharpness[np.isfinite(sharpness)]
    return float(np.median(known)) if len(known) else np.nan


def _jumps(landmarks: Landmarks, face_px: FloatArray) -> FloatArray:
    """(T,) how far each frame's landmarks are from between their neighbours', face heights.

    The neighbours must be near in time and near each other: then a face that moves is between
    them, and one that was lost for a frame is not.
    """
    jump = np.zeros(len(face_px))
    middle = np.median(landmarks.points, axis=1)
    near = np.diff(landmarks.seconds) <= NEIGHBOUR_S
    inner = near[1:] & near[:-1]
    away = np.linalg.norm(middle[1:-1] - 0.5 * (middle[2:] + middle[:-2]), axis=1)
    around = np.linalg.norm(middle[2:] - middle[:-2], axis=1)
    jump[1:-1] = np.where(inner & (away > around), away / face_px[1:-1], 0.0)
    return jump
