"""Schedule of a corpus on a cluster: which actor has what in hand, and what waits to be fitted."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from facedyn_app.cluster.actors import CorpusActor, Hello, Note
from facedyn_app.errors import InputError, MismatchError
from facedyn_app.library.corpus_items import CorpusItem
from facedyn_app.workflows.corpus_engine import MOST_TRIES, ItemOutcome, ItemQueue
from facedyn_app.workflows.corpus_worker import CorpusJob, Failure

BATCH: Final = 8
"""Recordings that an actor fits in one call, at most."""
HELLO, FOLLOW, FIT = "hello", "follow", "fit"


@dataclass(slots=True, eq=False)
class _Actor:
    """An actor of the cluster.

    Attributes:
        handle: Ray's.
        on_gpu: Whether it has a GPU and only fits.
        place: Its machine; empty until it is ready.
    """

    handle: Any
    on_gpu: bool
    place: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """What an actor has in hand.

    Attributes:
        actor: The actor.
        kind: HELLO, FOLLOW or FIT.
        items: The items.
        result: Where the recording will be, followed; None for other calls.
    """

    actor: _Actor
    kind: str
    items: list[CorpusItem] = field(default_factory=list)
    result: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class _Followed:
    """A recording that was followed and waits to be fitted.

    Attributes:
        item: The item.
        video: Where it is in the cluster's memory.
        seconds: What following it took, s.
    """

    item: CorpusItem
    video: Any
    seconds: float


class Schedule:
    """Gives work to actors. Each has one call in hand, so that what is lost with it is known.

    Fits go before new recordings, and with GPUs recordings are followed only while few wait: the
    cluster's memory never holds more of them than twice what its actors can fit at once.

    Args:
        ray: The module, connected.
        items: What is to be done.
        job: What all have in common.
        n_cpus: Actors on processors, which follow and, without GPUs, fit.
        n_gpus: Actors on GPUs, which fit.

    """

    def __init__(
        self, ray: Any, items: Sequence[CorpusItem], job: CorpusJob, n_cpus: int, n_gpus: int
    ) -> None:
        self._ray, self._queue = ray, ItemQueue(items)
        self._job = ray.put(job)
        self._class = ray.remote(CorpusActor)
        self._n_gpus = n_gpus
        self._calls: dict[Any, _Call] = {}
        self._idle: list[_Actor] = []
        self._waiting: deque[_Followed] = deque()
        self._seconds: dict[str, float] = {}
        self._n_unborn, self._most_unborn = 0, MOST_TRIES
        for _ in range(n_gpus):
            self._start(on_gpu=True)
        for _ in range(n_cpus):
            self._start(on_gpu=False)

    @property
    def n_left(self) -> int:
        """Items that are neither done nor given up."""
        return self._queue.n_left

    @property
    def has_workers(self) -> bool:
        """Whether an actor is ready or works."""
        return bool(self._idle) or any(call.kind != HELLO for call in self._calls.values())

    def _start(self, *, on_gpu: bool) -> None:
        options = {"num_cpus": 1, "num_gpus": int(on_gpu), "max_restarts": 0, "max_task_retries": 0}
        actor = _Actor(self._class.options(**options).remote(self._job), on_gpu)
        self._calls[actor.handle.hello.remote()] = _Call(actor, HELLO)

    def hand_out(self) -> None:
        """Give every actor that waits something to do, if there is anything for it."""
        resting = []
        for actor in self._idle:
            may_fit = actor.on_gpu or not self._n_gpus
            if may_fit and self._waiting:
                self._fit(actor)
            elif not actor.on_gpu and self._queue and self._has_room():
                self._follow(actor)
            else:
                resting.append(actor)
        self._idle = resting

    def _has_room(self) -> bool:
        if not self._n_gpus:
            return True
        n_coming = sum(call.kind == FOLLOW for call in self._calls.values())
        return len(self._waiting) + n_coming < 2 * BATCH * self._n_gpus

    def _follow(self, actor: _Actor) -> None:
        item = self._queue.take(actor.place)
        note, video = actor.handle.follow.options(num_returns=2).remote(item)
        self._calls[note] = _Call(actor, FOLLOW, [item], video)

    def _fit(self, actor: _Actor) -> None:
        batch = [self._waiting.popleft()]
        # what was lost once is fitted alone: if it is what kills workers, it kills no others' work
        while (
            self._waiting
            and len(batch) < BATCH
            and not any(self._queue.was_tried(one.item) for one in (*batch, self._waiting[0]))
        ):
            batch.append(self._waiting.popleft())
        items = [one.item for one in batch]
        self._seconds |= {one.item.name: one.seconds for one in batch}
        results = actor.handle.fit.remote(items, *(one.video for one in batch))
        self._calls[results] = _Call(actor, FIT, items)

    def collect(self, seconds: float) -> list[ItemOutcome | None]:
        """What has ended, waited for up to so many seconds.

        Raises:
            MismatchError: A worker has another version of the program.
            InputError: No worker can be started.
        """
        ready, _ = self._ray.wait(list(self._calls), num_returns=1, timeout=seconds)
        found: list[ItemOutcome | None] = []
        for reference in ready:
            call = self._calls.pop(reference)
            try:
                told = self._ray.get(reference)
            except self._ray.exceptions.RayError as error:
                found += self._lost(call, error)
                continue
            self._idle.append(call.actor)
            if call.kind == HELLO:
                self._greet(call.actor, told)
            elif call.kind == FOLLOW:
                found += self._take_followed(call, told)
            else:
                found += self._take_fitted(call, told)
        return found

    def _greet(self, actor: _Actor, hello: Hello) -> None:
        if hello.mismatch:
            raise MismatchError(*hello.mismatch)
        actor.place = hello.place
        self._most_unborn = max(self._most_unborn, self._n_unborn + MOST_TRIES)

    def _take_followed(self, call: _Call, note: Note) -> list[ItemOutcome | None]:
        (item,) = call.items
        if note.failure is not None:
            return [self._queue.failed(item, note.failure, note.seconds, call.actor.place)]
        self._waiting.append(_Followed(item, call.result, note.seconds))
        return []

    def _take_fitted(
        self, call: _Call, results: Sequence[tuple[Note, bytes]]
    ) -> list[ItemOutcome | None]:
        found: list[ItemOutcome | None] = []
        place = call.actor.place
        for item, (note, content) in zip(call.items, results, strict=True):
            seconds = self._seconds.pop(item.name) + note.seconds
            if note.failure is None:
                found.append(self._queue.done(item, content, seconds, place))
            else:
                found.append(self._queue.failed(item, note.failure, seconds, place))
        return found

    def _lost(self, call: _Call, error: Exception) -> list[ItemOutcome | None]:
        """A call that has not ended well: its items are begun anew, its actor is replaced."""
        actor = call.actor
        self._n_unborn += call.kind == HELLO
        if self._n_unborn == self._most_unborn:
            last = (str(error).strip() or type(error).__name__).splitlines()[-1][:200]
            raise InputError(f"Workers of the cluster cannot be started: {last.rstrip('.')}.")
        with suppress(self._ray.exceptions.RayError, ValueError):
            self._ray.kill(actor.handle)
        self._start(on_gpu=actor.on_gpu)
        found = []
        for item in call.items:
            where = f"on '{actor.place}'" if actor.place else "of the cluster"
            reason = f"'{item.path}': the worker {where} was lost ({type(error).__name__})."
            found.append(self._queue.failed(item, Failure(reason, of_place=True), 0.0, actor.place))
        return found

    def close(self) -> None:
        """End the actors."""
        busy = [call.actor for call in self._calls.values()]
        for actor in (*self._idle, *busy):
            with suppress(self._ray.exceptions.RayError, ValueError):
                self._ray.kill(actor.handle)
