"""Grey pictures of one face over a video, all of one size, decoded anew each time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from facedyn_app.errors import MismatchError
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import ByteArray, FaceTrack, FloatArray, Frame, IntArray

_Square = tuple[ByteArray, np.float32, FloatArray]

SIDE_PX = 208
"""Side of the squares."""
FACE_PX = 170.0
"""Height of the face in them."""
BLOCK_FRAMES, MARGIN_FRAMES = 48, 8
TOLD_FRAMES = 30


@dataclass(frozen=True, slots=True, eq=False)
class FaceSquares:
    """Squares around a face in T frames.

    A place p, px from the image's middle in the frame's own camera, is at `scale p + shift` in its
    square, the middle of whose first pixel is at 0.

    Attributes:
        frames: (T,) numbers of the frames.
        own: Those that are in no other block; the others are its margins.
        grey: (T, SIDE_PX, SIDE_PX) uint8.
        scale: (T,) float32.
        shift: (T, 2) float32.
    """

    frames: IntArray
    own: slice
    grey: ByteArray
    scale: FloatArray
    shift: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class FaceVideo:
    """The pictures of a face.

    Attributes:
        decode: Gives the video's frames in order, from the first; called anew for each pass.
        track: The face's landmarks in them.
        zoom: (T,) of which the track's points are freed; None where they are as in the pictures.
    """

    decode: Callable[[], Iterable[Frame]]
    track: FaceTrack
    zoom: FloatArray | None = None

    def squares(
        self, frames: IntArray, stage: str = "looking at the face", on_progress: OnProgress = ignore
    ) -> Generator[FaceSquares]:
        """Squares of some frames, which all have a face, ascending; a block at a time.

        Args:
            frames: (N,) their numbers; decoding ends with the last.
            stage: What the reports call the work.
            on_progress: Called several times a second; may raise Cancelled.

        Raises:
            MismatchError: There are fewer frames than that.
        """
        with closing(self._each(frames, stage, on_progress)) as each:
            kept: list[_Square] = []
            for start in range(0, len(frames), BLOCK_FRAMES):
                first = max(0, start - MARGIN_FRAMES)
                last = min(start + BLOCK_FRAMES, len(frames))
                end = min(last + MARGIN_FRAMES, len(frames))
                kept.extend(islice(each, end - first - len(kept)))
                yield FaceSquares(
                    frames[first:end],
                    slice(start - first, last - first),
                    *(np.stack(column) for column in zip(*kept, strict=True)),
                )
                del kept[: max(0, last - MARGIN_FRAMES - first)]

    def _each(self, frames: IntArray, stage: str, on_progress: OnProgress) -> Generator[_Square]:
        """The square, scale and shift of each frame."""
        wanted, n_frames = iter(frames.tolist()), 0
        number, of = next(wanted), len(self.track.seconds)
        with closing(_generator(self.decode())) as decoded:
            for n_frames, frame in enumerate(decoded, start=1):
                if n_frames % TOLD_FRAMES == 1:
                    on_progress(Progress(stage, n_frames, of))
                if n_frames - 1 == number:
                    yield self._square(number, frame.image)
                    number = next(wanted, -1)
                    if number < 0:
                        return
        raise MismatchError(
            f"The video has {n_frames} frames where {of} were followed: it has changed.",
            "Fit it again.",
        )

    def _square(self, number: int, image: ByteArray) -> _Square:
        landmarks = self.track.only(np.array([number]))
        middle = 0.5 * np.array([landmarks.width, landmarks.height])
        zoom = 1.0 if self.zoom is None else float(self.zoom[number])
        shown = middle + zoom * (landmarks.points[0] - middle)
        low, high = shown.min(axis=0), shown.max(axis=0)
        side = max(1, round(SIDE_PX * float(high[1] - low[1]) / FACE_PX))
        first = np.round(0.5 * (low + high) - 0.5 * side).astype(int)
        drawn = SIDE_PX / side
        shift = (drawn * (middle - first) - 0.5).astype(np.float32)
        return _cut_out(image, first, side), np.float32(drawn * zoom), shift


def _generator(frames: Iterable[Frame]) -> Generator[Frame]:
    yield from frames


def _cut_out(image: ByteArray, first: IntArray, side: int) -> ByteArray:
    """A square of a picture at the size wanted; beyond its edges they are repeated."""
    last = np.array(image.shape[1::-1])[:, None] - 1
    across, down = (first[:, None] + np.arange(side)).clip(0, last)
    part = image[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
    if grey.shape != (side, side):
        grey = grey[np.ix_(down - down[0], across - across[0])]
    way = cv2.INTER_AREA if side > SIDE_PX else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, (SIDE_PX, SIDE_PX), interpolation=way), np.uint8)
