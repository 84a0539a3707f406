"""Session files of simulated speakers, for trying out and for measuring."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.files import atomic_folder
from facedyn_app.library.session_file import save_session
from facedyn_app.path_checks import check_output_folder
from facedyn_app.progress import OnProgress
from facedyn_app.simulate.corpus import write_corpus
from facedyn_app.simulate.observation import shipped_observation
from facedyn_app.workflows.options import SimulatedCorpus


def simulate_corpus(out: Path, corpus: SimulatedCorpus, on_progress: OnProgress) -> tuple[str, ...]:
    """Write a corpus of simulated speakers; the folder appears whole or not at all.

    Returns the files' paths within the folder.

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
    return tuple(path.relative_to(unfinished).as_posix() for path in files)
