"""`facedyn simulate`: session files of simulated speakers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facedyn_app.cli.output import Outcome
from facedyn_app.files import atomic_folder
from facedyn_app.library.session_file import save_session
from facedyn_app.progress import OnProgress
from facedyn_app.simulate.corpus import write_corpus
from facedyn_app.simulate.observation import shipped_observation
from facedyn_app.workflows.path_checks import check_output_folder


@dataclass(frozen=True, slots=True)
class Corpus:
    """What to make.

    Attributes:
        n_speakers: Speakers.
        n_sessions: Sessions of each.
        seconds: Length of each session, s.
        seed: Which simulated population.
    """

    n_speakers: int
    n_sessions: int
    seconds: float
    seed: int


def simulate_corpus(out: Path, corpus: Corpus, on_progress: OnProgress) -> Outcome:
    """Write a corpus of simulated speakers; the folder appears whole or not at all.

    Args:
        out: The folder: new, or empty.
        corpus: What to make.
        on_progress: Called for each session; may raise Cancelled.

    Raises:
        InputError: The measured model of the fit is missing.
        OutputError: The folder cannot be written or holds something already.
    """
    check_output_folder(out)
    with atomic_folder(out) as unfinished:
        files = write_corpus(
            unfinished,
            corpus.n_speakers,
            corpus.n_sessions,
            corpus.seconds,
            save_session,
            seed=corpus.seed,
            observation=shipped_observation(),
            on_progress=on_progress,
        )
    facts = {
        "folder": out,
        "n_speakers": corpus.n_speakers,
        "n_sessions": corpus.n_sessions,
        "seconds": corpus.seconds,
        "seed": corpus.seed,
        "simulated": True,
        "files": [path.relative_to(unfinished).as_posix() for path in files],
    }
    text = (
        f"written: {len(files)} simulated sessions of {corpus.n_speakers} speakers, "
        f"{corpus.seconds:g} s each, in {out}"
    )
    return Outcome(facts, text)
