"""Realism of simulated speakers: whether they differ from each other in what people differ in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from facedyn_app.bench.session_statistics import (
    LEAST_PEOPLE,
    RATE_HZ,
    SessionStatistics,
    median_share,
    person_sums,
    session_statistics,
)
from facedyn_app.errors import InputError, MismatchError, TooLittleError
from facedyn_app.library.database import DATABASE
from facedyn_app.library.importers import Layout, find_recordings
from facedyn_app.library.library import Library
from facedyn_app.recognizer.metrics import Interval
from facedyn_app.records import Session
from facedyn_app.simulate.corpus import simulate_sessions, true_sessions
from facedyn_app.simulate.observation import shipped_observation
from facedyn_app.workflows.recording_content import content_of
from facedyn_app.workflows.recordings import Form, form_of, read_one_kept

MEASURES = tuple(field.name for field in fields(SessionStatistics))
"""The rows of the table, in their order."""

REAL_PEOPLE: Mapping[str, float] = {
    "amplitude": 0.62,
    "speed": 0.70,
    "speed_over_amplitude": 0.52,
    "correlation": 0.40,
    "velocity_correlation": 0.50,
    "autocorrelation": 0.50,
    "skewness": 0.42,
    "asymmetry": 0.14,
}
"""What real people give: the mean of three corpora (a game in action units and in landmarks, 60
people; video calls, 40 people), each of one visit, recordings of 86 to 180 s."""
CLOSE = 0.15
"""A simulation resembles people where no row is farther than this from theirs."""


SpeakerSession = tuple[str, Session]
"""Whose a session is, and the session."""


@dataclass(frozen=True, slots=True)
class Population:
    """Which simulated speakers are measured.

    Attributes:
        seed: Which population.
        n_speakers: Speakers.
        n_sessions: Sessions of each.
        seconds: Length of each session, s.
    """

    seed: int
    n_speakers: int
    n_sessions: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the variance of one measure between sessions is the person's.

    Attributes:
        measure: Name of the statistics, one of `MEASURES`.
        share: ICC(1), the median over channels or pairs; NaN where there is none.
        interval: Its 90 % bootstrap interval over people.
        real: What real people give.
    """

    measure: str
    share: float
    interval: Interval
    real: float

    @property
    def near(self) -> bool:
        """Whether it is as near to people's as is asked of a simulation."""
        return abs(self.share - self.real) <= CLOSE


@dataclass(frozen=True, slots=True)
class Realism:
    """The table of one corpus.

    Attributes:
        n_people: People with two sessions or more.
        n_sessions: Their sessions.
        n_left_out: Sessions left out: of people with one session alone, or without motion.
        n_channels: Channels that move in some session.
        simulated: Whether some of them are simulated.
        shares: A row per measure.
    """

    n_people: int
    n_sessions: int
    n_left_out: int
    n_channels: int
    simulated: bool
    shares: tuple[Share, ...]


def simulated_corpora(population: Population) -> dict[str, Iterator[SpeakerSession]]:
    """The sessions of simulated speakers, by name: as the fit would give them, and their truth."""
    observation = shipped_observation()
    seed, n, seconds = population.seed, population.n_sessions, population.seconds
    speakers = range(population.n_speakers)
    return {
        "as fitted": (
            (str(speaker), session)
            for speaker in speakers
            for session in simulate_sessions(
                speaker, n, seconds, seed=seed, observation=observation
            )
        ),
        "true motion": (
            (str(speaker), session)
            for speaker in speakers
            for session in true_sessions(speaker, n, seconds, seed=seed)
        ),
    }


def stored_sessions(place: Path) -> Iterator[SpeakerSession]:
    """The sessions of a library, or of a folder of session files or other programs' measurements.

    Raises:
        InputError: The place cannot be read or holds no sessions.
    """
    if (place / DATABASE).is_file():
        return _library_sessions(place)
    recordings = find_recordings(place, Layout.FOLDERS, content_of).recordings
    files = [one for one in recordings if form_of(one.path) is not Form.VIDEO]
    if not files:
        raise InputError(
            f"There are no session files or other programs' measurements in '{place}'.",
            "Fit the videos with 'facedyn fit', or name a library.",
        )
    return ((one.speaker, read_one_kept(one.path, None, None)) for one in files)


def _library_sessions(place: Path) -> Iterator[SpeakerSession]:
    with Library.open(place, create=False) as library:
        for entry in library.sessions():
            if entry.speaker is not None:
                yield entry.speaker, library.load(entry)


def measure_realism(
    sessions: Iterable[SpeakerSession], rng: np.random.Generator, rate_hz: float = RATE_HZ
) -> Realism:
    """Share of the variance between sessions that is the person's, measure by measure.

    The sessions are read one after the other and only their statistics are kept.

    Args:
        sessions: Whose each is, and the session; all of one head.
        rng: For the bootstrap over people.
        rate_hz: Rate that the motion is resampled to, Hz.

    Raises:
        MismatchError: The sessions are of several heads, or of other channels.
        TooLittleError: Fewer than three people have two sessions.
    """
    people: list[str] = []
    found: list[SessionStatistics] = []
    first: Session | None = None
    n_read, simulated = 0, False
    for person, session in sessions:
        n_read += 1
        first = first or session
        _check_same_channels(first, session)
        try:
            found.append(session_statistics(session, rate_hz))
        except TooLittleError:
            continue
        people.append(person)
        simulated |= session.simulated
    counts = Counter(people)
    kept = [k for k, person in enumerate(people) if counts[person] > 1]
    people, found = [people[k] for k in kept], [found[k] for k in kept]
    n_people = len(set(people))
    if n_people < LEAST_PEOPLE:
        raise TooLittleError(
            f"{n_people} people have two sessions or more; {LEAST_PEOPLE} are needed to tell "
            "what is the person's.",
            "Take more people, or more recordings of each.",
        )
    moving = np.isfinite([one.amplitude for one in found]).any(axis=0)
    return Realism(
        n_people=n_people,
        n_sessions=len(found),
        n_left_out=n_read - len(found),
        n_channels=int(moving.sum()),
        simulated=simulated,
        shares=tuple(_share(name, found, people, rng) for name in MEASURES),
    )


def _share(
    measure: str, found: list[SessionStatistics], people: list[str], rng: np.random.Generator
) -> Share:
    values = np.stack([getattr(one, measure) for one in found])
    share, spread = median_share(person_sums(values, people), rng)
    return Share(measure, share, spread, REAL_PEOPLE[measure])


def _check_same_channels(first: Session, session: Session) -> None:
    if session.head_id != first.head_id:
        raise MismatchError(
            f"There are sessions of the heads '{first.head_id}' and '{session.head_id}'; "
            "motion is compared within one head.",
            "Keep the sessions of each head in a folder or library of their own.",
        )
    if session.motion.names != first.motion.names:
        raise MismatchError(
            f"Sessions of the head '{first.head_id}' have different channels: "
            f"{len(first.motion.names)} and {len(session.motion.names)}.",
            "Measure them with the same number of expressions.",
        )
