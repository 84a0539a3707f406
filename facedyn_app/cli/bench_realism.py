"""`facedyn bench realism`: what of a session is the person's, simulated and real, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from facedyn_app.bench.realism import CLOSE, Realism, measure_realism
from facedyn_app.cli.output import Outcome, number, table
from facedyn_app.errors import InputError
from facedyn_app.library.database import is_library
from facedyn_app.library.importers import Layout, find_recordings
from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import Session
from facedyn_app.simulate.corpus import simulate_sessions, true_sessions
from facedyn_app.simulate.observation import shipped_observation
from facedyn_app.workflows.recordings import Form, form_of, read_one_kept, track_kind

_LEGEND = f"""\
share: of the variance between sessions, the person's (ICC(1), median over channels or pairs), every
channel centred over the session; interval: the middle 90 % over drawings of the people. people:
the mean of three real corpora of one visit each; near: within {CLOSE:g} of it."""


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


def bench_realism(
    place: Path | None, population: Population, rate_hz: float, on_progress: OnProgress
) -> Outcome:
    """Measure in what the people of a corpus differ, or in what the simulated speakers do.

    Args:
        place: A library, or a folder of session files or other programs' measurements; None for the
            simulated speakers, as the fit would give them and as they truly move.
        population: Which simulated speakers.
        rate_hz: Rate that all motion is resampled to, Hz.
        on_progress: Told of every session; may raise Cancelled.

    Raises:
        InputError: The place cannot be read or holds no sessions.
        MismatchError: The sessions are of several heads.
        TooLittleError: Too few people have two sessions.
    """
    corpora = _simulated(population) if place is None else {str(place): _sessions(place)}
    found = {
        name: measure_realism(_told(name, sessions, on_progress), np.random.default_rng(0), rate_hz)
        for name, sessions in corpora.items()
    }
    facts = {
        "rate_hz": rate_hz,
        "population": None if place is not None else asdict(population),
        "corpora": {name: _facts(one) for name, one in found.items()},
    }
    return Outcome(facts, "\n\n".join([*(_text(*one) for one in found.items()), _LEGEND]))


def _simulated(population: Population) -> dict[str, Iterator[tuple[str, Session]]]:
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


def _sessions(place: Path) -> Iterator[tuple[str, Session]]:
    """Whose each session of a library or folder is, and the session."""
    if is_library(place):
        return _of_library(place)
    recordings = find_recordings(place, Layout.FOLDERS, track_kind).recordings
    files = [one for one in recordings if form_of(one.path) is not Form.VIDEO]
    if not files:
        raise InputError(
            f"There are no session files or other programs' measurements in '{place}'.",
            "Fit the videos with 'facedyn fit', or name a library.",
        )
    return ((one.speaker, read_one_kept(one.path, None, None)) for one in files)


def _of_library(place: Path) -> Iterator[tuple[str, Session]]:
    with Library.open(place, create=False) as library:
        for entry in library.sessions():
            if entry.speaker is not None:
                yield entry.speaker, library.load(entry)


def _told(
    name: str, sessions: Iterator[tuple[str, Session]], on_progress: OnProgress
) -> Iterator[tuple[str, Session]]:
    for k, session in enumerate(sessions):
        on_progress(Progress(name, k))
        yield session


def _facts(one: Realism) -> dict[str, object]:
    facts = asdict(one)
    facts["shares"] = {
        row.measure: {
            "share": row.share,
            "interval_90": row.interval,
            "people": row.real,
            "near": row.near,
        }
        for row in one.shares
    }
    return facts


def _text(name: str, one: Realism) -> str:
    rows = [
        [
            row.measure.replace("_", " "),
            number(row.real),
            number(row.share),
            f"{number(row.interval[0])} to {number(row.interval[1])}",
            "near" if row.near else "",
        ]
        for row in one.shares
    ]
    kind = "simulated people" if one.simulated else "people"
    left_out = f"; {one.n_left_out} sessions left out" if one.n_left_out else ""
    head = (
        f"{name}: {one.n_people} {kind}, {one.n_sessions} sessions, "
        f"{one.n_channels} channels that move{left_out}"
    )
    heads = ("of a session", "people", "share", "interval", "")
    return f"{head}\n{table(heads, rows, right=(1, 2, 3))}"
