"""Jobs report, end and stop as they should, on real worker threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QThread
from pytestqt.qtbot import QtBot

from facedyn_app.errors import InputError
from facedyn_app.gui.jobs import REPORTS_PER_SECOND, Job, JobQueue
from facedyn_app.progress import OnProgress, Progress


@pytest.fixture
def queue(qtbot: QtBot) -> Iterator[JobQueue]:
    jobs = JobQueue()
    yield jobs
    jobs.shut_down()


class Log:
    """What a job's receivers have seen, in order, and on which thread."""

    def __init__(self) -> None:
        self.events: list[tuple[str, object]] = []
        self.threads: set[QThread] = set()

    def add(self, kind: str, value: object = None) -> None:
        self.events.append((kind, value))
        self.threads.add(QThread.currentThread())

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


def submit(queue: JobQueue, title: str, work: Callable[[OnProgress], object], log: Log) -> Job:
    return queue.submit(
        work,
        title=title,
        on_result=lambda result: log.add("result", result),
        on_error=lambda error: log.add("error", error),
        on_progress=lambda batch: log.add("progress", batch),
        on_cancel=lambda: log.add("cancelled"),
    )


def test_result_arrives_in_the_gui_thread(queue: JobQueue, qtbot: QtBot) -> None:
    log, worker = Log(), []

    def work(_report: OnProgress) -> int:
        worker.append(threading.get_ident())
        return 42

    submit(queue, "sum", work, log)
    qtbot.waitUntil(lambda: not queue.jobs)
    assert log.events == [("result", 42)]
    assert worker[0] != threading.get_ident()
    app = QCoreApplication.instance()
    assert app is not None
    assert log.threads == {app.thread()}


def test_error_is_handed_over_and_the_next_job_runs(queue: JobQueue, qtbot: QtBot) -> None:
    log = Log()

    def fail(_report: OnProgress) -> None:
        raise InputError("The file 'x' is no video.", "Choose another.")

    for title, work in (("bad", fail), ("good", lambda _report: "done")):
        submit(queue, title, work, log)
    assert [job.title for job in queue.jobs] == ["bad", "good"]
    qtbot.waitUntil(lambda: not queue.jobs)
    assert log.kinds() == ["error", "result"]
    assert str(log.events[0][1]) == "The file 'x' is no video. Choose another."


def test_what_a_user_can_act_on_is_logged_as_a_line(
    queue: JobQueue, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_report: OnProgress) -> None:
        raise InputError("'a.mp4' cannot be read.", "Choose another.") from OSError("gone")

    def break_down(_report: OnProgress) -> None:
        raise KeyError("x")

    for work in (refuse, break_down):
        submit(queue, "Open a.mp4", work, Log())
    qtbot.waitUntil(lambda: not queue.jobs)
    expected, fault = caplog.records
    assert expected.getMessage() == (
        "not done: Open a.mp4: 'a.mp4' cannot be read. Choose another."
    )
    assert expected.exc_info is None
    assert fault.exc_info is not None
    assert caplog.text.count("Traceback") == 1


def test_every_partial_arrives_once_at_no_more_than_30_batches_a_second(
    queue: JobQueue, qtbot: QtBot
) -> None:
    log, spent = Log(), []

    def work(on_progress: OnProgress) -> None:
        began = time.monotonic()
        for done in range(400):
            on_progress(Progress("counting", done, 400, partial=done))
            time.sleep(0.001)
        spent.append(time.monotonic() - began)

    submit(queue, "count", work, log)
    qtbot.waitUntil(lambda: not queue.jobs)
    batches = [value for kind, value in log.events if kind == "progress"]
    partials = [p.partial for batch in batches for p in batch]  # type: ignore[attr-defined]
    assert partials == list(range(400))
    assert len(batches) <= REPORTS_PER_SECOND * spent[0] + 2


def test_reports_without_partial_are_thinned_to_the_newest(queue: JobQueue, qtbot: QtBot) -> None:
    log = Log()

    def work(on_progress: OnProgress) -> None:
        for done in range(1000):
            on_progress(Progress("counting", done, 1000))

    submit(queue, "count", work, log)
    qtbot.waitUntil(lambda: not queue.jobs)
    batches = [value for kind, value in log.events if kind == "progress"]
    assert all(len(batch) == 1 for batch in batches)  # type: ignore[arg-type]
    assert batches[-1][0].done == 999  # type: ignore[index]


def test_cancel_stops_the_running_job_and_drops_a_waiting_one(
    queue: JobQueue, qtbot: QtBot
) -> None:
    running, waiting = Log(), Log()

    def endless(on_progress: OnProgress) -> None:
        while True:
            on_progress(Progress("waiting", 0))
            time.sleep(0.005)

    first = submit(queue, "first", endless, running)
    second = submit(queue, "second", endless, waiting)
    queue.cancel(second)
    qtbot.waitUntil(lambda: "progress" in running.kinds())
    queue.cancel(first)
    qtbot.waitUntil(lambda: not queue.jobs)
    assert running.kinds()[-1] == "cancelled"
    assert waiting.kinds() == ["cancelled"]


def test_shutting_down_stops_the_work_before_it_returns(qtbot: QtBot) -> None:
    stopped = threading.Event()
    started = threading.Event()

    def endless(on_progress: OnProgress) -> None:
        started.set()
        try:
            while True:
                on_progress(Progress("waiting", 0))
                time.sleep(0.005)
        finally:
            stopped.set()

    jobs = JobQueue()
    jobs.submit(endless, title="endless")
    qtbot.waitUntil(started.is_set)
    jobs.shut_down()
    assert stopped.is_set()
    assert jobs.jobs == ()


def test_nothing_is_heard_of_a_dropped_job(queue: JobQueue, qtbot: QtBot) -> None:
    log = Log()
    submit(queue, "one", lambda _report: 1, log).drop()
    qtbot.waitUntil(lambda: not queue.jobs)
    assert log.events == []
