"""The verbs for a corpus: import it, train on it, test and study what has been learnt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import (
    DEFAULT_HEAD,
    AsJson,
    Device,
    DeviceName,
    FilmNumber,
    HeadName,
    LibraryFolder,
    MirroredPixels,
    VideoRate,
)
from facedyn_app.cli.verb import Outcome, run_verb
from facedyn_app.errors import InputError
from facedyn_app.library.importers import Layout
from facedyn_app.progress import OnProgress

RecognizerFolder = Annotated[
    Path, typer.Argument(metavar="RECOGNIZER", help="The folder of a trained recognizer.")
]
TestChoice = Annotated[
    str,
    typer.Option(
        "--test-sessions",
        metavar="last|none|N,…",
        help="Which sessions of each speaker are kept for testing, counted from 1.",
    ),
]
KeptTestChoice = Annotated[
    str | None,
    typer.Option(
        "--test-sessions",
        metavar="last|N,…",
        show_default="those kept for it in training, else the last",
        help="Which sessions of each speaker are tested, counted from 1.",
    ),
]
HeadOfSessions = Annotated[
    str | None,
    typer.Option(
        "--head", metavar="ID", show_default="the only one", help="The head of the sessions."
    ),
]
GRU_HELP = "How long a GRU is trained for comparison, minutes; 0 leaves it out."
GruMinutes = Annotated[float, typer.Option("--gru-minutes", min=0.0, help=GRU_HELP)]
LikewiseGruMinutes = Annotated[
    float | None,
    typer.Option(
        "--gru-minutes", min=0.0, show_default="as long as the recognizer was", help=GRU_HELP
    ),
]


def add_corpus_verbs(app: typer.Typer) -> None:
    """Add the verbs of this file to the command line."""
    app.command("import", short_help="Bring a folder of recordings into a library.")(import_)
    app.command("train", short_help="Train a recognizer on a library.")(train)
    app.command("evaluate", short_help="Test a recognizer, with controls and baselines.")(evaluate)
    app.command("calibrate", short_help="Calibrate a recognizer's probabilities.")(calibrate)
    app.command("study", short_help="Tables and figures of a recognizer.")(study)


def import_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="One folder a speaker.")],
    library: LibraryFolder,
    consent: Annotated[
        str,
        typer.Option(
            "--consent", metavar="TEXT", show_default=False, help="Who gave it, when, for what."
        ),
    ] = "",
    layout: Annotated[
        Layout, typer.Option("--layout", help="How the recordings lie in the folder.")
    ] = Layout.AUTO,
    permission: Annotated[
        str,
        typer.Option(
            "--permission",
            metavar="TEXT",
            show_default=False,
            help="What allows the work where the corpus' licence forbids it (CANDOR).",
        ),
    ] = "",
    head: HeadName = DEFAULT_HEAD,
    fps: VideoRate = None,
    stream: FilmNumber = None,
    mirrored: MirroredPixels = False,
    device: DeviceName = Device.AUTO,
    as_json: AsJson = False,
) -> None:
    """Bring a folder of recordings into a library; again, it goes on where it was.

    Recordings are videos, session files, and measurements of other programs: OpenFace, py-feat,
    Live Link Face, MediaPipe's blendshapes, FLAME trackers. --head names the head of videos, and
    the FLAME file of FLAME parameters.
    """

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.importing import Statement, import_folder
        from facedyn_app.cli.recordings import Reading

        statement = Statement(consent, permission)
        reading = Reading(head, device, fps=fps, stream=stream, mirrored=mirrored)
        return import_folder(folder, library, layout, statement, reading, on_progress)

    run_verb(work, as_json=as_json)


def train(
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="RECOGNIZER", help="The new folder.")
    ],
    library: LibraryFolder,
    test_sessions: TestChoice = "last",
    budget_minutes: Annotated[
        float | None,
        typer.Option(min=0.01, show_default="45", help="Most wall time, minutes."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, show_default="the default", help="Most training steps.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Start of every random choice.")] = 0,
    device: DeviceName = Device.AUTO,
    head: HeadOfSessions = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a training that was stopped.")
    ] = False,
    gaze: Annotated[
        bool, typer.Option("--gaze", help="Let it learn from the turns of the eyes, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train a recognizer on the speakers of a library, and test it on sessions kept apart."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.train import Wish, train_on_library

        wish = Wish(test_sessions, budget_minutes, steps, seed, device, head, resume, gaze)
        return train_on_library(library, out, wish, on_progress)

    run_verb(work, as_json=as_json)


def evaluate(
    recognizer: RecognizerFolder,
    library: LibraryFolder,
    test_sessions: KeptTestChoice = None,
    gru_minutes: GruMinutes = 0.0,
    as_json: AsJson = False,
) -> None:
    """Test a recognizer on sessions it was not trained on, beside controls and baselines."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.evaluate import evaluate_on_library

        return evaluate_on_library(recognizer, library, test_sessions, gru_minutes, on_progress)

    run_verb(work, as_json=as_json)


def calibrate(
    recognizer: Annotated[
        Path,
        typer.Argument(
            metavar="RECOGNIZER", help="The folder of a trained recognizer, or 'built-in'."
        ),
    ],
    library: LibraryFolder,
    test_sessions: KeptTestChoice = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="RECOGNIZER",
            show_default="the same folder",
            help="Where the calibrated recognizer goes.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Calibrate a recognizer's probabilities on a library's sessions that it has not seen."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.calibrate import calibrate_on_library
        from facedyn_app.cli.recognizers import BUILT_IN_NAME

        source = None if str(recognizer) == BUILT_IN_NAME else recognizer
        if out is None and source is None:
            raise InputError(
                "The built-in recognizer cannot be changed.", "Name a folder for it with -o."
            )
        place = out or recognizer
        return calibrate_on_library(source, library, place, test_sessions, on_progress)

    run_verb(work, as_json=as_json)


def study(
    recognizer: RecognizerFolder,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="A new folder.")],
    library: LibraryFolder,
    test_sessions: KeptTestChoice = None,
    gru_minutes: LikewiseGruMinutes = None,
    as_json: AsJson = False,
) -> None:
    """Study a recognizer: accuracy against window length, sessions, shape drift; one page."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.study import study_on_library

        return study_on_library(recognizer, library, out, test_sessions, gru_minutes, on_progress)

    run_verb(work, as_json=as_json)
