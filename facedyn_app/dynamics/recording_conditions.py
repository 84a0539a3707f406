"""Recording conditions of a session, and which of them may have moved its shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.drift import drift_note
from facedyn_app.dynamics.exclusion import excluded_frames, without_excluded
from facedyn_app.dynamics.session_qc import error_percent
from facedyn_app.records import (
    INVALID_REASONS,
    BoolArray,
    Conditions,
    DriftReport,
    FloatArray,
    NoDrift,
    Session,
)
from facedyn_app.settings import TrustSettings

MIDDLE = (0.1, 0.9)
"""Quantiles between which a turn of the head counts as usual."""


def measure_conditions(name: str, session: Session) -> Conditions:
    """The conditions of a recording that move shape estimates.

    Args:
        name: What the session is called.
        session: The session.

    Returns:
        The conditions of the frames that the user has not excluded; NaN where the session does
        not say, or no frame that counts is valid.
    """
    counted = ~excluded_frames(session)
    session = without_excluded(session)
    valid = session.motion.valid
    turned = spread = face_px = math.nan
    if valid.any():
        rotation = np.degrees(session.motion.rotation[valid].astype(np.float64))
        turned = float(np.median(np.linalg.norm(rotation, axis=1)))
        low, high = np.quantile(rotation, MIDDLE, axis=0)
        spread = float(np.max(high - low))
        face_px = float(np.median(session.face_px[valid]))
    brightness, light_change = _light(session)
    reason = session.invalid_reason
    blurred = _share(
        None if reason is None else reason == INVALID_REASONS.index("blurred"), counted
    )
    return Conditions(
        name=name,
        face_px=face_px,
        turned_deg=turned,
        pose_range_deg=spread,
        focal_widths=_focal(session),
        error_percent_face=error_percent(session.error_px[valid], session.face_px[valid]),
        valid_share=_share(valid, counted),
        blurred_share=blurred,
        sharpness=_median_of_measured(session.sharpness),
        brightness=brightness,
        light_change=light_change,
        excluded_share=1.0 - float(counted.mean()) if len(counted) else 0.0,
    )


def _share(frames: BoolArray | None, counted: BoolArray) -> float:
    """Of the frames that count, 0..1; NaN where that is not known or none counts."""
    return math.nan if frames is None or not counted.any() else float(frames[counted].mean())


def _median_of_measured(values: FloatArray | None) -> float:
    """Of what was measured; NaN for none."""
    known = np.zeros(0) if values is None else values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else math.nan


def _light(session: Session) -> tuple[float, float]:
    """Brightness of the face, and the share of it by which it changes."""
    middle = _median_of_measured(session.brightness)
    if session.brightness is None or not middle > 0.0:
        return middle, math.nan
    low, high = np.nanquantile(session.brightness, MIDDLE)
    return middle, float(high - low) / middle


def _focal(session: Session) -> float:
    info = session.info
    if not (info.focal_px and info.width and info.height):
        return math.nan
    known = min(info.focal_px, info.width, info.height) > 0.0
    return float(info.focal_px) / max(info.width, info.height) if known else math.nan


@dataclass(frozen=True, slots=True)
class _Rule:
    """Rule by which one condition stands out.

    Attributes:
        value: Of a session.
        worse_is_more: Whether large values are the bad ones.
        least: Where more is worse: what is good enough whatever the others are; where less is
            worse, what the others must have at least.
        words: Of a value, "the face is 60 px high".
        others: Of the best that the others promise, "200 px or more".
    """

    value: Callable[[Conditions], float]
    worse_is_more: bool
    least: float
    words: str
    others: str


_RULES = (
    _Rule(
        lambda c: c.face_px,
        worse_is_more=False,
        least=0.0,
        words="the face is {:.0f} px high",
        others="{:.0f} px or more",
    ),
    _Rule(
        lambda c: c.error_percent_face,
        worse_is_more=True,
        least=0.5,
        words="the fitted head misses the landmarks by {:.2f} % of the face height",
        others="{:.2f} % or less",
    ),
    _Rule(
        lambda c: 100.0 * (1.0 - c.valid_share),
        worse_is_more=True,
        least=5.0,
        words="the face could not be followed in {:.0f} % of the frames",
        others="{:.0f} % or less",
    ),
    _Rule(
        lambda c: 100.0 * c.blurred_share,
        worse_is_more=True,
        least=5.0,
        words="{:.0f} % of the frames are blurred",
        others="{:.0f} % or less",
    ),
    _Rule(
        lambda c: c.sharpness,
        worse_is_more=False,
        least=0.0,
        words="the face is blurred: its sharpness is {:.2f}",
        others="{:.2f} or more",
    ),
    _Rule(
        lambda c: 100.0 * c.brightness,
        worse_is_more=False,
        least=0.0,
        words="the face is dark: {:.0f} % of white",
        others="{:.0f} % or more",
    ),
    _Rule(
        lambda c: 100.0 * c.light_change,
        worse_is_more=True,
        least=15.0,
        words="the light on the face changes by {:.0f} %",
        others="{:.0f} % or less",
    ),
    _Rule(
        lambda c: c.turned_deg,
        worse_is_more=True,
        least=10.0,
        words="the head is mostly turned by {:.0f} degrees",
        others="{:.0f} degrees or less",
    ),
    _Rule(
        lambda c: c.pose_range_deg,
        worse_is_more=False,
        least=8.0,
        words="the head turns through {:.0f} degrees only",
        others="{:.0f} degrees or more",
    ),
    _Rule(
        lambda c: c.focal_widths,
        worse_is_more=True,
        least=0.0,
        words="the focal length is {:.2f} times the picture's longer side",
        others="{:.2f} times or less",
    ),
    _Rule(
        lambda c: c.focal_widths,
        worse_is_more=False,
        least=0.0,
        words="the focal length is {:.2f} times the picture's longer side",
        others="{:.2f} times or more",
    ),
)


def likely_causes(conditions: Sequence[Conditions], trust: TrustSettings) -> list[str]:
    """A sentence for each condition in which one session stands out from all others.

    A value stands out that is worse than all others' by the factor `trust.stands_out`.

    Args:
        conditions: Of the speaker's sessions.
        trust: The factor.
    """
    sentences = []
    for one in conditions:
        others = [other for other in conditions if other is not one]
        found = [_stands_out(rule, one, others, trust.stands_out) for rule in _RULES]
        said = [words for words in found if words]
        if said:
            sentences.append(f"In '{one.name}' {'; '.join(said)}.")
    return sentences


def exclusions(conditions: Sequence[Conditions]) -> list[str]:
    """A sentence for each session of which the user has excluded something."""
    return [
        f"Of '{one.name}' {100.0 * one.excluded_share:.0f} % is excluded by annotation."
        for one in conditions
        if one.excluded_share > 0.0
    ]


def drift_notes(report: DriftReport | NoDrift, trust: TrustSettings) -> list[str]:
    """The sentences beside a drift: its note, what may have caused it, what is excluded."""
    note = drift_note(report)
    causes = [] if isinstance(report, NoDrift) else likely_causes(report.conditions, trust)
    if not isinstance(report, NoDrift):
        causes += exclusions(report.conditions)
    return [note, *causes] if note else causes


def _stands_out(rule: _Rule, one: Conditions, others: Sequence[Conditions], factor: float) -> str:
    value = rule.value(one)
    known = [rule.value(other) for other in others if math.isfinite(rule.value(other))]
    if not known or not math.isfinite(value):
        return ""
    if rule.worse_is_more:
        nearest = max(known)
        worse = value >= rule.least and value >= factor * nearest
    else:
        nearest = min(known)
        worse = nearest >= rule.least and factor * value <= nearest
    if not worse or value == nearest:
        return ""
    named = "the other's" if len(known) == 1 else "the others'"
    return f"{rule.words.format(value)} ({named}: {rule.others.format(nearest)})"
