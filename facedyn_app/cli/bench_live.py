"""`facedyn bench live`: from a picture's due time to its mesh, as text and as facts."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.bench.live import FILM_RATE, live_film, measure_live
from facedyn_app.cli.output import Outcome, number, table
from facedyn_app.files import check_output_folder
from facedyn_app.progress import OnProgress
from facedyn_app.settings import Settings
from facedyn_app.workflows.heads import quiet_drawing, ready_head
from facedyn_app.workflows.path_checks import check_input_file

_SHARES = {"median": 0.5, "95 %": 0.95, "worst": 1.0}


def bench_live(folder: Path, video: Path | None, on_progress: OnProgress) -> Outcome:
    """Measure the latency of the live fit.

    Args:
        folder: Where rendered videos are kept.
        video: A video, at its own pace; None for a rendered one at 30 frames/s.
        on_progress: Told of every frame; may raise Cancelled.

    Raises:
        InputError: The video cannot be read.
        OutputError: The folder cannot be written.
    """
    head = ready_head(DEFAULT_HEAD)
    if video is None:
        quiet_drawing()
        check_output_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        found = measure_live(
            head, Settings(), live_film(head, folder, on_progress), FILM_RATE, on_progress
        )
    else:
        check_input_file(video, "video")
        found = measure_live(head, Settings(), video, on_progress=on_progress)
    latency = {name: found.latency(share) for name, share in _SHARES.items()}
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
    return Outcome(facts, text)
