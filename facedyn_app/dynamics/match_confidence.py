"""Confidence of a match: all rules in one place, their thresholds in the settings."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from facedyn_app.dynamics.drift import DRIFTS, drift_label, measure_drift
from facedyn_app.dynamics.drift_chunks import posterior_units, usable_chunks
from facedyn_app.dynamics.exclusion import without_excluded
from facedyn_app.dynamics.session_qc import CAUTION, DO_NOT_USE, GOOD, assess_quality
from facedyn_app.errors import FacedynError
from facedyn_app.records import MatchTrust, Quality, Session
from facedyn_app.settings import TrustSettings


def judge_match(
    probe: Session, enrolled: Sequence[Session], trust: TrustSettings, *, accepted: bool | None
) -> MatchTrust:
    """Verdict on the match of a probe with a speaker: good, a caution, or not to be used.

    - Not to be used: the probe's measurement is, or that of all enrolled sessions.
    - Caution: a measurement is not good; one session is enrolled only; the shape drifts between
      the enrolled sessions; or motion and shape disagree: the motion is the speaker's and the
      shape lies far from theirs (`far_shape`), or the shape is theirs (within `max_dnr`) and the
      motion is not.

    Args:
        probe: The session that is asked about.
        enrolled: The speaker's sessions, one at least, of the same head.
        trust: The thresholds.
        accepted: Whether the motion matches: the probability reaches the threshold; None where
            that cannot be told, since probabilities are not calibrated for the probe.
    """
    own = assess_quality(probe, trust)
    theirs = [assess_quality(session, trust) for session in enrolled]
    unusable = own.verdict == DO_NOT_USE or all(q.verdict == DO_NOT_USE for q in theirs)
    distance = shape_distance(probe, enrolled)
    reasons = (
        *_enrolled_reasons(theirs),
        *_drift_reasons(enrolled, trust),
        *_disagreement(distance, trust, accepted=accepted),
    )
    verdict = DO_NOT_USE if unusable else CAUTION if own.reasons or reasons else GOOD
    return MatchTrust(verdict, own.reasons, reasons, distance)


def shape_distance(probe: Session, enrolled: Sequence[Session]) -> float:
    """Distance of a probe's shape from the mean of a speaker's, over the noise of both.

    As a session's corrected DNR and in its units (drift.py): with means m and their wander w,
    `sqrt(max(0, |m_p - mean_i m_i|^2 - w_p - sum_i w_i / I^2)) / N`, N the root of the mean
    `whole_variance`. NaN where a session is too short for it.
    """
    both = (probe, *enrolled)
    units = posterior_units([session.shape_certainty for session in both])
    usable, left_out = usable_chunks(
        [("", without_excluded(one).shape_chunks) for one in both], units
    )
    if left_out or any(len(one.mean) != len(usable[0].mean) for one in usable):
        return math.nan
    asked, own = usable[0], usable[1:]
    noise2 = float(np.mean([one.whole_variance for one in usable]))
    if noise2 <= 0.0:
        return math.nan
    squared = float(((asked.mean - np.mean([one.mean for one in own], axis=0)) ** 2).sum())
    wander = asked.wander + sum(one.wander for one in own) / len(own) ** 2
    return math.sqrt(max(0.0, squared - wander) / noise2)


def _enrolled_reasons(qualities: Sequence[Quality]) -> list[str]:
    n, n_doubtful = len(qualities), sum(quality.verdict != GOOD for quality in qualities)
    reasons = []
    if n == 1:
        reasons.append("One session is enrolled only: how far this speaker varies is not known.")
    if n_doubtful:
        which = "the enrolled session" if n == 1 else f"{n_doubtful} of {n} enrolled sessions"
        reasons.append(f"The measurement of {which} is not good.")
    return reasons


def _drift_reasons(enrolled: Sequence[Session], trust: TrustSettings) -> list[str]:
    shapes = [("", without_excluded(session).shape_chunks) for session in enrolled]
    try:
        known = [session.shape_certainty for session in enrolled]
        report = measure_drift("", shapes, np.random.default_rng(0), 0, known)
    except FacedynError:  # too little to speak of drift
        return []
    if drift_label(report, trust) != DRIFTS:
        return []
    return [
        f"The shape drifts between the enrolled sessions (corrected DNR "
        f"{report.dnr_corrected:.2f}, above {trust.max_dnr:g})."
    ]


def _disagreement(distance: float, trust: TrustSettings, *, accepted: bool | None) -> list[str]:
    if accepted and distance > trust.far_shape:
        return [
            f"The motion matches, but the head's shape lies {distance:.1f} times its noise away "
            f"from the enrolled sessions' (far is above {trust.far_shape:g})."
        ]
    if accepted is False and distance <= trust.max_dnr:
        return [
            f"The motion does not match, but the head's shape lies near the enrolled sessions' "
            f"({distance:.1f} times its noise)."
        ]
    return []
