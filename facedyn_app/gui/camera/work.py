"""The work around a live camera, each as one function for a worker thread; no Qt in here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Final

from facedyn_app.gui.camera.feed import CameraFeed
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.settings import Settings
from facedyn_app.video import ListSources, RecordedVideo, VideoRecorder
from facedyn_app.video.camera import choose_source
from facedyn_app.workflows.camera import LiveFace
from facedyn_app.workflows.heads import ready_head

PATIENCE_SECONDS: Final = 0.1


def read_camera(
    feed: CameraFeed, list_sources: ListSources, number: int
) -> Callable[[OnProgress], None]:
    """Work that reads a camera until it is stopped, and lets it go.

    Args:
        feed: Takes the pictures.
        list_sources: Lists the cameras.
        number: Which of them, from 1.
    """

    def work(on_progress: OnProgress) -> None:
        try:
            on_progress(Progress("opening the camera", 0))
            feed.choices = list_sources()
            source = choose_source(feed.choices, number).open()
            with closing(source):
                feed.simulated = source.simulated
                while True:
                    feed.put(source.read())
                    on_progress(Progress("reading the camera", 1))
        finally:
            feed.end()

    return work


def fit_camera(
    feed: CameraFeed, head_name: str, settings: Settings
) -> Callable[[OnProgress], None]:
    """Work that fits the newest frame of a camera until no more come.

    Args:
        feed: Has the frames, and takes what is found.
        head_name: Id of the head to fit.
        settings: Of all stages.
    """

    def work(on_progress: OnProgress) -> None:
        head = ready_head(head_name, on_progress)
        with LiveFace(head, settings, settings.machine.device) as live:
            while not feed.over:
                frame = feed.newest(PATIENCE_SECONDS)
                if frame is not None:
                    feed.tell(frame, live.see(frame), live.expression_names)
                on_progress(Progress("fitting", 1))

    return work


def write_recording(recorder: VideoRecorder) -> Callable[[OnProgress], RecordedVideo]:
    """Work that writes a recording until it is ended; it cannot be cancelled, only ended."""

    def work(_report: OnProgress) -> RecordedVideo:
        return recorder.write()

    return work
