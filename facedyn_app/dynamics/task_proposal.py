"""Proposal of task marks: bursts of the channels that each task moves, in the protocol's order.

A task's activity is the mean of its channels over their rest (the median), in units of its own
height (the 99th percentile over the rest). A burst is a stretch in which it exceeds a share of
that; its worth is how long it lasts of what the protocol asks, times how much more active the task
is in it than the others are. Of all ways to give bursts to tasks in the protocol's order, without
overlap and with tasks left out where there is none, the one of the greatest worth is taken
(dynamic programming). The rule is the project's own and only proposes: a person confirms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from facedyn_app.dynamics.exclusion import without_excluded
from facedyn_app.events import Event, Events, in_order
from facedyn_app.protocols import Protocol, Task, steps_of
from facedyn_app.records import FloatArray, Session

PROPOSED: Final = "proposed"
"""The kind of a task's mark that nobody has confirmed."""
THRESHOLD: Final = 0.4
LEAST_HEIGHT: Final = 0.1
"""Of the channels, 0..1: a task that moves them less is not seen."""
LEAST_S: Final = 0.4
"""Shorter bursts, such as blinks, are none, s."""
BRIDGED_S: Final = 0.3
SMOOTHED_S: Final = 0.2
OTHERS: Final = 0.5
"""How much the activity of other tasks counts against one."""
LEAST_REST_S: Final = 1.0
QUIET_S: Final = 0.5
"""Between a rest and the task after it, s."""


@dataclass(frozen=True, slots=True)
class Burst:
    """A stretch in which a task's channels are active, s, and what it is worth."""

    start: float
    end: float
    worth: float


def propose_tasks(session: Session, protocol: Protocol) -> Events:
    """Where a protocol's tasks may have been done, as events of the kind "proposed".

    Args:
        session: The recording; frames that the user has excluded do not count.
        protocol: The tasks; those whose channels the session has not are left out.
    """
    kept = without_excluded(session)
    valid = kept.motion.valid
    if valid.sum() < 3:
        return ()
    seconds = kept.motion.seconds[valid]
    tasks = {task.id: task for task in protocol.tasks}
    activity = {key: found for key, task in tasks.items() if len(found := _activity(kept, task))}
    bursts = {key: _bursts(key, activity, seconds, tasks[key].seconds) for key in activity}
    order = [step.task for step in steps_of(protocol) if step.task.id in activity]
    chosen = best_order([bursts[task.id] for task in order])
    events = [
        Event(PROPOSED, burst.start, burst.end, task.id, task.title)
        for task, burst in zip(order, chosen, strict=True)
        if burst is not None
    ]
    return in_order([*events, *_rest(protocol, events, float(seconds[0]))])


def _activity(session: Session, task: Task) -> FloatArray:
    """(V,) activity of a task in the valid frames; empty where it has none or is not seen."""
    names = session.motion.names
    columns = [names.index(name) for name in task.channels if name in names]
    if not columns:
        return np.zeros(0)
    valid = session.motion.valid
    seconds = session.motion.seconds[valid]
    raw = session.motion.expression[valid][:, columns].astype(np.float64).mean(axis=1)
    step = float(np.median(np.diff(seconds)))
    width = max(1, round(SMOOTHED_S / step)) if step > 0.0 else 1
    smooth = np.convolve(np.pad(raw, width, mode="edge"), np.full(width, 1.0 / width), "same")
    smooth = smooth[width:-width]
    rest, high = np.median(smooth), np.quantile(smooth, 0.99)
    return (smooth - rest) / (high - rest) if high - rest >= LEAST_HEIGHT else np.zeros(0)


def _bursts(
    key: str, activity: dict[str, FloatArray], seconds: FloatArray, asked_s: float
) -> list[Burst]:
    own = activity[key]
    others = [values for other, values in activity.items() if other != key]
    rival = np.clip(np.max(others, axis=0), 0.0, 1.0) if others else np.zeros(len(own))
    active = np.flatnonzero(own > THRESHOLD)
    if not len(active):
        return []
    found = []
    for run in np.split(active, np.flatnonzero(np.diff(seconds[active]) > BRIDGED_S) + 1):
        start, end = float(seconds[run[0]]), float(seconds[run[-1]])
        if end - start >= LEAST_S:
            lead = float((np.minimum(own[run], 1.0) - OTHERS * rival[run]).mean())
            found.append(Burst(start, end, lead * min(1.0, (end - start) / asked_s)))
    return [burst for burst in found if burst.worth > 0.0]


def best_order(options: Sequence[Sequence[Burst]]) -> list[Burst | None]:
    """The burst of each task in turn, in order of time, that are worth most together.

    Args:
        options: The bursts that each may have.

    Returns:
        One for each, or None where it is left out.
    """
    # for each task: the best worth so far by the time at which the last burst ends
    ends: list[tuple[float, float, tuple[Burst | None, ...]]] = [(-np.inf, 0.0, ())]
    for bursts in options:
        grown = [(end, worth, (*taken, None)) for end, worth, taken in ends]
        for burst in bursts:
            before = [one for one in ends if one[0] <= burst.start]
            if before:
                _, worth, taken = max(before, key=lambda one: one[1])
                grown.append((burst.end, worth + burst.worth, (*taken, burst)))
        ends = _undominated(grown)
    return list(max(ends, key=lambda one: one[1])[2])


def _undominated(
    ends: list[tuple[float, float, tuple[Burst | None, ...]]],
) -> list[tuple[float, float, tuple[Burst | None, ...]]]:
    """Those that no other beats in both: an earlier end and a greater worth."""
    kept: list[tuple[float, float, tuple[Burst | None, ...]]] = []
    for one in sorted(ends, key=lambda one: (one[0], -one[1])):
        if not kept or one[1] > kept[-1][1]:
            kept.append(one)
    return kept


def _rest(protocol: Protocol, events: Sequence[Event], begin_s: float) -> list[Event]:
    """The rest that a protocol begins with: what lies before the first task that was found."""
    first = protocol.tasks[0]
    if first.channels or not events:
        return []
    end = min(event.start for event in events) - QUIET_S
    start = max(begin_s, end - first.seconds)
    if end - start < min(LEAST_REST_S, first.seconds) - 1e-6:
        return []
    return [Event(PROPOSED, start, end, first.id, first.title)]
