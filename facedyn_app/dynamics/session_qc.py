"""Quality control of a session: its verdict, what became of its frames, how steady it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.exclusion import REASON, excluded_frames, without_excluded
from facedyn_app.formatting import counted
from facedyn_app.records import INVALID_REASONS, BoolArray, FloatArray, Quality, Session
from facedyn_app.settings import TrustSettings

GOOD, CAUTION, DO_NOT_USE = "good", "caution", "do not use"

GAP_S = 0.5
"""A pause in the time stamps from which on it is named."""
LATE = 1.5
"""A step of so many usual ones means that a frame is missing."""
WHITE = math.sqrt(1.5)
"""Deviation of x_t - (x_(t-1) + x_(t+1)) / 2 for white noise of deviation 1."""
NORMAL = 1.4826
"""Deviation of a normal distribution over its median absolute value."""


def assess_quality(session: Session, trust: TrustSettings) -> Quality:
    """The quality of a session and the sentences behind its verdict.

    Args:
        session: The session.
        trust: Where "good" ends and "do not use" begins.

    Returns:
        The quality of the frames that the user has not excluded; its landmark error and face
        height are NaN where no frame is valid, and where they were not measured.
    """
    n_excluded = int(excluded_frames(session).sum())
    session = without_excluded(session)
    valid = session.motion.valid
    n_frames, n_valid = len(valid) - n_excluded, int(valid.sum())
    seconds_valid = float(_frame_seconds(session.motion.seconds)[valid].sum())
    error = error_percent(session.error_px[valid], session.face_px[valid])
    face_px = float(np.median(session.face_px[valid])) if n_valid else math.nan
    if n_valid == 0:
        which = " that is not excluded" if n_excluded else ""
        reasons = [f"No frame{which} shows a face that could be followed."]
        verdict = DO_NOT_USE
    else:
        share = n_valid / n_frames
        reasons = _reasons(share, seconds_valid, error, face_px, trust)
        unusable = share < trust.unusable_valid_share or seconds_valid < trust.unusable_seconds
        verdict = DO_NOT_USE if unusable else CAUTION if reasons else GOOD
    return Quality(
        n_frames, n_valid, seconds_valid, error, face_px, verdict, tuple(reasons), n_excluded
    )


def quality_line(quality: Quality) -> str:
    """One line of plain text for the command line."""
    parts = [quality.verdict, f"{valid_percent(quality)} of frames valid"]
    parts += measured_words(quality)
    if quality.n_excluded:
        parts.append(excluded_words(quality))
    return "quality: " + " · ".join(parts)


def quality_text(quality: Quality) -> str:
    """That line, and the sentences behind it."""
    return "\n  ".join([quality_line(quality), *quality.reasons])


def valid_percent(quality: Quality) -> str:
    """The share of valid frames, rounded down as in the reasons."""
    return _percent(quality.n_valid / quality.n_frames if quality.n_frames else 0.0)


def measured_words(quality: Quality) -> list[str]:
    """Landmark error and face height in words; what was not measured is left out."""
    words = []
    if math.isfinite(quality.error_percent_face):
        words.append(f"landmark error {quality.error_percent_face:.2f} % of face height")
    if math.isfinite(quality.face_px):
        words.append(f"face {quality.face_px:.0f} px high")
    return words


def excluded_words(quality: Quality) -> str:
    """How much the user has left out, in words."""
    return f"{counted(quality.n_excluded, 'frame')} excluded by annotation"


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


@dataclass(frozen=True, slots=True)
class Jitter:
    """Jitter of the parameters of the face from frame to frame, NaN where not known.

    Attributes:
        rotation_deg: Of the head, degrees.
        translation_mm: Of the head, mm.
        jaw_deg: Of the jaw, degrees.
        expression: Of a channel, in its own unit; root mean square over the channels.
    """

    rotation_deg: float
    translation_mm: float
    jaw_deg: float
    expression: float


@dataclass(frozen=True, slots=True, eq=False)
class EachSecond:
    """A session second by second, N seconds with frames; NaN where nothing was measured.

    Attributes:
        seconds: (N,) the middle of each, s.
        valid_percent: (N,) share of its frames that is valid, percent.
        error_percent_face: (N,) mean landmark error of its valid frames, percent of face height.
        face_px: (N,) mean face height, px.
        brightness_percent: (N,) mean brightness of the face, percent of white.
    """

    seconds: FloatArray
    valid_percent: FloatArray
    error_percent_face: FloatArray
    face_px: FloatArray
    brightness_percent: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SessionQc:
    """Quality control of the frames of a session.

    Attributes:
        n_frames: Frames.
        seconds: From the first frame to the end of the last, s.
        step_ms: Usual time from frame to frame, ms; NaN with one frame.
        invalid: Frames that are not valid, by reason; one that is not known is "unknown".
        n_dropped: Frames that are missing by the time stamps.
        gaps: Start and length of each pause of half a second or more, s.
        n_repeated: Frames whose picture is that of the frame before; None where not known.
        jitter: Its trembling.
        each_second: Its course.
    """

    n_frames: int
    seconds: float
    step_ms: float
    invalid: Mapping[str, int]
    n_dropped: int
    gaps: tuple[tuple[float, float], ...]
    n_repeated: int | None
    jitter: Jitter
    each_second: EachSecond


def measure_session_qc(session: Session) -> SessionQc:
    """Count and measure the frames of a session; those that the user has excluded by name."""
    session = without_excluded(session)
    times = session.motion.seconds
    steps = np.diff(times)
    usual = float(np.median(steps)) if len(steps) else math.nan
    late = steps > LATE * usual
    missing = np.rint(steps[late] / usual) - 1 if usual > 0 else np.zeros(0)
    return SessionQc(
        n_frames=len(times),
        seconds=float(times[-1] - times[0]) + (usual if usual > 0 else 0.0),
        step_ms=1000.0 * usual,
        invalid=invalid_counts(session),
        n_dropped=int(missing.sum()),
        gaps=tuple((float(times[k]), float(steps[k])) for k in np.flatnonzero(steps >= GAP_S)),
        n_repeated=None if session.repeated is None else int(session.repeated.sum()),
        jitter=_jitter(session, late),
        each_second=_each_second(session),
    )


def invalid_counts(session: Session) -> dict[str, int]:
    """Numbers of frames that are not valid, by the reason."""
    if session.invalid_reason is None:
        out = excluded_frames(session)
        given = {"unknown": int((~session.motion.valid & ~out).sum()), REASON: int(out.sum())}
        return {name: n for name, n in given.items() if n}
    counts = np.bincount(session.invalid_reason, minlength=len(INVALID_REASONS))
    return {name: int(n) for name, n in zip(INVALID_REASONS, counts, strict=True) if name and n}


def _jitter(session: Session, late: BoolArray) -> Jitter:
    """Of three valid frames in usual steps, how far the middle one lies off the others' mean.

    The deviation is that of white noise with the same median: motion, in which most triples lie
    nearly on a line, hardly counts.
    """
    triple = session.motion.valid[:-2] & session.motion.valid[1:-1] & session.motion.valid[2:]
    triple &= ~late[:-1] & ~late[1:]

    def of(values: FloatArray) -> float:
        x = values.astype(np.float64)
        off = (x[1:-1] - 0.5 * (x[:-2] + x[2:]))[triple]
        if not off.size:
            return math.nan
        deviation = NORMAL * np.median(np.abs(off), axis=0) / WHITE
        return float(np.sqrt((deviation**2).mean()))

    return Jitter(
        rotation_deg=math.degrees(of(session.motion.rotation)),
        translation_mm=1000.0 * of(session.motion.translation),
        jaw_deg=math.degrees(of(session.motion.jaw)),
        expression=of(session.motion.expression),
    )


def _each_second(session: Session) -> EachSecond:
    # only the seconds that there are: a stamp of another day does not make a day of them
    known, second = np.unique(
        np.floor(session.motion.seconds - session.motion.seconds[0]), return_inverse=True
    )
    brightness = session.brightness
    if brightness is None:
        brightness = np.full(len(second), np.nan, np.float32)
    height = np.where(session.face_px > 0, session.face_px, np.nan)

    def mean(values: FloatArray, where: BoolArray) -> FloatArray:
        count = np.bincount(second[where], minlength=len(known))
        total = np.bincount(second[where], values[where], minlength=len(known))
        found = np.full(len(known), np.nan)
        np.divide(total, count, out=found, where=count > 0)
        return found

    every = np.ones(len(second), dtype=bool)
    error = 100.0 * session.error_px / height
    return EachSecond(
        seconds=session.motion.seconds[0] + known + 0.5,
        valid_percent=mean(100.0 * session.motion.valid, every),
        error_percent_face=mean(error, session.motion.valid & np.isfinite(error)),
        face_px=mean(height, np.isfinite(height)),
        brightness_percent=mean(100.0 * brightness, np.isfinite(brightness)),
    )
