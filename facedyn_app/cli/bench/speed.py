"""`facedyn bench fit`, `landmarks`, `recognizer`, `memory`: speed and memory of the stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.cli.bench import Quick, WorkFolder, cells, make_work_folder
from facedyn_app.cli.options import AsJson, numbers
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import NONE, number, table

if TYPE_CHECKING:
    from facedyn_app.bench.speed import ForwardSpeed, Speed
    from facedyn_app.settings import Settings

_SPEED_HEADS = ("way", "device", "frames", "frames/s", "program is x times", "cost above least %")
_AGREEMENT_HEADS = ("most faces", "frames of both", "points apart/% of face", "scores r")
_MEMORY_HEADS = ("minutes", "frames", "gathered/MiB", "fitted/MiB")
_NETWORK_HEADS = ("windows/s", "network", "torch encoder, its steps", "torch encoder, all frames")


def fit(quick: Quick = False, as_json: AsJson = False) -> None:
    """Measure the speed of the fit, beside Adam over the batch and scipy frame by frame."""
    with answering(as_json) as answer:
        from facedyn_app.bench.fit_speed import measure_fit_speed
        from facedyn_app.settings import Settings
        from facedyn_app.workflows.heads import ready_head

        head, settings = ready_head(DEFAULT_HEAD), Settings()
        found = measure_fit_speed(head, settings.fit, quick=quick, on_progress=answer.on_progress)
        answer.outcome = _speeds(found, settings)


def landmarks(
    work: WorkFolder,
    video: Annotated[
        Path | None,
        typer.Option(metavar="FILE", show_default="a rendered one", help="A video of a face."),
    ] = None,
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Measure how fast a face is followed, and how far the program's own and MediaPipe's agree."""
    with answering(as_json) as answer:
        from facedyn_app.bench.engine_agreement import measure_engine_agreement
        from facedyn_app.bench.speed import landmark_film, measure_landmark_speed
        from facedyn_app.settings import LandmarkSettings, Settings
        from facedyn_app.workflows.heads import quiet_drawing, ready_head

        if video is None:
            quiet_drawing()
            make_work_folder(work)
            head = ready_head(DEFAULT_HEAD)
            video = landmark_film(head, work, quick=quick, on_progress=answer.on_progress)
        speeds = _speeds(measure_landmark_speed(video, answer.on_progress), Settings())
        found = [
            measure_engine_agreement(video, max_faces, answer.on_progress)
            for max_faces in (LandmarkSettings().max_faces, 1)
        ]
        rows = [
            [str(one.max_faces), str(one.n_both), *cells(one, points_percent=2, scores_r=4)]
            for one in found
        ]
        text = table(_AGREEMENT_HEADS, rows, right=(0, 1, 2, 3))
        facts = {**speeds.facts, "engines": [asdict(one) for one in found]}
        answer.outcome = Outcome(facts, f"{speeds.text}\n\nengines bundle and mediapipe\n{text}")


def _speeds(found: Sequence[Speed], settings: Settings) -> Outcome:
    """Frames a second of each way, and how many times as fast the program's best is."""
    best = max(one.frames_per_second for one in found if one.own)
    rows = [
        (
            one.what,
            one.device,
            str(one.n_frames),
            _rate(one.frames_per_second),
            NONE if one.own else _rate(best / one.frames_per_second),
            number(one.excess_percent),
        )
        for one in found
    ]
    text = table(_SPEED_HEADS, rows, right=(2, 3, 4, 5))
    ways = [{**asdict(one), "frames_per_second": one.frames_per_second} for one in found]
    return Outcome({"settings": asdict(settings), "ways": ways}, text)


def _rate(value: float) -> str:
    return number(value, 0 if value >= 10 else 2)


def recognizer(as_json: AsJson = False) -> None:
    """Measure how many windows a second the recognizer's network embeds."""
    with answering(as_json) as answer:
        import torch

        from facedyn_app.bench.speed import measure_forward
        from facedyn_app.settings import NetworkSettings

        devices = ["cpu", *(f"cuda:{k}" for k in range(torch.cuda.device_count()))]
        sizes = NetworkSettings()
        found = [
            measure_forward(sizes, device=device, on_progress=answer.on_progress)
            for device in devices
        ]
        rows = [[_device(one), *cells(one, network=0, transformer=0, full_rate=0)] for one in found]
        what = f"{found[0].n_windows} windows of {found[0].n_frames} frames"
        facts = {"network": asdict(sizes), "speeds": [asdict(one) for one in found]}
        answer.outcome = Outcome(facts, f"{what}\n{table(_NETWORK_HEADS, rows, right=(1, 2, 3))}")


def _device(speed: ForwardSpeed) -> str:
    return f"{speed.n_threads} CPU threads" if speed.device == "cpu" else speed.device


def memory(
    minutes: Annotated[
        str, typer.Option(metavar="M,…", help="Lengths of the recordings, min.")
    ] = "10,60",
    as_json: AsJson = False,
) -> None:
    """Measure how much memory long recordings of simulated landmarks take, gathered and fitted."""
    lengths = numbers(minutes)
    if not lengths or min(lengths) <= 0:
        raise typer.BadParameter("lengths above 0 are needed", param_hint="--minutes")
    with answering(as_json) as answer:
        from facedyn_app.bench.memory import measure_memory
        from facedyn_app.settings import Settings
        from facedyn_app.workflows.heads import ready_head

        before, found = measure_memory(
            ready_head(DEFAULT_HEAD), Settings().fit, lengths, answer.on_progress
        )
        rows = [
            [f"{one.minutes:g}", *cells(one, n_frames=0, collected_mib=0, fitted_mib=0)]
            for one in found
        ]
        text = table(_MEMORY_HEADS, rows, right=(0, 1, 2, 3))
        text += f"\npeak of resident memory so far; {before:.0f} MiB before the first"
        answer.outcome = Outcome(
            {"before_mib": before, "recordings": [asdict(one) for one in found]}, text
        )
