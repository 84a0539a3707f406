"""Traces panel: the head's parameters over time, jaw, blinks, smiles, brows, under one cursor."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from facedyn_app.gui.panels.trace_plot import (
    AXIS_PX,
    BOTTOM_PX,
    SecondsAxis,
    end_ticks,
    legend,
    style_plot,
    value_range,
)
from facedyn_app.gui.status import DONE
from facedyn_app.gui.theme import GRID, colours_of
from facedyn_app.gui.timeline import Span, Timeline, TraceGroup, runs_of, trace_groups
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.records import BoolArray

REDRAWS_PER_SECOND: Final = 10
LEGEND_PX: Final = 220
TOP_PX: Final = 4
RIGHT_PX: Final = LEGEND_PX + GRID
LEGEND_LINES: Final = 2
LEAST_FONT_PX: Final = 8
MOST_SHADES: Final = 100


class TracesPanel(Panel):
    """One plot per group, one under the other, over the same seconds.

    Attributes:
        frame_picked: int: the user has clicked or dragged to this frame.
        range_changed: (float, float): these seconds are shown.
    """

    frame_picked = Signal(int)
    range_changed = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Jaw, blinks, smiles and brows over time appear here.",
            "Click in the plots to jump to a moment.",
            parent,
        )
        self._graphics: Any = pg.GraphicsLayoutWidget()
        self._graphics.ci.layout.setSpacing(0)
        self._graphics.ci.layout.setContentsMargins(0, TOP_PX, 0, 0)
        self._legend = QWidget()
        self._legend.setFixedWidth(RIGHT_PX)
        self._legend.setAutoFillBackground(True)
        self._legend.setBackgroundRole(QPalette.ColorRole.Base)
        row = QHBoxLayout(self.content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._graphics, 1)
        row.addWidget(self._legend)
        self._groups: tuple[TraceGroup, ...] = ()
        self._plots: list[Any] = []
        self._curves: list[tuple[int, Any]] = []
        self._cursors: list[Any] = []
        self._regions: list[Any] = []
        self._excluded: list[Any] = []
        self._labels: list[QLabel] = []
        self._timeline: Timeline | None = None
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(1000 // REDRAWS_PER_SECOND)
        self._redraw.timeout.connect(self._draw)
        self._graphics.scene().sigMouseClicked.connect(self._clicked)

    @property
    def groups(self) -> tuple[TraceGroup, ...]:
        """What is plotted."""
        return self._groups

    @property
    def cursor_seconds(self) -> float:
        """Where the cursor stands, s."""
        return float(self._cursors[0].value()) if self._cursors else 0.0

    def drawn_points(self) -> int:
        """How many points of the first curve are held, NaN included."""
        x, _ = self._curves[0][1].getOriginalDataset()
        return 0 if x is None else len(x)

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Plot this; a growing timeline is redrawn a few times a second only."""
        if timeline is None:
            self._timeline = None
            self._redraw.stop()
            self.show_empty()
            return
        grown = self._timeline is not None and self._timeline.motion.names == timeline.motion.names
        self._timeline = timeline
        groups = trace_groups(timeline.motion.names)
        if groups != self._groups:
            self._build(groups)
        if self.status.kind != "done":
            self.show_status(DONE)
        if grown:
            if not self._redraw.isActive():
                self._redraw.start()
        else:
            self._draw()

    def show_frame(self, frame: int) -> None:
        """Put the cursor on a frame."""
        if self._timeline is None or not self._timeline.n_frames:
            return
        seconds = float(self._timeline.motion.seconds[min(frame, self._timeline.n_frames - 1)])
        for cursor in self._cursors:
            cursor.setValue(seconds)

    def show_span(self, span: Span) -> None:
        """Shade the stretch between the in and out points."""
        for region in self._regions:
            region.setVisible(False)
            if self._timeline is not None and span.first is not None and span.last is not None:
                ends = self._timeline.motion.seconds[np.array([span.first, span.last])]
                region.setRegion((float(ends[0]), float(ends[1])))
                region.setVisible(True)

    def show_excluded(self, excluded: BoolArray) -> None:
        """Shade the frames that the user has excluded, (T,)."""
        for shade in self._excluded:
            shade.getViewBox().removeItem(shade)
        self._excluded = []
        if self._timeline is None or len(excluded) != self._timeline.n_frames:
            return
        seconds = self._timeline.motion.seconds
        for first, last in runs_of(excluded)[:MOST_SHADES]:
            for plot in self._plots:
                shade = pg.LinearRegionItem((seconds[first], seconds[last]), movable=False)
                shade.setZValue(-20)
                plot.addItem(shade, ignoreBounds=True)
                self._excluded.append(shade)
        self._paint_excluded()

    def _paint_excluded(self) -> None:
        colour = pg.mkColor(colours_of(self).muted)
        colour.setAlpha(60)
        for shade in self._excluded:
            shade.setBrush(colour)
            for line in shade.lines:
                line.setPen(pg.mkPen(colour))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Give each plot the same height."""
        super().resizeEvent(event)
        self._share_height()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_curves"):
            self._paint_colours()

    def _build(self, groups: tuple[TraceGroup, ...]) -> None:
        self._graphics.clear()
        self._groups = groups
        self._plots, self._curves, self._cursors, self._regions = [], [], [], []
        self._excluded = []
        for label in self._labels:
            label.deleteLater()
        self._labels = []
        for row, group in enumerate(groups):
            axes = {"bottom": SecondsAxis()}
            plot = self._graphics.addPlot(row=row, col=0, enableMenu=False, axisItems=axes)
            # PlotItem makes a menu without a parent all the same; it shall go with the panel.
            plot.ctrlMenu.setParent(self)
            style_plot(plot, last=row == len(groups) - 1)
            if self._plots:
                plot.setXLink(self._plots[0])
            self._plots.append(plot)
            for _, source in group.channels:
                curve = plot.plot()
                curve.setDownsampling(auto=True, method="peak")
                curve.setClipToView(True)
                self._curves.append((source, curve))
            self._add_cursor(plot)
            self._labels.append(QLabel(self._legend))
            self._labels[-1].show()
        if self._plots:
            self._plots[0].sigXRangeChanged.connect(self._tell_range)
        self._share_height()
        self._paint_colours()

    def _tell_range(self, _plot: Any, ends: tuple[float, float]) -> None:
        self.range_changed.emit(float(ends[0]), float(ends[1]))

    def _share_height(self) -> None:
        # The lowest row holds the time axis too; without this its plot would be the smaller one.
        n = len(self._groups)
        room = self.height() - TOP_PX - (AXIS_PX - BOTTOM_PX)
        font = self.font()
        if n and room // n < LEGEND_LINES * self.fontMetrics().height():
            font.setPixelSize(max(LEAST_FONT_PX, round(0.8 * room / n / LEGEND_LINES)))
        for row in range(n):
            extra = AXIS_PX - BOTTOM_PX if row == n - 1 else 0
            height = max(8, room // n)
            self._graphics.ci.layout.setRowFixedHeight(row, height + extra)
            self._labels[row].setFont(font)
            self._labels[row].setGeometry(GRID, TOP_PX + row * height, LEGEND_PX, height)

    def _add_cursor(self, plot: Any) -> None:
        region = pg.LinearRegionItem(movable=False)
        region.setVisible(False)
        region.setZValue(-10)
        plot.addItem(region)
        self._regions.append(region)
        cursor = pg.InfiniteLine(angle=90, movable=True)
        cursor.sigDragged.connect(self._dragged)
        plot.addItem(cursor, ignoreBounds=True)
        self._cursors.append(cursor)

    def _paint_colours(self) -> None:
        colours = colours_of(self)
        self._graphics.setBackground(colours.base)
        for plot in self._plots:
            for side in ("left", "bottom"):
                plot.getAxis(side).setPen(colours.line)
                plot.getAxis(side).setTextPen(colours.muted)
        numbers = [k for group in self._groups for k in range(len(group.channels))]
        for number, (_, curve) in zip(numbers, self._curves, strict=True):
            curve.setPen(pg.mkPen(colours.series[number % len(colours.series)], width=1.2))
        for cursor in self._cursors:
            cursor.setPen(pg.mkPen(colours.accent, width=2))
            cursor.setHoverPen(pg.mkPen(colours.accent, width=4))
        for region in self._regions:
            shade = pg.mkColor(colours.accent)
            shade.setAlpha(40)
            region.setBrush(shade)
        self._paint_excluded()
        for label, group in zip(self._labels, self._groups, strict=True):
            label.setText(legend(group, colours))

    def _draw(self) -> None:
        timeline = self._timeline
        if timeline is None or timeline.n_frames == 0:
            return
        for source, curve in self._curves:
            curve.setData(timeline.motion.seconds, timeline.column(source), connect="finite")
        begin, end = timeline.begins, max(timeline.duration, timeline.begins + 1.0)
        for plot, group in zip(self._plots, self._groups, strict=True):
            plot.setLimits(xMin=begin, xMax=end, minXRange=min(0.5, end - begin))
            low, high = value_range(timeline, group)
            plot.setYRange(low, high, padding=0.16)
            plot.getAxis("left").setTicks([end_ticks(low, high)])
        self._plots[0].setXRange(begin, end, padding=0.0)

    def _clicked(self, event: Any) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        for plot in self._plots:
            if plot.sceneBoundingRect().contains(event.scenePos()):
                point = plot.getViewBox().mapSceneToView(event.scenePos())
                self._pick(float(point.x()))
                return

    def _dragged(self, cursor: Any) -> None:
        self._pick(float(cursor.value()))

    def _pick(self, seconds: float) -> None:
        if self._timeline is not None and self._timeline.n_frames:
            self.frame_picked.emit(self._timeline.frame_at(seconds))
