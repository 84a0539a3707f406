"""Face detection in pictures: the bundle's detector, and when and where a video is searched.

The detector (BlazeFace, short range) looks at a square of 128 px and says for each of 896 cells of
two grids whether a face is there, with its box and the places of eyes, nose, mouth and ears.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import cv2
import numpy as np

from facedyn_app.landmarks.faces import CROP_PX, crop, crop_to_image, overlap, squares_around
from facedyn_app.landmarks.models import FaceModels
from facedyn_app.records import ByteArray, FloatArray, Frame

_INPUT_PX = 128
# Cells a side and answers a cell of the detector's two grids.
_GRIDS = ((16, 2), (8, 6))
# Answers that overlap more than this are of one face.
_SAME_FACE = 0.3
# With a face in sight, the whole picture is searched for others so often, s.
_OTHERS_SECONDS = 0.2
# Without one, tiles are searched at once and then ever more rarely, up to so often, s.
_TILES_SECONDS, _TILES_MOST_SECONDS = 0.5, 8.0
# The detector sees faces of about an eighth of its square and more; tiles of this side find faces
# of some 40 px.
_LEAST_TILE_PX = 300.0


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face that the detector sees.

    Attributes:
        square: (4,) the square to look for its points in (see `faces`).
        certainty: How sure the detector is, 0..1.
    """

    square: FloatArray
    certainty: float


class FaceDetector:
    """Finds faces in whole pictures and in squares of them.

    Args:
        models: The networks.
        least: Least certainty of a face, 0..1.
    """

    def __init__(self, models: FaceModels, least: float) -> None:
        self._models = models
        self._least = least
        self._cells = _cell_centres()

    def find(self, image: ByteArray, squares: FloatArray) -> list[Detection]:
        """The faces in squares of a picture, the surest first, each once.

        Args:
            image: (H, W, 3) uint8 RGB.
            squares: (N, 4) where to look, upright.
        """
        pictures = [crop(image, square, _INPUT_PX, cv2.BORDER_CONSTANT) for square in squares]
        places, logits = self._models.detections(pictures)
        certainties = 1.0 / (1.0 + np.exp(-np.clip(logits.astype(np.float64), -100, 100)))
        found = []
        for square, place, certainty in zip(squares, places, certainties, strict=True):
            sure = certainty >= self._least
            points = self._decode(place[sure], self._cells[sure], square)
            found.append((points, certainty[sure]))
        return _merged(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def _decode(self, places: FloatArray, cells: FloatArray, square: FloatArray) -> FloatArray:
        """(N, 4, 2) left top, right bottom, right eye and left eye in the image, px."""
        centre = places[:, :2] + cells
        half = places[:, 2:4] / 2
        eyes = places[:, 4:8].reshape(-1, 2, 2) + cells[:, None]
        corners = np.stack([centre - half, centre + half], axis=1)
        points = np.concatenate([corners, eyes], axis=1) * (CROP_PX / _INPUT_PX)
        return crop_to_image(points.reshape(1, -1, 2), square[None]).reshape(-1, 4, 2)


def whole_picture(image: ByteArray) -> FloatArray:
    """The (1, 4) square around a whole picture."""
    height, width = image.shape[:2]
    return np.array([[width / 2, height / 2, max(width, height), 0.0]])


def tiles(image: ByteArray, side: float) -> FloatArray:
    """Squares (N, 4) of a side, px, that cover a picture and overlap by half or more."""
    height, width = image.shape[:2]
    rows, columns = (
        np.linspace(min(side, size) / 2, size - min(side, size) / 2, _steps(size, side))
        for size in (height, width)
    )
    y, x = (a.reshape(-1) for a in np.meshgrid(rows, columns, indexing="ij"))
    return np.column_stack([x, y, np.full(len(x), side), np.zeros(len(x))])


def _steps(size: int, side: float) -> int:
    return 1 + max(0, int(np.ceil((size - side) / (side / 2))))


def _cell_centres() -> FloatArray:
    """(896, 2) centres of the cells, px."""
    centres = []
    for n, n_answers in _GRIDS:
        middle = (np.arange(n) + 0.5) * _INPUT_PX / n
        y, x = np.meshgrid(middle, middle, indexing="ij")
        centres.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), n_answers, axis=0))
    return np.concatenate(centres).astype(np.float32)


def _merged(points: FloatArray, certainties: FloatArray) -> list[Detection]:
    """One detection for each face: the mean of the answers that overlap, weighed by certainty."""
    order = np.argsort(-certainties, kind="stable")
    boxes = points[:, :2].reshape(-1, 4).tolist()
    left = list(order)
    detections = []
    while left:
        best = left[0]
        shared = [overlap(tuple(boxes[best]), tuple(boxes[i])) > _SAME_FACE for i in left]
        group = [i for i, same in zip(left, shared, strict=True) if same]
        left = [i for i, same in zip(left, shared, strict=True) if not same and i != best]
        mean = np.average(points[group or [best]], axis=0, weights=certainties[group or [best]])
        low, high, right_eye, left_eye = (part[None] for part in mean)
        square = squares_around(low, high, left_eye - right_eye)[0]
        detections.append(Detection(square, float(certainties[best])))
    return detections


class Search:
    """Searches frames for faces, in tiles of the picture where the whole of it shows none.

    Args:
        finder: The detector.
    """

    def __init__(self, finder: FaceDetector) -> None:
        self._finder = finder
        self._next_whole = self._next_tiles = -inf
        self._wait = _TILES_SECONDS

    def find(self, frame: Frame, n_in_sight: int) -> list[Detection]:
        """The faces in a frame if it is time to search it, the largest first.

        Args:
            frame: The frame; frames come in order of time.
            n_in_sight: Faces in the frame that are followed already.
        """
        if n_in_sight and frame.seconds < self._next_whole:
            return []
        self._next_whole = frame.seconds + _OTHERS_SECONDS
        found = self._finder.find(frame.image, whole_picture(frame.image))
        if not found and not n_in_sight and frame.seconds >= self._next_tiles:
            self._next_tiles = frame.seconds + self._wait
            self._wait = min(2 * self._wait, _TILES_MOST_SECONDS)
            found = self._in_tiles(frame)
        return sorted(found, key=lambda face: -face.square[2])

    def was_right(self) -> None:
        """Search tiles again at once when the face just found is lost."""
        self._next_tiles, self._wait = -inf, _TILES_SECONDS

    def _in_tiles(self, frame: Frame) -> list[Detection]:
        """The faces in the largest tiles that show any."""
        side = float(min(frame.image.shape[:2]))
        while side >= _LEAST_TILE_PX:
            found = self._finder.find(frame.image, tiles(frame.image, side))
            if found:
                return found
            side /= 2 if side > 2 * _LEAST_TILE_PX else 1.5
        return []
