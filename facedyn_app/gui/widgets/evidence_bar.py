"""Evidence over time: which speaker each window of a recording is most like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from facedyn_app.formatting import counted, number
from facedyn_app.gui.formatting import clock, markup_name
from facedyn_app.gui.theme import Colours, colours_of, tabular_font
from facedyn_app.records import Identification

BAR_PX: Final = 18
CLOCK_PX: Final = 60
LEAST_NUMBER_PX: Final = 12


@dataclass(frozen=True, slots=True)
class Vote:
    """What one window says.

    Attributes:
        first: Where its part of the bar begins, s.
        last: Where it ends, s; windows overlap, their parts meet halfway.
        start: Where the window begins, s.
        end: Where it ends, s.
        rank: Place in the answer's ranking of the speaker that it is most like, from 0.
        score: Its score for that speaker.
    """

    first: float
    last: float
    start: float
    end: float
    rank: int
    score: float


def votes_of(answer: Identification) -> tuple[Vote, ...]:
    """The windows' votes in the order of time; none where nobody was compared with."""
    if not answer.matches or not len(answer.window_seconds):
        return ()
    scores = np.stack([match.window_scores for match in answer.matches])
    winners = scores.argmax(axis=0)
    start, end = np.asarray(answer.window_seconds, dtype=np.float64).T
    halfway = (start[1:] + end[1:] + start[:-1] + end[:-1]) / 4
    first = np.maximum(start, np.concatenate([[-np.inf], halfway]))
    last = np.minimum(end, np.concatenate([halfway, [np.inf]]))
    return tuple(
        Vote(
            float(first[w]),
            float(last[w]),
            float(start[w]),
            float(end[w]),
            int(rank),
            float(scores[rank, w]),
        )
        for w, rank in enumerate(winners)
    )


def speaker_colour(colours: Colours, rank: int) -> str:
    """The colour of a place in the ranking; those far down share a quiet one."""
    return colours.series[rank] if rank < len(colours.series) else colours.muted


class EvidenceBar(QWidget):
    """A bar over the recording's time; each window stands in the colour of its speaker.

    Attributes:
        moment_picked: float: the user wants to see this moment, s.
    """

    moment_picked = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.votes: tuple[Vote, ...] = ()
        self._names: tuple[str, ...] = ()
        self._duration = 0.0
        self._seconds = 0.0
        self.setFont(tabular_font(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Evidence over time")

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as the bar."""
        return QSize(200, BAR_PX + 4)

    def show_answer(self, answer: Identification, duration: float) -> None:
        """Show the windows of a recording that lasts so many seconds."""
        self.votes = votes_of(answer)
        self._names = tuple(match.name for match in answer.matches)
        self._duration = max([duration, *(vote.end for vote in self.votes)])
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self.votes, self._names, self._duration = (), (), 0.0
        self.update()

    def show_seconds(self, seconds: float) -> None:
        """Put the cursor on a moment."""
        self._seconds = seconds
        self.update()

    def x_of(self, seconds: float) -> float:
        """Where a moment stands, px."""
        room = max(1, self.width() - 2 * CLOCK_PX)
        return CLOCK_PX + room * (seconds / self._duration if self._duration else 0.0)

    def vote_at(self, x: float) -> Vote | None:
        """The window whose part of the bar is at a pixel."""
        inside = (v for v in self.votes if self.x_of(v.first) <= x < self.x_of(v.last))
        return next(inside, None)

    def text_at(self, x: float) -> str:
        """What the window at a pixel says; nothing between windows."""
        vote = self.vote_at(x)
        if vote is None:
            return ""
        name = self._names[vote.rank]
        when, score = f"{clock(vote.start)} to {clock(vote.end)}", number(vote.score)
        return f"{when}: most like {name}, score {score}"

    def legend(self) -> str:
        """Who got how many votes, as HTML; who got none is left out."""
        colours = colours_of(self)
        counts = np.bincount([vote.rank for vote in self.votes], minlength=1)
        ranks = sorted(np.flatnonzero(counts), key=lambda rank: (-counts[rank], rank))
        parts = [
            f'<span style="color:{speaker_colour(colours, int(rank))}">&#9632;</span> '
            f"{markup_name(self._names[rank])} in {counts[rank]}"
            for rank in ranks
        ]
        n = len(self.votes)
        return f"Most like: {' · '.join(parts)} of {counted(n, 'window')}"

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the windows, the ranks in them, the ends' times and the cursor."""
        painter = QPainter(self)
        colours = colours_of(self)
        left, right = self.x_of(0.0), self.x_of(self._duration)
        painter.fillRect(QRectF(left, 2, right - left, BAR_PX), QColor(colours.line))
        for vote in self.votes:
            self._paint_vote(painter, vote)
        painter.setPen(QColor(colours.muted))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 2, left, BAR_PX), middle, clock(0.0))
        ends = QRectF(right + 4, 2, CLOCK_PX, BAR_PX)
        painter.drawText(ends, middle, clock(self._duration))
        painter.setPen(QPen(QColor(colours.text), 2))
        x = self.x_of(self._seconds)
        painter.drawLine(QPointF(x, 0), QPointF(x, BAR_PX + 4))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go to the moment under the pointer."""
        share = (event.position().x() - self.x_of(0.0)) / max(1.0, self.x_of(1.0) - self.x_of(0.0))
        self.moment_picked.emit(min(self._duration, max(0.0, share)))

    def event(self, event: QEvent) -> bool:
        """Say in a tooltip what the window under the pointer is most like."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.text_at(event.pos().x()), self)
            return True
        return super().event(event)

    def _paint_vote(self, painter: QPainter, vote: Vote) -> None:
        left, right = self.x_of(vote.first), self.x_of(vote.last)
        place = QRectF(left, 2, max(1.0, right - left - 1), BAR_PX)
        colour = QColor(speaker_colour(colours_of(self), vote.rank))
        painter.fillRect(place, colour)
        if place.width() >= LEAST_NUMBER_PX:
            painter.setPen(QColor("#1b1f24" if colour.lightnessF() > 0.45 else "#ffffff"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(vote.rank + 1))
