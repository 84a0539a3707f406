"""A live camera: opened, shown as it is fitted, recorded where the user asks, and let go."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.errors import InputError, OutputError
from facedyn_app.gui.camera.feed import CameraFeed, CameraLook
from facedyn_app.gui.camera.run import CameraRun
from facedyn_app.gui.camera.work import fit_camera, read_camera, write_recording
from facedyn_app.gui.head_flows import HeadFlows
from facedyn_app.gui.jobs import Job, JobQueue, Watch, Work
from facedyn_app.gui.panel import EMPTY, PanelStatus, error_status
from facedyn_app.gui.recording import Recording
from facedyn_app.gui.state import AppState
from facedyn_app.gui.timeline import TimelineBuffer
from facedyn_app.progress import Progress
from facedyn_app.video import ListSources, VideoRecorder

LAST_SECONDS: Final = 20.0
"""How much of the traces is kept, s."""
USUAL_FPS: Final = 30.0
OPENING: Final = PanelStatus("working", "Opening the camera …")
NOT_ASKED: Final = PanelStatus(
    "empty",
    "A live picture is not compared with anybody.",
    "Record it: when the recording stops, it is fitted, judged and compared.",
)


def _nothing(_result: object) -> None:
    """A camera that is closed has no result."""


class CameraFlows(QObject):
    """One camera at a time, on two threads; a recording is written on a third.

    Args:
        state: The window's state.
        heads: Which head is fitted.
        list_sources: Lists the cameras.

    Attributes:
        number: The camera that was opened last, from 1.
        changed: A camera is open, open no more, or recorded.
        looked: (CameraLook, str): a new picture, and how quick it is in words.
        recorded: RecordedVideo: it is written.
        failed: Exception: the camera or its recording has failed.
    """

    changed = Signal()
    looked = Signal(object, str)
    recorded = Signal(object)
    failed = Signal(object)

    def __init__(self, state: AppState, heads: HeadFlows, list_sources: ListSources) -> None:
        super().__init__()
        self.number = 1
        self.list_sources = list_sources
        self._state, self._heads = state, heads
        self._reading, self._fitting, self._writing = (JobQueue(self) for _ in range(3))
        self._run: CameraRun | None = None
        self._failed = False
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
        self.number, self._failed = number, False
        run = self._run = CameraRun(number, CameraFeed(), last.before if last is not None else None)
        if self._state.timeline is None and not self._state.live:
            self._state.set_status("video", OPENING)
        read = read_camera(run.feed, self.list_sources, number)
        fit = fit_camera(run.feed, self._heads.name, self._state.settings)
        self._start(run, self._reading, "Camera", read)
        self._start(run, self._fitting, "Fit the camera's picture", fit)
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

    @Slot(str)
    def retry(self, topic: str) -> None:
        """Open again what could not be opened."""
        if topic == "video" and self._failed:
            self.open(self.number)

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
            made = VideoRecorder(path, run.feed.fps or USUAL_FPS, simulated=run.feed.simulated)
        except OutputError as error:
            self.failed.emit(error)
            return
        job = Job(f"Record {path.name}", write_recording(made))
        Watch(job, self.recorded.emit, partial(self._fail_recording, run))
        self._writing.add(job)
        run.recorder = made
        run.feed.record(made)
        self.changed.emit()

    def _start(self, run: CameraRun, queue: JobQueue, title: str, work: Work) -> None:
        job = Job(title, work)
        Watch(job, _nothing, partial(self._fail, run), partial(self._look, run))
        run.jobs.append(job)
        queue.add(job)

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

    def _look(self, run: CameraRun, _batch: tuple[Progress, ...]) -> None:
        look = run.feed.take()
        if look is None:
            return
        if not run.shown:
            run.shown = True
            if self._state.recording is not None:
                run.before = self._state.recording.key
            self._state.begin_live(self)
            for topic in ("who", "trust"):
                self._state.set_status(topic, NOT_ASKED)
            self.changed.emit()
        run.pace.add(look, time.perf_counter())
        self.looked.emit(look, run.pace.words(look))
        self._draw(run, look)

    def _draw(self, run: CameraRun, look: CameraLook) -> None:
        if not look.parts:
            return
        if run.buffer is None:
            run.buffer = TimelineBuffer(look.names, LAST_SECONDS)
        for part in look.parts:
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
        self._state.set_status("video", error_status(error))
        self._failed = True

    def _fail_recording(self, run: CameraRun, error: Exception) -> None:
        run.feed.record(None)
        run.recorder = None
        self.changed.emit()
        self.failed.emit(error)

    @Slot(object)
    def _yield_to(self, owner: object) -> None:
        if owner is not self:
            self._failed = False
            self._let_go()

    @Slot(object)
    def _yield_to_recording(self, recording: Recording | None) -> None:
        if recording is not None and self._run is not None and self._run.shown:
            self._let_go()
        self._failed = self._failed and recording is None
