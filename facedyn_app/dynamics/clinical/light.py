"""From which side the light of a recording comes, as far as the sides of a face are compared.

The landmark network follows the shadowed side of a face less, so that the brighter side seems to
move more. On simulated, symmetric faces the difference that is measured of a smile goes with the
logarithm of the two sides' brightness (r = 0.2 to 0.6); of those of another head than the fitted
one it is twice as large where one side is more than `MOST_EVEN` times as bright
(handbook/clinic.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from facedyn_app.records import Session

EVEN, ONE_SIDE, NOT_KNOWN = "even", "one side", "not known"
"""Kinds of light, as the floors are kept by."""
MOST_EVEN = 1.22
"""How many times brighter one side is at most in even light: e^0.2."""


def light_ratio(session: Session) -> float:
    """The left side's brightness over the right one's, median of valid frames; NaN if unknown."""
    if session.light_ratio is None:
        return math.nan
    known = session.light_ratio[session.motion.valid & (session.light_ratio > 0.0)]
    return float(np.median(known)) if len(known) else math.nan


def light_kind(ratio: float) -> str:
    """The kind of light of a ratio of left to right; NaN for one that is not known."""
    if math.isnan(ratio):
        return NOT_KNOWN
    return EVEN if max(ratio, 1.0 / ratio) <= MOST_EVEN else ONE_SIDE


def light_words(ratio: float) -> str:
    """The brighter side and by how much, in words; of even light that it is even."""
    kind = light_kind(ratio)
    if kind != ONE_SIDE:
        return kind
    side, times = ("left", ratio) if ratio > 1.0 else ("right", 1.0 / ratio)
    return f"{side} side {times:.1f} times as bright"


def light_note(session: Session) -> str:
    """A sentence on light from one side; empty where it is even or not known."""
    ratio = light_ratio(session)
    if light_kind(ratio) != ONE_SIDE:
        return ""
    return (
        f"The light comes from one side ({light_words(ratio)}): the brighter side seems to move "
        "more, so smaller differences of the sides cannot be told."
    )


def unlike_light(sessions: Iterable[Session]) -> str:
    """A sentence where the light comes from sides that differ; empty where it is not known to."""
    ratios = [one for one in map(light_ratio, sessions) if light_kind(one) != NOT_KNOWN]
    if not ratios or max(ratios) / min(ratios) <= MOST_EVEN:
        return ""
    words = "; ".join(dict.fromkeys(light_words(one) for one in ratios))
    return (
        f"The sessions are lit in different ways ({words}), which alone changes the difference "
        "of the sides by some percent (simulated faces): light both sides alike at every visit."
    )
