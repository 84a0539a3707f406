"""Crops: the square around a face that the landmark network is given, and the way back.

A square is a row of four numbers: centre x and y, px; side, px; angle, rad, by which the face's
line of eyes is turned from the horizontal, y down. Functions take (N, 4) squares.
"""

from __future__ import annotations

import cv2
import numpy as np

from facedyn_app.records import ByteArray, FloatArray

CROP_PX = 256
# MediaPipe's rule: half as much again as the box of the points, upright in the line of the eyes.
_MARGIN = 1.5
_RIGHT_EYE_OUTER, _LEFT_EYE_OUTER = 33, 263


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
