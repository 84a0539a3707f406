"""One colour scale for distances, from pale to dark, and its legend with unit."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from facedyn_app.gui.theme import GRID, colours_of, tabular_font
from facedyn_app.records import ByteArray, FloatArray

STOPS: Final = ("#f4efe6", "#f5c98b", "#e58a2b", "#b5471b", "#5a1a14")
"""Lightness falls evenly, so that the order is seen without colour vision, too."""
BAR_PX: Final = 10
STEPS: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def scale_colours(shares: FloatArray) -> ByteArray:
    """(N, 3) uint8 RGB of (N,) shares of the scale, 0..1; beyond that the last colour."""
    colours = [QColor(stop) for stop in STOPS]
    stops = np.array([(c.red(), c.green(), c.blue()) for c in colours], dtype=np.float64)
    places = np.linspace(0.0, 1.0, len(stops))
    mixed = np.stack([np.interp(shares, places, stops[:, k]) for k in range(3)], axis=-1)
    return np.rint(mixed).astype(np.uint8)


def round_top(value: float) -> float:
    """The least number with few digits that is not below a value; 1 for nothing."""
    if not np.isfinite(value) or value <= 0.0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in STEPS if step * power >= value * (1 - 1e-9)))


class ScaleBar(QWidget):
    """The scale from 0 to a round number, lying under what it explains.

    Args:
        unit: What the numbers are, such as "mm".
        parent: The window.
    """

    def __init__(self, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unit = unit
        self.top = 1.0
        self.setFont(tabular_font(self.font()))
        self.setFixedHeight(BAR_PX + self.fontMetrics().height() + GRID // 2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def words(self) -> tuple[str, str, str]:
        """What stands at the bar's beginning, middle and end."""
        return "0", f"{self.top / 2:g}", f"{self.top:g} {self._unit}"

    def set_top(self, top: float) -> None:
        """The number at the dark end."""
        self.top = top
        self.setAccessibleName(f"Colours from 0 to {top:g} {self._unit}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint bar and numbers."""
        painter = QPainter(self)
        bar = QRectF(0, 0, self.width(), BAR_PX)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for place, stop in zip(np.linspace(0, 1, len(STOPS)), STOPS, strict=True):
            gradient.setColorAt(float(place), QColor(stop))
        painter.fillRect(bar, gradient)
        painter.setPen(QColor(colours_of(self).text))
        text = QRectF(0, BAR_PX + 2, self.width(), self.height() - BAR_PX - 2)
        sides = (
            Qt.AlignmentFlag.AlignLeft,
            Qt.AlignmentFlag.AlignHCenter,
            Qt.AlignmentFlag.AlignRight,
        )
        for words, side in zip(self.words, sides, strict=True):
            painter.drawText(text, side, words)
        painter.end()
