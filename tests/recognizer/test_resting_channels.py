"""Channels that rest: a speaker's habit is told, a measurement that was not made costs nothing."""

from dataclasses import replace

import numpy as np

from facedyn_app.dynamics.features import JAW_NAMES
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.motion_windows import (
    motion_shares,
    moving_channels,
    often_dead,
    resting_by_habit,
    resting_by_nature,
)
from facedyn_app.recognizer.training import train
from facedyn_app.recognizer.trials import LabelledSession
from facedyn_app.records import Session
from tests.recognizer.conftest import (
    NAMES,
    easy_session,
    small_settings,
    with_channels,
    without,
)


def test_what_hardly_moves_rests() -> None:
    rng = np.random.default_rng(0)
    windows = rng.standard_normal((3, 100, 6)) * np.array([1.0, 0.005, 0.0, 1.0, 1.0, 1.0])
    np.testing.assert_array_equal(moving_channels(windows, np.ones(6)), [True, False, False])
    shares = motion_shares(windows, np.array([2.0, 1.0, 0.0, 1.0, 1.0, 1.0]))
    np.testing.assert_allclose(shares, [0.5, 0.005, 0.0], rtol=0.1)


def test_a_habit_is_told_from_chance() -> None:
    """Channels: moves always, rests in two speakers, rests in half of the recordings of each."""
    labels = np.repeat(np.arange(10), 4)
    moving = np.ones((40, 3), dtype=bool)
    moving[labels < 2, 1] = False
    moving[np.arange(40) % 2 == 0, 2] = False
    np.testing.assert_array_equal(resting_by_habit(moving, labels), [False, True, False])
    alone = resting_by_habit(moving[::4], np.arange(10))
    np.testing.assert_array_equal(alone, [False, False, False])


def test_rest_is_told_from_a_gap() -> None:
    """Rests in 4 of 40 whoever is in them; moves little in as many, in 6, in 6 and never rests, in
    1; rests in two speakers."""
    labels = np.repeat(np.arange(10), 4)
    shares = np.ones((40, 5))
    shares[:16:4, :2] = 0.0
    shares[1:17:4, 0] = 0.05
    shares[1:25:4, 1] = 0.05
    shares[1:25:4, 2] = 0.05
    shares[1, 3] = 0.05
    shares[labels < 2, 4] = 0.0
    expected = [False, True, True, False, True]
    np.testing.assert_array_equal(resting_by_nature(shares, labels), expected)


def test_what_is_often_dead_is_left_out_but_never_most() -> None:
    """Dead in every second recording, in every fourth, in one speaker of two; two that move."""
    labels = np.repeat(np.arange(10), 4)
    moving = np.ones((40, 5), dtype=bool)
    moving[::2, 0] = False
    moving[::4, 1] = False
    moving[labels < 5, 2] = False
    np.testing.assert_array_equal(often_dead(moving, labels), [True, *[False] * 4])
    never = np.zeros((40, 1), dtype=bool)
    of_two = np.concatenate([moving[:, [0, 4]], never], axis=1)
    np.testing.assert_array_equal(often_dead(of_two, labels), [True, False, True])
    of_three = np.concatenate([moving[:, [0, 0, 4]], never], axis=1)
    np.testing.assert_array_equal(often_dead(of_three, labels), [False, False, False, True])


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


def test_a_channel_dead_in_half_of_the_training_is_as_if_it_were_not_there() -> None:
    name = NAMES[1]
    pairs = [(speaker, number) for speaker in range(6) for number in range(4)]
    whole = [easy_session(*pair) for pair in pairs]
    half = [without(one, name) if k % 2 else one for k, one in enumerate(whole)]
    lacking = [with_channels(one, (NAMES[0], NAMES[2])) for one in whole]

    def trained(sessions: list[Session]) -> Recognizer:
        items = zip(pairs, sessions, strict=True)
        labelled = [LabelledSession(str(speaker), one) for (speaker, _), one in items]
        return train(iter(labelled), None, small_settings(2))

    found, expected = trained(half), trained(lacking)
    assert found.training["left_out"] == {name: 0.5}
    assert expected.training["left_out"] == {}
    assert found.expression_names == expected.expression_names == (NAMES[0], NAMES[2])
    probe = easy_session(1, 5)
    for session in (probe, without(probe, name)):
        vectors = found.embed(session).vectors
        np.testing.assert_array_equal(vectors, expected.embed(probe).vectors)
