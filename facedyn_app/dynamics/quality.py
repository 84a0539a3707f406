"""How far a session's measurement can be trusted, in numbers and in words."""

from __future__ import annotations

import math

import numpy as np

from facedyn_app.records import FloatArray, Quality, Session
from facedyn_app.settings import TrustSettings

GOOD, CAUTION, DO_NOT_USE = "good", "caution", "do not use"


def assess_quality(session: Session, trust: TrustSettings) -> Quality:
    """The quality of a session and the sentences behind its verdict.

    Args:
        session: The session.
        trust: Where "good" ends and "do not use" begins.

    Returns:
        The quality; its landmark error and face height are NaN where no frame is valid, and where
        they were not measured.
    """
    valid = session.valid
    n_frames, n_valid = len(valid), int(valid.sum())
    seconds_valid = float(_frame_seconds(session.seconds)[valid].sum())
    error = error_percent(session.error_px[valid], session.face_px[valid])
    face_px = float(np.median(session.face_px[valid])) if n_valid else math.nan
    if n_valid == 0:
        reasons, verdict = ["No frame shows a face that could be followed."], DO_NOT_USE
    else:
        share = n_valid / n_frames
        reasons = _reasons(share, seconds_valid, error, face_px, trust)
        unusable = share < trust.unusable_valid_share or seconds_valid < trust.unusable_seconds
        verdict = DO_NOT_USE if unusable else CAUTION if reasons else GOOD
    return Quality(n_frames, n_valid, seconds_valid, error, face_px, verdict, tuple(reasons))


def quality_line(quality: Quality) -> str:
    """One line of plain text for the command line."""
    share = quality.n_valid / quality.n_frames if quality.n_frames else 0.0
    parts = [quality.verdict, f"{_percent(share)} of frames valid", *measured_words(quality)]
    return "quality: " + " · ".join(parts)


def measured_words(quality: Quality) -> list[str]:
    """Landmark error and face height in words; what was not measured is left out."""
    words = []
    if math.isfinite(quality.error_percent_face):
        words.append(f"landmark error {quality.error_percent_face:.2f} % of face height")
    if math.isfinite(quality.face_px):
        words.append(f"face {quality.face_px:.0f} px high")
    return words


def _frame_seconds(seconds: FloatArray) -> FloatArray:
    """(T,) how long each frame lasts: until the next, but at most twice the usual step.

    A hole in the time stamps is not time in which the face was seen.
    """
    if len(seconds) < 2:
        return np.zeros(len(seconds))
    steps = np.diff(seconds)
    usual = float(np.median(steps))
    return np.asarray(np.minimum(np.append(steps, usual), 2.0 * usual))


def error_percent(error_px: FloatArray, face_px: FloatArray) -> float:
    """Mean landmark error over the face's height in (T,) valid frames, percent; NaN for none."""
    known = face_px > 0
    return float(100.0 * np.mean(error_px[known] / face_px[known])) if known.any() else math.nan


def _reasons(
    share: float, seconds: float, error: float, face_px: float, trust: TrustSettings
) -> list[str]:
    """A sentence for everything that is not good; the numbers are rounded to the worse side."""
    reasons = []
    if share < trust.min_valid_share:
        reasons.append(
            f"The face could be followed in {_percent(share)} of the frames only; "
            f"{_percent(trust.min_valid_share)} or more are better."
        )
    if seconds < trust.min_seconds:
        reasons.append(
            f"The face could be followed for {math.floor(10 * seconds) / 10:.1f} s only; "
            f"{trust.min_seconds:g} s or more are better."
        )
    if error > trust.max_error_percent:
        reasons.append(
            f"The fitted head misses the landmarks by {math.ceil(100 * error) / 100:.2f} % of the "
            f"face height; {trust.max_error_percent:g} % or less is better."
        )
    if face_px < trust.min_face_px:
        reasons.append(
            f"The face is {math.floor(face_px)} px high; "
            f"{trust.min_face_px:g} px or more are better."
        )
    return reasons


def _percent(share: float) -> str:
    # rounded down: 89.96 % is not shown as the 90 % that it fails to reach
    return f"{math.floor(100 * share + 1e-9)} %"
