"""One recording that is open in the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facedyn_app.records import (
    DriftReport,
    Identification,
    Landmarks,
    Quality,
    Session,
    VideoInfo,
)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One recording that the window can show, and all that is known of it.

    Attributes:
        key: Tells recordings apart.
        title: Its name for the user.
        session: The fitted motion.
        quality: How far it can be trusted.
        video: The video file; None when only the session is at hand.
        info: What the video file says of itself, if there is one.
        landmarks: The landmarks of every frame, if it was analysed here.
        timing: Figures of the analysis, label and value: time per stage, frames a second.
        identification: The answer to "who is it?", if asked.
        drift: The drift of the speakers concerned, this recording included where it counts.
        true_speaker: Who it is, where that is known from elsewhere (demo).
        simulated_speakers: Names in `identification` and `drift` that are made, not people.
    """

    key: str
    title: str
    session: Session
    quality: Quality
    video: Path | None = None
    info: VideoInfo | None = None
    landmarks: Landmarks | None = None
    timing: tuple[tuple[str, str], ...] = ()
    identification: Identification | None = None
    drift: tuple[DriftReport, ...] = ()
    true_speaker: str | None = None
    simulated_speakers: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """The title, with the word "simulated" where it belongs."""
        return f"{self.title} (simulated)" if self.session.simulated else self.title


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that the user has marked, frames from `first` to `last`, both in it."""

    first: int | None = None
    last: int | None = None
