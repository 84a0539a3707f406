import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.recognizer.split import (
    TestSessions,
    held_out_speakers,
    parse_test_sessions,
    split_sessions,
)

SPEAKERS = ["a", "b", "a", "a", "b", "c"]


@pytest.mark.parametrize(
    ("chosen", "tested"),
    [("last", (3, 4)), ("none", ()), ("1", (0, 1)), ("2,3", (2, 3, 4)), ("1,2", (0, 2)), ("9", ())],
)
def test_sessions_are_counted_for_each_speaker(chosen: str, tested: tuple[int, ...]) -> None:
    train, test = split_sessions(SPEAKERS, parse_test_sessions(chosen))
    assert test == tested  # "c" and, with "1,2", "b" would have nothing left to be known by
    assert sorted((*train, *test)) == list(range(6))


@pytest.mark.parametrize("text", ["", "0", "first", "1;2", "-1", "1.5", "²", "1,,2"])
def test_what_is_no_choice_is_said(text: str) -> None:
    with pytest.raises(InputError, match="which sessions"):
        parse_test_sessions(text)


@pytest.mark.parametrize("text", ["last", "none", "1,3"])
def test_a_choice_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_test_sessions(text)) == text
    assert parse_test_sessions(" 3, 1,3 ") == TestSessions(last=False, numbers=(1, 3))


def test_a_tenth_of_the_speakers_is_held_out() -> None:
    speakers = [f"s{k}" for k in range(200) for _ in range(2)] + ["alone"]
    aside = held_out_speakers(speakers, 0.1, np.random.default_rng(0))
    assert len(aside) == 20
    assert "alone" not in aside
    assert aside == held_out_speakers(speakers, 0.1, np.random.default_rng(0))
    assert len(held_out_speakers([*speakers, *speakers], 0.5, np.random.default_rng(0))) == 60


def test_of_few_speakers_none_is_held_out() -> None:
    few = [f"s{k}" for k in range(19) for _ in range(2)]
    assert held_out_speakers(few, 0.1, np.random.default_rng(0)) == frozenset()
    many = [f"s{k}" for k in range(40) for _ in range(2)]
    assert held_out_speakers(many, 0.0, np.random.default_rng(0)) == frozenset()
