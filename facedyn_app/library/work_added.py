"""Adding of recordings to the work queue: each once, and not where it has been done before."""

from __future__ import annotations

import os
import platform
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.library.audit import write_audit
from facedyn_app.library.schema import SessionRow, SpeakerRow, WorkOrderRow, WorkRow, now
from facedyn_app.library.work_rows import (
    MOST_TRIES,
    UNFINISHED,
    NewWork,
    WorkKind,
    WorkState,
    delete_empty_orders,
)

Place = tuple[str, str]
"""What tells recordings apart: speaker and path."""
_SAME: Final = ("kind", "n_bytes", "modified")


@dataclass(frozen=True, slots=True)
class AddedWork:
    """What has been put into the queue.

    Attributes:
        ids: The number of each recording's item, in their order.
        done: Those that were done before: the same file, whose session is still its speaker's.
        n_new: Items that wait now and did not before.
        n_waited: Items that had not ended before, as an interrupted act leaves them.
    """

    ids: tuple[int, ...]
    done: frozenset[int]
    n_new: int
    n_waited: int


def add_work(
    orm: OrmSession,
    details: str,
    values: Sequence[Mapping[str, Any]],
    reserved_for: str | None,
    head_id: str | None,
) -> AddedWork:
    """Put recordings, as `work_values` gives them, into the queue; see `WorkQueue.add`."""
    unique = {(one["speaker"], one["path"]): one for one in values}
    known = _numbers(orm)
    done = _done(orm, known, unique, head_id)
    order = WorkOrderRow(details=details, added_at=now())
    orm.add(order)
    orm.flush()
    waits = _waiting(order.id, reserved_for)
    new = [{**one, **waits} for it, one in unique.items() if it not in known]
    again = [
        {"id": known[it].id, **one, **waits, "tries": _tries(known[it])}
        for it, one in unique.items()
        if it in known and known[it].id not in done and _may_wait(known[it])
    ]
    if new:
        orm.execute(insert(WorkRow), new)
    if again:
        orm.execute(update(WorkRow), again)
    delete_empty_orders(orm)
    waited = {row.id for row in known.values() if row.state in UNFINISHED}
    n_new = len(new) + sum(one["id"] not in waited for one in again)
    if n_new:
        write_audit(orm, "queue", f"{n_new} recordings added")
    ids = {it: row.id for it, row in _numbers(orm).items()}
    places = tuple(ids[one["speaker"], one["path"]] for one in values)
    return AddedWork(places, frozenset(done), n_new, len(waited.intersection(places)))


def work_values(work: NewWork) -> dict[str, Any]:
    """The values of a recording's row; looks at the file, and so belongs before a transaction."""
    path = work.path.absolute()
    n_bytes = modified = None
    with suppress(OSError):  # it may be gone since it was found, which is told when it is read
        state = path.stat()
        if stat.S_ISREG(state.st_mode):
            n_bytes, modified = state.st_size, state.st_mtime_ns // 1000
    return {
        "kind": work.kind, "speaker": work.speaker, "path": str(path), "name": work.name,
        "day": None if work.day is None else work.day.isoformat(),
        "n_bytes": n_bytes, "modified": modified,
    }  # fmt: skip


def _numbers(orm: OrmSession) -> dict[Place, Any]:
    """What is known of each recording in the queue, by speaker and path."""
    columns = (
        WorkRow.id, WorkRow.kind, WorkRow.speaker, WorkRow.path, WorkRow.state, WorkRow.owner,
        WorkRow.n_bytes, WorkRow.modified, WorkRow.tries,
    )  # fmt: skip
    return {(row.speaker, row.path): row for row in orm.execute(select(*columns))}


def _may_wait(row: Any) -> bool:
    """Whether an item may wait again: not in anybody's hand, nor what ended the program itself."""
    failed = row.kind == WorkKind.FIT and row.state == WorkState.FAILED
    return row.owner is None and not (failed and row.tries >= MOST_TRIES)


def _tries(row: Any) -> int:
    """How often an item was begun, as far as it counts: what has ended begins anew."""
    return int(row.tries) if row.state in UNFINISHED else 0


def _waiting(order: int, reserved_for: str | None) -> dict[str, Any]:
    """Values of an item that waits, from its beginning."""
    worker = None if reserved_for is None else worker_words()
    values = {"order_id": order, "state": WorkState.WAITING, "reason": "", "tries": 0}
    return {
        **values, "owner": reserved_for, "worker": worker, "session_id": None, "changed_at": now()
    }  # fmt: skip


def _done(
    orm: OrmSession,
    known: Mapping[Place, Any],
    wanted: Mapping[Place, Mapping[str, Any]],
    head_id: str | None,
) -> set[int]:
    """The items that are done, whose session is still their speaker's, and whose file is the same.

    A video is done where it was fitted with the head that is wanted. Of a folder it is not known
    whether it is the same.
    """
    query = (
        select(WorkRow.id)
        .join(SessionRow, WorkRow.session_id == SessionRow.id)
        .join(SpeakerRow, SessionRow.speaker_id == SpeakerRow.id)
        .where(WorkRow.state == WorkState.DONE, SpeakerRow.name == WorkRow.speaker)
    )
    if head_id is not None:
        query = query.where(or_(WorkRow.kind != WorkKind.FIT, SessionRow.head_id == head_id))
    kept = set(orm.scalars(query))
    return {
        known[place].id
        for place, one in wanted.items()
        if place in known
        and known[place].id in kept
        and one["n_bytes"] is not None
        and all(getattr(known[place], name) == one[name] for name in _SAME)
    }


def worker_words() -> str:
    """Who works, in words."""
    return f"process {os.getpid()} on {platform.node()}"
