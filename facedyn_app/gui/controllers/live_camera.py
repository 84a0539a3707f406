"""Live camera: opened, shown as it is fitted, recorded where the user asks, and let go."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.errors import InputError, OutputError
from facedyn_app.gui.controllers.heads import HeadController
from facedyn_app.gui.jobs import Batch, Job, JobQueue
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import EMPTY, PanelStatus, error_status
from facedyn_app.gui.timeline import TimelineBuffer
from facedyn_app.video import ListSources, VideoRecorder
from facedyn_app.workflows.camera import fit_camera, read_camera, write_recording
from facedyn_app.workflows.camera_feed import CameraFeed, CameraUpdate, LiveTiming
from facedyn_app.workflows.records import Recording

LAST_SECONDS: Final = 20.0
"""How much of the traces is kept, s."""
USUAL_FPS: Final = 30.0
OPENING: Final = PanelStatus("working", "Opening the camera …")
NOT_ASKED: Final = PanelStatus(
    "empty",
    "A live picture is not compared with anybody.",
    "Record it: when the recording stops, it is fitted, judged and compared.",
)


@dataclass(eq=False)
class CameraRun:
    """One camera from opening to closing.

    Attributes:
        number: Which camera, from 1.
        feed: What it shows.
        before: Key of the recording that was shown before.
        jobs: The jobs that read and fit.
        shown: Whether a picture of it has been seen.
        recorder: Records it, where the user has asked for that.
        timing: How quick it is.
        buffer: The traces of the last seconds.
    """

    number: int
    feed: CameraFeed
    before: str | None
    jobs: tuple[Job, ...] = ()
    shown: bool = False
    recorder: VideoRecorder | None = None
    timing: LiveTiming = field(default_factory=LiveTiming)
    buffer: TimelineBuffer | None = None

    def let_go(self) -> None:
        """Stop its threads and its recording; what comes from them is not heard any more."""
        self.feed.end()
        for job in self.jobs:
            job.cancel()
            job.drop()


class LiveCamera(QObject):
    """One camera at a time, on two threads; a recording is written on a third.

    Args:
        state: The window's state.
        heads: Which head is fitted.
        list_sources: Lists the cameras.

    Attributes:
        number: The camera that was opened last, from 1.
        changed: A camera is open, open no more, or recorded.
        updated: (CameraUpdate, str): a new picture, and its frame rate and delay as text.
        recorded: RecordedVideo: it is written.
        failed: Exception: the camera or its recording has failed.
    """

    changed = Signal()
    updated = Signal(object, str)
    recorded = Signal(object)
    failed = Signal(object)

    def __init__(self, state: AppState, heads: HeadController, list_sources: ListSources) -> None:
        super().__init__()
        self.number = 1
        self.list_sources = list_sources
        self._state, self._heads = state, heads
        self._reading, self._fitting, self._writing = (JobQueue(self) for _ in range(3))
        self._run: CameraRun | None = None
        state.live_began.connect(self._yield_to)
        state.recording_changed.connect(self._yield_to_recording)

    @property
    def open_feed(self) -> CameraFeed | None:
        """What the open camera shows; None where none is open."""
        return self._run.feed if self._run is not None else None

    @property
    def recorder(self) -> VideoRecorder | None:
        """What records, while something does."""
        return self._run.recorder if self._run is not None else None

    @property
    def busy(self) -> bool:
        """Whether a thread still reads, fits or writes."""
        return any(queue.jobs for queue in (self._reading, self._fitting, self._writing))

    def shut_down(self) -> None:
        """Let the camera go, finish a recording, wait for both."""
        self._let_go()
        for queue in (self._reading, self._fitting, self._writing):
            queue.shut_down()

    @Slot(int)
    def open(self, number: int) -> None:
        """Open a camera in place of the one that is open.

        Args:
            number: Which one, from 1.
        """
        last = self._run
        self._let_go()
        if last is not None:
            self._clear(last)
        self.number = number
        run = self._run = CameraRun(number, CameraFeed(), last.before if last is not None else None)
        if self._state.timeline is None and not self._state.live:
            self._state.set_status("video", OPENING)
        fail, take = partial(self._fail, run), partial(self._take_update, run)
        reading = self._reading.submit(
            read_camera,
            run.feed,
            self.list_sources,
            number,
            title="Camera",
            on_error=fail,
            on_progress=take,
        )
        fitting = self._fitting.submit(
            fit_camera,
            run.feed,
            self._heads.name,
            self._state.settings,
            title="Fit the camera's picture",
            on_error=fail,
            on_progress=take,
        )
        run.jobs = (reading, fitting)
        self.changed.emit()

    @Slot()
    def close(self) -> None:
        """Close the camera, and show again what was shown before it."""
        run = self._run
        if run is None:
            return
        self._let_go()
        self._clear(run)
        if run.before is not None:
            self._state.show_recording(run.before)

    @Slot(object)
    def restart(self, _head: object = None) -> None:
        """Begin again with another head; a recording goes on as it is."""
        if self._run is not None and self._run.recorder is None:
            self.open(self._run.number)

    def record(self, path: Path) -> None:
        """Record what the camera shows from now on.

        Args:
            path: The video to write.
        """
        run = self._run
        if run is None:
            self.failed.emit(InputError("The camera is closed, so nothing is recorded."))
            return
        if run.recorder is not None:
            return
        try:
            recorder = VideoRecorder(path, run.feed.fps or USUAL_FPS, simulated=run.feed.simulated)
        except OutputError as error:
            self.failed.emit(error)
            return
        self._writing.submit(
            write_recording,
            recorder,
            title=f"Record {path.name}",
            on_result=self.recorded.emit,
            on_error=partial(self._fail_recording, run),
        )
        run.recorder = recorder
        run.feed.record(recorder)
        self.changed.emit()

    def _let_go(self) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        run.let_go()
        self.changed.emit()

    def _clear(self, run: CameraRun) -> None:
        if run.shown:
            self._state.end_live()
            for topic in ("video", "head", "who", "trust"):
                self._state.set_status(topic, EMPTY)
        elif self._state.timeline is None and not self._state.live:
            self._state.set_status("video", EMPTY)

    def _take_update(self, run: CameraRun, _batch: Batch) -> None:
        update = run.feed.take()
        if update is None:
            return
        if not run.shown:
            run.shown = True
            if self._state.recording is not None:
                run.before = self._state.recording.key
            self._state.begin_live(self)
            for topic in ("who", "trust"):
                self._state.set_status(topic, NOT_ASKED)
            self.changed.emit()
        run.timing.add(update, time.perf_counter())
        self.updated.emit(update, run.timing.text(update))
        self._draw(run, update)

    def _draw(self, run: CameraRun, update: CameraUpdate) -> None:
        if not update.parts:
            return
        if run.buffer is None:
            run.buffer = TimelineBuffer(update.names, LAST_SECONDS)
        for part in update.parts:
            run.buffer.append(part)
        self._state.grow_live(run.buffer.timeline())

    def _fail(self, run: CameraRun, error: Exception) -> None:
        self._let_go()
        nothing_else = run.shown or (self._state.recording is None and not self._state.live)
        if nothing_else:
            self._state.begin_live(self)
            self._clear_failed(error)
        self.failed.emit(error)

    def _clear_failed(self, error: Exception) -> None:
        self._state.end_live()
        for topic in ("head", "who", "trust"):
            self._state.set_status(topic, EMPTY)
        retry = partial(self.open, self.number)
        self._state.set_status("video", error_status(error, retry))

    def _fail_recording(self, run: CameraRun, error: Exception) -> None:
        run.feed.record(None)
        run.recorder = None
        self.changed.emit()
        self.failed.emit(error)

    @Slot(object)
    def _yield_to(self, owner: object) -> None:
        if owner is not self:
            self._let_go()

    @Slot(object)
    def _yield_to_recording(self, recording: Recording | None) -> None:
        if recording is not None and self._run is not None and self._run.shown:
            self._let_go()
