"""Faces of one video with their identities: what is known of each, and who a new one is."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from facedyn_app.landmarks.face_shape import MeanShape
from facedyn_app.landmarks.faces import Box, Face, moved
from facedyn_app.records import FloatArray

# A face that is gone for so long may come back anywhere; until then it is near where it was.
_NEAR_SECONDS = 1.0
_NEAR_HEIGHTS = 1.0
# Distances of mean shapes (`shapes_of`) up to which a face is one that was there before.
_SAME_SHAPE = 0.05
_SAME_SHAPE_NEAR = 0.12
# Fewer frames than this say little of a shape.
_YOUNG_FRAMES = 5


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
class Stretch:
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


def strangeness(track: Track, stretch: Stretch, seconds: float) -> float:
    """How unlike a face out of sight is to one that appears; infinite where it cannot be the same.

    Args:
        track: The face out of sight.
        stretch: The one that appears.
        seconds: When it appears, s.
    """
    first = stretch.faces[0]
    near = seconds - track.seen <= _NEAR_SECONDS and moved(track.box, first.box) <= _NEAR_HEIGHTS
    distance = track.shape.distance(stretch.shapes)
    if near:
        return distance / _SAME_SHAPE_NEAR if distance <= _SAME_SHAPE_NEAR else inf
    if track.shape.n < _YOUNG_FRAMES or distance > _SAME_SHAPE:
        return inf
    return distance / _SAME_SHAPE


def is_the_others(newer: Track, older: Track, stretch: Stretch) -> bool:
    """Whether a face that two tracks claim is the older track's, by its shape."""
    if newer.shape.n < _YOUNG_FRAMES:
        return True
    return older.shape.distance(stretch.shapes) <= newer.shape.distance(stretch.shapes)
