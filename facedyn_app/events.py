"""Typed events of a recording: tasks, ranges to include and to exclude, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.records import BoolArray, FloatArray

TASK, INCLUDE, EXCLUDE = "task", "include", "exclude"


@dataclass(frozen=True, slots=True)
class Event:
    """A typed event of a recording.

    Attributes:
        kind: "task", "include", "exclude", "note", or a user's own kind.
        start: From the recording's begin, s.
        end: Likewise; `start` itself for a moment.
        name: For a task its protocol id, such as "rest" or "smile"; else a short name.
        text: Free text.
        side: "", "left" or "right".
    """

    kind: str
    start: float
    end: float
    name: str = ""
    text: str = ""
    side: str = ""


def excluded(events: Sequence[Event], seconds: FloatArray) -> BoolArray:
    """(T,) frames in a range to exclude, or outside of all ranges to include where there are some.

    Args:
        events: Of the recording.
        seconds: (T,) times of its frames, s.
    """
    left_out = within(events, EXCLUDE, seconds)
    if any(event.kind == INCLUDE for event in events):
        left_out |= ~within(events, INCLUDE, seconds)
    return left_out


def within(events: Sequence[Event], kind: str, seconds: FloatArray) -> BoolArray:
    """(T,) frames in a range of one kind."""
    inside = np.zeros(len(seconds), np.bool_)
    for event in events:
        if event.kind == kind:
            inside |= (seconds >= event.start) & (seconds <= event.end)
    return inside
