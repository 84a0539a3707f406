"""What of a session is the person's: real corpora, and what cannot be measured."""

from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.realism import MEASURES, REAL_PEOPLE, measure_realism
from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.library.session_file import load_session
from facedyn_app.simulate.corpus import NO_VARIATION, simulate_sessions, true_sessions
from facedyn_app.simulate.observation import shipped_observation
from tests.sessions import altered


def test_real_landmarks_give_what_they_gave_elsewhere(shared: Path) -> None:
    """The numbers beside are of other people of the same corpus."""
    folder = shared / "corpora" / "react_landmarks"
    if not folder.is_dir():
        pytest.skip("the real tracks are absent from ../shared")
    sessions = ((p.parent.name, load_session(p)) for p in sorted(folder.glob("*/*.npz")))
    found = measure_realism(sessions, np.random.default_rng(0))
    assert (found.n_people, found.n_sessions, found.n_left_out) == (42, 154, 3)
    assert found.n_channels == 16
    assert not found.simulated
    elsewhere = (0.56, 0.77, 0.48, 0.37, 0.56, 0.47, 0.36, 0.12)
    assert [row.share for row in found.shares] == pytest.approx(elsewhere, abs=0.1)
    assert all(row.near for row in found.shares)


def test_simulated_speakers_differ_as_people_do() -> None:
    """A population that was first simulated when the constants stood; as the fit would see it."""
    observation = shipped_observation()
    sessions = (
        (str(speaker), session)
        for speaker in range(40)
        for session in simulate_sessions(speaker, 3, 86.0, seed=33, observation=observation)
    )
    found = measure_realism(sessions, np.random.default_rng(0))
    assert found.simulated
    assert [row.measure for row in found.shares if not row.near] == []


def test_without_individuality_nothing_is_the_speakers() -> None:
    sessions = (
        (str(speaker), session)
        for speaker in range(12)
        for session in simulate_sessions(
            speaker, 2, 30.0, seed=5, individuality=0.0, variation=NO_VARIATION
        )
    )
    found = measure_realism(sessions, np.random.default_rng(0))
    assert max(abs(row.share) for row in found.shares) < 0.15


def test_sessions_that_cannot_be_compared() -> None:
    rng = np.random.default_rng(0)
    one, two = true_sessions(0, 2, 5.0)
    other_head = altered(two, head_id="other")
    with pytest.raises(MismatchError, match="other"):
        measure_realism([("a", one), ("a", other_head)], rng)
    fewer = altered(two, expression=two.motion.expression[:, :3], names=two.motion.names[:3])
    with pytest.raises(MismatchError, match="3"):
        measure_realism([("a", one), ("a", fewer)], rng)
    with pytest.raises(TooLittleError, match="1 people"):
        measure_realism([("a", one), ("a", two), ("b", one)], rng)


def test_the_rows_are_those_of_real_people() -> None:
    assert tuple(REAL_PEOPLE) == MEASURES
