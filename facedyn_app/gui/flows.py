"""Has videos analysed, shows it as it happens, and puts what comes back into the state."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.gui import work
from facedyn_app.gui.answer_flows import AnswerFlows
from facedyn_app.gui.frame_feed import FrameFeed
from facedyn_app.gui.head_flows import HeadFlows
from facedyn_app.gui.jobs import Job, JobQueue, Watch, Work
from facedyn_app.gui.library_flows import LibraryFlows
from facedyn_app.gui.live_show import LiveShow
from facedyn_app.gui.panel import EMPTY, PanelStatus, error_status
from facedyn_app.gui.recording import Recording
from facedyn_app.gui.state import AppState
from facedyn_app.progress import Progress

AFTER_FIT: Final = "The answer comes when the face is fitted."


class Flows(QObject):
    """Analysis and demo, one after another; results are stored here.

    Args:
        state: The window's state.
        feed: Shows the frames of analyses under way.
        library: The library that is open.
        heads: Which head videos are fitted with.
        answers: Says who a recording is once it is fitted.
        queue: For all that takes its time.

    Attributes:
        queue: The work that runs and waits.
        progressed: Progress of the running work.
        demo_opened: work.DemoOpened.
        retried: Job: it had failed and is done again by another one.
        failed: Exception of work that has failed.
    """

    progressed = Signal(object)
    demo_opened = Signal(object)
    retried = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        state: AppState,
        feed: FrameFeed,
        library: LibraryFlows,
        heads: HeadFlows,
        answers: AnswerFlows,
        queue: JobQueue,
    ) -> None:
        super().__init__()
        self.queue = queue
        self._state = state
        self._feed = feed
        self._library = library
        self._heads = heads
        self._answers = answers
        self._shows: dict[Job, LiveShow] = {}
        self._again: dict[str, Callable[[], None]] = {}
        self._again_by_job: dict[Job, Callable[[], None]] = {}
        self.queue.job_started.connect(self._watch_if_idle)
        self.queue.job_finished.connect(self._end_show)
        state.recording_changed.connect(self._unwatch)
        state.live_began.connect(self._yield_to)

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
        run = work.analyse(path, face, lambda: self._heads.name, self._state.settings)
        self._start_shown(title, run, self._take_analysis, again)

    @Slot(object)
    def open_measured(self, path: Path) -> None:
        """Open a session file or another program's measurement, then ask who it is."""
        again = partial(self.open_measured, path)
        run = work.open_measured(path, lambda: self._heads.name, self._state.settings)
        self._start_shown(f"Open: {path.name}", run, self._take_analysis, again)

    def open_demo(self, folder: Path) -> None:
        """Run the demo and show its first probe."""
        again = partial(self.open_demo, folder)
        self._start_shown(
            "Demo", work.open_demo(folder, self._state.settings), self._take_demo, again
        )

    @Slot()
    def refit(self) -> None:
        """Fit the face of the shown recording again."""
        recording = self._state.recording
        if recording is not None and recording.video is not None:
            self.open_video(recording.video, recording.face)

    @Slot(str)
    def retry(self, topic: str) -> None:
        """Do again what failed in a panel."""
        again = self._again.pop(topic, None)
        if again is not None:
            again()

    @Slot(object)
    def watch(self, job: Job) -> None:
        """Show the running analysis again, after another recording was looked at."""
        if job is self.queue.current and job in self._shows:
            self._begin_show(self._shows[job])

    @Slot(object, object)
    def show_failure(self, job: Job, error: Exception) -> None:
        """Say again why an analysis has failed, with Retry; other work has said so elsewhere."""
        if job in self._again_by_job:
            self._state.begin_live(self)
            self._stand_failed(job, error)
        self.failed.emit(error)

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
        alone = not any(other in self._shows for other in self.queue.jobs)

        def succeeded(result: object) -> None:
            done(result, show.watched)

        def progressed(batch: tuple[Progress, ...]) -> None:
            show.take(batch)
            self._tell_progress(batch)
            if show.watched:
                self._set_answers(PanelStatus("working", AFTER_FIT, share=batch[-1].share))

        failed = partial(self._fail_shown, job, again)
        Watch(job, succeeded, failed, progressed, partial(self._clear_cancelled, job))
        self._shows[job] = show
        if alone:
            self._begin_show(show)
        self.queue.add(job)

    def _begin_show(self, show: LiveShow) -> None:
        self._state.begin_live(show)
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
        self._answers.ask(recording)

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

    def _clear_cancelled(self, job: Job) -> None:
        self._clear_shown(self._shows.pop(job))

    def _fail_shown(self, job: Job, again: Callable[[], None], error: Exception) -> None:
        self._again_by_job[job] = again
        if self._shows[job].watched:
            self._clear_shown(self._shows[job])
            self._stand_failed(job, error)
        self.failed.emit(error)

    def _stand_failed(self, job: Job, error: Exception) -> None:
        self._again["video"] = partial(self._do_again, job)
        self._state.end_live()
        self._state.set_status("video", error_status(error))

    def _do_again(self, job: Job) -> None:
        self._again_by_job.pop(job)()
        self.retried.emit(job)

    @Slot(object)
    def _watch_if_idle(self, job: Job) -> None:
        """Show the next of several videos where the one before it has left nothing to look at."""
        nothing = self._state.recording is None and not self._state.live
        if nothing and job in self._shows:
            self._begin_show(self._shows[job])

    @Slot(object)
    def _end_show(self, job: Job) -> None:
        self._shows.pop(job, None)

    @Slot(object)
    def _yield_to(self, owner: object) -> None:
        self._again.pop("video", None)  # what had failed does not stand there any more
        for show in self._shows.values():
            show.watched = show is owner

    @Slot(object)
    def _unwatch(self, recording: Recording | None) -> None:
        if recording is not None:
            for show in self._shows.values():
                show.watched = False
