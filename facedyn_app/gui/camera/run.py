"""All that belongs to one camera while it is open."""

from __future__ import annotations

from dataclasses import dataclass, field

from facedyn_app.gui.camera.feed import CameraFeed, Pace
from facedyn_app.gui.jobs import Job, Watch
from facedyn_app.gui.timeline import TimelineBuffer
from facedyn_app.video import VideoRecorder


@dataclass(eq=False)
class CameraRun:
    """One camera from opening to closing.

    Attributes:
        number: Which camera, from 1.
        feed: What it shows.
        before: Key of the recording that was shown before.
        jobs: The work of reading and of fitting.
        shown: Whether a picture of it has been seen.
        recorder: Records it, where the user has asked for that.
        pace: How quick it is.
        buffer: The traces of the last seconds.
    """

    number: int
    feed: CameraFeed
    before: str | None
    jobs: list[Job] = field(default_factory=list)
    shown: bool = False
    recorder: VideoRecorder | None = None
    pace: Pace = field(default_factory=Pace)
    buffer: TimelineBuffer | None = None

    def let_go(self) -> None:
        """Stop its threads and its recording; what comes from them is not heard any more."""
        self.feed.end()
        for job in self.jobs:
            job.cancel()
            for watch in job.findChildren(Watch):
                watch.drop()
