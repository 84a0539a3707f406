"""Job list: what runs, waits and has failed, row by row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.gui.formatting import percent
from facedyn_app.gui.jobs import Batch, Job, JobQueue
from facedyn_app.gui.status import error_status
from facedyn_app.progress import Progress


@dataclass(frozen=True, slots=True)
class JobRow:
    """One piece of work.

    Attributes:
        key: Tells it from the others.
        text: What it is and how far it has come.
        tip: What a click does, or why it has failed.
        end: What taking it away does: "Cancel" or "Remove from the list".
        failed: Whether the text ends in why it has failed.
    """

    key: object
    text: str
    tip: str
    end: str = "Cancel"
    failed: bool = False


class JobListModel(QObject):
    """Keeps what is known of each job in a queue; one that has failed stays until it is removed.

    Args:
        queue: The queue, still empty.

    Attributes:
        changed: The rows are other ones, or say something else.
        failure_picked: (Job, Exception): the user wants to know why this job has failed.
        job_picked: Job: the user wants to watch it.
    """

    changed = Signal()
    failure_picked = Signal(object, object)
    job_picked = Signal(object)

    def __init__(self, queue: JobQueue) -> None:
        super().__init__(queue)
        self._queue = queue
        self._progress: dict[Job, Progress] = {}
        self._failures: dict[Job, Exception] = {}
        queue.job_added.connect(self._take)
        queue.job_finished.connect(self._end)
        queue.changed.connect(self.changed)

    @property
    def rows(self) -> tuple[JobRow, ...]:
        """The running job, those that wait, then those that have failed."""
        failed = [_failed_row(job, error) for job, error in self._failures.items()]
        return (*(self._row(job) for job in self._queue.jobs), *failed)

    @Slot(object)
    def pick(self, job: Job) -> None:
        """The user has clicked on a job."""
        error = self._failures.get(job)
        if error is None:
            self.job_picked.emit(job)
        else:
            self.failure_picked.emit(job, error)

    @Slot(object)
    def remove(self, job: Job) -> None:
        """Stop a job, drop one that waits, or forget one that has failed."""
        if self._failures.pop(job, None) is None:
            self._queue.cancel(job)
        self.changed.emit()

    def forget(self, words: Collection[str]) -> None:
        """Take failures off the list that mention one of the words."""
        for job, error in tuple(self._failures.items()):
            text = f"{job.title} {error}"
            if any(word in text for word in words):
                del self._failures[job]
        self.changed.emit()

    def _row(self, job: Job) -> JobRow:
        if job is not self._queue.current:
            return JobRow(job, f"waiting · {job.title}", "Its turn comes by itself")
        if job.cancelling:
            return JobRow(job, f"stopping · {job.title}", "It stops at its next step")
        progress = self._progress.get(job)
        if progress is None:
            return JobRow(job, f"running · {job.title}", "Click to watch it")
        share = "running" if progress.share is None else percent(progress.share)
        return JobRow(job, f"{share} · {job.title}", f"{progress.stage}. Click to watch it")

    @Slot(object)
    def _take(self, job: Job) -> None:
        job.failed.connect(partial(self._fail, job))
        job.progressed.connect(partial(self._follow, job))

    def _follow(self, job: Job, batch: Batch) -> None:
        before = self._progress.get(job)
        self._progress[job] = batch[-1]
        if before is None or _percent(before) != _percent(batch[-1]):
            self.changed.emit()

    def _fail(self, job: Job, error: Exception) -> None:
        self._failures[job] = error

    @Slot(object)
    def _end(self, job: Job) -> None:
        self._progress.pop(job, None)


def _percent(progress: Progress) -> tuple[str, int]:
    return progress.stage, -1 if progress.share is None else round(100 * progress.share)


def _failed_row(job: Job, error: Exception) -> JobRow:
    status = error_status(error)
    text = f"failed · {job.title}: {status.sentence}"
    tip = f"{status.sentence}\n{status.hint}"
    return JobRow(job, text, tip, "Remove from the list", failed=True)
