"""Validity of fitted frames, and why one is invalid: none is left out silently or filled in."""

from __future__ import annotations

import numpy as np

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.state import FaceState
from facedyn_app.records import (
    INVALID_REASONS,
    ByteArray,
    FloatArray,
    Landmarks,
)

JUMP_S, MOST_JUMP_FRAMES = 0.2, 5
JUMP_SHARE = 0.15
"""Landmarks that leave for a moment by so much of the face's height have jumped."""
DOUBTFUL_TURN_DEG = 35.0
"""A head turned by 45 to 60 degrees is seen as turned by some 37 to 42, and a face that is doubted
beyond this is one turned away rather than covered."""


def reason_code(reason: str) -> int:
    """The number that stands for a reason in `invalid_reason`."""
    return INVALID_REASONS.index(reason)


def invalid_reasons(
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
    facing = np.clip(state.rotation[:, 2, 2].cpu().numpy(), -1.0, 1.0)
    turn_deg = np.degrees(np.arccos(facing))
    sharpness = landmarks.sharpness / usual_sharpness
    # a turned face looks less like itself: the half that is turned away is seen at a slant
    unlike = landmarks.likeness < settings.min_likeness * facing**2
    doubted = unlike | (landmarks.certainty < settings.min_certainty)
    code = np.zeros(len(face_px), np.uint8)
    # the first that holds says the most: the later ones follow from it
    for reason, holds in (
        ("face too small", face_px < settings.min_face_px),
        ("turned away", turn_deg > settings.max_yaw_deg),
        ("turned away", doubted & (turn_deg > DOUBTFUL_TURN_DEG)),
        ("occluded", doubted),
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
    """(T,) how far each frame's landmarks are from between those around, face heights.

    Landmarks may leave for one frame or a few, if they are back within 0.2 s; of those frames the
    one that is least far counts. The frames around must be nearer each other than that: then a
    face that moves is between them, and one that was lost is not.
    """
    seconds, n_frames = landmarks.seconds, len(face_px)
    middle = np.median(landmarks.points, axis=1)
    jump = np.zeros(n_frames)
    for n in range(1, min(MOST_JUMP_FRAMES, n_frames - 2) + 1):
        before, after = middle[: -n - 1], middle[n + 1 :]
        inner = np.lib.stride_tricks.sliding_window_view(middle[1:-1], n, axis=0)
        share = np.arange(1, n + 1) / (n + 1)
        between = before[..., None] * (1 - share) + after[..., None] * share
        away = np.linalg.norm(inner - between, axis=1).min(axis=1)
        around = np.linalg.norm(after - before, axis=1)
        near = seconds[n + 1 :] - seconds[: -n - 1] <= JUMP_S
        counts = np.where(near & (away > around), away / face_px[1 : n_frames - n], 0.0)
        for k in range(1, n + 1):
            rows = slice(k, k + len(counts))
            jump[rows] = np.maximum(jump[rows], counts)
    return jump
