"""`facedyn simulate`: session files of simulated speakers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import counted
from facedyn_app.workflows.options import SimulatedCorpus

app = verb_app()


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder.")],
    speakers: Annotated[int, typer.Option(min=1, help="Simulated speakers.")] = 10,
    sessions: Annotated[int, typer.Option(min=1, help="Sessions of each.")] = 3,
    seconds: Annotated[float, typer.Option(min=1.0, help="Length of a session, s.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Which simulated population.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Write session files of simulated speakers, for trying out and for measuring."""
    corpus = SimulatedCorpus(speakers, sessions, seconds, seed)
    with answering(as_json) as answer:
        from facedyn_app.workflows.simulate import simulate_corpus

        files = simulate_corpus(out, corpus, answer.on_progress)
        facts = {
            "folder": out,
            "n_speakers": corpus.n_speakers,
            "n_sessions": corpus.n_sessions,
            "seconds": corpus.seconds,
            "seed": corpus.seed,
            "simulated": True,
            "files": files,
        }
        text = (
            f"written: {counted(len(files), 'simulated session')} of "
            f"{counted(corpus.n_speakers, 'speaker')}, "
            f"{corpus.seconds:g} s each, in {out}"
        )
        answer.outcome = Outcome(facts, text)
