"""`facedyn bench realism`: in what simulated speakers, or a corpus, differ as people do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import number, table
from facedyn_app.progress import OnProgress, Progress

if TYPE_CHECKING:
    from facedyn_app.bench.realism import Realism, SpeakerSession

_HEADS = ("of a session", "people", "share", "interval", "")
_LEGEND = """\
share: of the variance between sessions, the person's (ICC(1), median over channels or pairs), every
channel centred over the session; interval: the middle 90 % over drawings of the people. people:
the mean of three real corpora of one visit each; near: within {close:g} of it."""


def realism(
    place: Annotated[
        Path | None,
        typer.Argument(
            metavar="LIBRARY|FOLDER",
            show_default="the simulated speakers",
            help="A library, or session files in one folder a speaker.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Which simulated population; 1 trains the recognizer.")
    ] = 1,
    speakers: Annotated[int, typer.Option(min=3, help="Simulated speakers.")] = 60,
    sessions: Annotated[int, typer.Option(min=2, help="Sessions of each.")] = 3,
    seconds: Annotated[float, typer.Option(min=5.0, help="Length of each session, s.")] = 86.0,
    rate: Annotated[
        float, typer.Option(min=1.0, help="Motion is resampled to this rate, Hz.")
    ] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Measure how much of what a session shows is the person's, beside what people give."""
    with answering(as_json) as answer:
        import numpy as np

        from facedyn_app.bench.realism import (
            CLOSE,
            Population,
            measure_realism,
            simulated_corpora,
            stored_sessions,
        )

        population = Population(seed, speakers, sessions, seconds)
        if place is None:
            corpora = simulated_corpora(population)
        else:
            corpora = {str(place): stored_sessions(place)}
        found = {
            name: measure_realism(
                _told(name, corpus, answer.on_progress), np.random.default_rng(0), rate
            )
            for name, corpus in corpora.items()
        }
        facts = {
            "rate_hz": rate,
            "population": None if place else asdict(population),
            "corpora": {name: _facts(one) for name, one in found.items()},
        }
        texts = [*(_text(*one) for one in found.items()), _LEGEND.format(close=CLOSE)]
        answer.outcome = Outcome(facts, "\n\n".join(texts))


def _told(
    name: str, sessions: Iterable[SpeakerSession], on_progress: OnProgress
) -> Iterator[SpeakerSession]:
    for k, session in enumerate(sessions):
        on_progress(Progress(name, k))
        yield session


def _facts(one: Realism) -> dict[str, object]:
    shares = {
        row.measure: {
            "share": row.share,
            "interval_90": row.interval,
            "people": row.real,
            "near": row.near,
        }
        for row in one.shares
    }
    return {**asdict(one), "shares": shares}


def _text(name: str, one: Realism) -> str:
    rows = [
        [
            row.measure.replace("_", " "),
            number(row.real),
            number(row.share),
            " to ".join(number(end) for end in row.interval),
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
    return f"{head}\n{table(_HEADS, rows, right=(1, 2, 3))}"
