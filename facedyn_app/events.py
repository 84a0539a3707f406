"""Typed events of a recording: tasks, notes, and ranges to include or to exclude.

Times are seconds on the recording's own axis, kept to the millisecond, as annotation programs keep
them: what goes out to one and comes back in is equal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from facedyn_app.formatting import shown

TASK, INCLUDE, EXCLUDE, NOTE = "task", "include", "exclude", "note"
KINDS: Final = (TASK, INCLUDE, EXCLUDE, NOTE)
"""The kinds that the program knows; users may have others."""
HIDDEN: Final = "hidden"
"""A user's own kind that the clinical measures know: a side that is covered, by its `side`."""
SIDES: Final = ("", "left", "right")
MOST_EVENTS: Final = 10_000
LONGEST_KIND: Final = 40
LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 2000
FARTHEST_S: Final = 1e6
"""No recording lasts longer, s."""
DECIMALS: Final = 3
HALF_MS: Final = 0.000_5 + 1e-9
"""By which a time that was kept to the millisecond may be off, s."""


@dataclass(frozen=True, slots=True)
class Event:
    """A typed event of a recording.

    Attributes:
        kind: "task", "include", "exclude", "note", or a user's own kind; printable, without "@".
        start: Its begin, s, on the axis of the session's `seconds`.
        end: Its end, s; equal to `start` for a moment.
        name: Of a task its id in the protocol ("smile"); of others a short name.
        text: Free text; may have several lines.
        side: "", "left" or "right", the subject's.

    Raises:
        ValueError: A time is not finite or the end lies before the begin, the kind is none, or the
            side is unknown; its words go after "an event is wrong:". Long texts are cut.
    """

    kind: str
    start: float
    end: float
    name: str = ""
    text: str = ""
    side: str = ""

    def __post_init__(self) -> None:
        """Check and round the times; make the texts such as can be shown anywhere."""
        if not all(math.isfinite(time) and abs(time) <= FARTHEST_S for time in self.times):
            raise ValueError("its times are no numbers of a recording")
        if self.end < self.start:
            raise ValueError(f"it ends at {self.end:g} s, before it begins at {self.start:g} s")
        if self.side not in SIDES:
            raise ValueError(f"its side is '{shown(self.side[:20])}', not left or right")
        values = {
            "kind": _line(self.kind, LONGEST_KIND),
            "start": round(float(self.start), DECIMALS) + 0.0,
            "end": round(float(self.end), DECIMALS) + 0.0,
            "name": _line(self.name, LONGEST_NAME),
            "text": _text(self.text),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if not self.kind or "@" in self.kind:
            raise ValueError("its kind is empty or holds an '@'")

    @property
    def times(self) -> tuple[float, float]:
        """Begin and end, s."""
        return self.start, self.end

    @property
    def words(self) -> str:
        """What it is, in a line: "task smile, left: as wide as they can"."""
        head = f"{self.kind} {self.name}".rstrip() + (f", {self.side}" if self.side else "")
        return f"{head}: {' '.join(self.text.split())}" if self.text else head


Events = tuple[Event, ...]


def in_order(events: Iterable[Event]) -> Events:
    """The events by their begins."""
    return tuple(sorted(events, key=lambda one: (one.start, one.end, one.kind, one.name)))


def events_to_json(events: Sequence[Event]) -> list[dict[str, object]]:
    """The events as JSON values; what is empty is left out."""
    names = ("kind", "start", "end", "name", "text", "side")
    rows = [{name: getattr(event, name) for name in names} for event in events]
    return [{name: value for name, value in row.items() if value != ""} for row in rows]


def events_of_json(stored: object) -> Events:
    """Read and check what `events_to_json` has written.

    Raises:
        ValueError: It is no list of events, or holds more than MOST_EVENTS; its words go after
            "it cannot be used:".
    """
    if not isinstance(stored, list):
        raise ValueError("its events are no list")  # noqa: TRY004
    check_number(len(stored))
    found = []
    for number, values in enumerate(stored, start=1):
        try:
            found.append(_event(values))
        except ValueError as error:
            raise ValueError(f"event {number} is wrong: {error}") from error
    return in_order(found)


def check_number(n_events: int) -> None:
    """Check that a recording has not more events than any has.

    Raises:
        ValueError: It has.
    """
    if n_events > MOST_EVENTS:
        raise ValueError(f"it has {n_events:,} events; {MOST_EVENTS:,} are read at most")


def _event(values: object) -> Event:
    if not isinstance(values, Mapping):
        raise ValueError("it is no JSON object")  # noqa: TRY004
    times = [values.get("start"), values.get("end", values.get("start"))]
    texts: dict[str, Any] = {key: values.get(key, "") for key in ("kind", "name", "text", "side")}
    if any(not isinstance(time, int | float) or isinstance(time, bool) for time in times):
        raise ValueError("its times are no numbers of a recording")
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("a text of it is none")
    try:
        start, end = (float(time) for time in times if time is not None)
    except OverflowError as error:
        raise ValueError("its times are no numbers of a recording") from error
    return Event(start=start, end=end, **texts)


def _line(text: str, longest: int) -> str:
    return shown(_printable(text.strip()))[:longest].strip()


def _text(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return shown(_printable(lines, keep="\n\t"), keep="\n\t")[:LONGEST_TEXT].strip()


def _printable(text: str, keep: str = "") -> str:
    """The text with what XML cannot hold and nobody can see left out."""
    if text.isprintable():
        return text
    return "".join(one for one in text if one in keep or one not in "\ufffe\uffff")
