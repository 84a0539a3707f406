"""How stored pictures become those that a viewer sees: turned, mirrored, square pixels, padded."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Literal

import av
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.reformatter import VideoReformatter

from facedyn_app.records import ByteArray, FloatArray


@dataclass(frozen=True, slots=True)
class Orientation:
    """What a display matrix asks for, to the nearest quarter turn.

    Attributes:
        quarter_turns: Quarter turns counter-clockwise, 0..3, before the mirror.
        mirrored: Whether left and right are exchanged after that.
    """

    quarter_turns: int = 0
    mirrored: bool = False


AS_STORED = Orientation()
_TIFF, _ORIENTATION_TAG = 42, 0x0112
_OF_EXIF: Final = {
    1: AS_STORED,
    2: Orientation(0, mirrored=True),
    3: Orientation(2),
    4: Orientation(2, mirrored=True),
    5: Orientation(3, mirrored=True),
    6: Orientation(3),
    7: Orientation(1, mirrored=True),
    8: Orientation(1),
}
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


def exif_orientation(content: bytes) -> Orientation | None:
    """How a JPEG picture is to be shown, as its Exif block says; None where it does not.

    Source: Exif 2.32, 4.6.4 (tag 0x0112) in the TIFF 6.0 form of its block. FFmpeg tells the turn
    alone where the picture is mirrored, too.

    Args:
        content: The beginning of its file.
    """
    start = content.find(b"Exif\0\0")
    block = content[start + 6 :]
    order: Literal["little", "big"] = "little" if block.startswith(b"II") else "big"

    def number(at: int, width: int) -> int:
        return int.from_bytes(block[at : at + width], order)

    if start < 0 or number(2, 2) != _TIFF:
        return None
    first = number(4, 4)
    for k in range(number(first, 2)):
        entry = first + 2 + 12 * k
        if entry + 12 > len(block):
            return None
        if number(entry, 2) == _ORIENTATION_TAG:
            return _OF_EXIF.get(number(entry + 8, 2))
    return None


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
            orientation: How it is to be shown; None where the picture itself says so.
        """
        width, height = max(1, round(frame.width * aspect)), frame.height
        orientation = orientation_of(frame) if orientation is None else orientation
        if orientation.quarter_turns % 2:
            width, height = height, width
        return cls(width, height, aspect, orientation, frame.rotation)

    def picture(
        self, frame: av.VideoFrame, *, as_shown: bool, flipped: bool = False
    ) -> tuple[ByteArray, float]:
        """A picture upright, in square pixels, and how large its camera's picture is drawn.

        A picture of another size or shape, as calls write in mid-stream, is scaled to fit and
        padded with black.

        Args:
            frame: As decoded.
            as_shown: Mirrored where the file asks for it.
            flipped: Mirrored once more.

        Returns:
            (height, width, 3) uint8 RGB, and its zoom (`records.Frame`).
        """
        orientation = self.orientation
        if frame.rotation != self.rotation:  # side data of every frame would keep it alive for long
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
        if flipped != (as_shown and orientation.mirrored):
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
