"""Timeline of a session: one axis for video, head, traces and seek bar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from facedyn_app.records import BoolArray, FloatArray, Motion, PartialFit, Session

JAW_COLUMN: Final = -1
JAW_SIDE_COLUMN: Final = -2
ROOM: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The parameters of T frames, of a finished session or of as much as is done.

    Attributes:
        motion: How the face moves.
        error_percent: (T,) landmark error, percent of face height; NaN where unknown.
        rolling: Whether it holds the last seconds of something that goes on.
    """

    motion: Motion
    error_percent: FloatArray
    rolling: bool = False

    @property
    def n_frames(self) -> int:
        """T."""
        return len(self.motion.seconds)

    @property
    def duration(self) -> float:
        """Time of the last frame, s; 0 without frames."""
        return float(self.motion.seconds[-1]) if self.n_frames else 0.0

    @property
    def begins(self) -> float:
        """Where the time axis begins, s: 0, or later where only the last seconds are kept."""
        return float(self.motion.seconds[0]) if self.rolling and self.n_frames else 0.0

    def frame_at(self, seconds: float) -> int:
        """The frame on the screen at a time: the last one that has begun, 0 before the first."""
        after = int(np.searchsorted(self.motion.seconds, seconds + 1e-6, side="right"))
        return max(0, after - 1)

    def column(self, column: int) -> FloatArray:
        """(T,) values of a channel: an expression coefficient, or the jaw in degrees."""
        if column >= 0:
            return self.motion.expression[:, column]
        axis = 0 if column == JAW_COLUMN else 1
        return np.degrees(self.motion.jaw[:, axis])


class TimelineBuffer:
    """Grows a timeline from batches at a cost that does not rise with its length.

    Args:
        names: Names of the expression coefficients.
        last_seconds: How much is kept, s; all of it by default.
    """

    def __init__(self, names: tuple[str, ...], last_seconds: float = math.inf) -> None:
        self._names = names
        self._last_seconds = last_seconds
        self._n = 0
        self._rows = np.full((ROOM, 11 + len(names)), np.nan)

    def append(self, batch: PartialFit) -> None:
        """Add the frames of a batch; invalid frames become NaN.

        A batch that goes back in time is of the next video: the timeline begins anew with it.
        """
        motion = batch.motion
        k = len(motion.seconds)
        if k and self._n and motion.seconds[0] <= self._rows[self._n - 1, 0]:
            self._rows, self._n = np.full_like(self._rows, np.nan), 0
        while self._n + k > len(self._rows):
            kept = self._rows[self._first() : self._n]  # in new memory: timelines are views
            room = np.full((max(ROOM, len(kept)), kept.shape[1]), np.nan)
            self._rows = np.concatenate([kept, room])
            self._n = len(kept)
        rows = self._rows[self._n : self._n + k]
        rows[:, 0] = motion.seconds
        rows[:, 1] = motion.valid
        parts = (motion.jaw, motion.rotation, motion.translation, motion.expression)
        rows[:, 2:] = np.where(motion.valid[:, None], np.concatenate(parts, axis=1), np.nan)
        self._n += k

    def timeline(self) -> Timeline:
        """The frames so far; views, not copies."""
        rows = self._rows[self._first() : self._n]
        return Timeline(
            motion=Motion(
                seconds=rows[:, 0],
                valid=rows[:, 1] > 0.5,
                names=self._names,
                expression=rows[:, 11:],
                jaw=rows[:, 2:5],
                rotation=rows[:, 5:8],
                translation=rows[:, 8:11],
            ),
            error_percent=np.full(len(rows), np.nan),
            rolling=math.isfinite(self._last_seconds),
        )

    def _first(self) -> int:
        """The first row that is kept."""
        seconds = self._rows[: self._n, 0]
        return int(np.searchsorted(seconds, seconds[-1] - self._last_seconds)) if self._n else 0


def timeline_of(session: Session) -> Timeline:
    """The timeline of a finished session."""
    valid = session.motion.valid
    known = valid & (session.face_px > 0)
    error = np.full(len(valid), np.nan)
    error[known] = 100.0 * session.error_px[known] / session.face_px[known]
    return Timeline(
        motion=session.motion,
        error_percent=error,
    )


def runs_of(frames: BoolArray) -> list[tuple[int, int]]:
    """First and last frame of each run of true ones in (T,)."""
    edges = np.diff(np.concatenate([[False], frames, [False]]).astype(np.int8))
    firsts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(first), int(end) - 1) for first, end in zip(firsts, ends, strict=True)]


@dataclass(frozen=True, slots=True)
class TraceGroup:
    """Channels that share an axis.

    Attributes:
        title: What they are, short.
        unit: Their unit.
        channels: Label and column (`Timeline.column`) of each.
    """

    title: str
    unit: str
    channels: tuple[tuple[str, int], ...]


_ARKIT_GROUPS: Final = (
    ("Jaw", (("open", "jawOpen"),)),
    ("Blink", (("left", "eyeBlinkLeft"), ("right", "eyeBlinkRight"))),
    ("Smile", (("left", "mouthSmileLeft"), ("right", "mouthSmileRight"))),
    (
        "Brow",
        (
            ("inner", "browInnerUp"),
            ("L up", "browOuterUpLeft"),
            ("R up", "browOuterUpRight"),
            ("L down", "browDownLeft"),
            ("R down", "browDownRight"),
        ),
    ),
)


_UNIT_GROUPS: Final = (
    ("Jaw", (("drop", "AU26"), ("lips part", "AU25"))),
    ("Blink", (("AU45", "AU45"), ("AU43", "AU43"))),
    ("Smile", (("cheek", "AU06"), ("lip corner", "AU12"))),
    ("Brow", (("inner", "AU01"), ("outer", "AU02"), ("lower", "AU04"))),
)
"""Of the facial action coding system, by the units' names."""


def trace_groups(names: tuple[str, ...]) -> tuple[TraceGroup, ...]:
    """The groups that the traces show for a head with these coefficients.

    Heads with ARKit's names get the jaw, blinks, smiles and brows, and so do blendshapes and
    action units, which have no jaw joint; others the jaw and the leading coefficients.
    """
    jaw = TraceGroup("Jaw", "deg", (("open", JAW_COLUMN), ("sideways", JAW_SIDE_COLUMN)))
    groups = []
    for title, channels in (*_ARKIT_GROUPS, *_UNIT_GROUPS):
        present = tuple((label, names.index(name)) for label, name in channels if name in names)
        if present:
            groups.append(TraceGroup(title, "0 to 1", present))
    if not any(name.startswith(("jawOpen", "AU")) for name in names):
        groups.insert(0, jaw)
    if groups == [jaw]:
        short = (name.removeprefix("expression_") for name in names[:5])
        leading = tuple((label, column) for column, label in enumerate(short))
        groups.append(TraceGroup("Expression", "sd", leading))
    return tuple(groups)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that the user has marked, frames from `first` to `last`, both in it."""

    first: int | None = None
    last: int | None = None
