"""Seek bar: the place in time, and above it where the measurement is good."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from facedyn_app.gui.formatting import clock
from facedyn_app.gui.theme import GRID, colours_of
from facedyn_app.gui.timeline import Span, Timeline
from facedyn_app.records import FloatArray

HEADER_PX: Final = 28
TRACK_PX: Final = 10
LEAST_ERROR_SCALE: Final = 1.0


def columns_of(values: FloatArray, n_columns: int) -> FloatArray:
    """Gather T values into columns of pixels, the largest of each; NaN where all are NaN.

    Args:
        values: (T,) values.
        n_columns: Pixels there are.

    Returns:
        (n_columns,) values; with fewer values than pixels each value fills several.
    """
    n = len(values)
    filled = np.where(np.isfinite(values), values, -np.inf)
    starts = np.arange(n_columns) * n // n_columns
    ends = np.maximum(starts + 1, (np.arange(n_columns) + 1) * n // n_columns)
    pairs = np.stack([starts, np.minimum(ends, n)], axis=1).ravel()
    most = np.maximum.reduceat(np.append(filled, -np.inf), pairs)[::2]
    return np.where(np.isneginf(most), np.nan, most)


class SeekBar(QWidget):
    """A bar over the whole recording; dragging in it asks for frames.

    The header above the track shows the landmark error and, in another colour, the stretches
    that are not trusted.

    Args:
        left_px: Room left of the bar, so that it stands under the plots.
        right_px: Room right of it, where the scale of the error is said.
        parent: The window.

    Attributes:
        frame_picked: int: the user has gone to this frame.
    """

    frame_picked = Signal(int)

    def __init__(
        self, left_px: int = GRID, right_px: int = GRID, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._left, self._right = left_px, right_px
        self._timeline: Timeline | None = None
        self._seconds = 0.0
        self._span = Span()
        self._marks: tuple[int, ...] = ()
        self._header: QPixmap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Seek bar")

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as header and track."""
        return QSize(400, HEADER_PX + TRACK_PX + GRID)

    @property
    def cursor_seconds(self) -> float:
        """Where the cursor stands, s."""
        return self._seconds

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Show this recording."""
        self._timeline = timeline
        self._header = None
        self.update()

    def show_frame(self, frame: int) -> None:
        """Put the cursor on a frame."""
        timeline = self._timeline
        if timeline is not None and timeline.n_frames:
            self._seconds = float(timeline.motion.seconds[min(frame, timeline.n_frames - 1)])
            self.update()

    def show_span(self, span: Span) -> None:
        """Show the in and out points."""
        self._span = span
        self.update()

    def show_marks(self, marks: tuple[int, ...]) -> None:
        """Show the user's marks."""
        self._marks = marks
        self.update()

    def seconds_at(self, x: float) -> float:
        """The time under a pixel, s."""
        begin, end = self._ends()
        share = (x - self._left) / self._bar_px()
        return begin + (end - begin) * min(1.0, max(0.0, share))

    def _x_of(self, seconds: float) -> float:
        begin, end = self._ends()
        return self._left + self._bar_px() * ((seconds - begin) / (end - begin or 1.0))

    def _ends(self) -> tuple[float, float]:
        timeline = self._timeline
        return (timeline.begins, timeline.duration) if timeline is not None else (0.0, 0.0)

    def _bar_px(self) -> int:
        return max(1, self.width() - self._left - self._right)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint header, track, marks and cursor."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = colours_of(self)
        track = QRectF(self._left, HEADER_PX + 2, self._bar_px(), TRACK_PX)
        painter.fillRect(track, QColor(colours.line))
        if self._timeline is not None and self._timeline.n_frames:
            painter.drawPixmap(0, 0, self._drawn_header(self._timeline))
            end = QPointF(self._x_of(self._seconds), track.bottom())
            painter.fillRect(QRectF(track.topLeft(), end), QColor(colours.accent))
            self._paint_marks(painter, track)
            painter.setPen(QPen(QColor(colours.text), 2))
            painter.drawLine(QPointF(end.x(), 0), QPointF(end.x(), track.bottom() + 3))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The header has another width."""
        super().resizeEvent(event)
        self._header = None

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """The header has other colours."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._header = None

    def _drawn_header(self, timeline: Timeline) -> QPixmap:
        """The header as a picture, drawn once: it stays while the cursor moves."""
        if self._header is None:
            ratio = self.devicePixelRatioF()
            self._header = QPixmap(self.size() * ratio)
            self._header.setDevicePixelRatio(ratio)
            self._header.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._header)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self.font())
            self._paint_header(painter, timeline)
            painter.end()
        return self._header

    def _paint_header(self, painter: QPainter, timeline: Timeline) -> None:
        colours = colours_of(self)
        width = self._bar_px()
        invalid = columns_of((~timeline.motion.valid).astype(np.float64), width)
        error = columns_of(timeline.error_percent, width)
        shade = QColor(colours.bad)
        shade.setAlpha(150)
        for x in np.flatnonzero(invalid > 0):
            painter.fillRect(QRectF(self._left + float(x), 0, 1, HEADER_PX), shade)
        known = np.isfinite(error)
        if not known.any():
            return
        top = max(LEAST_ERROR_SCALE, float(error[known].max()))
        painter.setPen(QPen(QColor(colours.muted), 1))
        for run in np.split(np.arange(width), np.flatnonzero(np.diff(known)) + 1):
            if known[run[0]]:
                heights = HEADER_PX - 1 - (HEADER_PX - 4) * error[run] / top
                places = zip((self._left + run).tolist(), heights.tolist(), strict=True)
                painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in places]))
        self._paint_scale(painter, float(error[known].max()))

    def _paint_scale(self, painter: QPainter, highest: float) -> None:
        room = QRectF(self.width() - self._right + GRID / 2, 0, self._right - GRID, self.height())
        text = f"landmark error, at most\n{highest:.2f} % of face height"
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, text)

    def _paint_marks(self, painter: QPainter, track: QRectF) -> None:
        timeline = self._timeline
        if timeline is None:
            return
        colours = colours_of(self)
        painter.setPen(QPen(QColor(colours.text), 1))
        for mark in self._marks:
            x = self._x_of(float(timeline.motion.seconds[mark]))
            tip = [QPointF(x - 4, HEADER_PX - 5), QPointF(x + 4, HEADER_PX - 5)]
            painter.setBrush(QColor(colours.caution))
            painter.drawPolygon(QPolygonF([*tip, QPointF(x, HEADER_PX + 2)]))
        for frame, way in ((self._span.first, 4), (self._span.last, -4)):
            if frame is not None:
                x = self._x_of(float(timeline.motion.seconds[frame]))
                painter.setPen(QPen(QColor(colours.text), 2))
                bracket = [
                    QPointF(x + way, track.top()),
                    QPointF(x, track.top()),
                    QPointF(x, track.bottom()),
                    QPointF(x + way, track.bottom()),
                ]
                painter.drawPolyline(QPolygonF(bracket))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go where the user clicks."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._pick(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Scrub while the button is down; otherwise say what time is under the pointer."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._pick(event)
        elif self._timeline is not None:
            self.setToolTip(clock(self.seconds_at(event.position().x())))

    def _pick(self, event: QMouseEvent) -> None:
        if self._timeline is not None and self._timeline.n_frames:
            seconds = self.seconds_at(event.position().x())
            self.frame_picked.emit(self._timeline.frame_at(seconds))
