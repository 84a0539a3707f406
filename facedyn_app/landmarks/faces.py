"""Faces of a frame: their records, boxes, and the squares around them that a network is given.

A square is a row of four numbers: centre x and y, px; side, px; angle, rad, by which the face's
line of eyes is turned from the horizontal, y down. Functions take (N, 4) squares.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan

import cv2
import numpy as np

from facedyn_app.landmarks.occlusion import N_AROUND, N_PLACES, eye_contrasts, light_ratio
from facedyn_app.records import ByteArray, FloatArray, Frame

Box = tuple[float, float, float, float]
CROP_PX = 256
# MediaPipe's rule: half as much again as the box of the points, upright in the line of the eyes.
_MARGIN = 1.5
_RIGHT_EYE_OUTER, _LEFT_EYE_OUTER = 33, 263


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face in one picture.

    Attributes:
        number: Identity of the face within the video, from 1.
        points: (L, 2) float32 image positions, px.
        scores: (A,) float32 the landmarker's blendshape scores, 0..1, in BLENDSHAPE_NAMES' order.
        certainty: How surely there is a face at the points, 0..1.
        sharpness: Fine detail over contrast (`crops.sharpness_of`); NaN where not measured.
        turn: (3,) turn of the face as it is seen, rad (`turns_of`); NaN where not measured.
        shades: (K, 3) uint8 colours of its appearance (`shades_at`); black where unknown.
        box: Left, top, right and bottom of the points, px.
    """

    number: int
    points: FloatArray
    scores: FloatArray
    certainty: float = 1.0
    sharpness: float = nan
    turn: FloatArray = field(default_factory=lambda: np.full(3, nan, np.float32))
    shades: ByteArray = field(default_factory=lambda: np.zeros((N_PLACES, 3), np.uint8))
    box: Box = field(init=False)

    def __post_init__(self) -> None:
        """Work out the box."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        object.__setattr__(self, "box", box)

    @property
    def brightness(self) -> float:
        """Mean of its shades but for the eyes, 0 black to 1 white; NaN where they are unknown."""
        return float(self.shades[:N_AROUND].mean()) / 255.0 if self.shades.any() else nan

    @property
    def eye_contrasts(self) -> tuple[float, float]:
        """Of the left and the right eye (`occlusion.eye_contrasts`); NaN where not known."""
        return eye_contrasts(self.shades) if self.shades.any() else (nan, nan)

    @property
    def light_ratio(self) -> float:
        """Left side's light over the right one's (`occlusion.light_ratio`); NaN where not known."""
        return light_ratio(self.shades) if self.shades.any() else nan

    @property
    def height(self) -> float:
        """Height of the face, px."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True, slots=True, eq=False)
class FrameFaces:
    """A frame with the faces found in it.

    Attributes:
        frame: The frame; whoever keeps this record keeps its picture.
        faces: The faces, by number; empty where none was found.
    """

    frame: Frame
    faces: tuple[Face, ...]

    def face(self, number: int) -> Face | None:
        """The face of a number, or None where it is not in this frame."""
        return next((face for face in self.faces if face.number == number), None)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (_area(a) + _area(b) - both)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def moved(a: Box, b: Box) -> float:
    """Distance of two boxes' centres in heights of the first."""
    dx, dy = a[0] + a[2] - b[0] - b[2], a[1] + a[3] - b[1] - b[3]
    return float(np.hypot(dx, dy) / 2 / max(a[3] - a[1], 1.0))


def squares_of(points: FloatArray) -> FloatArray:
    """The squares (N, 4) around faces whose points (N, L, 2) are known, px."""
    low, high = points.min(axis=1), points.max(axis=1)
    line = points[:, _LEFT_EYE_OUTER] - points[:, _RIGHT_EYE_OUTER]
    return squares_around(low, high, line)


def squares_around(low: FloatArray, high: FloatArray, line: FloatArray) -> FloatArray:
    """The squares (N, 4) around boxes.

    Args:
        low: (N, 2) left and top, px.
        high: (N, 2) right and bottom, px.
        line: (N, 2) from the subject's right eye to the left one, px.
    """
    centre = (low + high) / 2
    side = _MARGIN * (high - low).max(axis=1)
    angle = np.arctan2(line[:, 1], line[:, 0])
    return np.column_stack([centre, side, angle])


def box_in(square: FloatArray) -> tuple[float, float, float, float]:
    """Left, top, right and bottom, px, of the box that a square (4,) was put around."""
    x, y, side, _ = (float(n) for n in square)
    half = side / _MARGIN / 2
    return (x - half, y - half, x + half, y + half)


def shift_between(a: FloatArray, b: FloatArray) -> FloatArray:
    """(N,) how squares differ: the largest of shift and change of side (shares) and turn (rad)."""
    shift = np.hypot(a[:, 0] - b[:, 0], a[:, 1] - b[:, 1]) / b[:, 2]
    growth = np.abs(np.log(a[:, 2] / b[:, 2]))
    turn = np.abs(np.angle(np.exp(1j * (a[:, 3] - b[:, 3]))))
    return np.asarray(np.max([shift, growth, turn], axis=0))


def square_to_image(square: FloatArray) -> FloatArray:
    """The (2, 3) matrix that takes a position in the crop, px, to the image, px."""
    x, y, side, angle = square
    scale = side / CROP_PX
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    half = CROP_PX / 2
    return np.array([[c, -s, x - half * (c - s)], [s, c, y - half * (c + s)]])


def crop(
    image: ByteArray, square: FloatArray, size: int = CROP_PX, outside: int = cv2.BORDER_REPLICATE
) -> ByteArray:
    """What a square shows: (size, size, 3) uint8, upright.

    Args:
        image: (H, W, 3) uint8.
        square: (4,).
        size: Side of the result, px.
        outside: What is seen outside the image, of OpenCV's: the border goes on, or black.
    """
    matrix = square_to_image(square)
    matrix[:, :2] *= CROP_PX / size
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shown = cv2.warpAffine(image, matrix, (size, size), flags=flags, borderMode=outside)
    return np.asarray(shown, dtype=np.uint8)


def mirrored_square(square: FloatArray, width: int) -> FloatArray:
    """The square (4,) that shows the same face in the mirrored picture.

    A point (width - x, y) of the mirrored picture for (x, y) of the picture lies at
    (CROP_PX - u, v) in the crop for (u, v) in that of the picture, px.

    Args:
        square: (4,).
        width: Of the picture, px.
    """
    x, y, side, angle = square.astype(np.float64)  # where width - x is exact
    return np.array([width - x, y, side, -angle])


def crop_to_image(points: FloatArray, squares: FloatArray) -> FloatArray:
    """Positions in crops (N, L, 2), px, as positions in the image, px, float32."""
    matrices = np.stack([square_to_image(square) for square in squares])
    turned = points @ matrices[:, :, :2].transpose(0, 2, 1) + matrices[:, None, :, 2]
    return np.asarray(turned, dtype=np.float32)


def image_to_crop(points: FloatArray, square: FloatArray) -> FloatArray:
    """Positions in the image (L, 2), px, as positions in the crop of a square (4,), px, float32.

    The way to the image is a turn and a scaling, M = s R, so that its inverse is M^T / s^2.
    """
    matrix, scale = square_to_image(square), square[2] / CROP_PX
    return np.asarray((points - matrix[:, 2]) @ matrix[:, :2] / scale**2, dtype=np.float32)


def sharpness_of(shown: ByteArray) -> float:
    """How much fine detail a crop has for its contrast; less than half of usual looks blurred.

    The standard deviation of the Laplacian over that of the grey values, at half of the crop's
    size, so that noise of single pixels counts less.
    """
    grey = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    detail = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_32F))[1]
    return float(detail[0, 0] / max(cv2.meanStdDev(grey)[1][0, 0], 1.0))
