"""Engine of one machine: a process a worker, each with one thread; one that dies is replaced."""

from __future__ import annotations

import logging
import os
import platform
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Self

from facedyn_app.device import THREADS_VARIABLE, choose_device, n_cores
from facedyn_app.errors import FacedynError, InputError
from facedyn_app.library.corpus_items import CorpusItem
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.workflows.corpus_engine import MOST_TRIES, WAIT_SECONDS, ItemQueue, Outcomes
from facedyn_app.workflows.corpus_worker import CorpusJob, CorpusWorker, Failure

STARTED, READY = "started", "ready"
PLACE = platform.node()


class LocalEngine:
    """Works with processes of this machine.

    Args:
        n_workers: How many; 0 for one a core.

    Attributes:
        words: What it is, for people.
    """

    def __init__(self, n_workers: int) -> None:
        self._n_workers = n_workers or n_cores()
        self.words = f"local, workers: {self._n_workers}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Nothing is left: `run` ends its processes itself."""

    def device(self, wanted: str) -> str:
        """See `Engine`."""
        return choose_device(wanted).type

    def run(self, items: Sequence[CorpusItem], job: CorpusJob) -> Outcomes:
        """See `Engine`."""
        queue, n_unborn = ItemQueue(items), 0
        workers = [_Process(job) for _ in range(min(self._n_workers, len(items)))]
        try:
            while queue.n_left:
                _hand_out(queue, workers)
                ready = wait([worker.pipe for worker in workers], WAIT_SECONDS)
                if not ready:
                    yield None
                for worker in [one for one in workers if one.pipe in ready]:
                    yield from _outcomes(queue, worker)
                dead = [worker for worker in workers if not worker.lives]
                n_unborn = 0 if any(one.was_ready for one in workers) else n_unborn + len(dead)
                if n_unborn >= MOST_TRIES:
                    raise _no_worker(dead[0])
                workers = [one for one in workers if one.lives]
                workers += [_Process(job) for one in dead if one.was_ready or not workers]
        finally:
            for worker in workers:
                worker.end()


def _hand_out(queue: ItemQueue, workers: Sequence[_Process]) -> None:
    """Give an item to each worker that has none."""
    for worker in workers:
        if queue and worker.is_idle:
            worker.begin(queue.take(PLACE))


def _outcomes(queue: ItemQueue, worker: _Process) -> Outcomes:
    """What comes of what a worker tells.

    Raises:
        FacedynError: It cannot start.
    """
    item, seconds = worker.item, worker.seconds
    told = worker.receive()
    if isinstance(told, FacedynError):
        raise told
    if item is None:
        return
    if isinstance(told, bytes):
        yield queue.done(item, told, seconds, PLACE)
    elif isinstance(told, Failure):
        yield queue.failed(item, told, seconds, PLACE)


def _no_worker(dead: _Process) -> InputError:
    return InputError(
        f"No worker can be started: {dead.how_it_ended}.",
        "There may be too little memory: --workers 1 takes the least.",
    )


class _Process:
    """A worker's process, and what it has in hand.

    Attributes:
        pipe: What it tells comes here.
        item: What it works on; None while it starts or waits.
        is_idle: Whether it waits for an item.
        was_ready: Whether it has ever been.
        lives: Whether it has not ended.
        how_it_ended: The rest of a sentence, once it has.
    """

    def __init__(self, job: CorpusJob) -> None:
        context = get_context("spawn")  # graphics and inference threads do not survive a fork
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs,), daemon=True)
        with _one_thread_each(), _without_ctrl_c():
            self._process.start()
        theirs.close()
        self._job = job
        self.item: CorpusItem | None = None
        self.is_idle, self.was_ready, self.lives = False, False, True
        self.how_it_ended = ""
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since it has begun what it works on, s."""
        return time.perf_counter() - self._began

    def begin(self, item: CorpusItem) -> None:
        """Give it an item; that it has died is told by `receive`."""
        self.item, self.is_idle, self._began = item, False, time.perf_counter()
        with suppress(OSError):
            self.pipe.send(item)

    def receive(self) -> bytes | Failure | FacedynError | str:
        """What it tells: a session file, why there is none, why it cannot start, how far it is."""
        try:
            told: bytes | Failure | FacedynError | str = self.pipe.recv()
        except (EOFError, OSError):
            return self._death()
        if told == STARTED:
            # the head is large: sent before anybody reads, it would be waited for
            with suppress(OSError):
                self.pipe.send(self._job)
            return told
        self.item, self.is_idle, self.was_ready = None, True, True
        return told

    def _death(self) -> Failure:
        self._process.join()
        code, item = self._process.exitcode, self.item
        self.pipe.close()
        self.item, self.is_idle, self.lives = None, False, False
        how = f"by signal {-code}" if code is not None and code < 0 else f"with code {code}"
        self.how_it_ended = f"a worker's process has ended {how}"
        where = "" if item is None else f"'{item.path}': "
        return Failure(f"{where}{self.how_it_ended}.", of_place=True)

    def end(self) -> None:
        """End it, whatever it does."""
        if self.lives:
            self._process.kill()
            self._process.join()
            self.pipe.close()
        self._process.close()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes that are started meanwhile compute with one thread, in every library."""
    before = os.environ.get(THREADS_VARIABLE)
    os.environ[THREADS_VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREADS_VARIABLE]
        else:
            os.environ[THREADS_VARIABLE] = before


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Processes that are started meanwhile do not see Ctrl+C, which a terminal sends to all.

    It is seen to where the work was begun: there it comes when the block ends. A process that first
    had to ignore it would be interrupted while it still imports, and say so at length.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its own start would let the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection) -> None:
    """What a worker's process does until its pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it is not held back (`_without_ctrl_c`)
    logging.getLogger().addHandler(logging.NullHandler())
    with suppress(EOFError, OSError, Cancelled):
        pipe.send(STARTED)
        try:
            worker = CorpusWorker(pipe.recv())
        except FacedynError as error:
            pipe.send(error)
            return
        pipe.send(READY)
        while True:
            item: CorpusItem = pipe.recv()
            followed = worker.follow(item, _go_on)
            if isinstance(followed, Failure):
                pipe.send(followed)
            else:
                pipe.send(worker.fit(item, followed, _go_on))


def _go_on(_progress: Progress) -> None:
    """Stop where the process that began the work has gone."""
    parent = parent_process()
    if parent is None or not parent.is_alive():
        raise Cancelled
