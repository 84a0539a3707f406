"""Sides of a face that are hidden: turned away, or marked so by somebody who has looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from facedyn_app.dynamics.clinical.measures import SIDES
from facedyn_app.dynamics.clinical.tasks import TaskMeasures
from facedyn_app.events import HALF_MS, HIDDEN, Event
from facedyn_app.records import BoolArray, Session

MOST_TURN_DEG = 35.0
"""Turn to one side beyond which the far side of the face is hardly seen."""
MOST_MARKED = 0.5
"""Share of the frames beyond which a side that is marked as hidden is not measured."""


def hidden_sides(session: Session, usable: BoolArray, events: Sequence[Event]) -> tuple[str, str]:
    """Why the left and the right side are hidden in most of the frames; empty where they are not.

    A head that turns to its left, positive about y, hides its left side. A patch, a hand or hair
    over one eye are told by nothing in the fit, which guesses what it does not see: events of the
    kind "hidden" say so, with the side.

    Args:
        session: Of T frames.
        usable: (T,) frames that count.
        events: Of the recording.
    """
    yaw = np.degrees(session.motion.rotation[usable, 1].astype(np.float64))
    yaw = yaw[np.isfinite(yaw)]
    turn = float(np.median(yaw)) if len(yaw) else 0.0
    turned = (turn > MOST_TURN_DEG, turn < -MOST_TURN_DEG)
    left, right = (
        f"the head is turned by {abs(turn):.0f} degrees: the {name} side is hidden"
        if away
        else f"the {name} side is marked as hidden"
        if _marked_share(session, usable, events, name) > MOST_MARKED
        else ""
        for away, name in zip(turned, SIDES, strict=True)
    )
    return left, right


def _marked_share(session: Session, usable: BoolArray, events: Sequence[Event], side: str) -> float:
    seconds = session.motion.seconds
    marked = np.zeros(len(seconds), np.bool_)
    for event in events:
        if event.kind == HIDDEN and event.side == side:
            marked |= (seconds >= event.start - HALF_MS) & (seconds <= event.end + HALF_MS)
    return float(marked[usable].mean()) if usable.any() else 0.0


def without_sides(task: TaskMeasures, reason: str) -> TaskMeasures:
    """What a task comes to where a side is hidden: nothing of either is compared."""
    return replace(task, sides={}, synkinesis=None, reason=task.reason or reason)
