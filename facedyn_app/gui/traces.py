"""The head's parameters over time: jaw, blinks, smiles, brows, one cursor through all."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from facedyn_app.gui.panel import DONE, Panel
from facedyn_app.gui.recording import Span
from facedyn_app.gui.theme import GRID, Colours, colours_of
from facedyn_app.gui.timeline import Timeline, TraceGroup, trace_groups

REDRAWS_PER_SECOND: Final = 10
LEFT_PX: Final = 48
LEGEND_PX: Final = 184
AXIS_PX: Final = 40
BOTTOM_PX: Final = 4
TOP_PX: Final = 4
RIGHT_PX: Final = LEGEND_PX + GRID


class TracesPanel(Panel):
    """One plot per group, one under the other, over the same seconds.

    Attributes:
        frame_picked: int: the user has clicked or dragged to this frame.
    """

    frame_picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Jaw, blinks, smiles and brows over time appear here.",
            "Click in the plots to jump to a moment.",
            parent,
        )
        self._graphics: Any = pg.GraphicsLayoutWidget()
        self._graphics.ci.layout.setSpacing(0)
        self._graphics.ci.layout.setContentsMargins(0, TOP_PX, GRID, 0)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._graphics)
        self._groups: tuple[TraceGroup, ...] = ()
        self._plots: list[Any] = []
        self._curves: list[tuple[int, Any]] = []
        self._cursors: list[Any] = []
        self._regions: list[Any] = []
        self._labels: list[Any] = []
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
        grown = self._timeline is not None and self._timeline.names == timeline.names
        self._timeline = timeline
        groups = trace_groups(timeline.names)
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
        seconds = float(self._timeline.seconds[min(frame, self._timeline.n_frames - 1)])
        for cursor in self._cursors:
            cursor.setValue(seconds)

    def show_span(self, span: Span) -> None:
        """Shade the stretch between the in and out points."""
        for region in self._regions:
            region.setVisible(False)
            if self._timeline is not None and span.first is not None and span.last is not None:
                ends = self._timeline.seconds[np.array([span.first, span.last])]
                region.setRegion((float(ends[0]), float(ends[1])))
                region.setVisible(True)

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
        self._labels = []
        for row, group in enumerate(groups):
            plot = self._graphics.addPlot(row=row, col=0)
            self._style_plot(plot, last=row == len(groups) - 1)
            if self._plots:
                plot.setXLink(self._plots[0])
            self._plots.append(plot)
            for _, source in group.channels:
                curve = plot.plot()
                curve.setDownsampling(auto=True, method="peak")
                curve.setClipToView(True)
                self._curves.append((source, curve))
            self._add_cursor(plot)
            label = self._graphics.addLabel("", row=row, col=1, justify="left")
            self._labels.append(label)
        self._graphics.ci.layout.setColumnFixedWidth(1, LEGEND_PX)
        self._share_height()
        self._paint_colours()

    def _style_plot(self, plot: Any, *, last: bool) -> None:
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(x=True, y=False)
        axis = plot.getAxis("left")
        axis.setWidth(LEFT_PX)
        axis.setStyle(tickTextOffset=4, hideOverlappingLabels=False)
        axis.enableAutoSIPrefix(False)
        bottom = plot.getAxis("bottom")
        bottom.enableAutoSIPrefix(False)
        bottom.setStyle(showValues=last)
        bottom.setHeight(AXIS_PX if last else BOTTOM_PX)
        if last:
            bottom.setLabel("time (s)")
        plot.showGrid(x=True, y=False, alpha=0.15)

    def _share_height(self) -> None:
        # The lowest row holds the time axis too; without this its plot would be the smaller one.
        n = len(self._groups)
        room = self.height() - TOP_PX - (AXIS_PX - BOTTOM_PX)
        for row in range(n):
            extra = AXIS_PX - BOTTOM_PX if row == n - 1 else 0
            self._graphics.ci.layout.setRowFixedHeight(row, max(8, room // n) + extra)

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
        for label, group in zip(self._labels, self._groups, strict=True):
            label.setText(_legend(group, colours))

    def _draw(self) -> None:
        timeline = self._timeline
        if timeline is None or timeline.n_frames == 0:
            return
        for source, curve in self._curves:
            curve.setData(timeline.seconds, timeline.column(source), connect="finite")
        end = max(timeline.duration, 1.0)
        for plot, group in zip(self._plots, self._groups, strict=True):
            plot.setLimits(xMin=0.0, xMax=end, minXRange=min(0.5, end))
            low, high = _range(timeline, group)
            plot.setYRange(low, high, padding=0.16)
            plot.getAxis("left").setTicks([_ends(low, high)])
        self._plots[0].setXRange(0.0, end, padding=0.0)

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


def _range(timeline: Timeline, group: TraceGroup) -> tuple[float, float]:
    """An axis that holds all values, and does not blow up noise to full height."""
    least = 5.0 if group.unit == "deg" else 0.3
    values = np.concatenate([timeline.column(source) for _, source in group.channels])
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, least
    return min(0.0, float(values.min())), max(least, float(values.max()))


def _ends(low: float, high: float) -> list[tuple[float, str]]:
    """Two ticks that never touch, however low the plot is: zero, and the outermost round value."""
    outermost = high if high >= -low else low
    step = 10.0 ** np.floor(np.log10(abs(outermost)))
    value = float(np.trunc(outermost / step) * step)
    return [(0.0, "0"), (value, f"{value:g}")]


def _legend(group: TraceGroup, colours: Colours) -> str:
    text, muted, series = colours.text, colours.muted, colours.series
    head = f'<span style="color:{text}"><b>{group.title}</b></span>'
    unit = f'<span style="color:{muted}"> ({group.unit})</span>'
    names = [
        f'<span style="color:{series[n % len(series)]}">&#9632;</span>'
        f'<span style="color:{text}"> {label}</span>'
        for n, (label, _) in enumerate(group.channels)
    ]
    first = head + unit + " " + " ".join(names[:1] if len(names) > 3 else [])
    rest = names[1:] if len(names) > 3 else names
    return f"{first}<br>{' '.join(rest)}"
