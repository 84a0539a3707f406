"""`facedyn bench truth`: a performance against its truth, as text and as facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from facedyn_app.bench.channel_truth import MAX_LAG, ChannelMedians, ChannelResult
from facedyn_app.bench.lengths import LengthResult
from facedyn_app.bench.performance import LOW_SLOPE, PerformanceResult, measure_performance
from facedyn_app.bench.truth_file import read_truth
from facedyn_app.cli.output import NONE, Outcome, number, table
from facedyn_app.progress import OnProgress
from facedyn_app.workflows.heads import read_ready_head
from facedyn_app.workflows.path_checks import check_input_file, naming

_CHANNEL_HEADS = ("channel", "true sd", "r", "slope", "own r", "slope", "lag")
_LENGTH_HEADS = ("length", "true sd", "r", "slope", "expr. slope", "own r", "slope", "ratio")
_LEGEND = f"""\
r, slope: of the fit against the truth, slopes only of what is an activation; own: the landmarker's
blendshape scores in the same run, and for lengths its points in the picture. lag: frames that the
fit is later where it correlates best, of {MAX_LAG} to both sides. Lengths are shares of the
distance of the outer eye corners: on the fitted head with its shape, and (expr.) on the
expression-only mesh. ratio: the fit's slope over the landmarks' own."""


def bench_truth(video: Path, truth: Path, head: str, on_progress: OnProgress) -> Outcome:
    """Measure how well a performance is recovered whose truth is known.

    Args:
        video: The video.
        truth: The table of its truth.
        head: Id or file of the head.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        InputError: A file cannot be read, or they do not belong together.
        TooLittleError: The face is seen in too few frames.
    """
    check_input_file(video, "video")
    known = read_truth(truth)
    ready = read_ready_head(head, on_progress)
    with naming(video):
        found = measure_performance(ready, video, known, on_progress)
    return Outcome(asdict(found), _text(found))


def _text(found: PerformanceResult) -> str:
    reasons = ", ".join(f"{reason} {n}" for reason, n in found.invalid.items())
    parts = [
        f"{found.video} against {found.truth}, head {found.head}: {found.n_compared} of "
        f"{found.n_frames} frames compared, {number(100 * found.valid_share, 1)} % valid"
        + (f" (not valid: {reasons})" if reasons else ""),
        _channels(found.channels, (found.moving, found.lively)),
        f"slope below {LOW_SLOPE:g}: {found.n_low_slope} of {found.n_slopes} channels with a true "
        f"deviation of {found.lively.least_sd:g} or more; they are {number(found.lag_frames, 1)} "
        "frames later in the median",
    ]
    if found.lengths:
        parts.append(_lengths(found.lengths))
        parts.append(f"worst ratio: {number(found.worst_slope_ratio)}")
    return "\n\n".join([*parts, _LEGEND])


def _channels(channels: Sequence[ChannelResult], medians: Sequence[ChannelMedians]) -> str:
    rows = [
        [
            one.name,
            number(one.true_sd),
            number(one.fit_r),
            number(one.fit_slope),
            number(one.scores_r),
            number(one.scores_slope),
            NONE if one.lag_frames is None else str(one.lag_frames),
        ]
        for one in channels
    ]
    for one in medians:
        name = f"median of {one.n} with {one.least_sd:g} or more"
        rows.append([name, "", number(one.fit_r), "", number(one.scores_r), "", ""])
    return table(_CHANNEL_HEADS, rows, right=range(1, len(_CHANNEL_HEADS)))


def _lengths(lengths: Sequence[LengthResult]) -> str:
    rows = [
        [
            one.name,
            number(one.true_sd, 3),
            number(one.fit_r),
            number(one.fit_slope),
            number(one.expression_slope),
            number(one.landmarks_r),
            number(one.landmarks_slope),
            number(one.slope_ratio),
        ]
        for one in lengths
    ]
    return table(_LENGTH_HEADS, rows, right=range(1, len(_LENGTH_HEADS)))
