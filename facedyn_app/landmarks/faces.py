"""Faces of one frame, and the overlap of their boxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan

import numpy as np

from facedyn_app.landmarks.occlusion import N_PLACES
from facedyn_app.records import ByteArray, FloatArray, Frame

Box = tuple[float, float, float, float]


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
        """Mean of its shades, 0 black to 1 white; NaN where they are unknown."""
        return float(self.shades.mean()) / 255.0 if self.shades.any() else nan

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
