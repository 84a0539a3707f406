"""Sides of a face that are hidden: turned away, or marked so by somebody who has looked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedyn_app.dynamics.clinical.covered import OF_EYES
from facedyn_app.dynamics.clinical.excursions import PRIMARY
from facedyn_app.dynamics.clinical.measures import SIDES
from facedyn_app.dynamics.clinical.tasks import TaskMeasures
from facedyn_app.dynamics.exclusion import within
from facedyn_app.events import HIDDEN, Event
from facedyn_app.records import BoolArray, Session

MOST_TURN_DEG = 35.0
"""Turn to one side beyond which the far side of the face is hardly seen."""
MOST_MARKED = 0.5
"""Share of the frames beyond which a side that is marked as hidden is not measured."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """Sides that are hidden and eyes that are covered: why, left and right; empty where not."""

    sides: tuple[str, str]
    covered: tuple[str, str]

    @property
    def eyes(self) -> tuple[bool, bool]:
        """Of which eyes nothing is known."""
        left, right = (bool(a or b) for a, b in zip(self.sides, self.covered, strict=True))
        return left, right

    @property
    def reasons(self) -> dict[str, str]:
        """Why sides and eyes are missing."""
        found = {name: why for name, why in zip(SIDES, self.sides, strict=True) if why}
        eyes = zip(SIDES, self.covered, strict=True)
        return found | {f"{name} eye": why for name, why in eyes if why}

    def leaves_out(self, measure: str) -> bool:
        """Whether the sides of a measure cannot be compared."""
        return any(self.sides) or (any(self.covered) and measure in OF_EYES)

    def of_task(self, task: TaskMeasures) -> TaskMeasures:
        """A task without what is not seen."""
        if any(self.sides):
            return without_sides(task, " and ".join(filter(None, self.sides)))
        if any(self.covered):
            return without_measures(task, OF_EYES, " and ".join(filter(None, self.covered)))
        return task


def hidden_sides(session: Session, usable: BoolArray, events: Sequence[Event]) -> tuple[str, str]:
    """Why the left and the right side are hidden in most of the frames; empty where they are not.

    A head that turns to its left, positive about y, hides its left side. An eye that is covered is
    found by itself (`clinical.covered`); what else is, is told by nothing in the fit, which guesses
    what it does not see: events of the kind "hidden" say so, with the side.

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
            marked |= within(event, seconds)
    return float(marked[usable].mean()) if usable.any() else 0.0


def without_measures(task: TaskMeasures, names: Collection[str], reason: str) -> TaskMeasures:
    """What a task comes to where some measures are of what is covered; one about these is empty."""
    if PRIMARY.get(task.event.name) in names:
        return without_sides(task, reason)
    sides = {name: found for name, found in task.sides.items() if name not in names}
    return replace(task, sides=sides, synkinesis=None)


def without_sides(task: TaskMeasures, reason: str) -> TaskMeasures:
    """What a task comes to where a side is hidden: nothing of either is compared."""
    return replace(task, sides={}, synkinesis=None, reason=task.reason or reason)
