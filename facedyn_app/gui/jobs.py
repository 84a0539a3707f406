"""Long work on a worker thread: one call, its progress, its end."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject, QThread, QThreadPool, Signal, Slot

from facedyn_app.progress import Cancelled, OnProgress, Progress

log = logging.getLogger(__name__)

REPORTS_PER_SECOND: Final = 30.0
NICENESS: Final = 10

Work = Callable[[OnProgress], object]


class Job(QObject):
    """One call of `work(on_progress)` on a worker thread; slots run in the GUI thread.

    Attributes:
        title: What is done, for the status bar and the queue ("visit-0412.mp4").
        progressed: tuple[Progress, ...]: every report with a partial result since the last
            emission, and the newest; at most 30 times a second, and never again before the last
            one has been taken, so that a slow window is not flooded.
        succeeded: The result.
        failed: The exception.
        cancelled: The user's wish has been followed.
        finished: After each of the three.
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    finished = Signal()
    _woken = Signal()

    def __init__(self, title: str, work: Work) -> None:
        super().__init__()
        self.title = title
        self.started_at: float | None = None
        self._work = work
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._pending: list[Progress] = []
        self._waking = False
        self._last_wake = 0.0
        self._woken.connect(self._deliver)

    def cancel(self) -> None:
        """Ask the work to stop at its next report."""
        self._stop.set()

    @property
    def cancelling(self) -> bool:
        """Whether the work has been asked to stop."""
        return self._stop.is_set()

    def run(self) -> None:
        """Do the work; called on the worker thread."""
        self.started_at = time.monotonic()
        _stand_back()
        try:
            if self._stop.is_set():
                raise Cancelled  # noqa: TRY301  # asked to stop before the work began
            result = self._work(self._report)
        except Cancelled:
            self.cancelled.emit()
        except Exception as error:
            log.exception("job failed: %s", self.title)
            self.failed.emit(error)
        else:
            # Once more, in whatever state the last delivery is: nothing reported may be lost.
            self._woken.emit()
            self.succeeded.emit(result)
        self.finished.emit()

    def _report(self, progress: Progress) -> None:
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
        if batch and not self._stop.is_set():
            self.progressed.emit(batch)
        with self._lock:
            self._waking = False


def _stand_back() -> None:
    """Let the window go first where cores are short; threads begun by this one do as it does.

    Qt's priorities do nothing on Linux, where a thread can be niced like a process.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


class JobQueue(QObject):
    """Jobs one after another on one worker thread, so that each has the machine to itself.

    Attributes:
        changed: The list of waiting and running jobs is another one.
        job_added: Job: it will be run; it has not been started yet.
        job_started: Job: it is now the current one.
        job_finished: Job: it has ended, in whatever way.
    """

    changed = Signal()
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

    def add(self, job: Job, *, soon: bool = False) -> None:
        """Put a job at the end of the queue; its receivers must be connected already.

        Args:
            job: The job.
            soon: Whether it runs before all that wait, such as what belongs to the running one.
        """
        if self._closed:
            return
        job.finished.connect(self._advance)
        self.job_added.emit(job)
        self._jobs.insert(1 if soon else len(self._jobs), job)
        if len(self._jobs) == 1:
            self._start_first()
        self.changed.emit()

    def cancel(self, job: Job) -> None:
        """Stop a job, or drop it when it has not begun."""
        job.cancel()
        if job in self._jobs and job is not self.current:
            self._jobs.remove(job)
            job.cancelled.emit()
            self.changed.emit()

    def shut_down(self) -> None:
        """Cancel everything, let nobody hear of it any more, wait until the worker is done."""
        self._closed = True
        for job in self._jobs:
            job.cancel()
            for watch in job.findChildren(Watch):
                watch.drop()
        self._jobs.clear()
        self._pool.waitForDone()

    def _start_first(self) -> None:
        job = self._jobs[0]
        self._pool.start(job.run)
        self.job_started.emit(job)

    @Slot()
    def _advance(self) -> None:
        if not self._jobs:
            return
        job = self._jobs.popleft()
        self.job_finished.emit(job)
        if self._jobs:
            self._start_first()
        self.changed.emit()


class Watch(QObject):
    """Takes one job's signals in the GUI thread, and drops them once it is told to.

    Signals that are under way when a receiver loses interest still arrive, so a connection is
    never cut: it is made before the job starts, and `drop` makes it deaf.

    Args:
        job: The job, not yet in a queue.
        succeeded: Takes the result.
        failed: Takes the exception.
        progressed: Takes each batch of reports.
        cancelled: Called when the job has been stopped.
    """

    def __init__(
        self,
        job: Job,
        succeeded: Callable[[Any], None],
        failed: Callable[[Exception], None],
        progressed: Callable[[tuple[Progress, ...]], None] | None = None,
        cancelled: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(job)
        self.dropped = False
        self._on_success, self._on_failure = succeeded, failed
        self._on_progress, self._on_cancel = progressed, cancelled
        job.succeeded.connect(self._take_result)
        job.failed.connect(self._take_error)
        job.progressed.connect(self._take_progress)
        job.cancelled.connect(self._take_cancel)

    def drop(self) -> None:
        """Take nothing any more."""
        self.dropped = True

    @Slot(object)
    def _take_result(self, result: object) -> None:
        if not self.dropped:
            self._on_success(result)

    @Slot(object)
    def _take_error(self, error: Exception) -> None:
        if not self.dropped:
            self._on_failure(error)

    @Slot(object)
    def _take_progress(self, batch: tuple[Progress, ...]) -> None:
        if not self.dropped and self._on_progress is not None:
            self._on_progress(batch)

    @Slot()
    def _take_cancel(self) -> None:
        if not self.dropped and self._on_cancel is not None:
            self._on_cancel()
