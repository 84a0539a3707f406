"""Every rule by which a match is believed or not, on simulated sessions."""

import math
from dataclasses import replace

import numpy as np
import pytest

from facedyn_app.dynamics.match_confidence import judge_match, shape_distance
from facedyn_app.records import OF_THE_PROBE, Session
from facedyn_app.settings import TrustSettings
from tests.sessions import resting_session

TRUST = TrustSettings()
N_SHAPE = 20


def made(shape: float = 0.0, seed: int = 0, n_seconds: int = 30, face_px: float = 200.0) -> Session:
    """A good recording of a head whose every shape component is `shape`; noise of 1."""
    n = 25 * n_seconds
    chunks = shape + np.random.default_rng(seed).standard_normal((n_seconds, N_SHAPE))
    return resting_session(
        np.arange(n) / 25.0,
        shape=chunks.mean(axis=0).astype(np.float32),
        shape_chunks=chunks.astype(np.float32),
        shape_chunk_seconds=np.arange(n_seconds) + 0.5,
        face_px=np.full(n, face_px, np.float32),
    )


ENROLLED = (made(seed=1), made(seed=2))


def test_a_good_match_has_no_reasons() -> None:
    found = judge_match(made(), ENROLLED, TRUST, accepted=True)
    assert (found.verdict, found.reasons) == ("good", ())
    assert found.shape_distance < 0.3


def test_shape_distance_is_that_of_the_heads_over_the_noise() -> None:
    # 20 components apart by 2, over the root of 20 variances of 1
    assert shape_distance(made(shape=2.0), ENROLLED) == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize(
    ("probe", "enrolled", "accepted", "verdict", "words"),
    [
        (made(face_px=60.0), ENROLLED, True, "caution", OF_THE_PROBE + "The face is 60 px high"),
        (made(n_seconds=2), ENROLLED, True, "do not use", OF_THE_PROBE),
        (made(), ENROLLED[:1], True, "caution", "One session is enrolled only"),
        (made(), (made(face_px=50.0), made()), True, "caution", "1 of 2 enrolled sessions"),
        (made(), (made(n_seconds=2),) * 2, True, "do not use", "2 of 2 enrolled sessions"),
        (made(), (made(-1.0), made(1.0)), True, "caution", "drifts between the enrolled"),
        (made(shape=4.0), ENROLLED, True, "caution", "motion matches, but the head's shape lies"),
        (made(), ENROLLED, False, "caution", "motion does not match, but the head's shape"),
    ],
)
def test_every_rule_says_its_reason(
    probe: Session, enrolled: tuple[Session, ...], accepted: bool, verdict: str, words: str
) -> None:
    found = judge_match(probe, enrolled, TRUST, accepted=accepted)
    assert found.verdict == verdict
    assert any(words in reason for reason in found.reasons), found.reasons


def test_a_stranger_with_another_face_is_no_disagreement() -> None:
    assert judge_match(made(shape=4.0), ENROLLED, TRUST, accepted=False).verdict == "good"


def test_the_thresholds_are_the_users() -> None:
    strict = replace(TRUST, far_shape=0.5)
    assert judge_match(made(shape=1.0), ENROLLED, TRUST, accepted=True).verdict == "good"
    assert judge_match(made(shape=1.0), ENROLLED, strict, accepted=True).verdict == "caution"


def test_a_session_too_short_for_a_shape_has_no_distance() -> None:
    assert math.isnan(shape_distance(made(n_seconds=1), ENROLLED))
    other_head = replace(made(), shape_chunks=np.zeros((30, 3), np.float32))
    assert math.isnan(shape_distance(other_head, ENROLLED))


def test_what_cannot_be_told_does_not_disagree() -> None:
    for shape in (0.0, 4.0):
        assert judge_match(made(shape=shape), ENROLLED, TRUST, accepted=None).verdict == "good"
