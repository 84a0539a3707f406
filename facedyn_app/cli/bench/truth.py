"""`facedyn bench truth`: recovery of a recorded performance whose true motion is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.cli.bench import cells, reasons
from facedyn_app.cli.fit_options import OpticalFlow
from facedyn_app.cli.options import AsJson, HeadName
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import number
from facedyn_app.formatting import table as text_table
from facedyn_app.path_checks import check_input_file, naming

if TYPE_CHECKING:
    from facedyn_app.bench.channel_truth import ChannelMedians, ChannelResult
    from facedyn_app.bench.lengths import LengthResult
    from facedyn_app.bench.performance import PerformanceResult

_CHANNEL_HEADS = ("channel", "true sd", "r", "slope", "own r", "slope", "lag")
_LENGTH_HEADS = ("length", "true sd", "r", "slope", "expr. slope", "own r", "slope", "ratio")
_LEGEND = """\
r, slope: of the fit against the truth, slopes only of what is an activation; own: the landmarker's
blendshape scores in the same run, and for lengths its points in the picture. lag: frames that the
fit is later where it correlates best, of {max_lag} to both sides. Lengths are shares of the
distance of the outer eye corners: on the fitted head with its shape, and (expr.) on the
expression-only mesh. ratio: the fit's slope over the landmarks' own."""


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
    optical_flow: OpticalFlow = False,
    as_json: AsJson = False,
) -> None:
    """Measure how well a recorded performance is recovered whose true motion is known."""
    with answering(as_json) as answer:
        from facedyn_app.bench.performance import measure_performance
        from facedyn_app.bench.recorded_truth import read_truth
        from facedyn_app.workflows.heads import read_ready_head

        check_input_file(video, "video")
        known = read_truth(table)
        ready = read_ready_head(head, answer.on_progress)
        with naming(video):
            found = measure_performance(
                ready, video, known, optical_flow=optical_flow, on_progress=answer.on_progress
            )
        answer.outcome = Outcome(asdict(found), _text(found))


def _text(found: PerformanceResult) -> str:
    from facedyn_app.bench.channel_truth import MAX_LAG
    from facedyn_app.bench.performance import LOW_SLOPE

    not_valid = reasons(found.invalid)
    parts = [
        f"{found.video} against {found.truth}, head {found.head}: {found.n_compared} of "
        f"{found.n_frames} frames compared, {number(100 * found.valid_share, 1)} % valid"
        + (f" (not valid: {not_valid})" if not_valid else ""),
        _channels(found.channels, (found.moving, found.lively)),
        f"slope below {LOW_SLOPE:g}: {found.n_low_slope} of {found.n_slopes} channels with a true "
        f"deviation of {found.lively.least_sd:g} or more; they are {number(found.lag_frames, 1)} "
        "frames later in the median",
    ]
    if found.lengths:
        parts.append(_lengths(found.lengths))
        parts.append(f"worst ratio: {number(found.worst_slope_ratio)}")
    return "\n\n".join([*parts, _LEGEND.format(max_lag=MAX_LAG)])


def _channels(channels: Sequence[ChannelResult], medians: Sequence[ChannelMedians]) -> str:
    digits = {"true_sd": 2, "fit_r": 2, "fit_slope": 2, "scores_r": 2, "scores_slope": 2}
    rows = [[one.name, *cells(one, **digits, lag_frames=0)] for one in channels]
    for one in medians:
        name = f"median of {one.n} with {one.least_sd:g} or more"
        rows.append([name, "", number(one.fit_r), "", number(one.scores_r), "", ""])
    return text_table(_CHANNEL_HEADS, rows, right=range(1, len(_CHANNEL_HEADS)))


def _lengths(lengths: Sequence[LengthResult]) -> str:
    names = (
        "fit_r", "fit_slope", "expression_slope", "landmarks_r", "landmarks_slope", "slope_ratio",
    )  # fmt: skip
    digits = dict.fromkeys(names, 2)
    rows = [[one.name, *cells(one, true_sd=3, **digits)] for one in lengths]
    return text_table(_LENGTH_HEADS, rows, right=range(1, len(_LENGTH_HEADS)))
