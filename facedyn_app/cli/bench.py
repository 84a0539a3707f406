"""`facedyn bench accuracy`: what was measured, as text and as facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from facedyn_app.bench.accuracy import Accuracy, CaseResult, measure_accuracy
from facedyn_app.bench.cases import CASES, QUICK_CASES
from facedyn_app.bench.measured import Bench
from facedyn_app.bench.real import VideoResult, measure_video
from facedyn_app.bench.separation import Separation
from facedyn_app.cli.output import NONE, Outcome, indented, number, table
from facedyn_app.files import check_output_folder
from facedyn_app.progress import OnProgress
from facedyn_app.settings import Settings
from facedyn_app.workflows.heads import quiet_drawing, ready_head

_HEADS = (
    "case", "valid %", "rot deg", "jaw deg", "jaw r", "n", "r", "own r", "blink", "own",
    "smile", "own", "mesh mm", "error %", "not valid",
)  # fmt: skip
_LEGEND = """\
rot deg: median error of the head's rotation. jaw deg, jaw r: RMS error and correlation of the
jaw's opening. n: channels whose true standard deviation is 0.15 or more; r: median correlation of
recovered with true activations over them; own: the landmarker's own scores in the same place.
mesh mm: RMS of the expression-only mesh over the face. error %: landmarks, of face height."""

_REAL_HEADS = (
    "video", "size", "frames", "face px", "valid %", "error %", "rot deg", "jaw deg", "expr",
    "frames/s", "not valid",
)  # fmt: skip
_REAL_LEGEND = """\
rot deg, jaw deg, expr: white noise from frame to frame in the head's rotation, in the jaw's
opening and in the expression channels (median), from second differences, true motion included."""


def bench_accuracy(
    heads: list[str],
    videos: list[Path],
    folder: Path,
    *,
    quick: bool,
    keep_landmarks: bool,
    on_progress: OnProgress,
) -> Outcome:
    """Measure the errors of the whole way from pixels to parameters.

    Args:
        heads: Ids or files of heads.
        videos: Real videos, measured with the first head as far as that goes without truth.
        folder: Where rendered videos are kept.
        quick: Whether only a few seconds are filmed.
        keep_landmarks: Whether landmarks found before are taken again.
        on_progress: Told of every step; may raise Cancelled.

    Raises:
        InputError: A head cannot be read, or no face is found.
        OutputError: The folder cannot be written.
    """
    quiet_drawing()
    check_output_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(folder, Settings(), keep_landmarks=keep_landmarks)
    cases = QUICK_CASES if quick else CASES
    ready = [ready_head(name, on_progress) for name in heads]
    found = [measure_accuracy(head, cases, bench, on_progress) for head in ready]
    real = [measure_video(ready[0], video, bench, on_progress) for video in videos]
    facts = {
        "settings": asdict(bench.settings.fit),
        "heads": [asdict(one) for one in found],
        "videos": [asdict(one) for one in real],
    }
    texts = [*map(_text, found), _LEGEND]
    if real:
        texts += [_real_text(real), _REAL_LEGEND]
    return Outcome(facts, "\n\n".join(texts))


def _real_text(results: Sequence[VideoResult]) -> str:
    rows = [
        [
            one.video,
            f"{one.width}x{one.height}",
            str(one.n_frames),
            number(one.face_px, 0),
            number(100 * one.valid_share, 1),
            number(one.error_percent),
            number(one.rotation_jitter_deg, 3),
            number(one.jaw_jitter_deg, 3),
            number(one.jitter, 4),
            number(one.frames_per_second, 0),
            _reasons(one.invalid),
        ]
        for one in results
    ]
    return f"head {results[0].head}\n{table(_REAL_HEADS, rows, right=range(2, 10))}"


def _reasons(invalid: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {n}" for reason, n in invalid.items())


def _text(accuracy: Accuracy) -> str:
    medians = [_median_row(*one) for one in accuracy.medians.items()]
    rows = [*map(_row, accuracy.cases), *medians]
    cases = table(_HEADS, rows, right=range(1, len(_HEADS) - 1))
    return f"head {accuracy.head}\n{cases}\n{indented(_separation(accuracy.separation))}"


def _median_row(selection: str, medians: Mapping[str, float]) -> list[str]:
    """What the clean videos have in the middle, under the columns of `_row`."""
    places = {
        "rotation_deg": (2, 2), "jaw_rms_deg": (3, 2), "jaw_correlation": (4, 3),
        "correlation": (6, 3), "scores_correlation": (7, 3), "blinks": (8, 3),
        "scores_blinks": (9, 3), "smiles": (10, 3), "scores_smiles": (11, 3),
        "mesh_mm": (12, 2), "error_percent": (13, 2),
    }  # fmt: skip
    row = [f"median, clean talk and actions, {selection}", *[""] * (len(_HEADS) - 1)]
    for name, value in medians.items():
        column, digits = places[name]
        row[column] = number(value, digits)
    return row


def _row(one: CaseResult) -> list[str]:
    return [
        one.case,
        number(100 * one.valid_share, 1),
        number(one.rotation_deg),
        number(one.jaw_rms_deg),
        number(one.jaw_correlation, 3),
        str(one.n_moving),
        number(one.correlation, 3),
        number(one.scores_correlation, 3),
        number(one.blinks, 3),
        number(one.scores_blinks, 3),
        number(one.smiles, 3),
        number(one.scores_smiles, 3),
        number(one.mesh_mm),
        number(one.error_percent),
        _reasons(one.invalid) + _covered(one.covered_valid_share),
    ]


def _covered(valid_share: float | None) -> str:
    return "" if valid_share is None else f"; {100 * valid_share:.0f} % valid behind the hand"


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
