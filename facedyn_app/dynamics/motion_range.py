"""Range of motion in a session: of the jaw, of each channel, of left against right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.exclusion import without_excluded
from facedyn_app.records import FloatArray, Session

MIDDLE = (0.05, 0.95)
"""Quantiles between which a channel's values count: a slip of the fit is no motion."""
N_LIVELIEST = 4
"""Channels that stand for a session where few can be shown."""
LEFT, RIGHT = "Left", "Right"


@dataclass(frozen=True, slots=True, eq=False)
class MotionRange:
    """The spans of the middle 90 % of the valid frames; NaN where there is none.

    Attributes:
        names: The E channels.
        jaw_deg: Of the jaw's opening, degrees.
        expression: (E,) of each channel, in its own unit.
    """

    names: tuple[str, ...]
    jaw_deg: float
    expression: FloatArray

    def asymmetry(self, pair: str) -> float:
        """`(left - right) / (left + right)` of a pair of channels, -1..1; NaN where neither moves.

        Args:
            pair: What both names have in common before "Left" and "Right".
        """
        left, right = (
            float(self.expression[self.names.index(pair + side)]) for side in (LEFT, RIGHT)
        )
        return (left - right) / (left + right) if left + right > 0.0 else float("nan")


def measure_motion_range(session: Session) -> MotionRange:
    """Measure how far the face moves in a session, what the user has excluded left out."""
    session = without_excluded(session)
    values = np.column_stack([np.degrees(session.motion.jaw[:, :1]), session.motion.expression])[
        session.motion.valid
    ]
    spans = np.full(values.shape[1], np.nan)
    if len(values):
        low, high = np.quantile(values.astype(np.float64), MIDDLE, axis=0)
        spans = high - low
    return MotionRange(session.motion.names, float(spans[0]), spans[1:])


def liveliest(session: Session) -> list[int]:
    """The channels that move most, by standard deviation over the valid frames."""
    session = without_excluded(session)
    if not session.motion.valid.any():
        return list(range(min(N_LIVELIEST, len(session.motion.names))))
    spread: FloatArray = session.motion.expression[session.motion.valid].std(axis=0)
    return [int(k) for k in np.argsort(-spread, kind="stable")[:N_LIVELIEST]]


def channel_pairs(names: Sequence[str]) -> tuple[str, ...]:
    """Common beginnings of pairs of channels whose names end in "Left" and "Right"."""
    known = set(names)
    return tuple(
        name.removesuffix(LEFT)
        for name in names
        if name.endswith(LEFT) and name.removesuffix(LEFT) + RIGHT in known
    )
