"""Rows of a measurement: their times, stated or counted from frame numbers, and their faces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.errors import unusable
from facedyn_app.records import FloatArray, IntArray

USUAL_FPS = 30.0
"""Taken where neither the file nor the user says a rate."""

FARTHEST_S = 86_400.0
"""A first time beyond a day counts from something else than the recording's begin."""

LONGEST_S, SHORTEST_STEP_S, LONGEST_STEP_S = 31 * 86_400.0, 1e-4, 100.0
"""What lasts longer, or has rows nearer together or farther apart, is no recording of a face."""

MOST_FACES = 64
"""More people in one picture than any recording of faces shows: the column is something else."""


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """When rows were measured.

    Attributes:
        seconds: (T,) s, not descending.
        assumed: Whether they hang on a frame rate that nobody has stated.
        note: What was assumed, a sentence; may be empty.
    """

    seconds: FloatArray
    assumed: bool = False
    note: str = ""


def stated_times(path: Path, seconds: FloatArray) -> Times:
    """Times as a file states them, uneven as they may be.

    Args:
        path: The file, for the sentence.
        seconds: (T,) s; from the first where they do not count from the recording's begin.

    Raises:
        InputError: A row has no time, the times run backwards, or they are none of a recording.
    """
    unknown = np.flatnonzero(~np.isfinite(seconds))
    if len(unknown):
        raise unusable(path, f"row {unknown[0] + 1} has no time")
    back = np.flatnonzero(np.diff(seconds) < 0.0)
    if len(back):
        row = int(back[0]) + 1
        raise unusable(
            path,
            f"its times run backwards, from {seconds[row - 1]:g} s to "
            f"{seconds[row]:g} s in row {row + 1}",
            "Sort the rows, or take the recordings apart.",
        )
    _check_span(path, seconds)
    first = seconds[0] if len(seconds) and abs(seconds[0]) > FARTHEST_S else 0.0
    return Times(seconds - first)


def _check_span(path: Path, seconds: FloatArray) -> None:
    if len(seconds) < 2:
        return
    span = float(seconds[-1] - seconds[0])
    if not span <= LONGEST_S:
        raise unusable(path, f"its times span {span / 86_400:.3g} days", "Are they seconds?")
    steps = np.diff(seconds)
    if (steps > 0.0).any() and float(np.median(steps[steps > 0.0])) < SHORTEST_STEP_S:
        raise unusable(
            path, f"its rows are less than {SHORTEST_STEP_S:g} s apart", "Are its times seconds?"
        )
    if float(np.median(steps)) > LONGEST_STEP_S:
        raise unusable(
            path, f"its rows are more than {LONGEST_STEP_S:g} s apart", "Are its times seconds?"
        )


def counted_times(path: Path, frames: FloatArray | None, n_rows: int, fps: float | None) -> Times:
    """Times from frame numbers, or from the rows' order, and a frame rate.

    Args:
        path: The file, for the sentence.
        frames: (T,) frame numbers from 0 or 1; None where there are none.
        n_rows: T.
        fps: The rate that the user states; None takes `USUAL_FPS`, which is said.

    Raises:
        InputError: As `stated_times`.
    """
    rate = fps or USUAL_FPS
    numbers = np.arange(n_rows, dtype=np.float64) if frames is None else frames
    begin = float(numbers[0]) if len(numbers) and np.isfinite(numbers[0]) else 0.0
    seconds = stated_times(path, (numbers - begin) / rate).seconds
    if fps is not None:
        return Times(seconds)
    note = f"The file has no times: {rate:g} frames a second are assumed (--fps says another rate)."
    return Times(seconds, assumed=True, note=note)


def has_times(seconds: FloatArray) -> bool:
    """Whether a column of times tells anything: that of single pictures is 0 throughout."""
    known = seconds[np.isfinite(seconds)]
    return len(seconds) == 1 or bool(len(known) > 1 and np.ptp(known) > 0.0)


def rows_by_face(path: Path, faces: FloatArray | None, n_rows: int) -> list[tuple[int, IntArray]]:
    """The rows of each face, in their order.

    Args:
        path: The file, for the sentence.
        faces: (T,) whole numbers; None where the file has one face.
        n_rows: T.

    Raises:
        InputError: The numbers are none of faces.
    """
    if faces is None:
        return [(0, np.arange(n_rows))]
    if not np.isfinite(faces).all() or (faces != np.round(faces)).any():
        raise unusable(path, "its numbers of faces are not whole numbers")
    found = np.unique(faces)
    if len(found) > MOST_FACES:
        raise unusable(path, f"it numbers {len(found)} faces")
    return [(int(face), np.flatnonzero(faces == face)) for face in found]
