"""Task proposals: bursts of the tasks' channels are found in the protocol's order."""

from dataclasses import replace

import numpy as np
import pytest

from facedyn_app.dynamics.task_proposal import Burst, best_order, propose_tasks
from facedyn_app.events import Event
from facedyn_app.protocols import Protocol, Task
from facedyn_app.records import Session
from tests.sessions import resting_session

NAMES = ("eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight", "mouthPucker")
PROTOCOL = Protocol(
    "three",
    "Three",
    "",
    (
        Task("rest", "Rest", "", 3.0),
        Task("eye_closure_gentle", "Eyes", "", 2.0, channels=NAMES[:2]),
        Task("smile", "Smile", "", 2.0, 2, channels=NAMES[2:4]),
        Task("pucker", "Pucker", "", 2.0, channels=NAMES[4:]),
    ),
)
DONE = (("rest", 1.5, 4.5), ("eye_closure_gentle", 5.0, 7.0), ("smile", 9.0, 11.0),
        ("smile", 13.0, 15.0), ("pucker", 17.0, 19.0))  # fmt: skip


@pytest.fixture
def session() -> Session:
    """Tasks one after another, blinks between them, a pucker out of turn before them."""
    seconds = np.arange(630) / 30.0
    rng = np.random.default_rng(0)
    expression = 0.02 * rng.random((len(seconds), 5))
    columns = {"eye_closure_gentle": [0, 1], "smile": [2, 3], "pucker": [4]}
    for name, start, end in DONE[1:]:
        inside = (seconds >= start) & (seconds <= end)
        expression[:, columns[name]] += 0.7 * inside[:, None]
    for blink in (2.0, 8.0, 12.0, 16.0):
        inside = (seconds >= blink) & (seconds <= blink + 0.2)
        expression[:, :2] += 0.8 * inside[:, None]
    return resting_session(seconds, names=NAMES, expression=expression.astype(np.float32))


def test_tasks_are_found_where_they_were_done(session: Session) -> None:
    events = propose_tasks(session, PROTOCOL)
    assert [(one.kind, one.name) for one in events] == [("proposed", name) for name, _, _ in DONE]
    for event, (_, start, end) in zip(events, DONE, strict=True):
        assert event.start == pytest.approx(start, abs=0.15)
        assert event.end == pytest.approx(end, abs=0.15)


def test_a_task_that_was_not_done_is_left_out(session: Session) -> None:
    still = session.motion.expression.copy()
    still[:, 4] = 0.0
    without = replace(session, motion=replace(session.motion, expression=still))
    names = [event.name for event in propose_tasks(without, PROTOCOL)]
    assert names == ["rest", "eye_closure_gentle", "smile", "smile"]


def test_excluded_frames_and_other_channels_propose_nothing(session: Session) -> None:
    excluded = replace(session, events=(Event("exclude", 8.5, 15.5),))
    names = [event.name for event in propose_tasks(excluded, PROTOCOL)]
    assert names == ["rest", "eye_closure_gentle", "pucker"]
    renamed = replace(session, motion=replace(session.motion, names=tuple("abcde")))
    assert propose_tasks(renamed, PROTOCOL) == ()


def test_the_order_of_most_worth_is_taken() -> None:
    early, late, best = Burst(0.0, 1.0, 0.2), Burst(5.0, 6.0, 0.3), Burst(4.0, 5.5, 0.9)
    assert best_order([[early, late], [best]]) == [early, best]
    assert best_order([[late], [best]]) == [None, best]
    assert best_order([[late], [Burst(1.0, 2.0, 0.1)]]) == [late, None]
    assert best_order([]) == []
