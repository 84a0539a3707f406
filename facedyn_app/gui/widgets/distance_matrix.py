"""Distances of the shapes of sessions, all pairs in a square, and their colour scale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from facedyn_app.gui.theme import GRID, colours_of, tabular_font
from facedyn_app.headmodel.rendering.colour_scale import STOPS, round_top, scale_colours
from facedyn_app.records import FloatArray

MOST_CELL_PX: Final = 64
MOST_ROWS: Final = 6
"""Sessions for which there is room for numbers in the cells without asking for a larger window."""
LEAST_NUMBER_PX: Final = 34
EDGE_PX: Final = 24
Pair = tuple[int, int]
BAR_PX: Final = 10


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
    def text(self) -> tuple[str, str, str]:
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
        place = QRectF(0, BAR_PX + 2, self.width(), self.height() - BAR_PX - 2)
        sides = (
            Qt.AlignmentFlag.AlignLeft,
            Qt.AlignmentFlag.AlignHCenter,
            Qt.AlignmentFlag.AlignRight,
        )
        for text, side in zip(self.text, sides, strict=True):
            painter.drawText(place, side, text)
        painter.end()


class DistanceMatrix(QWidget):
    """A square of coloured cells; rows and columns carry the numbers of the sessions.

    Attributes:
        pair_picked: (int, int): the user has clicked on these two sessions, from 0.
    """

    pair_picked = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._distances: FloatArray = np.zeros((0, 0))
        self._names: tuple[str, ...] = ()
        self._pair: Pair | None = None
        self.setFont(tabular_font(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Distance of the shapes of two sessions")

    @property
    def top(self) -> float:
        """The distance that has the darkest colour, standard deviations."""
        return round_top(float(self._distances.max(initial=0.0)))

    @property
    def pair(self) -> Pair | None:
        """The sessions that are framed."""
        return self._pair

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Cells that hold a number, where there are not too many."""
        side = EDGE_PX + GRID // 2 + LEAST_NUMBER_PX * min(MOST_ROWS, max(3, len(self._names)))
        return QSize(side, side)

    def show_distances(self, distances: FloatArray, names: tuple[str, ...]) -> None:
        """Show (I, I) distances, standard deviations, between the sessions of these names."""
        self._distances, self._names, self._pair = distances, names, None
        self.updateGeometry()
        self.update()

    def show_pair(self, one: int, other: int) -> None:
        """Frame two sessions."""
        self._pair = one, other
        self.update()

    def cell(self, row: int, column: int) -> QRectF:
        """Where a cell stands, px."""
        side = self._side()
        return QRectF(EDGE_PX + column * side, EDGE_PX + row * side, side, side)

    def text_at(self, place: QPointF) -> str:
        """What is said of the cell under a point; nothing outside."""
        pair = self._pair_at(place)
        if pair is None:
            return ""
        one, other = (f"{k + 1} ({self._names[k]})" for k in pair)
        if pair[0] == pair[1]:
            return f"Session {one}"
        distance = self._distances[pair]
        return f"Sessions {one} and {other}: {distance:.2f} standard deviations apart"

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint numbers, cells, and a frame around the pair that is compared."""
        painter = QPainter(self)
        colours = colours_of(self)
        side = self._side()
        for k in range(len(self._names)):
            painter.setPen(QColor(colours.muted))
            start = EDGE_PX + k * side
            for room in (QRectF(0, start, EDGE_PX, side), QRectF(start, 0, side, EDGE_PX)):
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, str(k + 1))
        for row, column in self._cells():
            self._paint_cell(painter, row, column)
        if self._pair is not None:
            painter.setPen(QPen(QColor(colours.accent), 3))
            for row, column in (self._pair, self._pair[::-1]):
                painter.drawRect(self.cell(row, column).adjusted(1, 1, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Compare the sessions of the cell."""
        pair = self._pair_at(event.position())
        if pair is not None and pair[0] != pair[1]:
            self.pair_picked.emit(*pair)

    def event(self, event: QEvent) -> bool:
        """Say in a tooltip what is under the pointer."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.text_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def _side(self) -> float:
        room = min(self.width(), self.height()) - EDGE_PX - GRID // 2
        return min(MOST_CELL_PX, room / max(1, len(self._names)))

    def _cells(self) -> Iterator[Pair]:
        n = len(self._names)
        return ((row, column) for row in range(n) for column in range(n))

    def _pair_at(self, place: QPointF) -> Pair | None:
        return next((pair for pair in self._cells() if self.cell(*pair).contains(place)), None)

    def _paint_cell(self, painter: QPainter, row: int, column: int) -> None:
        colours = colours_of(self)
        place = self.cell(row, column).adjusted(0.5, 0.5, -0.5, -0.5)
        if row == column:
            painter.fillRect(place, QColor(colours.line))
            return
        distance = float(self._distances[row, column])
        filled = QColor(*(int(c) for c in scale_colours(np.array([distance / self.top]))[0]))
        painter.fillRect(place, filled)
        if place.width() >= LEAST_NUMBER_PX - 1:
            painter.setPen(QColor("#1b1f24" if filled.lightnessF() > 0.5 else "#ffffff"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{distance:.2f}")
