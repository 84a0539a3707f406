"""Same take: whether two sessions measure one performance, by the correlation of their motion.

A copy of a recording, recoded, scaled down, at another frame rate or cut at its ends, has another
file and other measurement errors, but the same motion at the same moments; another take of the
same person has not, whatever they say in it. The statistic is the project's own:

    r(l) = sum_c w_c sum_t a_c(t) b_c(t + l) / sqrt(sum_c w_c sum_t a_c(t)^2 · same of b)

with a and b the channels of two sessions at a common rate without what changes slowly, the sums
over the moments that both have at the lag l, and w_c = 1 / sqrt(sd_c(a) sd_c(b)), so that neither
the liveliest channel nor the noise of a resting one decides. A moment counts no more than twice the
usual one (as Huber's weights): one jump of the measurement in each would correlate by itself. The
largest r over the lags is the correlation of the takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import fft

from facedyn_app.records import BoolArray, FloatArray, IntArray, Session

RATE = 10.0
"""Samples a second of the tracks that are compared."""
BACKGROUND_S = 2.0
"""What changes more slowly than this is taken off, s."""
LEAST_OVERLAP_S, LEAST_SHARE = 3.0, 0.8
"""What two takes must have in common: this long, and this share of the shorter one."""
SAME_TAKE = 0.6
"""Correlation from which two sessions are the same take (measured in the handbook)."""
LONGEST_S, MOST_CHANNELS = 1800.0, 256
"""What is looked at of a take: this much from its first face on, s, and its leading channels."""
SIGNATURE = 4
"""Tracks of a take's signature."""
NEAR_SIGNATURE = 0.3
"""Correlation of signatures below which takes are not compared any further."""
AT_ONCE = 256
"""Signatures that are looked at together."""
CHANNELS_AT_ONCE = 16
"""Channels that are correlated together."""
_STILL = 1e-3
"""Standard deviation below which a channel does not move, in units of the channel."""
_MOST_WEIGHT = 2.0
"""Of a moment, in those of the usual one."""


@dataclass(frozen=True, slots=True, eq=False)
class TakeTracks:
    """The channels of a session as takes are compared by.

    Attributes:
        values: (N, C) at RATE from the first valid frame on, 0 where nothing was measured.
        there: (N,) whether something was measured.
        names: The C channels.
    """

    values: FloatArray
    there: BoolArray
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TakeMatch:
    """How far two takes agree.

    Attributes:
        correlation: Of their motion at the best lag, -1..1; 0 where it cannot be told, since they
            have too little in common, other channels or nothing that moves.
        lag_seconds: When the first one's beginning comes in the second, s.
    """

    correlation: float
    lag_seconds: float

    @property
    def same(self) -> bool:
        """Whether it is one take."""
        return self.correlation >= SAME_TAKE


NO_MATCH = TakeMatch(0.0, 0.0)


def take_tracks(session: Session) -> TakeTracks:
    """The channels of a session at the common rate; long and wide ones as far as they are compared.

    A file may state any times, so that memory is bounded by LONGEST_S and MOST_CHANNELS alone.
    """
    motion = session.motion
    names = (*motion.names[:MOST_CHANNELS], "jaw 1", "jaw 2", "jaw 3")
    rows = np.flatnonzero(motion.valid)
    if not len(rows):
        return TakeTracks(np.zeros((0, len(names))), np.zeros(0, bool), names)
    seconds = motion.seconds[rows] - motion.seconds[rows[0]]
    rows, seconds = rows[seconds < LONGEST_S], seconds[seconds < LONGEST_S]
    cell = np.floor(seconds * RATE + 1e-6).astype(np.int64)
    first = np.flatnonzero(np.diff(cell, prepend=-1))
    counts = np.diff(first, append=len(cell))
    expression = motion.expression[rows, :MOST_CHANNELS]
    measured = np.concatenate([expression, motion.jaw[rows]], axis=1, dtype=np.float64)
    values = np.zeros((cell[-1] + 1, len(names)))
    there = np.zeros(len(values), bool)
    there[cell[first]] = True
    # what a program does not measure is NaN in all frames
    values[there] = np.nan_to_num(np.add.reduceat(measured, first, axis=0) / counts[:, None])
    return TakeTracks(_limited(_without_background(values, there), there), there, names)


def _without_background(values: FloatArray, there: BoolArray) -> FloatArray:
    """Without the mean of the time around each moment."""
    values = (values - values[there].mean(axis=0)) * there[:, None]
    half = int(BACKGROUND_S * RATE) // 2
    n = np.arange(len(values))
    start, end = np.maximum(n - half, 0), np.minimum(n + half + 1, len(values))
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    counts = np.concatenate([[0], np.cumsum(there)])
    background = (sums[end] - sums[start]) / np.maximum(counts[end] - counts[start], 1)[:, None]
    return np.asarray((values - background) * there[:, None])


def _limited(values: FloatArray, there: BoolArray) -> FloatArray:
    """With no moment larger than _MOST_WEIGHT of the median one."""
    size = np.linalg.norm(values, axis=1)
    most = _MOST_WEIGHT * float(np.median(size[there]))
    return np.asarray(values * np.minimum(1.0, most / np.maximum(size, 1e-12))[:, None])


def take_match(first: TakeTracks, second: TakeTracks) -> TakeMatch:
    """How far two takes agree, at the lag at which they agree best."""
    a, b = first.values, second.values
    if first.names != second.names or not len(a) or not len(b):
        return NO_MATCH
    sd_a = np.sqrt((a**2).sum(axis=0) / first.there.sum())
    sd_b = np.sqrt((b**2).sum(axis=0) / second.there.sum())
    moving = np.flatnonzero(np.minimum(sd_a, sd_b) > _STILL)
    weight = 1.0 / np.sqrt(sd_a * sd_b)[moving]
    if not len(moving):
        return NO_MATCH
    n = int(_transform_sizes(len(a), len(b)))
    together = np.zeros(n // 2 + 1, np.complex128)
    for start in range(0, len(moving), CHANNELS_AT_ONCE):  # not all: memory stays small
        some = slice(start, start + CHANNELS_AT_ONCE)
        spectra_a, spectra_b = (fft.rfft(one[:, moving[some]], n, axis=0) for one in (a, b))
        together += (np.conj(spectra_a) * spectra_b) @ weight[some]
    energy_a = (a[:, moving] ** 2) @ weight
    energy_b = (b[:, moving] ** 2) @ weight
    in_a, in_b = first.there.astype(np.float64), second.there.astype(np.float64)
    product = fft.irfft(together, n)
    own = _correlate(energy_a, in_b, n) * _correlate(in_a, energy_b, n)
    overlap = _correlate(in_a, in_b, n) / RATE
    needed = max(LEAST_OVERLAP_S, LEAST_SHARE * min(in_a.sum(), in_b.sum()) / RATE)
    r = np.where(overlap >= needed - 1e-6, product / np.sqrt(np.maximum(own, 1e-12)), -1.0)
    best = int(np.argmax(r))
    if overlap[best] < needed - 1e-6:
        return NO_MATCH
    return TakeMatch(float(r[best]), (best if best < len(b) else best - n) / RATE)


def take_signature(tracks: TakeTracks) -> FloatArray:
    """(N, SIGNATURE) sums of the channels with signs of Walsh functions: what finds a take quickly.

    Scaled to -1..1; 0 where nothing was measured.
    """
    values = tracks.values
    sd = np.sqrt((values**2).sum(axis=0) / max(1, int(tracks.there.sum())))
    weight = np.where(sd > _STILL, 1.0 / np.sqrt(np.maximum(sd, _STILL)), 0.0)
    bits = np.arange(values.shape[1])[:, None] >> np.arange(SIGNATURE) & 1
    signature = (values * weight) @ (1.0 - 2.0 * bits)
    return np.asarray(signature / max(float(np.abs(signature).max(initial=0.0)), 1e-12))


def nearest_takes(
    signature: FloatArray, others: Sequence[FloatArray], most: int
) -> tuple[int, ...]:
    """Numbers of the takes whose signatures correlate best with one at their best lags, best first.

    Those that correlate less than NEAR_SIGNATURE are not among them.

    Args:
        signature: From `take_signature`.
        others: Likewise.
        most: How many at most.
    """
    found = np.full(len(others), -1.0)
    lengths = np.array([len(other) for other in others], dtype=np.int64)
    sizes = _transform_sizes(len(signature), lengths)
    for size in np.unique(sizes):
        alike = np.flatnonzero(sizes == size)
        for rows in np.split(alike, range(AT_ONCE, len(alike), AT_ONCE)):
            found[rows] = _correlations(signature, [others[k] for k in rows], int(size))
    best = np.argsort(-found, kind="stable")[:most]
    return tuple(int(k) for k in best if found[k] >= NEAR_SIGNATURE)


def _correlations(first: FloatArray, others: Sequence[FloatArray], n: int) -> FloatArray:
    """(B,) the largest correlation over all lags with enough in common; -1 where there is none."""
    lengths = np.array([len(other) for other in others])[:, None]
    lag = np.arange(n)
    lag = np.where(lag < lengths, lag, lag - n)
    overlap = np.minimum(len(first), lengths - lag) - np.maximum(0, -lag)
    shorter = np.minimum(len(first), lengths)
    needed = np.maximum(LEAST_OVERLAP_S * RATE, LEAST_SHARE * shorter)
    together = np.zeros((len(others), n // 2 + 1), np.complex64)
    for track in range(SIGNATURE):
        stacked = np.zeros((len(others), n), np.float32)
        for row, other in zip(stacked, others, strict=True):
            row[: len(other)] = other[:, track]
        together += np.conj(fft.rfft(first[:, track].astype(np.float32), n)) * fft.rfft(stacked)
    own = np.array([float((other**2).sum()) for other in others]) * float((first**2).sum())
    product = fft.irfft(together, n) / np.sqrt(np.maximum(own, 1e-12))[:, None]
    return np.asarray(np.where(overlap >= needed, product, -1.0).max(axis=1))


def _transform_sizes(length: int, others: IntArray | int) -> IntArray:
    """Powers of two in which takes are transformed whose lags do not run into each other."""
    return np.asarray(2 ** np.ceil(np.log2(np.maximum(2, length + others - 1))).astype(np.int64))


def _correlate(a: FloatArray, b: FloatArray, n: int) -> FloatArray:
    """The sum over t of a(t) b(t + l) for the lags l = 0, 1 …; from the end, of -1, -2 …."""
    return np.asarray(fft.irfft(np.conj(fft.rfft(a, n)) * fft.rfft(b, n), n))
