"""Recovery of a recorded performance whose true motion is known (`facedyn bench truth`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.bench import metrics
from facedyn_app.bench.channel_truth import (
    ChannelMedians,
    ChannelResult,
    channel_medians,
    channel_results,
)
from facedyn_app.bench.lengths import LengthResult, length_results
from facedyn_app.bench.measurement import invalid_by_reason, usual_settings
from facedyn_app.bench.recorded_truth import (
    LEAST_ROWS,
    RecordedTruth,
    check_rate,
    rows_of_frames,
)
from facedyn_app.errors import TooLittleError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import HeadFit, Landmarks
from facedyn_app.video import probe_video
from facedyn_app.workflows.analyse import analyse_video

LEAST_SD = 0.05
"""A channel moves where its true standard deviation is at least this."""
LOW_SLOPE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class PerformanceResult:
    """What a fit makes of a performance whose truth is known; over valid frames with a truth.

    Attributes:
        head: Id of the head.
        video: File name of the video.
        truth: File name of the table.
        n_frames: Frames of the video.
        n_compared: Frames that are compared.
        valid_share: Share of the frames that are valid, 0..1.
        invalid: Invalid frames by reason.
        moving: Medians over the channels that move.
        lively: Medians over those that move much.
        n_low_slope: Channels that move much with a slope of the fit below `LOW_SLOPE`.
        n_slopes: Channels that move much whose slope is known.
        lag_frames: Median lag over the channels that move much; None where none does.
        worst_slope_ratio: Least `slope_ratio` of the lengths; None without lengths.
        channels: Each channel that moves, in the table's order.
        lengths: Each length.
    """

    head: str
    video: str
    truth: str
    n_frames: int
    n_compared: int
    valid_share: float
    invalid: Mapping[str, int]
    moving: ChannelMedians
    lively: ChannelMedians
    n_low_slope: int
    n_slopes: int
    lag_frames: float | None
    worst_slope_ratio: float | None
    channels: tuple[ChannelResult, ...]
    lengths: tuple[LengthResult, ...]


def measure_performance(
    head: HeadModel,
    video: Path,
    truth: RecordedTruth,
    *,
    optical_flow: bool = False,
    on_progress: OnProgress = ignore,
) -> PerformanceResult:
    """Follow and fit a video, and compare it with its truth.

    Args:
        head: The head, its landmarks placed.
        video: The file.
        truth: What is true of it.
        optical_flow: Whether the skin is followed, too.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        InputError: It is no video, shows no face, or the truth is not of it.
        TooLittleError: The face is seen in too few frames.
    """
    check_rate(truth, probe_video(video).fps)
    settings = usual_settings(optical_flow=optical_flow)
    analysis = analyse_video(video, head, settings, on_progress=on_progress)
    return compare(head, video.name, analysis.fit, analysis.landmarks.whole(), truth)


def compare(
    head: HeadModel, video: str, fit: HeadFit, landmarks: Landmarks, truth: RecordedTruth
) -> PerformanceResult:
    """Compare a fit with the truth of its video.

    Args:
        head: The head of the fit.
        video: Name of the video.
        fit: Of its T frames.
        landmarks: Of the same frames.
        truth: What is true of it.

    Raises:
        InputError: The truth is not of this video.
        TooLittleError: Too few valid frames have a truth.
    """
    rows = np.where(fit.motion.valid, rows_of_frames(truth, fit.motion.seconds), -1)
    n_compared = int((rows >= 0).sum())
    if n_compared < LEAST_ROWS:
        raise TooLittleError(f"{n_compared} valid frames of '{video}' have a truth: too few.")
    found = channel_results(head, fit, landmarks, truth, rows)
    channels = tuple(one for one in found if one.true_sd >= LEAST_SD)
    lively = [one for one in channels if one.true_sd >= metrics.MOVING_SD]
    slopes = [one.fit_slope for one in lively if one.fit_slope is not None]
    lengths = length_results(head, fit, landmarks, truth, rows)
    ratios = [one.slope_ratio for one in lengths if one.slope_ratio is not None]
    return PerformanceResult(
        head=head.head_id,
        video=video,
        truth=truth.path.name,
        n_frames=len(fit.motion.valid),
        n_compared=n_compared,
        valid_share=float(fit.motion.valid.mean()),
        invalid=invalid_by_reason(fit),
        moving=channel_medians(channels, LEAST_SD),
        lively=channel_medians(lively, metrics.MOVING_SD),
        n_low_slope=sum(slope < LOW_SLOPE for slope in slopes),
        n_slopes=len(slopes),
        lag_frames=metrics.known_median(one.lag_frames for one in lively),
        worst_slope_ratio=min(ratios, default=None),
        channels=channels,
        lengths=lengths,
    )
