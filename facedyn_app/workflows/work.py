"""Queue of a library: listed, worked, retried, cancelled, cleared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.library.library import Library
from facedyn_app.library.work_queue import WorkQueue
from facedyn_app.library.work_rows import WorkItem, WorkState
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import NAMELESS
from facedyn_app.workflows.work_items import AT_ONCE, ItemWorker, batches

ORDER = (
    WorkState.RUNNING,
    WorkState.FAILED,
    WorkState.WAITING,
    WorkState.CANCELLED,
    WorkState.DONE,
)
"""What is listed first: what moves, and what asks for a decision."""


class QueueAct(StrEnum):
    """What can be done with items."""

    RETRY = "retry"
    CANCEL = "cancel"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """What is in the queue of a library.

    Attributes:
        folder: The library.
        counts: How many items are in each state.
        n_free: Items that wait, and are reserved for no program that runs.
        items: The items, those first that run, have failed, wait.
        read_only: Whether the library may only be read: shown, and not worked.
    """

    folder: Path
    counts: tuple[tuple[WorkState, int], ...] = ()
    n_free: int = 0
    items: tuple[WorkItem, ...] = ()
    read_only: bool = False

    def n(self, state: WorkState) -> int:
        """How many items are in a state."""
        return dict(self.counts).get(state, 0)

    def words(self) -> str:
        """How many items are in each state, those alone that there are."""
        told = [f"{n:,} {state}" for state, n in self.counts if n]
        return ", ".join(told) or "nothing in the queue"


@dataclass(frozen=True, slots=True, eq=False)
class QueueRun:
    """What has come of the queue.

    Attributes:
        n_worked: Items that were in hand.
        n_added: Sessions that were enrolled.
        n_known: Recordings that were there already.
        left_out: What has failed: the path and why.
        copies: Recordings that their speaker has already, recoded: the path, and of which.
        n_waiting: Items that wait still.
    """

    n_worked: int
    n_added: int
    n_known: int
    left_out: tuple[tuple[str, str], ...]
    copies: tuple[tuple[str, str], ...]
    n_waiting: int

    @property
    def useless(self) -> bool:
        """Whether there was something to do, and not one recording could be used."""
        return bool(self.left_out) and not (self.n_added or self.n_known or self.copies)


def list_queue(folder: Path, _on_progress: OnProgress = ignore) -> QueueSnapshot:
    """What is in the queue of a library.

    Raises:
        InputError: There is no such library, or it cannot be read.
    """
    with Library.open(folder, create=False) as library:
        return queue_of(library)


def queue_of(library: Library) -> QueueSnapshot:
    """What is in the queue of an open library; paths are not shown where they are not kept."""
    items = sorted(library.work.items(), key=lambda item: ORDER.index(item.state))
    shown = tuple(items if library.file_names else map(_nameless, items))
    counts = {state: sum(item.state is state for item in items) for state in ORDER}
    n_free = sum(item.state is WorkState.WAITING and not item.worker for item in items)
    return QueueSnapshot(library.folder, tuple(counts.items()), n_free, shown, library.read_only)


def run_queue(folder: Path, on_progress: OnProgress) -> QueueRun:
    """Work all that waits in the queue of a library; what other programs have in hand is theirs.

    Args:
        folder: The library.
        on_progress: Called several times a second; may raise Cancelled: what has come stays.

    Raises:
        InputError: There is no such library.
        OutputError: It cannot be written.
    """
    with Library.open(folder, create=False) as library, library.work.working() as mark:
        worker = ItemWorker(library, mark)
        n_before = -1
        while len(worker.worked) > n_before:
            n_before = len(worker.worked)
            worker.work(_free(library.work), on_progress, n_before)
        return _run_of(library, worker)


def run_next(folder: Path, on_progress: OnProgress) -> QueueRun:
    """Work what is next in the queue of a library: a video, or some measurements.

    Raises:
        InputError: There is no such library.
        OutputError: It cannot be written.
    """
    with Library.open(folder, create=False) as library, library.work.working() as mark:
        worker = ItemWorker(library, mark)
        for batch in batches(_free(library.work, AT_ONCE)):
            worker.work(batch, on_progress)
            if worker.worked:
                break
        return _run_of(library, worker)


def _free(queue: WorkQueue, most: int | None = None) -> list[WorkItem]:
    """Items that wait for anybody."""
    return [item for item in queue.items(WorkState.WAITING, most=most) if not item.worker]


def _run_of(library: Library, worker: ItemWorker) -> QueueRun:
    tally = worker.tally
    return QueueRun(
        len(worker.worked),
        tally.n_added,
        tally.n_known,
        tuple(tally.left_out),
        tuple(tally.copies),
        library.work.counts()[WorkState.WAITING],
    )


def change_queue(
    folder: Path,
    act: QueueAct,
    ids: Sequence[int] = (),
    speaker: str | None = None,
    _on_progress: OnProgress = ignore,
) -> int:
    """Retry what has failed or was cancelled, cancel what waits or runs, clear what has ended.

    Args:
        folder: The library.
        act: Which of these.
        ids: Which items; none for all.
        speaker: Whose items; None for anybody's.

    Returns:
        How many items that were.

    Raises:
        InputError: There is no such library, or no item of a number.
        OutputError: It cannot be written.
    """
    with Library.open(folder, create=False) as library:
        queue = library.work
        acts: dict[QueueAct, Callable[[Sequence[int] | None], int]] = {
            QueueAct.RETRY: queue.retry,
            QueueAct.CANCEL: queue.cancel,
            QueueAct.CLEAR: queue.clear,
        }
        if not ids and speaker is None:
            return acts[act](None)
        found = [item for item in queue.items() if speaker is None or item.what.speaker == speaker]
        there = {item.id for item in found}
        strangers = sorted(set(ids) - there)
        if strangers:
            raise InputError(
                f"There is no item {strangers[0]} in the queue.", "'facedyn queue list' shows all."
            )
        return acts[act](list(ids) or sorted(there))


def _nameless(item: WorkItem) -> WorkItem:
    """An item as it is shown where names of files are not kept."""
    what = replace(item.what, path=Path(NAMELESS), name=None)
    reason = item.reason
    for told in (str(item.what.path), item.what.path.name):
        reason = reason.replace(told, NAMELESS)
    return replace(item, what=what, reason=reason)
