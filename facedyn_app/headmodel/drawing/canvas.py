"""Colours being mixed on the vertices of a fine mesh, and the colours of a made person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.records import ByteArray, FloatArray

Colour = tuple[int, int, int]
MOUTH_INSIDE: Colour = (58, 22, 22)
TEETH: Colour = (226, 219, 205)
TONGUE: Colour = (122, 62, 60)
SCLERA: Colour = (232, 228, 224)
PUPIL: Colour = (14, 12, 12)


@dataclass(frozen=True, slots=True)
class Skin:
    """The colours of a made person, each RGB 0..255.

    Attributes:
        skin: Skin.
        lips: Lips.
        brows: Eyebrows and lashes.
        iris: Iris.
        hair: Hair on the scalp.
        flush: How red the cheeks are, 0..1.
    """

    skin: Colour = (205, 160, 134)
    lips: Colour = (166, 84, 82)
    brows: Colour = (62, 44, 34)
    iris: Colour = (88, 62, 40)
    hair: Colour = (52, 38, 30)
    flush: float = 0.35


class Canvas:
    """Colours being mixed on the fine vertices.

    Attributes:
        points: (N, 3) the vertices, m.
        colours: (N, 3) their colours so far, 0..255.
    """

    def __init__(self, points: FloatArray, ground: Colour) -> None:
        self.points = points
        self.colours = np.tile(np.asarray(ground, dtype=np.float64), (len(points), 1))

    def blend(self, colour: Colour, amount: FloatArray) -> None:
        """Lay a colour over what is there, 0..1 of it at each vertex."""
        share = amount[:, None]
        self.colours = (1 - share) * self.colours + share * np.asarray(colour, dtype=np.float64)

    def bytes(self) -> ByteArray:
        """(N, 3) uint8 the colours."""
        return np.clip(np.rint(self.colours), 0, 255).astype(np.uint8)
