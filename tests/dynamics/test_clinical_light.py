"""Light from one side is told from even light, said in words, and has a floor of its own."""

from __future__ import annotations

import numpy as np
import pytest

from facedyn_app.dynamics.clinical.asymmetry import floors_of, measured_floors
from facedyn_app.dynamics.clinical.change import comparison_doubts
from facedyn_app.dynamics.clinical.how_fitted import LANDMARKS, SKIN
from facedyn_app.dynamics.clinical.light import (
    EVEN,
    NOT_KNOWN,
    ONE_SIDE,
    light_kind,
    light_note,
    light_ratio,
    light_words,
)
from facedyn_app.records import Session
from tests.sessions import resting_session

SECONDS = np.arange(20) / 25.0


def lit(*ratios: float, **given: object) -> Session:
    """A session in whose frames the left side is so many times brighter."""
    values = np.resize(np.array(ratios, np.float32), len(SECONDS))
    return resting_session(SECONDS, light_ratio=values, **given)


def test_the_ratio_is_the_median_over_valid_frames_with_a_face() -> None:
    values = np.resize(np.array([1.5, 1.5, 1.5, np.nan], np.float32), len(SECONDS))
    valid = np.arange(len(SECONDS)) >= 4
    values[~valid] = 9.0
    session = resting_session(SECONDS, valid=valid, light_ratio=values)
    assert light_ratio(session) == pytest.approx(1.5)
    for unknown in (resting_session(SECONDS), lit(np.nan), lit(0.0)):
        assert np.isnan(light_ratio(unknown))


@pytest.mark.parametrize(
    ("ratio", "kind", "words"),
    [
        (1.0, EVEN, "even"),
        (1.21, EVEN, "even"),
        (1 / 1.21, EVEN, "even"),
        (1.6, ONE_SIDE, "left side 1.6 times as bright"),
        (0.5, ONE_SIDE, "right side 2.0 times as bright"),
        (float("nan"), NOT_KNOWN, "not known"),
    ],
)
def test_light_from_one_side_is_told_from_even_light(ratio: float, kind: str, words: str) -> None:
    assert light_kind(ratio) == kind
    assert light_words(ratio) == words


def test_only_light_from_one_side_is_noted() -> None:
    assert "left side 1.6 times as bright" in light_note(lit(1.6))
    assert light_note(lit(1.1)) == light_note(resting_session(SECONDS)) == ""


def test_visits_that_are_lit_from_different_sides_are_named() -> None:
    (doubt,) = comparison_doubts([lit(1.6), lit(1.0), lit(0.5), resting_session(SECONDS)])
    assert "(left side 1.6 times as bright; even; right side 2.0 times as bright)" in doubt
    # twice from the same side, or not known of one of them
    for alike in ([lit(1.6), lit(1.5)], [lit(1.6), resting_session(SECONDS)]):
        assert comparison_doubts(alike) == []


@pytest.mark.parametrize("skin", [False, True])
def test_the_floor_is_that_of_the_light(skin: bool) -> None:
    settings = {"landmarks": {"optical_flow": skin}}
    of_lights = measured_floors()[SKIN if skin else LANDMARKS]
    for ratio, kind in ((1.0, EVEN), (2.0, ONE_SIDE), (np.nan, NOT_KNOWN)):
        assert floors_of(lit(ratio, settings=settings)) == of_lights[kind]
