"""Live Link Face: an iPhone's ARKit capture as a table, a row a frame.

`Timecode` (hours:minutes:seconds:frame.subframe), `BlendshapeCount`, ARKit's 52 blendshapes of
0 to 1, then yaw, pitch and roll of the head and of both eyes, rad.
"""

from __future__ import annotations

import re
from functools import partial

import numpy as np

from facedyn_app.errors import unusable
from facedyn_app.headmodel.channel_sets import (
    ARKIT,
    ARKIT_NAMES,
    LIVE_LINK_EYES,
    LIVE_LINK_POSE,
    POSE_AXES,
    POSE_SIGNS,
    gaze_of_looks,
)
from facedyn_app.headmodel.rotations import euler_vectors
from facedyn_app.records import FloatArray
from facedyn_app.tracks.rows import Times, stated_times
from facedyn_app.tracks.table import Column, Head, read_columns
from facedyn_app.tracks.track import NO_FACE, Track

EYES = tuple(name for name in LIVE_LINK_EYES if not name.endswith("Roll"))
TIMECODE, COUNT = "Timecode", "BlendshapeCount"
RATES = (24, 25, 30, 48, 50, 60, 90, 100, 120)
"""Frames a second that a timecode may count in, Hz."""
USUAL_RATE = 60

_CODE = re.compile(r"(\d{1,6}):(\d{1,6}):(\d{1,6})[:;](\d{1,6}(?:\.\d+)?)")
_DAY_S = 86_400.0
_EMPTY_ROW = re.compile(rb"^([\d:;.]+,0),*\r?$", re.MULTILINE)
"""A frame without a face may end behind its count of 0."""


def is_live_link(head: Head) -> bool:
    """Whether a table has a timecode and blendshapes."""
    return head.find(TIMECODE) is not None and head.find(*ARKIT_NAMES) is not None


def read_live_link(head: Head) -> tuple[Track, ...]:
    """The track of a table.

    Raises:
        InputError: The table cannot be used; the sentence says why.
    """
    code, count = head.find(TIMECODE), head.find(COUNT)
    if code is None:
        raise ValueError("a Live Link Face table has a timecode")
    named = {name: head.find(name) for name in (*ARKIT_NAMES, *LIVE_LINK_POSE, *EYES)}
    known = {name: column for name, column in named.items() if column is not None}
    counted = [] if count is None else [count]
    numbers, texts = read_columns(
        head, [*known.values(), *counted], [code], partial(_whole_rows, len(head.names))
    )
    columns = {name: numbers[:, k] for k, name in enumerate(known)}
    names = tuple(name for name in ARKIT_NAMES if name in known)
    values = np.stack([columns[name] for name in names], axis=1)
    times, notes = _times(head, texts[code])
    reason = np.zeros(len(values), dtype=np.uint8)
    if count is not None:
        reason[numbers[:, -1] == 0.0] = NO_FACE
    track = Track(
        program="Live Link Face",
        channel_set=ARKIT,
        seconds=times.seconds,
        names=names,
        values=values,
        reason=reason,
        fps_assumed=times.assumed,
        rotation=_rotation(columns),
        gaze=_gaze(columns, values, names),
        notes=notes,
    )
    return (track,)


def _whole_rows(n_columns: int, rows: bytes) -> bytes:
    """The rows, those without a face filled up with empty cells."""
    return _EMPTY_ROW.sub(rb"\1" + b"," * (n_columns - 2), rows)


def _times(head: Head, codes: Column) -> tuple[Times, tuple[str, ...]]:
    """Times of timecodes, s from the first; the sentences on what was assumed."""
    parts = np.empty((len(codes), 4))
    for row, code in enumerate(codes.tolist()):
        found = _CODE.fullmatch((code or "").strip())
        if found is None:
            raise unusable(
                head.path,
                f"its timecode {str(code)[:20]!r} in row {row + 1} "
                "is none (hours:minutes:seconds:frames)",
            )
        parts[row] = [float(part) for part in found.groups()]
    rate, told = _rate(parts)
    seconds = parts[:, :3] @ (3600.0, 60.0, 1.0) + parts[:, 3] / rate
    past_midnight = np.diff(seconds) < -_DAY_S / 2
    seconds[1:] += _DAY_S * np.cumsum(past_midnight)
    times = stated_times(head.path, seconds - seconds[:1])
    if told:
        return times, ()
    note = f"The timecode does not tell how many frames a second it counts: {rate} are assumed."
    return Times(times.seconds, assumed=True, note=note), (note,)


def _rate(parts: FloatArray) -> tuple[int, bool]:
    """Frames a second that a timecode counts in, and whether it tells.

    It does where a second ends within the recording: the highest frame number is then the rate's
    last, or near it.
    """
    highest = int(parts[:, 3].max(initial=0.0)) + 1
    if len(np.unique(parts[:, 2])) < 2:
        return next((rate for rate in (USUAL_RATE, *RATES) if rate >= highest), highest), False
    return next((rate for rate in RATES if rate >= highest), highest), True


def _rotation(columns: dict[str, FloatArray]) -> FloatArray | None:
    if not set(LIVE_LINK_POSE) <= set(columns):
        return None
    angles = np.stack([columns[name] for name in LIVE_LINK_POSE], axis=1)
    return euler_vectors(POSE_AXES, angles * POSE_SIGNS)


def _gaze(
    columns: dict[str, FloatArray], values: FloatArray, names: tuple[str, ...]
) -> FloatArray | None:
    """(T, 2, 2) from the eyes' yaw and pitch; from the looks where there are none."""
    if not set(EYES) <= set(columns):
        return gaze_of_looks(values, names)
    return -np.stack([columns[name] for name in EYES], axis=1).reshape(-1, 2, 2)
