"""Channels that rest: a speaker's habit is told, a measurement that was not made costs nothing."""

from dataclasses import replace

import numpy as np

from facedyn_app.dynamics.features import JAW_NAMES
from facedyn_app.recognizer.motion_windows import moving_channels, resting_by_habit
from facedyn_app.recognizer.training import train
from facedyn_app.recognizer.trials import LabelledSession
from facedyn_app.records import Session
from tests.recognizer.conftest import NAMES, easy_session, small_settings
from tests.sessions import altered


def test_what_hardly_moves_rests() -> None:
    rng = np.random.default_rng(0)
    windows = rng.standard_normal((3, 100, 6)) * np.array([1.0, 0.005, 0.0, 1.0, 1.0, 1.0])
    np.testing.assert_array_equal(moving_channels(windows, np.ones(6)), [True, False, False])


def test_a_habit_is_told_from_chance() -> None:
    """Channels: moves always, rests in two speakers, rests in half of the recordings of each."""
    labels = np.repeat(np.arange(10), 4)
    moving = np.ones((40, 3), dtype=bool)
    moving[labels < 2, 1] = False
    moving[np.arange(40) % 2 == 0, 2] = False
    np.testing.assert_array_equal(resting_by_habit(moving, labels), [False, True, False])
    alone = resting_by_habit(moving[::4], np.arange(10))
    np.testing.assert_array_equal(alone, [False, False, False])


def without(session: Session, name: str) -> Session:
    """The session with a channel that never leaves 0."""
    still = session.motion.expression.copy()
    still[:, session.motion.names.index(name)] = 0.0
    return altered(session, expression=still)


def test_a_channel_dead_in_one_session_does_not_part_it_from_the_others() -> None:
    sessions = [
        LabelledSession(str(speaker), easy_session(speaker, number))
        for speaker in range(8)
        for number in range(3)
    ]
    recognizer = train(iter(sessions), None, small_settings(1))
    assert recognizer.backend.resting.shape == (len(NAMES) + len(JAW_NAMES),)
    assert not recognizer.backend.resting.any()
    whole = recognizer.embed(easy_session(1, 5)).vectors
    dead = recognizer.embed(without(easy_session(1, 5), NAMES[2])).vectors
    believed = replace(
        recognizer, backend=replace(recognizer.backend, resting=np.ones(6, dtype=bool))
    )
    rested = believed.embed(without(easy_session(1, 5), NAMES[2])).vectors
    n_described = recognizer.backend.sizes[0]
    gaps = [np.abs(other - whole)[:, :n_described].mean() for other in (dead, rested)]
    assert gaps[0] < 0.5 * gaps[1]
