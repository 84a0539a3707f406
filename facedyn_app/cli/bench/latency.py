"""`facedyn bench live`, `window`: latency of the live mesh, and responsiveness of the window."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.cli.bench import WorkFolder, make_work_folder
from facedyn_app.cli.options import AsJson
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.cli.window import check_display
from facedyn_app.folders import temporary_folder
from facedyn_app.formatting import number, table
from facedyn_app.path_checks import check_input_file

if TYPE_CHECKING:
    from facedyn_app.bench.window import WindowTiming

_LIVE_SHARES = {"median": 0.5, "95 %": 0.95, "worst": 1.0}
_WINDOW_SHARES = {"median": 0.5, "99 %": 0.99, "worst": 1.0}
_WINDOW_HEADS = (
    "meanwhile",
    *(f"gap, {name} (ms)" for name in _WINDOW_SHARES),
    "own, worst (ms)",
    "in long gaps (%)",
    "shown/s",
    "load",
)


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
    with answering(as_json) as answer:
        from facedyn_app.bench.live import FILM_RATE, live_film, measure_live
        from facedyn_app.settings import Settings
        from facedyn_app.workflows.heads import quiet_drawing, ready_head

        head = ready_head(DEFAULT_HEAD)
        rate = 0.0
        if video is None:
            quiet_drawing()
            make_work_folder(work)
            video, rate = live_film(head, work, answer.on_progress), FILM_RATE
        else:
            check_input_file(video, "video")
        found = measure_live(head, Settings(), video, rate, answer.on_progress)
        latency = {name: found.latency(share) for name, share in _LIVE_SHARES.items()}
        rows = [(f"latency, {name}", number(value, 1)) for name, value in latency.items()]
        rows += [(f"{stage}, median", number(value, 1)) for stage, value in found.stage_ms.items()]
        facts = {
            "video": found.video,
            "frames_per_second": found.rate,
            "n_frames": found.n_frames,
            "n_dropped": found.n_dropped,
            "n_meshes": found.n_meshes,
            "latency_ms": {**latency, "first": float(found.latency_ms[0])},
            "stage_ms": found.stage_ms,
        }
        text = (
            f"{found.video} at {found.rate:g} frames/s: {found.n_frames} frames came due, "
            f"{found.n_dropped} were dropped, {found.n_meshes} became a mesh\n"
            f"{table(('time', 'ms'), rows, right=(1,))}"
        )
        answer.outcome = Outcome(facts, text)


def window(
    context: typer.Context,
    seconds: Annotated[
        float, typer.Option(min=1.0, help="How long each mixture of work is measured, s.")
    ] = 20.0,
    as_json: AsJson = False,
) -> None:
    """Measure how long the window waits while scrubbing, beside a fit and a training."""
    with answering(as_json) as answer:
        from facedyn_app.bench.window import AIM_MS

        check_display()
        with temporary_folder("window") as folder:
            found = context.obj.measure(folder, seconds, answer.on_progress)
        facts = {
            "aim_ms": AIM_MS,
            "cpus": os.cpu_count(),
            "mixtures": [_window_facts(one) for one in found],
        }
        rows = [_window_row(one) for one in found]
        text = (
            f"{table(_WINDOW_HEADS, rows, right=range(1, len(_WINDOW_HEADS)))}\n"
            f"the heart beats every {found[0].interval_ms:g} ms; "
            f"a gap is long above {AIM_MS:g} ms; own: CPU time of the window's thread in a gap; "
            f"{os.cpu_count()} CPUs, whose load is the last column"
        )
        answer.outcome = Outcome(facts, text)


def _window_facts(timing: WindowTiming) -> dict[str, object]:
    return {
        "work": timing.work,
        "seconds": timing.seconds,
        "gap_ms": {name: timing.gap(share) for name, share in _WINDOW_SHARES.items()},
        "own_ms": {name: timing.own(share) for name, share in _WINDOW_SHARES.items()},
        "waited_percent": timing.waited_percent,
        "n_shown": timing.n_shown,
        "n_fitted": timing.n_fitted,
        "n_steps": timing.n_steps,
        "load": timing.load,
    }


def _window_row(timing: WindowTiming) -> list[str]:
    numbers = [timing.gap(share) for share in _WINDOW_SHARES.values()]
    numbers += [timing.own(1.0), timing.waited_percent, timing.n_shown / timing.seconds]
    return [timing.work, *(number(value, 1) for value in (*numbers, timing.load))]
