"""Starts the long work that the user asks for, and puts what comes back into the state."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.gui import head_work, work
from facedyn_app.gui.frame_feed import FrameFeed
from facedyn_app.gui.head_flows import HeadFlows
from facedyn_app.gui.head_work import MeshOrder
from facedyn_app.gui.jobs import Job, JobQueue, Watch, Work
from facedyn_app.gui.library_flows import LibraryFlows
from facedyn_app.gui.live_show import LiveShow
from facedyn_app.gui.panel import EMPTY, PanelStatus, error_status
from facedyn_app.gui.recording import Recording
from facedyn_app.gui.state import AppState
from facedyn_app.progress import Progress
from facedyn_app.settings import Settings

NOBODY: Final = PanelStatus(
    "empty",
    "Nobody is enrolled yet, so there is nobody to compare with.",
    "Session > Enrol as a speaker… makes this recording the first.",
)
AFTER_FIT: Final = "The answer comes when the face is fitted."


class Flows(QObject):
    """Analysis, demo and identification, one after another; results are stored here.

    Args:
        state: The window's state.
        feed: Shows the frames of analyses under way.
        library: The library that is open.
        heads: Which head videos are fitted with.
        queue: For all that takes its time.
        settings: The program's settings.

    Attributes:
        queue: The work that runs and waits.
        progressed: Progress of the running work.
        demo_opened: work.DemoOpened.
        exported: str: a sentence on what was written.
        failed: Exception of work that has failed.
    """

    progressed = Signal(object)
    demo_opened = Signal(object)
    exported = Signal(str)
    failed = Signal(object)

    def __init__(
        self,
        state: AppState,
        feed: FrameFeed,
        library: LibraryFlows,
        heads: HeadFlows,
        queue: JobQueue,
        settings: Settings,
    ) -> None:
        super().__init__()
        self.queue = queue
        self._state = state
        self._feed = feed
        self._library = library
        self._heads = heads
        self._settings = settings
        self._shows: dict[Job, LiveShow] = {}
        self._again: dict[str, Callable[[], None]] = {}
        self._sought: set[str] = set()
        self.queue.job_finished.connect(self._end_show)
        state.recording_changed.connect(self._unwatch)
        state.recording_changed.connect(self._find_landmarks)

    def shut_down(self) -> None:
        """Stop all work and wait for it."""
        self.queue.shut_down()

    @Slot(object)
    def open_videos(self, paths: list[Path]) -> None:
        """Analyse videos, one after another."""
        for path in paths:
            self.open_video(path)

    def open_video(self, path: Path, face: int = 0) -> None:
        """Analyse a video, show it as it happens, then ask who it is.

        Args:
            path: The video.
            face: Which of its faces, from 1; 0 takes the main one.
        """
        again = partial(self.open_video, path, face)
        title = f"Fit face: {path.name}"
        run = work.analyse(path, face, lambda: self._heads.name, self._settings)
        self._start_shown(title, run, self._take_analysis, again)

    def open_demo(self, folder: Path) -> None:
        """Run the demo and show its first probe."""
        again = partial(self.open_demo, folder)
        self._start_shown("Demo", work.open_demo(folder, self._settings), self._take_demo, again)

    @Slot()
    def refit(self) -> None:
        """Fit the face of the shown recording again."""
        recording = self._state.recording
        if recording is not None and recording.video is not None:
            self.open_video(recording.video, recording.face)

    @Slot()
    def identify(self) -> None:
        """Ask who the shown recording is."""
        recording = self._state.recording
        if recording is None:
            return
        if not self._library.listing.speakers:
            self._state.set_status("who", NOBODY)
            return
        self._state.set_status("who", PanelStatus("working", "Comparing with the speakers …"))
        job = Job(
            f"Who is it? {recording.title}",
            work.answer(recording, self._library.listing.folder, self._settings),
        )
        failed = partial(self._fail_answer, recording.key)
        Watch(job, self._state.add_recording, failed, self._tell_progress, self._clear_answer)
        self.queue.add(job)

    def export_meshes(self, recording: Recording, order: MeshOrder) -> None:
        """Write meshes of a recording."""
        job = Job(f"Export {order.path.name}", head_work.export_meshes(recording, order))
        Watch(job, self.exported.emit, self.failed.emit, self._tell_progress)
        self.queue.add(job)

    @Slot(str)
    def retry(self, topic: str) -> None:
        """Do again what failed in a panel."""
        again = self._again.pop(topic, None)
        if again is not None:
            again()

    @Slot(int)
    def watch(self, place: int) -> None:
        """Show the running analysis again, after another recording was looked at."""
        job = self.queue.current
        if place == 0 and job is not None and job in self._shows:
            self._begin_show(self._shows[job])

    @Slot()
    def cancel(self) -> None:
        """Stop the running work."""
        if self.queue.current is not None:
            self.queue.cancel(self.queue.current)

    def _start_shown(
        self, title: str, run: Work, done: Callable[[Any, bool], None], again: Callable[[], None]
    ) -> None:
        show = LiveShow(self._state, self._feed)
        job = Job(title, run)

        def succeeded(result: object) -> None:
            done(result, show.watched)

        def progressed(batch: tuple[Progress, ...]) -> None:
            show.take(batch)
            self._tell_progress(batch)
            if show.watched:
                self._set_answers(PanelStatus("working", AFTER_FIT, share=batch[-1].share))

        failed = partial(self._fail_shown, show, again)
        Watch(job, succeeded, failed, progressed, partial(self._clear_shown, show))
        busy = any(other.watched for other in self._shows.values())
        self._shows[job] = show
        if not busy:
            self._begin_show(show)
        self.queue.add(job)

    def _begin_show(self, show: LiveShow) -> None:
        self._state.begin_live()
        show.watched = True
        self._state.set_status("video", PanelStatus("working", "Opening the video …"))
        self._set_answers(PanelStatus("working", AFTER_FIT))

    def _set_answers(self, status: PanelStatus) -> None:
        for topic in ("who", "trust"):
            self._state.set_status(topic, status)

    def _tell_progress(self, batch: tuple[Progress, ...]) -> None:
        self.progressed.emit(batch[-1])

    def _take_analysis(self, recording: Recording, watched: bool) -> None:
        self._state.add_recording(recording)
        if watched:
            self._state.show_recording(recording.key)
            self.identify()

    def _take_demo(self, opened: work.DemoOpened, watched: bool) -> None:
        self._library.take_listing(opened.listing)
        for recording in opened.recordings:
            self._state.add_recording(recording)
        if watched and opened.recordings:
            self._state.show_recording(opened.recordings[0].key)
        self.demo_opened.emit(opened)

    def _clear_shown(self, show: LiveShow) -> None:
        if show.watched:
            self._state.end_live()
            self._set_answers(EMPTY)
            self._state.set_status("video", EMPTY)
            self._state.set_status("head", EMPTY)

    def _fail_shown(self, show: LiveShow, again: Callable[[], None], error: Exception) -> None:
        if show.watched:
            self._clear_shown(show)
            self._again["video"] = again
            self._state.set_status("video", error_status(error))
        self.failed.emit(error)

    def _fail_answer(self, key: str, error: Exception) -> None:
        recording = self._state.recording
        if recording is not None and recording.key == key:
            self._again["who"] = self.identify
            self._state.set_status("who", error_status(error))
        self.failed.emit(error)

    def _clear_answer(self) -> None:
        self._state.set_status("who", EMPTY)

    @Slot(object)
    def _end_show(self, job: Job) -> None:
        self._shows.pop(job, None)

    @Slot(object)
    def _unwatch(self, recording: Recording | None) -> None:
        if recording is not None:
            for show in self._shows.values():
                show.watched = False

    @Slot(object)
    def _find_landmarks(self, recording: Recording | None) -> None:
        # A library keeps the motion, not the landmarks: they are found again to be drawn.
        if recording is None or recording.video is None or recording.landmarks is not None:
            return
        if recording.key in self._sought:
            return
        self._sought.add(recording.key)
        job = Job(f"Landmarks of {recording.title}", work.find_landmarks(recording, self._settings))
        Watch(job, self._take_landmarks, self.failed.emit, self._tell_progress)
        self.queue.add(job)

    def _take_landmarks(self, recording: Recording) -> None:
        self._state.add_recording(recording)
        if self._state.recording is not None and self._state.recording.key == recording.key:
            self._state.want_frame(self._state.wanted)
