"""Job queue: functions called one after another on a worker thread, their progress and results."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar, TypeVarTuple

from PySide6.QtCore import QObject, QThread, QThreadPool, Signal, Slot

from facedyn_app.errors import FacedynError
from facedyn_app.progress import Cancelled, OnProgress, Progress

log = logging.getLogger(__name__)

REPORTS_PER_SECOND: Final = 30.0
NICENESS: Final = 10

Batch = tuple[Progress, ...]
Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


def _ignore(*_anything: object) -> None:
    """Whoever submits a job need not take everything that comes of it."""


@dataclass(frozen=True, slots=True)
class _Receivers:
    """Who is called in the GUI thread with what comes of a job."""

    result: Callable[[Any], object]
    error: Callable[[Exception], object]
    progress: Callable[[Batch], object]
    cancel: Callable[[], object]


class Job(QObject):
    """One call of a function on a worker thread.

    The worker's own signals are connected before the start and never cut, since those under way
    still arrive; they end in this object's slots, in the GUI thread, and `drop` makes these deaf.

    Attributes:
        title: What is done, for the status bar and the queue ("visit-0412.mp4").
        progressed: tuple[Progress, ...]: every report with a partial result since the last
            emission, and the newest; at most 30 times a second, and never again before the last
            one has been taken, so that a slow window is not flooded.
        succeeded: The result.
        failed: The exception.
        finished: It has ended, in whatever way; emitted on the worker thread, the others are not.
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    finished = Signal()
    _woken = Signal()
    _ended = Signal()

    def __init__(
        self, title: str, call: Callable[[OnProgress], object], receivers: _Receivers
    ) -> None:
        super().__init__()
        self.title = title
        self._call = call
        self._receivers = receivers
        self._outcome: Callable[[], object] = _ignore
        self._dropped = False
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._pending: list[Progress] = []
        self._waking = False
        self._last_wake = 0.0
        self._woken.connect(self._deliver)
        self._ended.connect(self._end)

    def cancel(self) -> None:
        """Ask the function to stop at its next report."""
        self._stop.set()

    def drop(self) -> None:
        """Let nobody hear any more of what comes of it."""
        self._dropped = True

    @property
    def cancelling(self) -> bool:
        """Whether the function has been asked to stop."""
        return self._stop.is_set()

    def run(self) -> None:
        """Call the function; called on the worker thread."""
        _lower_priority()
        try:
            if self._stop.is_set():
                raise Cancelled  # noqa: TRY301  # asked to stop before it began
            result = self._call(self._on_progress)
        except Cancelled:
            self._outcome = self._receivers.cancel
        except FacedynError as error:  # which is shown
            log.warning("not done: %s: %s", self.title, error)
            self._outcome = partial(self._take_error, error)
        except Exception as error:
            log.exception("job failed: %s", self.title)
            self._outcome = partial(self._take_error, error)
        else:
            self._outcome = partial(self._take_result, result)
        self._ended.emit()
        self.finished.emit()

    def end_unstarted(self) -> None:
        """Say that it was cancelled while it still waited."""
        if not self._dropped:
            self._receivers.cancel()

    def _on_progress(self, progress: Progress) -> None:
        if self._stop.is_set():
            raise Cancelled
        with self._lock:
            if self._pending and self._pending[-1].partial is None:
                self._pending.pop()
            self._pending.append(progress)
            now = time.monotonic()
            if self._waking or now - self._last_wake < 1.0 / REPORTS_PER_SECOND:
                return
            self._waking, self._last_wake = True, now
        self._woken.emit()

    @Slot()
    def _deliver(self) -> None:
        with self._lock:
            batch = tuple(self._pending)
            self._pending.clear()
        if batch and not self._stop.is_set() and not self._dropped:
            self._receivers.progress(batch)
            self.progressed.emit(batch)
        with self._lock:
            self._waking = False

    @Slot()
    def _end(self) -> None:
        outcome, self._outcome = self._outcome, _ignore
        if not self._dropped:
            outcome()

    def _take_result(self, result: object) -> None:
        # Once more, in whatever state the last delivery is: nothing reported may be lost.
        self._deliver()
        self._receivers.result(result)
        self.succeeded.emit(result)

    def _take_error(self, error: Exception) -> None:
        self._receivers.error(error)
        self.failed.emit(error)


def _lower_priority() -> None:
    """Let the window go first where cores are short; threads begun by this one inherit that.

    Qt's priorities do nothing on Linux, where a thread can be niced like a process.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


class JobQueue(QObject):
    """Jobs one after another on one worker thread, so that each has the machine to itself.

    Attributes:
        changed: The list of waiting and running jobs is another one.
        progressed: Progress: the newest report of the running job.
        job_added: Job: it will be run; it has not been started yet.
        job_started: Job: it is now the current one.
        job_finished: Job: it has ended, in whatever way.
    """

    changed = Signal()
    progressed = Signal(object)
    job_added = Signal(object)
    job_started = Signal(object)
    job_finished = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._pool.setThreadPriority(QThread.Priority.LowPriority)
        self._jobs: deque[Job] = deque()
        self._closed = False

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The running job and those that wait, in order."""
        return tuple(self._jobs)

    @property
    def current(self) -> Job | None:
        """The running job."""
        return self._jobs[0] if self._jobs else None

    def submit(
        self,
        function: Callable[[*Arguments, OnProgress], Result],
        *arguments: *Arguments,
        title: str,
        on_result: Callable[[Result], object] = _ignore,
        on_error: Callable[[Exception], object] = _ignore,
        on_progress: Callable[[Batch], object] = _ignore,
        on_cancel: Callable[[], object] = _ignore,
        soon: bool = False,
    ) -> Job:
        """Have `function(*arguments, on_progress)` called on the worker thread, after the others.

        Args:
            function: Knows no widget and no state of the window: it returns what is stored here.
            arguments: Its arguments but the last, which takes progress and raises Cancelled.
            title: What is done, for people.
            on_result: Takes the result.
            on_error: Takes the exception.
            on_progress: Takes each batch of reports (`Job.progressed`).
            on_cancel: Called when the function has been stopped.
            soon: Whether it runs before all that wait, such as what belongs to the running one.

        Returns:
            The job; whoever loses interest drops or cancels it.
        """
        receivers = _Receivers(on_result, on_error, on_progress, on_cancel)
        job = Job(title, lambda on_progress: function(*arguments, on_progress), receivers)
        if self._closed:
            return job
        job.progressed.connect(self._tell_progress)
        job.finished.connect(self._advance)
        self.job_added.emit(job)
        self._jobs.insert(1 if soon else len(self._jobs), job)
        if len(self._jobs) == 1:
            self._start_first()
        self.changed.emit()
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job, or drop it when it has not begun."""
        job.cancel()
        if job in self._jobs and job is not self.current:
            self._jobs.remove(job)
            job.end_unstarted()
            self.changed.emit()

    def shut_down(self) -> None:
        """Cancel everything, let nobody hear of it any more, wait until the worker is done."""
        self._closed = True
        jobs = self.jobs  # they end with this call, in the GUI thread
        for job in jobs:
            job.cancel()
            job.drop()
        self._jobs.clear()
        self._pool.waitForDone()

    def _start_first(self) -> None:
        job = self._jobs[0]
        self._pool.start(job.run)
        self.job_started.emit(job)

    @Slot(object)
    def _tell_progress(self, batch: Batch) -> None:
        self.progressed.emit(batch[-1])

    @Slot()
    def _advance(self) -> None:
        if not self._jobs:
            return
        job = self._jobs.popleft()
        self.job_finished.emit(job)
        if self._jobs:
            self._start_first()
        self.changed.emit()
