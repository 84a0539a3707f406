"""`facedyn bench clinical`: blinks, excursions and asymmetry of rendered faces beside the truth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.cli.bench import WorkFolder, make_work_folder
from facedyn_app.cli.fit_options import OpticalFlow
from facedyn_app.cli.options import AsJson
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import number, table
from facedyn_app.path_checks import check_input_file, check_output_file

if TYPE_CHECKING:
    from facedyn_app.bench.clinical import BlinkAccuracy, ClinicalAccuracy


def clinical(
    work: WorkFolder,
    faces: Annotated[int, typer.Option("--faces", min=1, help="Symmetric faces.")] = 40,
    weak: Annotated[int, typer.Option("--weak", min=1, help="Faces with palsies.")] = 2,
    film: Annotated[
        str,
        typer.Option(
            "--film", metavar="ID|FILE",
            help="The head that is filmed, with ARKit's channels; the open head is fitted.",
        ),
    ] = DEFAULT_HEAD,
    floor: Annotated[
        Path | None,
        typer.Option(
            "--floor", metavar="FILE", show_default="(none)",
            help="Write the program's own left-right difference instead, of --session and "
            "--mirror, and of symmetric faces.",
        ),
    ] = None,
    session: Annotated[
        list[Path] | None,
        typer.Option("--session", metavar="SESSION", show_default=False, help="May be given."),
    ] = None,
    mirror: Annotated[
        list[Path] | None,
        typer.Option(
            "--mirror", metavar="SESSION", show_default=False,
            help="Its recording fitted with --mirrored, in the same order.",
        ),
    ] = None,
    optical_flow: OpticalFlow = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Measure simulated faces of known blinks, excursions and palsies, from pixels to numbers."""
    pairs = list(zip(session or [], mirror or [], strict=False))
    if floor is not None and (len(pairs) < 2 or len(session or []) != len(mirror or [])):
        raise typer.BadParameter("--floor needs two --session or more, and a --mirror for each")
    with answering(as_json) as answer:
        from facedyn_app.bench.clinical import measure_clinical
        from facedyn_app.bench.clinical_floor import floors_of_files
        from facedyn_app.workflows.heads import quiet_drawing, ready_head

        quiet_drawing()
        for path in (path for pair in pairs for path in pair):
            check_input_file(path, "session file")
        if floor is not None:
            check_output_file(floor, endings=(".json",))
        make_work_folder(work)
        head = ready_head(DEFAULT_HEAD, answer.on_progress)
        filmed = head if film == DEFAULT_HEAD else ready_head(film, answer.on_progress)
        if floor is not None:
            floors = floors_of_files(head, filmed, pairs, faces, work, floor, answer.on_progress)
            answer.outcome = Outcome({"file": floor, "floors": floors}, f"written: {floor}")
            return
        found = measure_clinical(
            head,
            filmed,
            faces,
            weak,
            work,
            optical_flow=optical_flow,
            on_progress=answer.on_progress,
        )
        answer.outcome = Outcome(asdict(found), _text(found))


def _text(found: ClinicalAccuracy) -> str:
    errors = np.abs(found.excursions[:, 0] - found.excursions[:, 1])
    rows = [row for blinks in found.blinks for row in _blink_rows(blinks)]
    rows += [
        ("excursions: within 0.7 mm or 10 %", number(100.0 * found.share_near, 0) + " %"),
        ("excursions: median error (mm)", number(_median(errors), 2)),
        (
            "symmetric faces: left less right of a smile, rms (%)",
            number(100.0 * float(np.sqrt(np.mean(found.differences**2))), 1),
        ),
        ("symmetric faces: an asymmetry called", f"{found.n_called} of {found.n_symmetric}"),
    ]
    rows += [
        (f"palsy of {100 * true:.0f} %: measured (%)", number(100.0 * measured, 0))
        for true, measured in found.weakness
    ]
    rows += [
        (f"synkinesis of {100 * true:.0f} %: measured (%)", number(100.0 * measured, 0))
        for true, measured in found.synkinesis
    ]
    return "simulated faces, rendered\n" + table(("what", "found"), rows, right=(1,))


def _blink_rows(found: BlinkAccuracy) -> list[tuple[str, str]]:
    onsets = 1000.0 * np.abs(found.onset_errors)
    what = f"blinks, {found.fps:g} frames a second"
    return [
        (f"{what}: F1", number(found.f1, 3)),
        (f"{what}: onset, median error (ms)", number(_median(onsets), 0)),
        (f"{what}: onset, largest error (ms)", number(float(max(onsets, default=0.0)), 0)),
        (f"{what}: onset right to a frame", f"{found.n_within_a_frame} of {len(onsets)}"),
        (f"{what}: complete or partial right", f"{found.n_complete_right} of {len(onsets)}"),
    ]


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else float("nan")
