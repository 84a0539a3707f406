"""Synkinesis: what else moves in a voluntary task, in mm and as a share of its own range.

Involuntary movement that goes with a voluntary one (Husseman and Mehta, Management of synkinesis,
Facial Plast. Surg. 24, 2008). How it is counted here is the project's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.clinical.blink_pairs import Blink
from facedyn_app.dynamics.clinical.blinks import ClosureKind
from facedyn_app.dynamics.clinical.measures import COMMISSURE, FacePoints
from facedyn_app.records import BoolArray, FloatArray

HELD = 0.8
"""Share of the peak of the voluntary movement from which it counts as held."""
AROUND_BLINK_S = 0.1
LEAST_BLINKS = 3
LEAST_FRAMES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Synkinesis:
    """What else moves, left and right; NaN where it cannot be told.

    Attributes:
        mm: (2,) of the other part: for an eye how much its fissure narrows, for the mouth how far
            its corner goes.
        share: (2,) the same as a share of that part's own range: for an eye of the way to full
            closure.
    """

    mm: FloatArray
    share: FloatArray


def held_frames(trace: FloatArray, rest: FloatArray, inside: BoolArray) -> BoolArray:
    """(T,) frames of a task in which its movement is held, on the side that moves more.

    Args:
        trace: (T, 2) of the task's own measure.
        rest: (2,) of the same at rest.
        inside: (T,) usable frames of the task.
    """
    away = np.abs(trace - rest)
    away[~inside] = np.nan
    if not inside.any():
        return inside
    side = int(np.argmax(np.nanmax(away[inside], axis=0)))
    return np.asarray(
        np.nan_to_num(away[:, side], nan=-1.0) >= HELD * np.nanmax(away[inside, side])
    )


def outside_blinks(seconds: FloatArray, blinks: Sequence[Blink]) -> BoolArray:
    """(T,) frames that lie in no blink: a chance blink in a task is no synkinesis."""
    free = np.ones(len(seconds), np.bool_)
    for blink in blinks:
        if blink.kind is ClosureKind.BLINK:
            start, end = blink.onset - AROUND_BLINK_S, blink.end + AROUND_BLINK_S
            free &= (seconds < start) | (seconds > end)
    return free


def eye_synkinesis(
    fissure: FloatArray, rest: FloatArray, full: FloatArray, held: BoolArray
) -> Synkinesis:
    """How far each eye narrows while another movement is held.

    Args:
        fissure: (T, 2) mm.
        rest: (2,) mm.
        full: (2,) mm of full closure.
        held: (T,) frames in which the voluntary movement is held, outside of blinks.
    """
    if held.sum() < LEAST_FRAMES:
        return Synkinesis(np.full(2, np.nan), np.full(2, np.nan))
    narrowing = rest - np.median(fissure[held], axis=0)
    way = rest - full
    return Synkinesis(narrowing, np.where(way > 0.0, narrowing / np.maximum(way, 1e-9), np.nan))


def mouth_synkinesis(
    points: FacePoints, own_range: FloatArray, rest: BoolArray, held: BoolArray
) -> Synkinesis:
    """How far each corner of the mouth goes while the eyes are closed.

    Args:
        points: Of T frames.
        own_range: (2,) the 5 to 95 % range of each corner's excursion, mm.
        rest: (T,) frames at rest.
        held: (T,) frames in which the lids are closed.
    """
    if held.sum() < LEAST_FRAMES or not rest.any():
        return Synkinesis(np.full(2, np.nan), np.full(2, np.nan))
    corners = points.both(COMMISSURE)
    moved = np.median(corners[held], axis=0) - np.median(corners[rest], axis=0)
    return _of_range(np.linalg.norm(moved, axis=1), own_range)


def blink_synkinesis(
    points: FacePoints, own_range: FloatArray, seconds: FloatArray, blinks: Sequence[Blink]
) -> Synkinesis:
    """How far each corner of the mouth goes with a blink, as the mean over all blinks.

    What is not timed by the blinks averages out.

    Args:
        points: Of T frames.
        own_range: (2,) the 5 to 95 % range of each corner's excursion, mm.
        seconds: (T,) s.
        blinks: Of the recording.
    """
    true = [blink for blink in blinks if blink.kind is ClosureKind.BLINK]
    if len(true) < LEAST_BLINKS:
        return Synkinesis(np.full(2, np.nan), np.full(2, np.nan))
    corners = points.both(COMMISSURE)
    before = np.searchsorted(seconds, [blink.onset - AROUND_BLINK_S for blink in true])
    deep = np.searchsorted(seconds, [blink.sides[0].deepest for blink in true])
    last = len(seconds) - 1
    moved = corners[np.minimum(deep, last)] - corners[np.minimum(before, last)]
    return _of_range(np.linalg.norm(_mean(moved), axis=1), own_range)


def _mean(values: FloatArray) -> FloatArray:
    known = values[np.isfinite(values).all(axis=(1, 2))]
    return np.asarray(known.mean(axis=0)) if len(known) else np.full(values.shape[1:], np.nan)


def _of_range(mm: FloatArray, own_range: FloatArray) -> Synkinesis:
    return Synkinesis(mm, np.where(own_range > 0.5, mm / np.maximum(own_range, 1e-9), np.nan))
