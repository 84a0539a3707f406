"""One face followed through a block of frames by its own last points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facedyn_app.landmarks.crops import shift_between, squares_of
from facedyn_app.landmarks.measuring import Measured, Measurer
from facedyn_app.records import ByteArray, FloatArray

# A square that is off by more than this share of its side, or this many radians, is moved and
# measured again. Within it the points move by about half a pixel of the crop, as they do from one
# frame's square to the next's.
_TOLERANCE = 0.06
_MOST_ROUNDS = 4


def settle(
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
