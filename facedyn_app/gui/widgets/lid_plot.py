"""Lid plot: the closure of both eyes over time, with the blinks marked."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from facedyn_app.dynamics.clinical.blink_pairs import Blink
from facedyn_app.dynamics.clinical.blinks import ClosureKind
from facedyn_app.dynamics.clinical.measures import ASPECT, FISSURE, SIDES
from facedyn_app.dynamics.clinical.session import ClinicalMeasures
from facedyn_app.gui.theme import GRID, colours_of
from facedyn_app.records import FloatArray

ABOVE: Final = 1.15
"""Where marks stand, of the highest value."""
COURSES: Final = (
    ("", "closure (1: shut)", 1.0),
    (FISSURE, "fissure height (mm)", 1.0),
    (ASPECT, "eye aspect ratio", 1.0),
)
"""What can be shown: a measure's name, the axis' label, its top."""


class LidPlot(QWidget):
    """Closure of the lids, 0 open to 1 shut, left and right; or their distance, or its ratio.

    Attributes:
        moment_picked: float: the user has clicked at this moment, s.
    """

    moment_picked = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._graphics: Any = pg.GraphicsLayoutWidget()
        plot = self._plot = self._graphics.addPlot(enableMenu=False)
        plot.ctrlMenu.setParent(self, plot.ctrlMenu.windowFlags())  # it shall go with the widget
        plot.hideButtons()
        plot.setMouseEnabled(x=True, y=False)
        plot.setLabel("bottom", "time (s)")
        for side in ("left", "bottom"):
            plot.getAxis(side).enableAutoSIPrefix(False)
        self._legend = QLabel()
        self._seconds: FloatArray = np.zeros(0)
        self._found: ClinicalMeasures | None = None
        self.unit = QComboBox()
        self.unit.addItems(["Closure", "Fissure height, mm", "Eye aspect ratio"])
        self.unit.setAccessibleName("What the plot shows of the lids")
        self.unit.currentIndexChanged.connect(self._draw)
        self._curves = [plot.plot() for _ in SIDES]
        for curve in self._curves:
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)
        self._complete = pg.ScatterPlotItem(symbol="t", size=9)
        self._other = pg.ScatterPlotItem(symbol="t", size=9)
        for marks in (self._complete, self._other):
            plot.addItem(marks)
        self._graphics.scene().sigMouseClicked.connect(self._clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QHBoxLayout()
        top.addWidget(self.unit)
        top.addWidget(self._legend, 1)
        column.addLayout(top)
        column.addWidget(self._graphics, 1)
        self.setMinimumHeight(16 * GRID)
        self._paint_colours()

    def show_measures(self, seconds: FloatArray, found: ClinicalMeasures) -> None:
        """Show the course of the lids.

        Args:
            seconds: (T,) s.
            found: What was measured; without a head there is the closure alone.
        """
        self._seconds, self._found = seconds, found
        traces = {FISSURE, ASPECT} & set(found.traces)
        self.unit.setEnabled(bool(traces))
        if not traces:
            self.unit.setCurrentIndex(0)
        self._draw()
        if len(seconds):
            self._plot.setXRange(float(seconds[0]), float(seconds[-1]), padding=0.01)

    @Slot()
    def _draw(self) -> None:
        found = self._found
        if found is None:
            return
        name, label, top = COURSES[self.unit.currentIndex()]
        values = found.closures if not name else found.traces[name]
        if name:
            known = values[np.isfinite(values)]
            top = float(known.max()) if len(known) else 1.0
        for side, curve in enumerate(self._curves):
            curve.setData(self._seconds, values[:, side], connect="finite")
        for marks, wanted in ((self._complete, True), (self._other, False)):
            times = [one.moment for one in found.blinks if _is_complete(one) is wanted]
            marks.setData(times, np.full(len(times), ABOVE * top))
        self._plot.setLabel("left", label)
        self._plot.setYRange(-0.1 * top, (ABOVE + 0.1) * top, padding=0)

    @property
    def top(self) -> float:
        """The highest value that has room in the plot, in the unit shown."""
        return float(self._plot.viewRange()[1][1])

    def marked(self) -> tuple[list[float], list[float]]:
        """The moments of complete blinks and of other closures that are marked, s."""
        complete, other = (marks.getData()[0] for marks in (self._complete, self._other))
        return [float(value) for value in complete], [float(value) for value in other]

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_other"):
            self._paint_colours()

    def _paint_colours(self) -> None:
        colours = colours_of(self)
        self._graphics.setBackground(colours.base)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(colours.line)
            axis.setTextPen(colours.muted)
        eyes = zip(SIDES, colours.series, strict=False)
        lines = [f'<span style="color:{one}">&#9632;</span> {side} eye' for side, one in eyes]
        marks = ["&#9660; complete blink", "&#9661; partial, long or forced"]
        self._legend.setText("&nbsp; &nbsp;".join([*lines, *marks]))
        for curve, colour in zip(self._curves, colours.series, strict=False):
            curve.setPen(pg.mkPen(colour, width=1.2))
        self._complete.setBrush(colours.text)
        self._complete.setPen(colours.text)
        self._other.setBrush(None)
        self._other.setPen(colours.text)

    def _clicked(self, event: Any) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            point = self._plot.getViewBox().mapSceneToView(event.scenePos())
            self.moment_picked.emit(float(point.x()))


def _is_complete(blink: Blink) -> bool:
    return blink.kind is ClosureKind.BLINK and blink.complete
