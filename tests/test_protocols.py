"""Protocols: read, checked, laid out in time, and marked in a recording."""

import json
from pathlib import Path
from typing import Any

import pytest

from facedyn_app.assets import asset_folder
from facedyn_app.errors import InputError
from facedyn_app.events import Event
from facedyn_app.protocols import (
    Protocol,
    Task,
    protocol_of_json,
    protocol_to_json,
    read_protocol,
    steps_of,
    task_events,
)

TWO = Protocol(
    "two",
    "Two tasks",
    "Look here.",
    (Task("rest", "Rest", "Rest.", 4.0), Task("smile", "Smile", "Smile.", 2.0, 2, 1.0)),
)
IDS = (
    "rest", "brow_raise", "eye_closure_gentle", "eye_closure_tight", "smile", "show_teeth",
    "pucker", "lower_lip", "sentence",
)  # fmt: skip


def test_the_protocol_that_comes_along_has_the_nine_tasks() -> None:
    found = read_protocol(asset_folder("resources") / "protocols" / "facial_tasks.json")
    assert tuple(task.id for task in found.tasks) == IDS
    assert all(task.text and task.measures for task in found.tasks)


def test_a_protocol_comes_back_from_its_json() -> None:
    assert protocol_of_json(json.loads(json.dumps(protocol_to_json(TWO)))) == TWO


def test_each_time_is_announced_and_follows_the_one_before() -> None:
    steps = [(one.task.id, one.number, one.announced, one.start, one.end) for one in steps_of(TWO)]
    assert steps == [
        ("rest", 1, 0.0, 3.0, 7.0),
        ("smile", 1, 7.0, 8.0, 10.0),
        ("smile", 2, 10.0, 11.0, 13.0),
    ]
    assert TWO.seconds == 13.0


def test_what_was_done_is_marked_until_the_recording_ends() -> None:
    rest = Event("task", 5.0, 9.0, "rest", "Rest")
    smile = Event("task", 10.0, 12.0, "smile", "Smile")
    assert task_events(TWO, 2.0, 13.2) == (rest, smile)
    assert task_events(TWO, 2.0, 14.0) == (rest, smile, Event("task", 13.0, 14.0, "smile", "Smile"))
    assert task_events(TWO, 2.0, 3.0) == ()


def with_task(**changes: object) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(protocol_to_json(TWO)))
    content["tasks"][0] |= changes
    return content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "format"),
        ({**protocol_to_json(TWO), "version": 2}, "newer"),
        ({**protocol_to_json(TWO), "tasks": []}, "1 to 200 tasks"),
        ({**protocol_to_json(TWO), "tasks": [3]}, "task 1 is wrong: it is no JSON object"),
        (with_task(id=""), "'id' is empty"),
        (with_task(seconds="long"), "'seconds' is no number"),
        (with_task(seconds=1e9), "'seconds' is no number"),
        (with_task(repeats=1.5), "whole number"),
        (with_task(tone=1), "'tone'"),
        (with_task(channels="jawOpen"), "'channels'"),
        (with_task(text="a" * 2000), "'text'"),
    ],
)
def test_what_is_no_protocol_is_refused(tmp_path: Path, content: object, words: str) -> None:
    (tmp_path / "p.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_protocol(tmp_path / "p.json")
