"""Tracklets: a face followed through successive frames, and whose track it belongs to."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np

from facedyn_app.landmarks.faces import Box, Face, moved, shift_between, squares_of
from facedyn_app.landmarks.measurement import Measured, Measurer
from facedyn_app.records import ByteArray, FloatArray

# Points that expressions move little: corners of the eyes, nose, temples, cheeks, forehead.
_STEADY = (
    33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 2, 98, 327, 234, 454, 127, 356, 10, 151, 9,
)  # fmt: skip
# A face that is gone for so long may come back anywhere; until then it is near where it was.
_NEAR_SECONDS = 1.0
_NEAR_HEIGHTS = 1.0
# Distances of mean shapes (`shapes_of`) up to which a face is one that was there before.
_SAME_SHAPE = 0.05
_SAME_SHAPE_NEAR = 0.12
# Fewer frames than this say little of a shape.
_YOUNG_FRAMES = 5
# A square that is off by more than this share of its side, or this many radians, is moved and
# measured again. Within it the points move by about half a pixel of the crop, as they do from one
# frame's square to the next's.
_TOLERANCE = 0.06
_MOST_ROUNDS = 4


def shapes_of(points: FloatArray, depths: FloatArray) -> FloatArray:
    """(N, D) distances between steady points in three dimensions, in the face's own size.

    On eight videos of different people a person's frames scatter by 0.01 to 0.03 (root mean
    square over the distances) and people differ by 0.03 to 0.1, 0.06 in the median.

    Args:
        points: (N, L, 2) image positions, px.
        depths: (N, L) depths, px.
    """
    steady = np.concatenate([points[:, _STEADY], depths[:, _STEADY, None]], axis=2)
    i, j = np.triu_indices(len(_STEADY), 1)
    distances = np.linalg.norm(steady[:, i] - steady[:, j], axis=2)
    size = np.sqrt((distances**2).mean(axis=1, keepdims=True))
    return np.asarray(distances / size)


class MeanShape:
    """The mean of a face's shapes so far.

    Attributes:
        n: Frames that went into it.
    """

    def __init__(self) -> None:
        self.n = 0
        self._sum: FloatArray | float = 0.0

    def add(self, shapes: FloatArray) -> None:
        """Take in shapes (N, D)."""
        self._sum = self._sum + shapes.sum(axis=0)
        self.n += len(shapes)

    def distance(self, shapes: FloatArray) -> float:
        """How far the mean of shapes (N, D) is from this mean, root mean square."""
        return float(np.sqrt(((self._sum / self.n - shapes.mean(axis=0)) ** 2).mean()))


@dataclass(slots=True, eq=False)
class Track:
    """What is known of one face of the video.

    Attributes:
        number: Its identity, from 1; 0 before that is known.
        shape: Its mean shape.
        square: (4,) where to look for it next; None while it is out of sight.
        box: Where it was last, px.
        seen: When it was seen last, s.
    """

    number: int = 0
    shape: MeanShape = field(default_factory=MeanShape)
    square: FloatArray | None = None
    box: Box = (0.0, 0.0, 0.0, 0.0)
    seen: float = -inf


@dataclass(frozen=True, slots=True, eq=False)
class Tracklet:
    """A face in successive frames of a block.

    Attributes:
        start: The first frame's number in the block.
        faces: The face in each frame, not yet numbered.
        shapes: (n, D) its shape in each.
        squares: (n, 4) the square around each.
    """

    start: int
    faces: list[Face]
    shapes: FloatArray
    squares: FloatArray

    @property
    def end(self) -> int:
        """The number in the block of the frame after the last."""
        return self.start + len(self.faces)


def association_cost(track: Track, tracklet: Tracklet, seconds: float) -> float:
    """How unlike a face out of sight is to one that appears; infinite where it cannot be the same.

    Args:
        track: The face out of sight.
        tracklet: The one that appears.
        seconds: When it appears, s.
    """
    first = tracklet.faces[0]
    near = seconds - track.seen <= _NEAR_SECONDS and moved(track.box, first.box) <= _NEAR_HEIGHTS
    distance = track.shape.distance(tracklet.shapes)
    if near:
        return distance / _SAME_SHAPE_NEAR if distance <= _SAME_SHAPE_NEAR else inf
    if track.shape.n < _YOUNG_FRAMES or distance > _SAME_SHAPE:
        return inf
    return distance / _SAME_SHAPE


def associate(
    tracks: list[Track],
    tracklet: Tracklet,
    seconds: float,
    taken: Container[int],
    *,
    only_one: bool,
) -> Track:
    """The track of a face that appears: the likest of those out of sight, or a new one.

    Args:
        tracks: All tracks of the video; a new one is added.
        tracklet: The face.
        seconds: When it appears, s.
        taken: Numbers of the other faces of that frame.
        only_one: Whether any face out of sight is taken rather than a new one.
    """
    away = [track for track in tracks if track.number not in taken and track.seen < seconds]
    costs = [association_cost(track, tracklet, seconds) for track in away]
    if costs and (min(costs) < inf or only_one):
        return away[costs.index(min(costs))]
    tracks.append(Track(number=len(tracks) + 1))
    return tracks[-1]


def belongs_to_older(newer: Track, older: Track, tracklet: Tracklet) -> bool:
    """Whether a face that two tracks claim is the older track's, by its shape."""
    if newer.shape.n < _YOUNG_FRAMES:
        return True
    return older.shape.distance(tracklet.shapes) <= newer.shape.distance(tracklet.shapes)


def refine(
    measurer: Measurer, image: ByteArray, square: FloatArray, least: float
) -> FloatArray | None:
    """The square (4,) around the points of the face that a detector has seen; None without a face.

    Args:
        measurer: The landmark network.
        image: (H, W, 3) uint8 RGB.
        square: (4,) the detector's.
        least: Least certainty of a face, 0..1.
    """
    found = measurer.measure([image], square[None])
    return squares_of(found.points)[0] if found.certainty[0] >= least else None


def follow(
    measurer: Measurer, images: Sequence[ByteArray], square: FloatArray, least: float
) -> tuple[Measured, int]:
    """Measure a face in a block of frames, all at once.

    Every frame is first looked at in the square of the frame before the block; where the face has
    left it, in the square of the points just found or, where none were, of the frame before.

    Args:
        measurer: The landmark network.
        images: N (H, W, 3) uint8 RGB pictures, frame after frame.
        square: (4,) where the face was before the first.
        least: Least certainty of a face, 0..1.

    Returns:
        The measurements, and the number of frames from the first in which the face is there.
    """
    used = np.repeat(square[None], len(images), axis=0)
    found = measurer.measure(images, used)
    for _ in range(_MOST_ROUNDS):
        better = _better_squares(found, square, least)
        rows = np.flatnonzero(shift_between(used, better) > _TOLERANCE).tolist()
        if not rows:
            break
        used[rows] = better[rows]
        found.put(rows, measurer.measure([images[row] for row in rows], used[rows]))
    lost = np.flatnonzero(found.certainty < least)
    return found, int(lost[0]) if len(lost) else len(images)


def _better_squares(found: Measured, square: FloatArray, least: float) -> FloatArray:
    """(N, 4) each frame's own square; where it has no face, that of the last frame before."""
    own = squares_of(found.points)
    last = square
    for row, certainty in enumerate(found.certainty):
        if certainty < least:
            own[row] = last
        last = own[row]
    return own
