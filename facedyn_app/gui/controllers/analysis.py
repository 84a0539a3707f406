"""Analysis of what the user opens: shown as it happens, its results put into the state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.gui.controllers.heads import HeadController
from facedyn_app.gui.controllers.identification import IdentificationController
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.controllers.live_show import LiveShow
from facedyn_app.gui.frame_feed import FrameFeed
from facedyn_app.gui.jobs import Batch, Job, JobQueue
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import EMPTY, PanelStatus, error_status
from facedyn_app.progress import OnProgress
from facedyn_app.settings import VideoSettings
from facedyn_app.workflows.demo import DemoOpened, open_demo
from facedyn_app.workflows.open_recording import (
    VIDEOS,
    Found,
    find_recordings,
    open_kept_or_fit,
    open_measured,
    open_video,
)
from facedyn_app.workflows.records import Recording

AFTER_FIT: Final = "The answer comes when the face is fitted."
Result = TypeVar("Result")
OpenedVideo = tuple[Path, int, VideoSettings | None, date | None]
"""A video, which of its faces, how it is read, and of which day it is."""


class AnalysisController(QObject):
    """Videos, sessions, other programs' measurements and the demo, one after another.

    Args:
        state: The window's state.
        feed: Shows the frames of analyses under way.
        library: The library that is open.
        heads: Which head videos are fitted with.
        identification: Says who a recording is once it is fitted.
        queue: For all that takes its time.
        short: Queue of short work on the disk.

    Attributes:
        demo_opened: DemoOpened.
        retried: Job: it had failed and is done again by another one.
        failed: Exception of what could not be opened.
        passed_over: Found: what of a folder is opened, and what is not.
        newest: The video that was opened last; None before the first.
    """

    demo_opened = Signal(object)
    retried = Signal(object)
    failed = Signal(object)
    passed_over = Signal(object)

    def __init__(
        self,
        state: AppState,
        feed: FrameFeed,
        library: LibraryController,
        heads: HeadController,
        identification: IdentificationController,
        queue: JobQueue,
        short: JobQueue,
    ) -> None:
        super().__init__()
        self._state = state
        self._feed = feed
        self._library = library
        self._heads = heads
        self._identification = identification
        self._queue, self._short = queue, short
        self._shows: dict[Job, LiveShow] = {}
        self._retries: dict[Job, Callable[[], None]] = {}
        self.newest: OpenedVideo | None = None
        queue.job_started.connect(self._watch_if_idle)
        queue.job_finished.connect(self._end_show)
        state.recording_changed.connect(self._unwatch)
        state.live_began.connect(self._yield_to)

    @Slot(object)
    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open videos at once, and everything else when it has been looked at."""
        videos = [path for path in paths if path.suffix.lower() in VIDEOS and not path.is_dir()]
        self._open_found(Found(tuple(videos), ()))
        for path in paths:
            if path not in videos:
                self._short.submit(
                    find_recordings,
                    path,
                    title=f"Look at: {path.name}",
                    on_result=self._open_found,
                    on_error=self._show_error,
                )

    def open_video(
        self,
        path: Path,
        face: int = 0,
        reading: VideoSettings | None = None,
        day: date | None = None,
    ) -> None:
        """Analyse a video, show it as it happens, then ask who it is.

        One of which the library has a session is shown with that, and not fitted again.

        Args:
            path: The video.
            face: Which of its faces, from 1; 0 takes the main one.
            reading: How it is read, where that was chosen for it.
            day: Of its visit, where its folder tells.
        """
        self.newest = (path, face, reading, day)
        library, settings = self._library.snapshot.folder, self._state.settings
        self._submit(
            f"Fit face: {path.name}",
            partial(open_kept_or_fit, path, face, reading, day, self._head_name, library, settings),
            self._take_analysis,
            partial(self.open_video, path, face, reading, day),
        )

    def fit_anew(
        self,
        path: Path,
        face: int = 0,
        reading: VideoSettings | None = None,
        day: date | None = None,
        *,
        follow_skin: bool = False,
    ) -> None:
        """As `open_video`, whatever the library has; the skin followed whatever the settings say.

        Args:
            path: The video.
            face: Which of its faces, from 1; 0 takes the main one.
            reading: How it is read, where that was chosen for it.
            day: Of its visit, where its folder tells.
            follow_skin: Whether to; else the settings say so.
        """
        self.newest = (path, face, reading, day)
        settings = self._state.settings
        if follow_skin:
            landmarks = replace(settings.landmarks, optical_flow=True)
            settings = replace(settings, landmarks=landmarks)
        self._submit(
            f"Fit face: {path.name}",
            partial(open_video, path, face, reading, day, self._head_name, settings),
            self._take_analysis,
            partial(self.fit_anew, path, face, reading, day, follow_skin=follow_skin),
        )

    def open_measured(self, path: Path, day: date | None = None) -> None:
        """Open a session file or another program's measurement, then ask who it is."""
        self._submit(
            f"Open: {path.name}",
            partial(open_measured, path, day, self._head_name, self._state.settings),
            self._take_analysis,
            partial(self.open_measured, path, day),
        )

    def open_demo(self, folder: Path) -> None:
        """Run the demo and show its first probe."""
        self._submit(
            "Demo",
            partial(open_demo, folder, self._state.settings),
            self._take_demo,
            partial(self.open_demo, folder),
        )

    @Slot()
    def refit(self) -> None:
        """Fit the face of the shown recording again."""
        self._fit_again(follow_skin=False)

    @Slot()
    def follow_skin(self) -> None:
        """Fit the face of the shown recording again, its skin followed."""
        self._fit_again(follow_skin=True)

    def _fit_again(self, *, follow_skin: bool) -> None:
        one = self._state.recording
        if one is not None and one.video is not None:
            self.fit_anew(one.video, one.face, one.reading, one.day, follow_skin=follow_skin)

    @Slot(object)
    def watch(self, job: Job) -> None:
        """Show the running analysis again, after another recording was looked at."""
        if job is self._queue.current and job in self._shows:
            self._begin_show(self._shows[job])

    @Slot(object, object)
    def show_failure(self, job: Job, error: Exception) -> None:
        """Say again why an analysis has failed, with Retry; other work has said so elsewhere."""
        if job in self._retries:
            self._state.begin_live(self)
            self._show_failed(job, error)
        self._state.show_error(error)

    def _head_name(self) -> str:
        """The head that is chosen when the worker asks; reading a text needs no lock."""
        return self._heads.name

    def _open_found(self, found: Found) -> None:
        for video in found.videos:
            self.open_video(video, day=found.days.get(video))
        for path in found.measured:
            self.open_measured(path, found.days.get(path))
        if found.passed_over:
            self.passed_over.emit(found)

    def _submit(
        self,
        title: str,
        call: Callable[[OnProgress], Result],
        take: Callable[[Result, bool], None],
        retry: Callable[[], None],
    ) -> None:
        show = LiveShow(self._state, self._feed)
        if not any(other in self._shows for other in self._queue.jobs):
            self._begin_show(show)

        def progressed(batch: Batch) -> None:
            show.take(batch)
            if show.watched:
                self._set_answers(PanelStatus("working", AFTER_FIT, share=batch[-1].share))

        job = self._queue.submit(
            call,
            title=title,
            on_result=lambda result: take(result, show.watched),
            on_error=lambda error: self._fail(job, retry, error),
            on_progress=progressed,
            on_cancel=lambda: self._clear(self._shows.pop(job)),
        )
        self._shows[job] = show

    def _begin_show(self, show: LiveShow) -> None:
        self._state.begin_live(show)
        show.watched = True
        self._state.set_status("video", PanelStatus("working", "Opening the video …"))
        self._set_answers(PanelStatus("working", AFTER_FIT))

    def _set_answers(self, status: PanelStatus) -> None:
        for topic in ("who", "trust"):
            self._state.set_status(topic, status)

    def _take_analysis(self, recording: Recording, watched: bool) -> None:
        self._state.add_recording(recording)
        if watched:
            self._state.show_recording(recording.key)
        self._identification.ask(recording)

    def _take_demo(self, opened: DemoOpened, watched: bool) -> None:
        self._library.take_snapshot(opened.snapshot)
        for recording in opened.recordings:
            self._state.add_recording(recording)
        if watched and opened.recordings:
            self._state.show_recording(opened.recordings[0].key)
        self.demo_opened.emit(opened)

    def _clear(self, show: LiveShow) -> None:
        if show.watched:
            self._state.end_live()
            self._set_answers(EMPTY)
            self._state.set_status("video", EMPTY)
            self._state.set_status("head", EMPTY)

    def _fail(self, job: Job, retry: Callable[[], None], error: Exception) -> None:
        self._retries[job] = retry
        if self._shows[job].watched:
            self._clear(self._shows[job])
            self._show_failed(job, error)
        self._show_error(error)

    def _show_failed(self, job: Job, error: Exception) -> None:
        self._state.end_live()
        self._state.set_status("video", error_status(error, partial(self._retry, job)))

    def _show_error(self, error: Exception) -> None:
        self._state.show_error(error)
        self.failed.emit(error)

    def _retry(self, job: Job) -> None:
        self._retries.pop(job)()
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
        for show in self._shows.values():
            show.watched = show is owner

    @Slot(object)
    def _unwatch(self, recording: Recording | None) -> None:
        if recording is not None:
            for show in self._shows.values():
                show.watched = False
