"""What the workflows' tests share: simulated speakers, and a library of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedyn_app.library.library import Library
from facedyn_app.records import Session
from facedyn_app.simulate.corpus import simulate_sessions

SPEAKERS = ("simulated 0", "simulated 1", "simulated 2")
CONSENT = "simulated, no consent needed"


def simulated(speaker: int, n_sessions: int, seconds: float = 12.0) -> list[Session]:
    return list(simulate_sessions(speaker, n_sessions, seconds, seed=9))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library of three simulated speakers, two sessions each."""
    place = tmp_path / "library"
    with Library.open(place) as library:
        for speaker, name in enumerate(SPEAKERS):
            for session in simulated(speaker, 2):
                library.enrol(name, session, CONSENT)
    return place
