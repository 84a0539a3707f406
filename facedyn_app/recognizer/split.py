"""Split of sessions and speakers into training, validation and test: no session twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.errors import InputError

LAST, NONE = "last", "none"

FEWEST_HELD_OUT, MOST_HELD_OUT = 4, 60
"""Speakers held out at least, if any, and at most: more make every validation long, not better."""

FEWEST_TO_SHARE = 20
"""With fewer speakers than this none is held out: training needs them all."""


@dataclass(frozen=True, slots=True)
class TestSessions:
    """Choice of the sessions of a speaker that are kept for testing.

    Attributes:
        last: Whether it is the last one.
        numbers: Otherwise which ones, counted from 1 in the order of recording.
    """

    __test__ = False  # the name is the field's; pytest shall not collect it

    last: bool
    numbers: tuple[int, ...] = ()

    def __str__(self) -> str:
        return LAST if self.last else ",".join(map(str, self.numbers)) or NONE


def parse_test_sessions(text: str) -> TestSessions:
    """Read "last", "none", or numbers from 1 with commas between them.

    Raises:
        InputError: It is something else.
    """
    plain = text.strip().lower()
    if plain in (LAST, NONE):
        return TestSessions(plain == LAST)
    parts = [part.strip() for part in plain.split(",")]
    if not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise InputError(
            f"'{text}' does not say which sessions are for testing.",
            "Write 'last', 'none', or numbers from 1 with commas between them, such as '2,3'.",
        )
    return TestSessions(False, tuple(sorted({int(part) for part in parts})))


def split_sessions(
    speakers: Sequence[str], chosen: TestSessions
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Divide sessions between training and testing.

    A speaker all of whose sessions would be tested keeps them for training: there would be
    nothing to know them by.

    Args:
        speakers: The speaker of each session; those of one speaker in the order of recording.
        chosen: Which are for testing.

    Returns:
        Numbers of the sessions for training, and of those for testing, both ascending.
    """
    own: dict[str, list[int]] = {}
    for index, name in enumerate(speakers):
        own.setdefault(name, []).append(index)
    tested: set[int] = set()
    for sessions in own.values():
        wanted = (len(sessions),) if chosen.last else chosen.numbers
        picked = {sessions[k - 1] for k in wanted if k <= len(sessions)}
        if len(picked) < len(sessions):
            tested |= picked
    train = tuple(k for k in range(len(speakers)) if k not in tested)
    return train, tuple(sorted(tested))


def held_out_speakers(
    speakers: Sequence[str], share: float, rng: np.random.Generator
) -> frozenset[str]:
    """Validation speakers, whose training sessions choose the weights instead of training.

    Only who has two sessions or more can be one. With few speakers, or a share of 0, nobody is.

    Args:
        speakers: The speaker of each training session.
        share: Of the speakers, 0..0.5.
        rng: Source of randomness.
    """
    names = sorted(set(speakers))
    able = [name for name in names if speakers.count(name) >= 2]
    wanted = round(min(0.5, share) * len(able))
    if len(able) < FEWEST_TO_SHARE or share <= 0.0:
        return frozenset()
    wanted = min(max(wanted, FEWEST_HELD_OUT), MOST_HELD_OUT)
    return frozenset(able[k] for k in rng.permutation(len(able))[:wanted])
