"""Progress and cancelling: all that long work knows of its caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class Cancelled(BaseException):  # passes every `except Exception` of the core
    """Raised out of `on_progress` when the user has asked to stop."""


class StopEarly(BaseException):
    """Raised out of `on_progress` at a training step: what has been reached is to be the result."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage has come.

    Attributes:
        stage: What is being done, in words for the user ("fitting").
        done: Units done so far (frames, steps, files).
        total: Units in all, or None when it is not known.
        partial: A record of the results so far that a window may show, or None.
    """

    stage: str
    done: int
    total: int | None = None
    partial: object | None = None

    @property
    def share(self) -> float | None:
        """The share done, 0 to 1, or None when the total is not known."""
        return min(1.0, self.done / self.total) if self.total else None


OnProgress = Callable[[Progress], None]
"""Takes the progress of long work, several times a second; may raise Cancelled to stop it."""


def ignore(_progress: Progress) -> None:
    """Drop the progress: for callers who do not show it."""
