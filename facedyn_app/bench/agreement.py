"""How far two measurements of the same motion agree, channel by channel and over all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from facedyn_app.bench import metrics
from facedyn_app.records import FloatArray

LEAST_RANGE = 0.05
"""Channels whose range in a recording is smaller are left out."""
RANGE_PERCENTILES = (5, 95)


@dataclass(frozen=True, slots=True)
class ChannelAgreement:
    """One channel in one recording.

    Attributes:
        name: The channel.
        size: Its range, from the 5th to the 95th percentile of both measurements together.
        median_percent: Median over the frames of the absolute difference, percent of the range.
        bias: Mean difference, in the channel's own unit.
        r: Correlation; 0 where one of the measurements stands still.
    """

    name: str
    size: float
    median_percent: float
    bias: float
    r: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Over the channels of one or several recordings.

    Attributes:
        n_channels: Channels compared, each recording's counted.
        median_percent: Median over the channels of `ChannelAgreement.median_percent`; None where
            none is compared, as the following.
        p90_percent: The 90th percentile of the same.
        largest_bias: The largest absolute bias.
        largest_bias_of: The channel that has it.
        r: Median correlation.
        channels: Each of them.
    """

    n_channels: int
    median_percent: float | None
    p90_percent: float | None
    largest_bias: float | None
    largest_bias_of: str | None
    r: float | None
    channels: tuple[ChannelAgreement, ...]


def agreement_of(channels: Iterable[ChannelAgreement]) -> Agreement:
    """Summarise channels, of one recording or of several."""
    found = tuple(channels)
    if not found:
        return Agreement(0, None, None, None, None, None, ())
    percent = [one.median_percent for one in found]
    worst = max(found, key=lambda one: abs(one.bias))
    return Agreement(
        n_channels=len(found),
        median_percent=float(np.median(percent)),
        p90_percent=float(np.percentile(percent, 90)),
        largest_bias=abs(worst.bias),
        largest_bias_of=worst.name,
        r=float(np.median([one.r for one in found])),
        channels=found,
    )


def pooled(agreements: Iterable[Agreement]) -> Agreement:
    """The channels of several recordings together."""
    return agreement_of(chain.from_iterable(one.channels for one in agreements))


def compare_channels(names: Sequence[str], one: FloatArray, other: FloatArray) -> Agreement:
    """Compare two measurements of the same channels in one recording.

    Args:
        names: The K channels.
        one: (T, K) values in frames that are valid in both; T at least 1.
        other: (T, K) the same of the other measurement.
    """
    both = np.concatenate([one, other])
    low, high = np.percentile(both, RANGE_PERCENTILES, axis=0)
    size = high - low
    median = np.median(np.abs(one - other), axis=0)
    bias, r = (one - other).mean(axis=0), metrics.correlations(one, other)
    return agreement_of(
        ChannelAgreement(
            name=names[k],
            size=float(size[k]),
            median_percent=float(100.0 * median[k] / size[k]),
            bias=float(bias[k]),
            r=float(r[k]),
        )
        for k in np.flatnonzero(size >= LEAST_RANGE).tolist()
    )
