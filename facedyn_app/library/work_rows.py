"""Rows of the work queue: what an item is, how it ends, what goes with a person or a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy import delete, inspect, select, update
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import InputError
from facedyn_app.library.columns import DamagedError
from facedyn_app.library.names import Erasure
from facedyn_app.library.schema import WorkOrderRow, WorkRow, now


class WorkKind(StrEnum):
    """What has to be done with a recording before it is enrolled."""

    FIT = "fit"
    READ = "read"


class WorkState(StrEnum):
    """How far an item has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED: Final = (WorkState.DONE, WorkState.FAILED, WorkState.CANCELLED)
UNFINISHED: Final = (WorkState.WAITING, WorkState.RUNNING)
MOST_TRIES: Final = 3
"""So often a recording is begun whose fit ends the program itself; then it has failed."""


@dataclass(frozen=True, slots=True)
class NewWork:
    """A recording that is to be enrolled.

    Attributes:
        kind: Whether it has to be fitted first.
        speaker: Whose it is.
        path: The file or folder.
        name: What the session is to be called; None for its source's name.
        day: When it was recorded, where that is known beside the file.
    """

    kind: WorkKind
    speaker: str
    path: Path
    name: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A recording in the queue.

    Attributes:
        id: Its number.
        order: The number of what was said of it (`WorkQueue.details`).
        what: The recording.
        state: How far it has come.
        reason: Why it has ended so, a sentence; empty where there is nothing to say.
        tries: How often it was begun.
        worker: Who works at it, in words; empty where nobody does.
        changed_at: When its state became what it is.
    """

    id: int
    order: int
    what: NewWork
    state: WorkState
    reason: str
    tries: int
    worker: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class WorkEnd:
    """How an item has ended.

    Attributes:
        id: Its number.
        state: DONE or FAILED.
        reason: A sentence; may be empty.
        session: The number of the session that is of it now; None for none.
    """

    id: int
    state: WorkState
    reason: str = ""
    session: int | None = None


def item_of(row: WorkRow) -> WorkItem:
    """A row's item.

    Raises:
        DamagedError: The row holds what this program has not written.
    """
    try:
        day = None if row.day is None else datetime.fromisoformat(row.day).date()
        what = NewWork(WorkKind(row.kind), row.speaker, Path(row.path), row.name, day)
        state = WorkState(row.state)
    except ValueError as error:
        raise DamagedError(f"an item of its queue cannot be: {error}") from error
    changed = datetime.fromisoformat(row.changed_at)
    worker = row.worker or ""
    return WorkItem(row.id, row.order_id, what, state, row.reason, row.tries, worker, changed)


def has_queue(orm: OrmSession) -> bool:
    """Whether a library has a queue; one of an earlier version that may only be read has none."""
    return inspect(orm.connection()).has_table(WorkRow.__tablename__)


@dataclass(frozen=True, slots=True, eq=False)
class Hand:
    """What a worker has in hand while it enrols sessions of it.

    An item that somebody has cancelled, or whose person was forgotten, is in nobody's hand any
    more: of it nothing is enrolled.

    Attributes:
        owner: The worker's mark.
        items: Of each session the number of its item.
        last: Whether the session is its item's last one, so that the item ends with it.
        keep: Whether ended items stay; without the names of files they go.
        lost: Filled with the numbers of items that are in hand no more.
    """

    owner: str
    items: Sequence[int]
    last: Sequence[bool]
    keep: bool
    lost: set[int]

    def held(self, orm: OrmSession) -> list[bool]:
        """Of each session whether its item is still in hand, asked in the transaction."""
        there = held_items(orm, self.owner, self.items)
        self.lost.update(set(self.items) - there)
        return [item in there for item in self.items]

    def check(self, orm: OrmSession) -> None:
        """Make sure that all of it is still in hand.

        Raises:
            InputError: It was cancelled, or its person forgotten.
        """
        if not all(self.held(orm)):
            raise InputError("This recording was taken off the queue, so it is not enrolled.")

    def finish(self, orm: OrmSession, sessions: Sequence[int | None]) -> None:
        """End the items in the transaction that adds their sessions."""
        ends = [
            WorkEnd(item, WorkState.DONE, session=session)
            for item, last, session in zip(self.items, self.last, sessions, strict=True)
            if last and item not in self.lost
        ]
        end_items(orm, self.owner, ends, keep=self.keep)


def held_items(orm: OrmSession, owner: str, items: Sequence[int]) -> set[int]:
    """Those of some items that a worker has in hand."""
    query = select(WorkRow.id).where(
        WorkRow.id.in_(set(items)), WorkRow.owner == owner, WorkRow.state == WorkState.RUNNING
    )
    return set(orm.scalars(query))


def end_items(orm: OrmSession, owner: str, ends: Sequence[WorkEnd], *, keep: bool) -> None:
    """Say how items have ended that a worker has in hand; what is done goes unless it is kept."""
    for end in ends:
        in_hand = (WorkRow.id == end.id) & (WorkRow.owner == owner)
        if end.state is WorkState.DONE and not keep:
            orm.execute(delete(WorkRow).where(in_hand))
            continue
        values = {"state": end.state, "reason": end.reason, "session_id": end.session}
        orm.execute(update(WorkRow).where(in_hand).values(**values, **NOBODY, changed_at=now()))
    if not keep:
        delete_empty_orders(orm)


NOBODY: Final = {"owner": None, "worker": None}
"""Values of an item at which nobody works."""


def rename_work(orm: OrmSession, old: str, new: str) -> None:
    """Let the items of a speaker be another one's, or theirs under another name."""
    if has_queue(orm):
        orm.execute(update(WorkRow).where(WorkRow.speaker == old).values(speaker=new))


def delete_work(
    orm: OrmSession, *, session: int | None = None, erasure: Erasure | None = None
) -> None:
    """Delete items with what is forgotten.

    Args:
        orm: A transaction.
        session: The number of a session: the items that it came of go.
        erasure: What is written of a person or session: their items go, and what has ended of
            others and names them. What waits of others stays, as its path is still needed.
    """
    if not has_queue(orm):
        return
    if session is not None:
        orm.execute(delete(WorkRow).where(WorkRow.session_id == session))
    if erasure is not None:
        orders = {row.id: row.details for row in orm.scalars(select(WorkOrderRow))}
        told = {number for number, details in orders.items() if erasure.found(details)}
        for row in orm.scalars(select(WorkRow)).all():
            if row.speaker == erasure.name or (row.state in ENDED and _names(row, told, erasure)):
                orm.delete(row)
        orm.flush()
    delete_empty_orders(orm)


def delete_empty_orders(orm: OrmSession) -> None:
    """Delete what was said of recordings of which none is in the queue any more."""
    left = select(WorkRow.id).where(WorkRow.order_id == WorkOrderRow.id)
    orm.execute(delete(WorkOrderRow).where(~left.exists()))


def _names(row: WorkRow, orders: set[int], erasure: Erasure) -> bool:
    texts = (row.path, row.name or "", row.reason, row.speaker)
    return row.order_id in orders or any(map(erasure.found, texts))
