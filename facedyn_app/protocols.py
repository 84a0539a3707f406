"""Protocols of tasks: what a person is asked to do before the camera, in which order, how long."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from facedyn_app.errors import unreadable, unusable
from facedyn_app.events import TASK, Event, Events, in_order
from facedyn_app.files import read_plain
from facedyn_app.formatting import shown

FORMAT, VERSION = "facedyn-protocol", 1
MOST_BYTES: Final = 2**20
MOST_TASKS: Final = 200
LONGEST: Final = {"id": 60, "title": 100, "text": 1000}
MOST_SECONDS, MOST_REPEATS, MOST_COUNT_DOWN = 600.0, 50, 60.0
LEAST_DONE_S: Final = 0.5
"""A task that was broken off before is not marked, s."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a protocol.

    Attributes:
        id: What it is called in events and tables ("smile").
        title: Its name for people.
        text: What the person is asked to do.
        seconds: How long it is held, s.
        repeats: How often.
        count_down: Seconds in which it is announced before each time.
        tone: Whether a tone sounds when it begins and ends.
        channels: Those that move in it, by which it is found in a recording; none for a rest.
        measures: What is measured in it, in words.
    """

    id: str
    title: str
    text: str
    seconds: float
    repeats: int = 1
    count_down: float = 3.0
    tone: bool = True
    channels: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Protocol:
    """Tasks in their order.

    Attributes:
        id: What it is called.
        title: Its name for people.
        text: What the person is told before it begins.
        tasks: The tasks.
    """

    id: str
    title: str
    text: str
    tasks: tuple[Task, ...]

    @property
    def seconds(self) -> float:
        """How long it takes, s."""
        steps = steps_of(self)
        return steps[-1].end if steps else 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """One time that a task is done, on the clock of its protocol.

    Attributes:
        task: The task.
        number: Which time, from 1.
        announced: When the count-down begins, s.
        start: When the person begins, s.
        end: When they stop, s.
    """

    task: Task
    number: int
    announced: float
    start: float
    end: float


def steps_of(protocol: Protocol) -> tuple[Step, ...]:
    """All tasks with their repeats, one after the other from 0 s on."""
    steps: list[Step] = []
    at = 0.0
    for task in protocol.tasks:
        for number in range(1, task.repeats + 1):
            start = at + task.count_down
            steps.append(Step(task, number, at, start, start + task.seconds))
            at = start + task.seconds
    return tuple(steps)


def task_events(protocol: Protocol, began_s: float, stopped_s: float) -> Events:
    """What was done of a protocol in a recording.

    Args:
        protocol: The protocol.
        began_s: When it began, s of the recording.
        stopped_s: When the recording ended; a task that it cuts short ends there.
    """
    events = []
    for step in steps_of(protocol):
        start, end = began_s + step.start, min(began_s + step.end, stopped_s)
        if end - start >= min(LEAST_DONE_S, step.task.seconds) - 1e-6:
            events.append(Event(TASK, start, end, step.task.id, step.task.title))
    return in_order(events)


def read_protocol(path: Path) -> Protocol:
    """Read and check a protocol's JSON file.

    Raises:
        InputError: It cannot be read, is none, or of a newer program; the sentence says why.
    """
    try:
        content = json.loads(read_plain(path, MOST_BYTES))
        return protocol_of_json(content)
    except OSError as error:
        raise unreadable(path, error) from error
    except json.JSONDecodeError as error:
        raise unusable(path, f"it is no JSON (line {error.lineno})") from error
    except (ValueError, RecursionError) as error:
        raise unusable(path, str(error) or "it is no JSON") from error


def protocol_to_json(protocol: Protocol) -> dict[str, Any]:
    """A protocol as its file, and the session that was recorded by it, keep it."""
    return {"format": FORMAT, "version": VERSION, **asdict(protocol)}


def protocol_of_json(content: object) -> Protocol:
    """Read and check what `protocol_to_json` gives.

    Raises:
        ValueError: It is no protocol; its words go after "it cannot be used:".
    """
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        raise ValueError(f"its format is not '{FORMAT}'")
    if content.get("version") != VERSION:
        raise ValueError("it was written for a newer facedyn")
    rows = content.get("tasks")
    if not isinstance(rows, list | tuple) or not 1 <= len(rows) <= MOST_TASKS:
        raise ValueError(f"it has not 1 to {MOST_TASKS} tasks")
    tasks = []
    for number, row in enumerate(rows, start=1):
        try:
            tasks.append(_task(row))
        except ValueError as error:
            raise ValueError(f"task {number} is wrong: {error}") from error
    texts = _texts(content)
    return Protocol(texts["id"], texts["title"], texts["text"], tuple(tasks))


def _task(row: object) -> Task:
    if not isinstance(row, Mapping):
        raise ValueError("it is no JSON object")  # noqa: TRY004 (of the file)
    texts = _texts(row)
    repeats = _number(row, "repeats", 1, MOST_REPEATS, 1)
    if repeats != int(repeats):
        raise ValueError("'repeats' is no whole number")
    tone = row.get("tone", True)
    if not isinstance(tone, bool):
        raise ValueError("'tone' is neither true nor false")  # noqa: TRY004 (of the file)
    return Task(
        **texts,
        seconds=_number(row, "seconds", LEAST_DONE_S, MOST_SECONDS, None),
        repeats=int(repeats),
        count_down=_number(row, "count_down", 0.0, MOST_COUNT_DOWN, 3.0),
        tone=tone,
        channels=_names(row, "channels"),
        measures=_names(row, "measures"),
    )


def _texts(row: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: row.get(name, "") for name in LONGEST}
    for name, text in texts.items():
        if not isinstance(text, str) or len(text) > LONGEST[name]:
            raise ValueError(f"'{name}' is no text of up to {LONGEST[name]} letters")
    if not texts["id"].strip() or texts["id"] != shown(texts["id"]):
        raise ValueError("'id' is empty or cannot be shown")
    texts["title"] = texts["title"] or texts["id"]
    return {name: shown(text) for name, text in texts.items()}


def _number(
    row: Mapping[str, Any], name: str, least: float, most: float, missing: float | None
) -> float:
    value = row.get(name, missing)
    real = isinstance(value, int | float) and not isinstance(value, bool)
    if not real or not math.isfinite(value) or not least <= value <= most:
        raise ValueError(f"'{name}' is no number from {least:g} to {most:g}")
    return float(value)


def _names(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = row.get(name, ())
    texts: Sequence[Any] = values if isinstance(values, list | tuple) else [None]
    if len(texts) > MOST_TASKS or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"'{name}' is no list of texts")
    return tuple(shown(text[:100]) for text in texts)
