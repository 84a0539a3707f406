"""The verbs under `bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.cli.options import AsJson, HeadName, numbers
from facedyn_app.cli.output import Outcome, answering, run_verb
from facedyn_app.progress import OnProgress

WorkFolder = Annotated[
    Path,
    typer.Option("--work", metavar="DIR", help="Where rendered videos are kept for the next time."),
]

Quick = Annotated[bool, typer.Option("--quick", help="A few seconds of video only.")]


app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, add_completion=False)


@app.callback(help="Measure how accurate and how fast the program is on this machine.")
def _nothing() -> None:
    """There is nothing to do for all verbs."""


@app.command()
def accuracy(
    work: WorkFolder,
    heads: Annotated[
        list[str] | None,
        typer.Option("--head", metavar="ID|FILE", show_default=DEFAULT_HEAD, help="May be given."),
    ] = None,
    videos: Annotated[
        list[Path] | None,
        typer.Option("--video", metavar="FILE", show_default=False, help="A real video, too."),
    ] = None,
    quick: Quick = False,
    keep_landmarks: Annotated[
        bool,
        typer.Option("--keep-landmarks", help="Take landmarks found before, to try out the fit."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Film painted heads whose motion is known, measure it from the pixels, and compare."""

    def work_on(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.bench import bench_accuracy

        return bench_accuracy(
            heads or [DEFAULT_HEAD],
            videos or [],
            work,
            quick=quick,
            keep_landmarks=keep_landmarks,
            on_progress=on_progress,
        )

    run_verb(work_on, as_json=as_json)


@app.command()
def fit(quick: Quick = False, as_json: AsJson = False) -> None:
    """Measure the speed of the fit, beside Adam over the batch and scipy frame by frame."""

    def work_on(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.bench_speed import bench_fit

        return bench_fit(quick=quick, on_progress=on_progress)

    run_verb(work_on, as_json=as_json)


@app.command()
def landmarks(work: WorkFolder, quick: Quick = False, as_json: AsJson = False) -> None:
    """Measure the speed of following a face, beside MediaPipe by itself and decoding alone."""

    def work_on(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.bench_speed import bench_landmarks

        return bench_landmarks(work, quick=quick, on_progress=on_progress)

    run_verb(work_on, as_json=as_json)


@app.command()
def live(
    work: WorkFolder,
    video: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default="a rendered one at 30 frames/s",
            help="A video, shown at its own pace.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how long a live picture takes to become a mesh, frame by frame, each when due."""

    def work_on(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.bench_live import bench_live

        return bench_live(work, video, on_progress)

    run_verb(work_on, as_json=as_json)


@app.command()
def memory(
    minutes: Annotated[
        str, typer.Option(metavar="M,…", help="Lengths of the recordings, min.")
    ] = "10,60",
    as_json: AsJson = False,
) -> None:
    """Measure how much memory long recordings of made landmarks take, gathered and fitted."""
    lengths = numbers(minutes)
    if not lengths or min(lengths) <= 0:
        raise typer.BadParameter("lengths above 0 are needed", param_hint="--minutes")

    def work_on(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.bench_speed import bench_memory

        return bench_memory(lengths, on_progress)

    run_verb(work_on, as_json=as_json)


@app.command()
def mirror(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO…", help="The videos.")],
    head: HeadName = DEFAULT_HEAD,
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            show_default="nowhere",
            help="Where the encoded versions are kept for the next time.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure whether a video and its mirror image give mirrored answers."""

    def work_on(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.bench_mirror import bench_mirror

        return bench_mirror(videos, head, work, on_progress)

    run_verb(work_on, as_json=as_json)


@app.command()
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

    def work_on(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.bench_realism import Population, bench_realism

        population = Population(seed, speakers, sessions, seconds)
        return bench_realism(place, population, rate, on_progress)

    run_verb(work_on, as_json=as_json)


@app.command()
def recognizer(as_json: AsJson = False) -> None:
    """Measure how many windows a second the recognizer's network embeds."""

    def work_on(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.bench_recognizer import bench_recognizer

        return bench_recognizer(on_progress)

    run_verb(work_on, as_json=as_json)


@app.command()
def truth(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="The video.")],
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TRUTH.csv",
            help="A row a frame: seconds, ARKit's activations, lengths of the face.",
        ),
    ],
    head: HeadName = DEFAULT_HEAD,
    as_json: AsJson = False,
) -> None:
    """Measure how well a recorded performance is recovered whose true motion is known."""

    def work_on(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.bench_truth import bench_truth

        return bench_truth(video, table, head, on_progress)

    run_verb(work_on, as_json=as_json)


@app.command()
def window(
    context: typer.Context,
    seconds: Annotated[
        float, typer.Option(min=1.0, help="How long each mixture of work is measured, s.")
    ] = 20.0,
    as_json: AsJson = False,
) -> None:
    """Measure how long the window waits while scrubbing, beside a fit and a training."""
    with answering(as_json) as answer:
        from facedyn_app.cli.bench_window import bench_window

        answer.outcome = bench_window(context.obj.measure, seconds, answer.on_progress)
