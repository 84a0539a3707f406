"""Painting of events: the colour of a kind, and one event as the annotation lane shows it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from facedyn_app.events import EXCLUDE, INCLUDE, NOTE, TASK, Event, Events
from facedyn_app.gui.theme import Colours
from facedyn_app.workflows.event_kinds import EventKind

DIAMOND = ((-5, 0), (0, -7), (5, 0), (0, 7))
MOMENT_PX = 80
"""Room for the words beside a moment."""
LEAST_WORDS_PX = 18
RANGES = (INCLUDE, EXCLUDE)
"""They stand in the lower row; all others in the upper one."""


def kind_colour(kind: str, kinds: Sequence[EventKind], colours: Colours) -> str:
    """The colour of a kind, as "#rrggbb": its own, the program's, or one of the series."""
    own = {one.kind: one.colour for one in kinds if one.colour}
    known = {TASK: colours.series[0], NOTE: colours.series[1]}
    known |= {INCLUDE: colours.good, EXCLUDE: colours.bad}
    others = [one.kind for one in kinds if one.kind not in known]
    place = others.index(kind) if kind in others else 0
    return own.get(kind) or known.get(kind) or colours.series[2 + place % 4]


def short_words(event: Event) -> str:
    """What stands in an event: its name, else its text, else its kind; and its side."""
    words = event.name or " ".join(event.text.split()) or event.kind
    return f"{words}, {event.side}" if event.side else words


def next_begins(events: Events) -> dict[Event, float]:
    """When the next event of the same row begins, s, after each moment that another one follows."""
    found: dict[Event, float] = {}
    begins: dict[bool, float] = {}
    for event in reversed(events):
        row = event.kind in RANGES
        if event.start == event.end and row in begins:
            found[event] = begins[row]
        begins[row] = event.start
    return found


def paint_event(
    painter: QPainter,
    event: Event,
    place: QRectF,
    colour: str,
    text: str,
    room_px: float,
    *,
    chosen: bool,
) -> None:
    """Paint an event: a bar with its words, or a diamond where it is a moment.

    Args:
        painter: Into the lane.
        event: The event.
        place: Where it is, px.
        colour: Of its kind, "#rrggbb".
        text: Of words and of the chosen one's edge, "#rrggbb".
        room_px: Of a moment, from where it is to the next event of its row.
        chosen: Whether it is the one that keys change.
    """
    painter.setPen(QPen(QColor(text if chosen else colour), 2 if chosen else 1))
    room = place.adjusted(4, 0, -2, 0)
    if event.start == event.end:
        x, middle = place.left(), place.center().y()
        painter.setBrush(QColor(colour))
        painter.drawPolygon(QPolygonF([QPointF(x + dx, middle + dy) for dx, dy in DIAMOND]))
        room = QRectF(x + 8, place.top(), min(MOMENT_PX, room_px - 8), place.height())
    else:
        shade = QColor(colour)
        shade.setAlpha(70)
        painter.setBrush(shade)
        painter.drawRect(place)
        if event.kind == EXCLUDE:  # told apart without its colour too
            shade.setAlpha(130)
            painter.fillRect(place, QBrush(shade, Qt.BrushStyle.BDiagPattern))
    if room.width() > LEAST_WORDS_PX:
        painter.setPen(QColor(text))
        elide = Qt.TextElideMode.ElideRight
        words = painter.fontMetrics().elidedText(short_words(event), elide, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
