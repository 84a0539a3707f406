"""`facedyn simulate`: session files of made speakers."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.cli.places import check_output_folder
from facedyn_app.cli.verb import Outcome
from facedyn_app.errors import OutputError
from facedyn_app.library.session_file import save_session
from facedyn_app.progress import Report
from facedyn_app.simulate.corpus import write_corpus


@dataclass(frozen=True, slots=True)
class Corpus:
    """What to make.

    Attributes:
        n_speakers: Speakers.
        n_sessions: Sessions of each.
        seconds: Length of each session, s.
        seed: Which made population.
    """

    n_speakers: int
    n_sessions: int
    seconds: float
    seed: int


def simulate_corpus(out: Path, corpus: Corpus, report: Report) -> Outcome:
    """Write a corpus of simulated speakers; the folder appears whole or not at all.

    Args:
        out: The folder: new, or empty.
        corpus: What to make.
        report: Called for each session; may raise Cancelled.

    Raises:
        OutputError: The folder cannot be written or holds something already.
    """
    check_output_folder(out)
    if out.exists() and any(out.iterdir()):
        raise OutputError(f"The folder '{out}' holds something already.", "Choose another name.")
    unfinished = out.absolute().with_name(f".{out.absolute().name}.{secrets.token_hex(4)}.part")
    try:
        files = write_corpus(
            unfinished,
            corpus.n_speakers,
            corpus.n_sessions,
            corpus.seconds,
            save_session,
            seed=corpus.seed,
            report=report,
        )
        _rename(unfinished, out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
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
        f"written: {len(files)} simulated sessions of {corpus.n_speakers} made speakers, "
        f"{corpus.seconds:g} s each, in {out}"
    )
    return Outcome(facts, text)


def _rename(unfinished: Path, out: Path) -> None:
    try:
        if out.exists():
            out.rmdir()  # empty, as has been checked; Windows renames over no folder
        unfinished.rename(out)
    except OSError as error:
        raise OutputError(
            f"The folder '{out}' cannot be written: {error.strerror or error}.",
            "Choose another name.",
        ) from error
