"""Annotation lane: the events of a recording under its traces, drawn, dragged and chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from facedyn_app.events import EXCLUDE, Event, Events
from facedyn_app.gui.formatting import clock, tip_text
from facedyn_app.gui.theme import GRID, Colours, colours_of
from facedyn_app.gui.timeline import Timeline
from facedyn_app.gui.widgets.event_paint import RANGES, kind_colour, next_begins, paint_event
from facedyn_app.workflows.event_kinds import BUILT_IN, EventKind

ROW_PX: Final = 18
GAP_PX: Final = 2
EDGE_PX: Final = 4
LEAST_DRAG_PX: Final = 4
NOTE_TIP: Final = (
    "What is out counts neither for recognition nor for drift and measures. What is not kept is\n"
    "lost with the window: enrol the recording (Ctrl+E), or Mark > Export events…"
)


class EventLane(QWidget):
    """A lane over the same seconds as the traces.

    Dragging where nothing is draws a range of the kind that is set; dragging an edge moves it.

    Args:
        left_px: Room left of the lane, as left of the plots.
        right_px: Room right of it, where it is said what is chosen.
        parent: The window.

    Attributes:
        range_drawn: (float, float): the user has dragged over these seconds.
        event_moved: (Event, Event): the user has moved an edge: what it was, what it shall be.
        event_chosen: Event or None: it is the one that keys change.
        edit_requested: Event: the user wants to change it in words.
        menu_requested: QPoint: on the screen.
        moment_picked: float: the user has clicked at this second.
    """

    range_drawn = Signal(float, float)
    event_moved = Signal(object, object)
    event_chosen = Signal(object)
    edit_requested = Signal(object)
    menu_requested = Signal(object)
    moment_picked = Signal(float)

    def __init__(
        self, left_px: int = GRID, right_px: int = GRID, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._left, self._right = left_px, right_px
        self._timeline: Timeline | None = None
        self._range, self._seconds = (0.0, 1.0), 0.0
        self._events: Events = ()
        self._next: dict[Event, float] = {}
        self._kinds: tuple[EventKind, ...] = BUILT_IN
        self._note = ""
        self.kind = EXCLUDE
        self.chosen: Event | None = None
        self.pending: tuple[str, float] | None = None
        self._drag: tuple[str, float] | None = None
        self._ghost: Event | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Events")

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as two rows."""
        return QSize(400, 2 * ROW_PX + 3 * GAP_PX)

    @property
    def events(self) -> Events:
        """What is shown."""
        return self._events

    @property
    def note(self) -> str:
        """What is said beside the lane."""
        return self._note

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Stand beside this recording; beside what goes on there is nothing to mark: no lane."""
        self.setVisible(timeline is None or not timeline.rolling)
        shown = timeline is not None and timeline.n_frames > 0 and not timeline.rolling
        self._timeline = timeline if shown else None
        self._drag = self._ghost = self.pending = None
        if timeline is not None:
            self._range = (timeline.begins, max(timeline.duration, timeline.begins + 1.0))
        self.update()

    def set_range(self, begin: float, end: float) -> None:
        """Show these seconds, as the plots do."""
        self._range = (begin, max(end, begin + 1e-3))
        self.update()

    def show_frame(self, frame: int) -> None:
        """Put the cursor on a frame."""
        if self._timeline is not None:
            last = self._timeline.n_frames - 1
            self._seconds = float(self._timeline.motion.seconds[min(frame, last)])
            self.update()

    def show_events(self, events: Events, note: str = "") -> None:
        """Show these, and say something beside them."""
        self._events, self._note, self._next = events, note, next_begins(events)
        if self.chosen not in events:
            self.choose(None)
        self.update()

    def show_kinds(self, kinds: Sequence[EventKind], kind: str) -> None:
        """The kinds that there are, and the one that dragging sets."""
        self._kinds, self.kind = tuple(kinds), kind
        self.update()

    def show_pending(self, pending: tuple[str, float] | None) -> None:
        """A kind whose begin is set, at this second, and whose end is not; None for nothing."""
        self.pending = pending
        self.update()

    def choose(self, event: Event | None) -> None:
        """Let an event be the one that keys change."""
        if event != self.chosen:
            self.chosen = event
            self.event_chosen.emit(event)
            self.update()

    def place_of(self, event: Event) -> QRectF:
        """Where an event is drawn, px."""
        top = GAP_PX + (ROW_PX + GAP_PX) * (event.kind in RANGES)
        first, last = self._x_of(event.start), self._x_of(event.end)
        return QRectF(first, top, max(last - first, 2.0), ROW_PX)

    def seconds_at(self, x: float) -> float:
        """The time of the frame under a pixel, s."""
        begin, end = self._range
        share = (x - self._left) / self._lane_px()
        seconds = begin + (end - begin) * min(1.0, max(0.0, share))
        if self._timeline is None:
            return seconds
        return float(self._timeline.motion.seconds[self._timeline.frame_at(seconds)])

    def _x_of(self, seconds: float) -> float:
        begin, end = self._range
        return self._left + self._lane_px() * (seconds - begin) / (end - begin)

    def _lane_px(self) -> int:
        return max(1, self.width() - self._left - self._right)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the events, the cursor, and what is said beside them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = colours_of(self)
        lane = QRectF(self._left, 0, self._lane_px(), self.height())
        painter.fillRect(lane, QColor(colours.base))
        if self._timeline is not None:
            painter.setClipRect(lane)
            for one in self._events:
                if one is not self._ghost and one != self.chosen:
                    self._paint(painter, one, colours)
            for above in (self.chosen, self._ghost, self._pending_event()):
                if above is not None:
                    self._paint(painter, above, colours)
            x = self._x_of(self._seconds)
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
            painter.setClipping(False)
        self._paint_words(painter, colours)
        painter.end()

    def _pending_event(self) -> Event | None:
        if self.pending is None:
            return None
        kind, begin = self.pending
        return Event(kind, min(begin, self._seconds), max(begin, self._seconds), "…")

    def _paint(self, painter: QPainter, event: Event, colours: Colours) -> None:
        colour = kind_colour(event.kind, self._kinds, colours)
        place, chosen = self.place_of(event), event == self.chosen
        room = self._x_of(self._next.get(event, math.inf)) - place.left()
        paint_event(painter, event, place, colour, colours.text, room, chosen=chosen)

    def _paint_words(self, painter: QPainter, colours: Colours) -> None:
        painter.setPen(QColor(colours.text))
        left = QRectF(0, 0, self._left - 4, self.height())
        painter.drawText(left, Qt.AlignmentFlag.AlignCenter, "Events")
        room = QRectF(self.width() - self._right + GRID / 2, 0, self._right - GRID, ROW_PX + GAP_PX)
        key = next((one.key for one in self._kinds if one.kind == self.kind), "")
        metrics, elide = self.fontMetrics(), Qt.TextElideMode.ElideRight
        lines = (f"drag or {key}: {self.kind}", self.chosen.words if self.chosen else self._note)
        for number, line in enumerate(lines):
            painter.setPen(QColor((colours.muted, colours.text)[number]))
            place = room.translated(0, number * (ROW_PX + GAP_PX))
            text = metrics.elidedText(line, elide, int(room.width()))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)

    def _under(self, x: float, y: float) -> tuple[Event | None, str]:
        """The event under a point, and which of its edges, "start" or "end", if one is there."""
        found: list[tuple[Event, str]] = []
        for one in self._events:
            place = self.place_of(one).adjusted(-EDGE_PX, 0, EDGE_PX, 0)
            if not place.contains(x, y):
                continue
            edge = ""
            if one.start != one.end and abs(x - self._x_of(one.start)) <= EDGE_PX:
                edge = "start"
            elif one.start != one.end and abs(x - self._x_of(one.end)) <= EDGE_PX:
                edge = "end"
            found.append((one, edge))
        found.sort(key=lambda pair: (pair[0] != self.chosen, pair[0].end - pair[0].start))
        return found[0] if found else (None, "")

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose what is under the pointer, or begin a range."""
        if event.button() is not Qt.MouseButton.LeftButton or self._timeline is None:
            return
        x, y = event.position().x(), event.position().y()
        under, edge = self._under(x, y)
        self.choose(under)
        self._drag = (edge or ("none" if under else "new"), x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Draw the range so far, or move the edge."""
        x, y = event.position().x(), event.position().y()
        if self._drag is None:
            _, edge = self._under(x, y)
            shape = Qt.CursorShape.SizeHorCursor if edge else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)
            return
        what, begun = self._drag
        if abs(x - begun) >= LEAST_DRAG_PX or self._ghost is not None:
            self._ghost = self._dragged(what, begun, x)
            self.update()

    def _dragged(self, what: str, begun: float, x: float) -> Event | None:
        if what == "new":
            first, last = sorted((self.seconds_at(begun), self.seconds_at(x)))
            return Event(self.kind, first, last)
        if what not in ("start", "end") or self.chosen is None:
            return None
        moved = self.seconds_at(x)
        fixed = self.chosen.end if what == "start" else self.chosen.start
        return replace(self.chosen, start=min(moved, fixed), end=max(moved, fixed))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Tell what was dragged or clicked."""
        drag, ghost = self._drag, self._ghost
        self._drag = self._ghost = None
        if drag is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        if ghost is None:
            self.moment_picked.emit(self.seconds_at(event.position().x()))
        elif drag[0] == "new":
            self.range_drawn.emit(ghost.start, ghost.end)
        elif self.chosen is not None and ghost != self.chosen:
            self.event_moved.emit(self.chosen, ghost)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Ask for the words of what is under the pointer."""
        under, _ = self._under(event.position().x(), event.position().y())
        if under is not None:
            self.edit_requested.emit(under)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Choose what is under the pointer, and offer what can be done."""
        if self._timeline is not None:
            self.choose(self._under(event.pos().x(), event.pos().y())[0])
            self.menu_requested.emit(event.globalPos())

    def event(self, event: QEvent) -> bool:
        """Say in a tooltip what is under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            under, _ = self._under(event.pos().x(), event.pos().y())
            beside = event.pos().x() > self.width() - self._right
            text = f"{self._note}\n{NOTE_TIP}" if beside else ""
            if under is not None:
                text = f"{clock(under.start)} to {clock(under.end)}: {under.words}"
            QToolTip.showText(event.globalPos(), tip_text(text), self)
            return True
        return super().event(event)
