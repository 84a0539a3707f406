"""Partial results of one analysis: what is seen of it while it runs."""

from __future__ import annotations

from facedyn_app.gui.frame_feed import FrameFeed
from facedyn_app.gui.jobs import Batch
from facedyn_app.gui.state import AppState
from facedyn_app.gui.timeline import TimelineBuffer
from facedyn_app.records import PartialFit


class LiveShow:
    """Partial results of one job: frames with landmarks, the head, traces that grow.

    Args:
        state: The window's state.
        feed: Where the newest picture goes.

    Attributes:
        watched: Whether the user watches this job; another recording may be shown meanwhile.
    """

    def __init__(self, state: AppState, feed: FrameFeed) -> None:
        self.watched = False
        self._state = state
        self._feed = feed
        self._buffer: TimelineBuffer | None = None

    def take(self, batch: Batch) -> None:
        """Take the reports since the last time; the newest picture among them is shown."""
        parts = [report.partial for report in batch if isinstance(report.partial, PartialFit)]
        if not parts or self._state.head is None:
            return
        if self._buffer is None:
            self._buffer = TimelineBuffer(self._state.head.expression_names)
        for part in parts:
            self._buffer.append(part)
        if not self.watched:
            return
        newest = parts[-1]
        if newest.image is not None:
            self._feed.show_live(newest.image, newest.points, "analysing …")
        self._state.grow_live(self._buffer.timeline())
