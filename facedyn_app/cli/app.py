"""The verbs and their options. What they do is imported when they are called: help is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app import __version__
from facedyn_app.cli import (
    bench_verbs,
    convert_verb,
    export_verb,
    head_verbs,
    recognizer_verbs,
    session_verbs,
    window_verbs,
)
from facedyn_app.cli.corpus_verbs import add_corpus_verbs
from facedyn_app.cli.options import (
    ALL_FACES,
    DEFAULT_HEAD,
    AsJson,
    Device,
    DeviceName,
    Directions,
    FaceNumber,
    FacesChoice,
    FilmNumber,
    HeadName,
    LibraryFolder,
    MirroredMean,
    MirroredPixels,
    OtherHead,
    SpeakerName,
    VideoRate,
)
from facedyn_app.cli.report_verb import PrintPdf, make_report
from facedyn_app.cli.verb import Outcome, run_verb
from facedyn_app.cli.window import MeasureWindow, OpenWindow
from facedyn_app.progress import OnProgress


def make_app(
    open_window: OpenWindow, measure_window: MeasureWindow, print_pdf: PrintPdf
) -> typer.Typer:
    """The command line.

    Args:
        open_window: Opens the window, for the verbs that need it.
        measure_window: Times the window, for `bench window`.
        print_pdf: Prints a page, for `report`.
    """
    app = typer.Typer(
        name="facedyn",
        help="Recognises people by how their faces move, and says how far to believe it.",
        epilog="For research use, not a medical device. Nothing is sent anywhere.",
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(invoke_without_command=True)
    def start(
        context: typer.Context,
        _version: Annotated[
            bool, typer.Option("--version", is_eager=True, callback=_show_version)
        ] = False,
    ) -> None:
        context.obj = open_window
        if context.invoked_subcommand is None:
            window_verbs.open_empty(open_window)

    app.command("gui", cls=window_verbs.CameraCommand)(window_verbs.gui)
    app.command("demo", short_help="Recognise simulated speakers.")(window_verbs.demo)
    app.command("fit", short_help="Fit a head to a video, write a session file.")(fit)
    app.command("enrol", short_help="Enrol a speaker with recordings, by consent.")(enrol)
    app.command("identify", short_help="Who is it? Rank the enrolled speakers.")(identify)
    app.command("verify", short_help="Is it this speaker?")(verify)
    app.command("dnr", short_help="Does the head shape drift? The drift-to-noise ratio.")(dnr)
    app.command("convert", short_help="Make a session of another program's measurement.")(
        convert_verb.convert
    )
    app.command("export", short_help="Write a table, film or meshes.")(export_verb.export)
    app.command("report", short_help="Write a report to print.")(make_report(print_pdf))
    app.add_typer(head_verbs.make_heads_app(), name="heads")
    app.add_typer(recognizer_verbs.make_recognizers_app(), name="recognizers")
    app.add_typer(session_verbs.make_sessions_app(), name="sessions")
    app.add_typer(bench_verbs.make_bench_app(measure_window), name="bench")
    app.command("simulate", short_help="Write session files of simulated speakers.")(simulate)
    add_corpus_verbs(app)
    app.command("selftest", short_help="Try every stage in less than a minute.")(selftest)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"facedyn {__version__}")
        raise typer.Exit


def fit(
    video: Annotated[Path, typer.Argument(metavar="VIDEO")],
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="SESSION.npz", help="The session file.")
    ],
    head: HeadName = DEFAULT_HEAD,
    n_shape: Directions = 0,
    n_expression: Directions = 0,
    device: DeviceName = Device.AUTO,
    face: FacesChoice = 0,
    mirrored_mean: MirroredMean = False,
    fps: VideoRate = None,
    stream: FilmNumber = None,
    mirrored: MirroredPixels = False,
    as_json: AsJson = False,
) -> None:
    """Follow a face through a video, fit a head to it, write a session file."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.fit import fit_video
        from facedyn_app.cli.fit_faces import fit_every_face
        from facedyn_app.cli.recordings import Reading

        one = max(face, 0)
        reading = Reading(
            head,
            device,
            one,
            n_shape,
            n_expression,
            mirrored_mean,
            fps=fps,
            stream=stream,
            mirrored=mirrored,
        )
        fit_those = fit_every_face if face == ALL_FACES else fit_video
        return fit_those(video, out, reading, on_progress)

    run_verb(work, as_json=as_json)


def enrol(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    recordings: Annotated[list[Path], typer.Argument(metavar="RECORDING")],
    library: LibraryFolder,
    consent: Annotated[
        str,
        typer.Option(
            "--consent",
            metavar="TEXT",
            show_default=False,
            help="Who gave it, when, for what. Without it nobody new is enrolled.",
        ),
    ] = "",
    head: HeadName = DEFAULT_HEAD,
    device: DeviceName = Device.AUTO,
    face: FaceNumber = 0,
    fps: VideoRate = None,
    stream: FilmNumber = None,
    mirrored: MirroredPixels = False,
    as_json: AsJson = False,
) -> None:
    """Enrol a speaker with recordings, by consent: videos, sessions, other programs' tables."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.people import enrol_recordings
        from facedyn_app.cli.recordings import Reading

        reading = Reading(head, device, face, fps=fps, stream=stream, mirrored=mirrored)
        return enrol_recordings(name, recordings, library, consent, reading, on_progress)

    run_verb(work, as_json=as_json)


RecognizerFolder = Annotated[
    Path | None,
    typer.Option(
        "--recognizer",
        metavar="DIR",
        show_default="the active one of the library",
        help="The folder of a trained recognizer.",
    ),
]


def identify(
    recordings: Annotated[list[Path], typer.Argument(metavar="RECORDING…")],
    library: LibraryFolder,
    top: Annotated[int, typer.Option("--top", min=1, help="Most matches to show.")] = 5,
    recognizer: RecognizerFolder = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="SCORES.csv",
            show_default="(none)",
            help="A table of every recording against every speaker.",
        ),
    ] = None,
    head: OtherHead = None,
    device: DeviceName = Device.AUTO,
    face: FaceNumber = 0,
    fps: VideoRate = None,
    stream: FilmNumber = None,
    mirrored: MirroredPixels = False,
    as_json: AsJson = False,
) -> None:
    """Who is it? Rank the enrolled speakers for videos, sessions, other programs' tables."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.asking import identify_recordings
        from facedyn_app.cli.recordings import Reading

        reading = Reading(head, device, face, fps=fps, stream=stream, mirrored=mirrored)
        return identify_recordings(recordings, library, top, recognizer, reading, out, on_progress)

    run_verb(work, as_json=as_json)


def verify(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    recording: Annotated[Path, typer.Argument(metavar="RECORDING")],
    library: LibraryFolder,
    recognizer: RecognizerFolder = None,
    head: OtherHead = None,
    device: DeviceName = Device.AUTO,
    face: FaceNumber = 0,
    fps: VideoRate = None,
    stream: FilmNumber = None,
    mirrored: MirroredPixels = False,
    as_json: AsJson = False,
) -> None:
    """Is it this speaker? Same, not the same, or cannot be told."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.asking import verify_recording
        from facedyn_app.cli.recordings import Reading

        reading = Reading(head, device, face, fps=fps, stream=stream, mirrored=mirrored)
        return verify_recording(name, recording, library, recognizer, reading, on_progress)

    run_verb(work, as_json=as_json)


def dnr(
    library: LibraryFolder,
    speaker: SpeakerName = None,
    as_json: AsJson = False,
) -> None:
    """Does the head shape drift? The drift-to-noise ratio (DNR) of the speakers' sessions."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.people import measure_speakers

        return measure_speakers(library, speaker, on_progress)

    run_verb(work, as_json=as_json)


def simulate(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder.")],
    speakers: Annotated[int, typer.Option(min=1, help="Made speakers.")] = 10,
    sessions: Annotated[int, typer.Option(min=1, help="Sessions of each.")] = 3,
    seconds: Annotated[float, typer.Option(min=1.0, help="Length of a session, s.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Which made population.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Write session files of simulated speakers, for trying out and for measuring."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.simulate import Corpus, simulate_corpus

        return simulate_corpus(out, Corpus(speakers, sessions, seconds, seed), on_progress)

    run_verb(work, as_json=as_json)


def selftest(as_json: AsJson = False) -> None:
    """Try every stage on a small scale, in less than a minute, and say what was done."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.selftest import test_all_stages

        return test_all_stages(on_progress)

    run_verb(work, as_json=as_json)
