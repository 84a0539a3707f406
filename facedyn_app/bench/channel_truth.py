"""ARKit channels of a fit, and the landmarker's blendshape scores, against the true activations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.bench import metrics
from facedyn_app.bench.recorded_truth import RecordedTruth
from facedyn_app.headmodel.channel_sets import JAW_FACTS, LOOK_TURNS
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import BLENDSHAPE_NAMES
from facedyn_app.records import BoolArray, FloatArray, HeadFit, IntArray, Landmarks

MAX_LAG = 5
"""Lags that are tried, frames to both sides."""
_PITCH, _YAW = 0, 1


@dataclass(frozen=True, slots=True, eq=False)
class ArkitChannel:
    """One ARKit channel of a fit.

    Attributes:
        values: (T,) NaN in frames that are not valid.
        activations: Whether these are activations of 0 to 1; otherwise they are angles, rad, or
            coefficients without a known scale, of which only the correlation can be compared.
    """

    values: FloatArray
    activations: bool


@dataclass(frozen=True, slots=True)
class ChannelResult:
    """One ARKit channel: the fit, and the landmarker's blendshape scores.

    Slopes are those of the regression of the measured on the true activation.

    Attributes:
        name: ARKit's name.
        true_sd: Standard deviation of the true activation.
        fit_r: Correlation of the fit; 0 where it stands still; None where the head has no such
            channel.
        fit_slope: Its slope; None also where the channel is no activation (`ArkitChannel`).
        scores_r: Correlation of the scores; None where none is of that name.
        scores_slope: Their slope.
        lag_frames: How much later than the truth the fit is where they correlate best, frames;
            None where no lag correlates.
    """

    name: str
    true_sd: float
    fit_r: float | None
    fit_slope: float | None
    scores_r: float | None
    scores_slope: float | None
    lag_frames: int | None


@dataclass(frozen=True, slots=True)
class ChannelMedians:
    """Medians over the channels that move.

    Attributes:
        least_sd: True standard deviation from which a channel counts.
        n: Channels that count.
        fit_r: Correlation of the fit; None where its head has none of these channels.
        scores_r: Correlation of the scores.
    """

    least_sd: float
    n: int
    fit_r: float | None
    scores_r: float | None


def channel_results(
    head: HeadModel, fit: HeadFit, landmarks: Landmarks, truth: RecordedTruth, rows: IntArray
) -> tuple[ChannelResult, ...]:
    """Compare all channels with their truth.

    Args:
        head: The head of the fit.
        fit: Of T frames.
        landmarks: Of the same frames.
        truth: What is true.
        rows: (T,) row of the truth for each frame that is compared, all valid; -1 for the others.
    """
    compared = rows >= 0
    return tuple(
        _channel_result(name, arkit_channel(head, fit, name), landmarks.scores, true, compared)
        for name, true in zip(truth.channel_names, truth.channels[rows].T, strict=True)
    )


def _channel_result(
    name: str,
    channel: ArkitChannel | None,
    scores: FloatArray,
    true: FloatArray,
    compared: BoolArray,
) -> ChannelResult:
    own = None
    if name in BLENDSHAPE_NAMES:
        own = ArkitChannel(scores[:, BLENDSHAPE_NAMES.index(name)], activations=True)
    fit_r, fit_slope = _agreement(channel, true, compared)
    scores_r, scores_slope = _agreement(own, true, compared)
    return ChannelResult(
        name=name,
        true_sd=float(true[compared].std()),
        fit_r=fit_r,
        fit_slope=fit_slope,
        scores_r=scores_r,
        scores_slope=scores_slope,
        lag_frames=None if channel is None else best_lag(channel.values, true, compared),
    )


def channel_medians(channels: Sequence[ChannelResult], least_sd: float) -> ChannelMedians:
    """Medians over the channels whose true standard deviation is at least `least_sd`."""
    moving = [one for one in channels if one.true_sd >= least_sd]
    return ChannelMedians(
        least_sd=least_sd,
        n=len(moving),
        fit_r=metrics.known_median(one.fit_r for one in moving),
        scores_r=metrics.known_median(one.scores_r for one in moving),
    )


def best_lag(measured: FloatArray, true: FloatArray, compared: BoolArray) -> int | None:
    """How many frames later than the truth the measured signal correlates best with it.

    Of lags that do equally well the shortest counts.

    Args:
        measured: (T,) signal.
        true: (T,) signal.
        compared: (T,) bool: frames in which both are known.

    Returns:
        -`MAX_LAG` to `MAX_LAG`; None where no lag gives a correlation above 0 (a signal stands
            still, say) or too few frames are known.
    """
    best, found = 0.0, None
    for lag in sorted(range(-MAX_LAG, MAX_LAG + 1), key=abs):
        early = slice(max(0, -lag), len(true) - max(0, lag))
        late = slice(max(0, lag), len(true) - max(0, -lag))
        both = compared[early] & compared[late]
        if both.sum() <= 2 * MAX_LAG:
            continue
        r = float(metrics.correlations(measured[late][both], true[early][both]))
        if r > best:
            best, found = r, lag
    return found


def _agreement(
    channel: ArkitChannel | None, true: FloatArray, compared: BoolArray
) -> tuple[float | None, float | None]:
    """Correlation and slope of a channel, as far as they can be told."""
    if channel is None:
        return None, None
    pair = channel.values[compared], true[compared]
    slope = float(metrics.slopes(*pair)) if channel.activations else None
    return float(metrics.correlations(*pair)), slope


def arkit_channel(head: HeadModel, fit: HeadFit, name: str) -> ArkitChannel | None:
    """The channel of a fit that has an ARKit name; None where the head has none.

    Channels that the head has on both sides apart (ICT's `browInnerUp`) are their mean. Opposed
    channels of jaw and eyes are one angle with two signs, below 0 where the other one acts.

    Args:
        head: The head of the fit.
        fit: Of T frames.
        name: ARKit's name of the channel.
    """
    names = head.expression_names
    columns = [names.index(one) for one in (name, f"{name}Left", f"{name}Right") if one in names]
    if columns:
        return ArkitChannel(fit.motion.expression[:, columns].mean(axis=1), head.activations)
    if name in JAW_FACTS:
        return _jaw_channel(head, fit, name)
    if name in LOOK_TURNS and fit.motion.gaze is not None:
        eye, coordinate, sign = LOOK_TURNS[name]
        return ArkitChannel(sign * fit.motion.gaze[:, eye, coordinate], activations=False)
    return None


def _jaw_channel(head: HeadModel, fit: HeadFit, name: str) -> ArkitChannel:
    """The jaw's turn, over that of a full activation where the head states it."""
    coordinate, fact = _PITCH if name == "jawOpen" else _YAW, JAW_FACTS[name]
    turn = fit.motion.jaw[:, coordinate]
    if fact in head.meta:
        return ArkitChannel(turn / float(head.meta[fact][coordinate]), activations=True)
    sign = -1.0 if name == "jawRight" else 1.0
    return ArkitChannel(np.asarray(sign * turn), activations=False)
