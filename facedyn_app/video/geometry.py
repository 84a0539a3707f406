"""Geometry of pictures, from stored to seen: turned, mirrored, square pixels, padded."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import av
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.reformatter import VideoReformatter

from facedyn_app.records import ByteArray, FloatArray


@dataclass(frozen=True, slots=True)
class Orientation:
    """What a display matrix or a photograph's EXIF data ask for, to the nearest quarter turn.

    Attributes:
        quarter_turns: Quarter turns counter-clockwise, 0..3, before the mirror.
        mirrored: Whether left and right are exchanged after that where it is shown.
        unmirror: Whether they are exchanged however it is read: what is stored is mirrored.
    """

    quarter_turns: int = 0
    mirrored: bool = False
    unmirror: bool = False


AS_STORED = Orientation()
ZOOM_DIGITS: Final = 3
"""Sizes are whole pixels: a part of the same shape has the same zoom."""


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """How a picture is to be shown.

    A display matrix (ISO 14496-12, 6.2.2) takes stored x, y to shown x' = a x + c y and
    y' = b x + d y, both y downwards: nine 16.16 numbers a b u, c d v, x y w. A negative determinant
    is a mirror; what is left of the matrix without it is a turn.
    """
    try:
        found = frame.side_data.get(SideDataType.DISPLAYMATRIX)
    except ValueError:  # beside it lies what PyAV has no name for, such as EXIF: the turn is left
        return Orientation(round(frame.rotation / 90) % 4)
    if found is None:
        return AS_STORED
    numbers = np.frombuffer(bytes(found), dtype=np.int32)
    if len(numbers) != 9:
        return AS_STORED
    a, b, _, c, d = (float(number) for number in numbers[:5])
    determinant = a * d - b * c
    if determinant == 0.0:
        return AS_STORED
    clockwise = math.atan2(b, -a if determinant < 0 else a)
    return Orientation(round(-clockwise / (math.pi / 2)) % 4, determinant < 0)


@dataclass(frozen=True, slots=True)
class Geometry:
    """The size that all pictures of a video are shown in: that of the first.

    Attributes:
        width: Width as shown, px.
        height: Height as shown, px.
        aspect: Width of a stored pixel over its height.
        orientation: Of the first picture, and of all that have its `rotation`.
        rotation: What FFmpeg says of the first picture's turn, degrees.
    """

    width: int
    height: int
    aspect: float
    orientation: Orientation
    rotation: int
    # one for all pictures: what it works out for a size costs more than a picture
    _reformatter: VideoReformatter = field(default_factory=VideoReformatter, compare=False)

    @classmethod
    def of(
        cls, frame: av.VideoFrame, aspect: float, orientation: Orientation | None = None
    ) -> Geometry:
        """The geometry of a video.

        Args:
            frame: Its first picture.
            aspect: Width of a stored pixel over its height.
            orientation: Of the picture; None takes what the decoder says.
        """
        width, height = max(1, round(frame.width * aspect)), frame.height
        orientation = orientation or orientation_of(frame)
        if orientation.quarter_turns % 2:
            width, height = height, width
        return cls(width, height, aspect, orientation, frame.rotation)

    def picture(
        self,
        frame: av.VideoFrame,
        *,
        as_shown: bool,
        flipped: bool = False,
        orientation: Orientation | None = None,
    ) -> tuple[ByteArray, float]:
        """A picture upright, in square pixels, and how large its camera's picture is drawn.

        A picture of another size or shape, as calls write in mid-stream, is scaled to fit and
        padded with black.

        Args:
            frame: As decoded.
            as_shown: Mirrored where the file asks for it.
            flipped: Mirrored once more.
            orientation: Of the picture; None takes the first one's, or what the decoder says.

        Returns:
            (height, width, 3) uint8 RGB, and its zoom (`records.Frame`).
        """
        if orientation is None:
            orientation = self.orientation
            if frame.rotation != self.rotation:  # side data of every frame keep it alive for long
                orientation = orientation_of(frame)
        turned = orientation.quarter_turns % 2 == 1
        width, height = max(1, round(frame.width * self.aspect)), frame.height
        if turned:
            width, height = height, width
        scale = min(self.width / width, self.height / height)
        inner = (max(1, round(scale * width)), max(1, round(scale * height)))
        stored = inner[::-1] if turned else inner
        rgb = self._reformatter.reformat(frame, width=stored[0], height=stored[1], format="rgb24")
        image = np.asarray(rgb.to_ndarray(), dtype=np.uint8)
        if orientation.quarter_turns:
            image = np.rot90(image, orientation.quarter_turns)
        if (flipped != (as_shown and orientation.mirrored)) != orientation.unmirror:
            image = image[:, ::-1]
        zoom = round(scale * max(width, height) / max(self.width, self.height), ZOOM_DIGITS)
        if inner != (self.width, self.height):
            return self._padded(image), zoom
        return np.ascontiguousarray(image), zoom

    def _padded(self, image: ByteArray) -> ByteArray:
        height, width = image.shape[:2]
        whole = np.zeros((self.height, self.width, 3), dtype=np.uint8)
        top, left = (self.height - height) // 2, (self.width - width) // 2
        whole[top : top + height, left : left + width] = image
        return whole


def mirror_points(points: FloatArray, width: int) -> FloatArray:
    """Where points lie in the mirrored picture.

    Args:
        points: (..., 2) image positions, px.
        width: Of the picture, px.
    """
    mirrored = points.copy()
    mirrored[..., 0] = width - points[..., 0]
    return mirrored
