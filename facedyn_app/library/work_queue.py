"""Work queue of a library: recordings to be enrolled, worked by one program at a time.

Who works holds a file (`unfinished`), whose name stands with what it has in hand. When it dies,
however that is, nobody holds the file, and what it had in hand waits again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import FacedynError, OutputError
from facedyn_app.library.audit import write_audit
from facedyn_app.library.schema import MOST_NAMED, WorkOrderRow, WorkRow, now
from facedyn_app.library.work_added import AddedWork, add_work, work_values, worker_words
from facedyn_app.library.work_rows import (
    ENDED,
    MOST_TRIES,
    NOBODY,
    UNFINISHED,
    NewWork,
    WorkEnd,
    WorkItem,
    WorkKind,
    WorkState,
    delete_empty_orders,
    end_items,
    has_queue,
    held_items,
    item_of,
)
from facedyn_app.unfinished import final_name, is_given_up, sweep_folder, unfinished_file

MARK: Final = "worker"
CRASHED: Final = "The program was ended {} times while it was at this recording."

Condition = Any


def has_dead_worker(folder: Path) -> bool:
    """Whether a worker of the library in a folder has died, and nobody has seen to it yet."""
    return any(map(is_given_up, folder.glob(f".{MARK}.*")))


def is_mark(path: Path) -> bool:
    """Whether a file is one that a worker holds, or held."""
    return final_name(path.name) == MARK


class WorkQueue:
    """The queue of an open library; every call is a transaction of its own.

    Args:
        transaction: Begins one.
        folder: The library's folder, in which workers hold their files.

    Attributes:
        n_abandoned: Items that dead workers had in hand when the library was opened.
    """

    def __init__(
        self, transaction: Callable[[], AbstractContextManager[OrmSession]], folder: Path
    ) -> None:
        self._transaction = transaction
        self._folder = folder
        self.n_abandoned = 0

    @contextmanager
    def working(self) -> Iterator[str]:
        """The mark of a worker, who is alive while the block runs; what is left in hand then waits.

        Raises:
            OutputError: The library's folder cannot be written.
        """
        with ExitStack() as held:
            try:
                path, _file = held.enter_context(unfinished_file(self._folder / MARK, 0o600))
            except OSError as error:
                reason = error.strerror or str(error)
                raise OutputError(
                    f"The queue of '{self._folder}' cannot be worked: {reason}.",
                    "Choose a library that you may write to.",
                ) from error
            try:
                yield path.name
            finally:
                with suppress(FacedynError):  # in use: the next opening does it
                    self.give_back(path.name)

    def add(
        self,
        details: str,
        works: Sequence[NewWork],
        reserved_for: str | None = None,
        head_id: str | None = None,
    ) -> AddedWork:
        """Put recordings into the queue, each once; what has ended otherwise than well waits again.

        Args:
            details: What is said of all of them, JSON.
            works: The recordings.
            reserved_for: The mark of the worker who alone may take them; None for any.
            head_id: The head of videos: what was done with another one is not done; None for any.
        """
        values = [work_values(work) for work in works]
        with self._transaction() as orm:
            return add_work(orm, details, values, reserved_for, head_id)

    def claim(self, mark: str, ids: Sequence[int]) -> list[WorkItem]:
        """Take items in hand that wait; those that others have, or that have ended, are left."""
        with self._transaction() as orm:
            free = or_(WorkRow.owner.is_(None), WorkRow.owner == mark)
            taken = (
                update(WorkRow)
                .where(WorkRow.id.in_(ids), WorkRow.state == WorkState.WAITING, free)
                .values(state=WorkState.RUNNING, reason="", owner=mark, worker=worker_words())
                .values(tries=WorkRow.tries + 1, changed_at=now())
                .returning(WorkRow.id)
            )
            mine = list(orm.scalars(taken))
            query = select(WorkRow).where(WorkRow.id.in_(mine)).order_by(WorkRow.id)
            return [item_of(row) for row in orm.scalars(query)]

    def details(self, order: int) -> str:
        """What was said of the items of an order, JSON; empty where there is none."""
        with self._transaction() as orm:
            row = orm.get(WorkOrderRow, order)
            return "" if row is None else row.details

    def held(self, mark: str, ids: Sequence[int]) -> set[int]:
        """Those of some items that a worker still has in hand."""
        with self._transaction() as orm:
            return held_items(orm, mark, ids)

    def end(self, mark: str, ends: Sequence[WorkEnd], *, keep: bool) -> None:
        """Say how items have ended of which no session is added; see `end_items`."""
        if ends:
            with self._transaction() as orm:
                end_items(orm, mark, ends, keep=keep)

    def give_back(self, mark: str) -> None:
        """Let what a worker has in hand, or what is reserved for it, wait for anybody."""
        with self._transaction() as orm:
            own = WorkRow.owner == mark
            running = own & (WorkRow.state == WorkState.RUNNING)
            values = {"state": WorkState.WAITING, "tries": WorkRow.tries - 1, "changed_at": now()}
            orm.execute(update(WorkRow).where(running).values(**values))
            orm.execute(update(WorkRow).where(own).values(**NOBODY))

    def give_back_abandoned(self) -> int:
        """Let what dead workers had in hand wait again; gives how many items that are."""
        with self._transaction() as orm:
            query = select(WorkRow.owner).where(WorkRow.owner.is_not(None)).distinct()
            owners = [str(one) for one in orm.scalars(query)] if has_queue(orm) else []
            n = sum([_abandon(orm, one) for one in owners if self._is_dead(one)])
        sweep_folder(self._folder)
        return n

    def retry(self, ids: Sequence[int] | None = None) -> int:
        """Let what has failed or was cancelled wait again; gives how many items that are."""
        ended = (WorkState.FAILED, WorkState.CANCELLED)
        values = {"state": WorkState.WAITING, "reason": "", "tries": 0}
        return self._change(ids, ended, values, "retried")

    def cancel(self, ids: Sequence[int] | None = None) -> int:
        """Cancel what waits or runs, all of it or some; who works at one stops soon."""
        values = {"state": WorkState.CANCELLED, "reason": ""}
        return self._change(ids, UNFINISHED, values, "cancelled")

    def clear(self, ids: Sequence[int] | None = None) -> int:
        """Take what has ended off the list, all of it or some; gives how many items."""
        return self._change(ids, ENDED, None, "removed")

    def withdraw(self, mark: str) -> None:
        """Take off the list what is reserved for a worker and has not been begun."""
        with self._transaction() as orm:
            waits = WorkRow.state == WorkState.WAITING
            orm.execute(delete(WorkRow).where(WorkRow.owner == mark, waits))
            delete_empty_orders(orm)

    def items(
        self, *states: WorkState, ids: Sequence[int] | None = None, most: int | None = None
    ) -> list[WorkItem]:
        """The items, or those in some states, or of some numbers, in the order of adding."""
        with self._transaction() as orm:
            if not has_queue(orm):
                return []
            found: list[WorkItem] = []
            for part in _parts(ids):
                query = select(WorkRow).where(part).order_by(WorkRow.id).limit(most)
                if states:
                    query = query.where(WorkRow.state.in_(states))
                found += map(item_of, orm.scalars(query))
            return found

    def counts(self) -> dict[WorkState, int]:
        """How many items are in each state."""
        with self._transaction() as orm:
            query = select(WorkRow.state, func.count().label("n")).group_by(WorkRow.state)
            rows = orm.execute(query).all() if has_queue(orm) else []
            found = {row.state: row.n for row in rows}
        return {state: found.get(state, 0) for state in WorkState}

    def _change(
        self,
        ids: Sequence[int] | None,
        states: Sequence[WorkState],
        values: Mapping[str, object] | None,
        said: str,
    ) -> int:
        """Change, or delete, items in some states; the audit says how many."""
        n = 0
        with self._transaction() as orm:
            for part in _parts(ids):
                which = WorkRow.state.in_(states) & part
                act: Any = delete(WorkRow).where(which)
                if values is not None:
                    act = update(WorkRow).where(which)
                    act = act.values(**values, **NOBODY, changed_at=now())
                done: Any = orm.execute(act)
                n += int(done.rowcount)
            delete_empty_orders(orm)
            if n:
                write_audit(orm, "queue", f"{n} recordings {said}")
        return n

    def _is_dead(self, mark: str) -> bool:
        return is_given_up(self._folder / Path(mark).name)


def _parts(ids: Sequence[int] | None) -> list[Condition]:
    if ids is None:
        return [WorkRow.id.is_not(None)]
    return [WorkRow.id.in_(ids[k : k + MOST_NAMED]) for k in range(0, len(ids), MOST_NAMED)]


def _abandon(orm: OrmSession, mark: str) -> int:
    """Let what a dead worker had wait again; what has ended the program too often has failed."""
    own, running = WorkRow.owner == mark, WorkRow.state == WorkState.RUNNING
    crashed = (WorkRow.kind == WorkKind.FIT) & (WorkRow.tries >= MOST_TRIES)
    failed = {"state": WorkState.FAILED, "reason": CRASHED.format(MOST_TRIES), "changed_at": now()}
    waits = {"state": WorkState.WAITING, "changed_at": now()}
    n = 0
    for which, values in ((crashed, failed), (~crashed, waits)):
        done: Any = orm.execute(update(WorkRow).where(own, running, which).values(**values))
        n += int(done.rowcount)
    orm.execute(update(WorkRow).where(own).values(**NOBODY))
    return n
