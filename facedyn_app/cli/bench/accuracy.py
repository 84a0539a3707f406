"""`facedyn bench accuracy`: errors of the whole way from pixels to parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.cli.bench import Quick, WorkFolder, cells, make_work_folder, reasons
from facedyn_app.cli.fit_options import OpticalFlow
from facedyn_app.cli.options import AsJson
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import NONE, indented, number, table

if TYPE_CHECKING:
    from facedyn_app.bench.accuracy import Accuracy, CaseResult
    from facedyn_app.bench.measurement import VideoResult
    from facedyn_app.bench.separation import Separation

_ERRORS = {
    "rotation_deg": ("rot deg", 2), "jaw_rms_deg": ("jaw deg", 2), "jaw_correlation": ("jaw r", 3),
    "n_moving": ("n", 0), "correlation": ("r", 3), "scores_correlation": ("own r", 3),
    "blinks": ("blink", 3), "scores_blinks": ("own", 3), "smiles": ("smile", 3),
    "scores_smiles": ("own", 3), "gaze_yaw": ("side", 2), "gaze_pitch": ("up", 2),
    "mesh_mm": ("mesh mm", 2), "error_percent": ("error %", 2),
}  # fmt: skip
"""Each error's head in the table, and its decimals."""
_HEADS = ("case", "valid %", *(head for head, _ in _ERRORS.values()), "not valid")
_LEGEND = """\
rot deg: median error of the head's rotation. jaw deg, jaw r: RMS error and correlation of the
jaw's opening. n: channels whose true standard deviation is 0.15 or more; r: median correlation of
recovered with true activations over them; own: the landmarker's own scores in the same place.
side, up: correlation of the gaze to the side and up. mesh mm: RMS of the expression-only mesh over
the face. error %: landmarks, of face height."""

_REAL_HEADS = (
    "video", "size", "frames", "face px", "valid %", "error %", "rot deg", "jaw deg", "expr",
    "frames/s", "not valid",
)  # fmt: skip
_REAL_LEGEND = """\
rot deg, jaw deg, expr: white noise from frame to frame in the head's rotation, in the jaw's
opening and in the expression channels (median), from second differences, true motion included."""


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
    optical_flow: OpticalFlow = False,
    as_json: AsJson = False,
) -> None:
    """Film painted heads whose motion is known, measure it from the pixels, and compare."""
    with answering(as_json) as answer:
        from facedyn_app.bench.accuracy import measure_accuracy
        from facedyn_app.bench.cases import CASES, QUICK_CASES
        from facedyn_app.bench.measurement import measure_video
        from facedyn_app.settings import Settings
        from facedyn_app.workflows.heads import quiet_drawing, ready_head

        quiet_drawing()
        make_work_folder(work)
        cases = QUICK_CASES if quick else CASES
        ready = [ready_head(name, answer.on_progress) for name in heads or [DEFAULT_HEAD]]
        found = [
            measure_accuracy(
                head,
                cases,
                work,
                optical_flow=optical_flow,
                keep_landmarks=keep_landmarks,
                on_progress=answer.on_progress,
            )
            for head in ready
        ]
        real = [measure_video(ready[0], video, answer.on_progress) for video in videos or []]
        facts = {
            "settings": asdict(Settings().fit),
            "heads": [asdict(one) for one in found],
            "videos": [asdict(one) for one in real],
        }
        texts = [*map(_text, found), _LEGEND]
        if real:
            texts += [_real_text(real), _REAL_LEGEND]
        answer.outcome = Outcome(facts, "\n\n".join(texts))


def _text(accuracy: Accuracy) -> str:
    rows = [*map(_row, accuracy.cases)]
    for selection, medians in accuracy.medians.items():
        name = f"median, clean talk and actions, {selection}"
        rows.append([name, "", *_error_cells(medians), ""])
    cases = table(_HEADS, rows, right=range(1, len(_HEADS) - 1))
    return f"head {accuracy.head}\n{cases}\n{indented(_separation(accuracy.separation))}"


def _row(one: CaseResult) -> list[str]:
    errors = {name: getattr(one, name) for name in _ERRORS}
    covered = one.covered_valid_share
    behind = "" if covered is None else f"; {100 * covered:.0f} % valid behind the hand"
    valid = number(100 * one.valid_share, 1)
    return [one.case, valid, *_error_cells(errors), reasons(one.invalid) + behind]


def _error_cells(errors: Mapping[str, float | None]) -> list[str]:
    """A cell for each error; an empty one where it is left out."""
    return [
        number(errors[name], digits) if name in errors else ""
        for name, (_, digits) in _ERRORS.items()
    ]


def _separation(one: Separation) -> str:
    within = NONE if one.blink_within_one is None else f"{100 * one.blink_within_one:.0f} %"
    return "\n".join(
        [
            f"expression changes by {number(one.expression_leak_percent, 0)} % "
            "when only the shape changes",
            f"shape changes by {number(one.shape_leak_percent, 0)} % when only the motion changes",
            f"blinks: {one.n_blinks}, peak later by {number(one.blink_lag_frames, 0)} frames "
            f"(median), within one frame: {within}",
            f"still face: deviation {number(one.still_sd, 4)}, "
            f"{number(one.still_ratio)} of that of independent fits (median; worst channel "
            f"{number(one.still_worst_ratio)}; of the noise from frame to frame "
            f"{number(one.still_jitter_ratio)})",
        ]
    )


def _real_text(results: list[VideoResult]) -> str:
    rows = [
        [
            one.video,
            f"{one.width}x{one.height}",
            *cells(one, n_frames=0, face_px=0),
            number(100 * one.valid_share, 1),
            *cells(one, error_percent=2, rotation_jitter_deg=3, jaw_jitter_deg=3, jitter=4),
            number(one.frames_per_second, 0),
            reasons(one.invalid),
        ]
        for one in results
    ]
    return f"head {results[0].head}\n{table(_REAL_HEADS, rows, right=range(2, 10))}"
