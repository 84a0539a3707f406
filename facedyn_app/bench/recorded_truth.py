"""Truth of a recorded performance: a table of ARKit activations and lengths, a row a frame.

Columns are `seconds`, ARKit channels (`eyeBlinkLeft` or `eyeBlink_L`) and lengths (`length: NAME`,
as shares of the distance of the outer eye corners between the points of the landmarker). A length
of another name than those of `LENGTHS` states its two points at its end: `length: NAME (13-14)`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.files import open_plain
from facedyn_app.landmarks import BLENDSHAPE_NAMES
from facedyn_app.records import N_LANDMARKS, FloatArray, IntArray

SECONDS, LENGTH = "seconds", "length:"
CHANNELS = (*BLENDSHAPE_NAMES[1:], "tongueOut")
"""ARKit's channels."""
LENGTHS: dict[str, tuple[int, int]] = {
    "mouth height": (13, 14),
    "lips outer height": (0, 17),
    "mouth width": (61, 291),
    "left eye aperture": (386, 374),
    "right eye aperture": (159, 145),
    "left brow to eye": (334, 263),
    "right brow to eye": (105, 33),
    "left corner to nose": (291, 1),
    "right corner to nose": (61, 1),
    "chin to nose": (152, 1),
}
"""Landmarks between which the lengths are, by name."""
MAX_BYTES = 64_000_000
LEAST_ROWS = 10
SAME_RATE = 0.01
"""Relative difference of the rates of table and video up to which they are the same."""
LEAST_COVERED = 0.9
"""Share of the video's frames that need a row, and of the rows that need a frame."""
_ACTIVATIONS = (-0.5, 1.5)  # trackers pass 0 and 1 by a little; percent do by more
_POINTS = re.compile(r"\((\d{1,3})\s*-\s*(\d{1,3})\)$")


@dataclass(frozen=True, slots=True, eq=False)
class RecordedTruth:
    """What is true of a performance.

    Attributes:
        path: The table.
        seconds: (N,) times of the rows, ascending, s.
        channel_names: K channels in ARKit's spelling.
        channels: (N, K) activations.
        length_names: M names of lengths.
        length_points: (M, 2) landmarks between which they are.
        lengths: (N, M) shares of the distance of the outer eye corners.
    """

    path: Path
    seconds: FloatArray
    channel_names: tuple[str, ...]
    channels: FloatArray
    length_names: tuple[str, ...]
    length_points: IntArray
    lengths: FloatArray

    @property
    def rate(self) -> float:
        """Rows a second, by the median step."""
        return float(1.0 / np.median(np.diff(self.seconds)))


def read_truth(path: Path) -> RecordedTruth:
    """Read a truth table.

    Args:
        path: The CSV file.

    Raises:
        InputError: It is missing, no such table, or holds what cannot be true; says what.
    """
    head, values = _read_numbers(path)
    names = [_column_name(path, name) for name in head]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _refused(path, f"has the column '{twice[0]}' more than once")
    if SECONDS not in names:
        raise _refused(path, f"has no column '{SECONDS}'", "Give each row its time in s.")
    channels = [k for k, name in enumerate(names) if name in CHANNELS]
    lengths = [k for k, name in enumerate(names) if name.startswith(LENGTH)]
    if not channels:
        raise _refused(path, "has no column of an ARKit channel")
    truth = RecordedTruth(
        path=path,
        seconds=values[:, names.index(SECONDS)],
        channel_names=tuple(names[k] for k in channels),
        channels=values[:, channels],
        length_names=tuple(names[k].removeprefix(LENGTH).strip() for k in lengths),
        length_points=np.array([_points(path, names[k]) for k in lengths], np.int64).reshape(-1, 2),
        lengths=values[:, lengths],
    )
    _check_values(truth)
    return truth


def check_rate(truth: RecordedTruth, fps: float) -> None:
    """Make sure that a table has a row for each frame of a video.

    Args:
        truth: The table.
        fps: Frames a second of the video.

    Raises:
        InputError: Its rows are further apart than the frames, or closer.
    """
    if abs(truth.rate / fps - 1.0) > SAME_RATE:
        raise _refused(
            truth.path,
            f"has {truth.rate:.2f} rows a second, the video {fps:.2f} frames a second",
            "A row for each frame is needed.",
        )


def rows_of_frames(truth: RecordedTruth, seconds: FloatArray) -> IntArray:
    """(T,) the row of each frame of a video: the nearest in time within half a frame, else -1.

    Args:
        truth: The table.
        seconds: (T,) times of the frames from the video's first, s.

    Raises:
        InputError: Many frames have no row, or many rows no frame.
    """
    after = np.searchsorted(truth.seconds, seconds).clip(1, len(truth.seconds) - 1)
    nearer_before = seconds - truth.seconds[after - 1] < truth.seconds[after] - seconds
    nearest = after - nearer_before
    near = np.abs(truth.seconds[nearest] - seconds) <= 0.5 / truth.rate
    rows = np.where(near, nearest, -1)
    matched = np.unique(rows[near])
    if near.mean() < LEAST_COVERED or len(matched) < LEAST_COVERED * len(truth.seconds):
        raise _refused(
            truth.path,
            f"covers {truth.seconds[0]:.2f} to {truth.seconds[-1]:.2f} s in {len(truth.seconds)} "
            f"rows, the video {seconds[0]:.2f} to {seconds[-1]:.2f} s in {len(seconds)} frames",
            "Times count from the video's first frame.",
        )
    return np.asarray(rows, dtype=np.int64)


def _read_numbers(path: Path) -> tuple[list[str], FloatArray]:
    """The head of a table and its numbers (N, K)."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _refused(path, f"is larger than {MAX_BYTES // 1_000_000} MB")
        with open_plain(path) as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            rows = [row for row in csv.reader(text) if row]
    except FileNotFoundError as error:
        raise InputError(f"The truth file '{path}' does not exist.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"The truth file '{path}' cannot be read: {reason}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise _refused(path, "is no table of text with commas") from error
    if len(rows) <= LEAST_ROWS:
        raise _refused(path, f"has fewer than {LEAST_ROWS} rows below its names")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            raise _refused(path, f"has {len(row)} cells in row {number} for {len(rows[0])} names")
    return [name.strip() for name in rows[0]], _numbers(path, rows)


def _numbers(path: Path, rows: Sequence[Sequence[str]]) -> FloatArray:
    try:
        values = np.array([[float(cell) for cell in row] for row in rows[1:]], dtype=np.float64)
    except ValueError:
        values = np.array([[_number(cell) for cell in row] for row in rows[1:]])
    if not np.isfinite(values).all():
        row, column = (int(k) for k in np.argwhere(~np.isfinite(values))[0])
        name, cell = rows[0][column].strip(), rows[row + 1][column][:20]
        raise _refused(path, f"has '{cell}' for '{name}' in row {row + 2}, which is no number")
    return values


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def _column_name(path: Path, name: str) -> str:
    """A column's name in one spelling."""
    if name.startswith(LENGTH):
        return name
    spelled = re.sub("_R$", "Right", re.sub("_L$", "Left", name))
    if spelled in (SECONDS, *CHANNELS):
        return spelled
    raise _refused(
        path,
        f"has the column '{name[:40]}', which is no ARKit channel",
        f"Known are '{SECONDS}', ARKit's names such as eyeBlinkLeft or eyeBlink_L, "
        f"and '{LENGTH} NAME'.",
    )


def _points(path: Path, column: str) -> tuple[int, int]:
    """The landmarks of a length: stated at the end of its name, else by its name."""
    name = column.removeprefix(LENGTH).strip()
    if stated := _POINTS.search(name):
        one, other = (int(number) for number in stated.groups())
        if one != other and max(one, other) < N_LANDMARKS:
            return one, other
    elif name in LENGTHS:
        return LENGTHS[name]
    raise _refused(
        path,
        f"has the length '{name[:40]}', whose points are not known",
        f"Name two landmarks below {N_LANDMARKS} at its end, such as '(13-14)', or one of these: "
        f"{', '.join(LENGTHS)}.",
    )


def _check_values(truth: RecordedTruth) -> None:
    if not (np.diff(truth.seconds) > 0).all():
        raise _refused(truth.path, "has times that do not ascend")
    low, high = _ACTIVATIONS
    wrong = ((truth.channels < low) | (truth.channels > high)).any(axis=0)
    for name in np.array(truth.channel_names)[wrong]:
        raise _refused(truth.path, f"has values of '{name}' beyond activations of 0 to 1")
    for name in np.array(truth.length_names)[(truth.lengths < 0).any(axis=0)]:
        raise _refused(truth.path, f"has values below 0 for the length '{name}'")


def _refused(path: Path, why: str, hint: str = "") -> InputError:
    return InputError(f"The truth file '{path}' {why}.", hint)
