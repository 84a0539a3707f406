"""Events: checked, and kept to the millisecond."""

import json
import math
from typing import Any

import pytest

from facedyn_app.events import (
    LONGEST_NAME,
    MOST_EVENTS,
    Event,
    events_of_json,
    events_to_json,
)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((("note", math.nan, 1.0)), "no numbers"),
        ((("note", 0.0, math.inf)), "no numbers"),
        ((("note", 0.0, 1e9)), "no numbers"),
        ((("note", 2.0, 1.0)), "before it begins"),
        ((("", 0.0, 1.0)), "kind is empty"),
        ((("a@b", 0.0, 1.0)), "'@'"),
        ((("note", 0.0, 1.0, "", "", "both")), "side"),
    ],
)
def test_what_is_no_event_is_refused(values: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Event(*values)


def test_long_and_acting_texts_are_cut_and_made_visible() -> None:
    event = Event("note", 0.0, 0.0, "a" * 500 + "\n", " one\r\ntwo\x1b[2J\ufffe ")
    assert event.name == "a" * LONGEST_NAME
    assert event.text == "one\ntwo\\x1b[2J"


def test_json_gives_back_what_it_was_given_in_the_order_of_time() -> None:
    events = (
        Event("exclude", 0.0333667, 0.0667),
        Event("task", 1.0, 2.5, "smile", "as wide\nas they can", "left"),
    )
    stored = json.loads(json.dumps(events_to_json(events)))
    assert stored[0] == {"kind": "exclude", "start": 0.033, "end": 0.067}
    assert events_of_json(list(reversed(stored))) == events


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ({}, "no list"),
        ([3], "event 1 is wrong: it is no JSON object"),
        ([{"kind": "note"}], "no numbers"),
        ([{"kind": "note", "start": True, "end": 1}], "no numbers"),
        ([{"kind": "note", "start": 10**400, "end": 1}], "no numbers"),
        ([{"kind": 3, "start": 0, "end": 1}], "a text of it is none"),
        ([{"kind": "note", "start": 0.0}] * (MOST_EVENTS + 1), "at most"),
    ],
)
def test_what_is_no_list_of_events_is_refused(stored: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        events_of_json(stored)
