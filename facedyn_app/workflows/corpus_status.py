"""Status of a corpus: how far it is, what has failed and why, and how long the rest takes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.library.corpus_log import DONE, FAILED, CorpusLog, ItemRecord, read_log
from facedyn_app.library.corpus_making import Making, read_making
from facedyn_app.library.locks import in_use
from facedyn_app.progress import OnProgress, Progress


@dataclass(frozen=True, slots=True, eq=False)
class CorpusStatus:
    """How far a corpus, or a shard of one, is.

    Attributes:
        making: What its sessions are made with.
        n_done: Items that are done.
        failed: What has failed last, with the reasons, by name.
        is_running: Whether a program works on it now.
        engine: What works on it, or did last; empty before the first run.
        seconds_left: Until the rest is done at the rate of this run, by the size of the
            recordings; None where nothing runs or nothing has been done yet.
        worker_seconds: That workers took for what is done, s.
    """

    making: Making
    n_done: int
    failed: tuple[ItemRecord, ...]
    is_running: bool
    engine: str
    seconds_left: float | None
    worker_seconds: float

    @property
    def n_waiting(self) -> int:
        """Items that are neither done nor failed."""
        return max(0, self.making.n_items - self.n_done - len(self.failed))


def corpus_status(folder: Path, on_progress: OnProgress) -> CorpusStatus:
    """How far a corpus is.

    Args:
        folder: The folder that its sessions go into.
        on_progress: Called once; may raise Cancelled.

    Raises:
        InputError: It holds no corpus, or is damaged.
    """
    making = read_making(folder)
    on_progress(Progress("reading the log", 0))
    log = read_log(folder)
    records = sorted(log.items.values(), key=lambda record: record.item.name)
    done = [record for record in records if record.state == DONE]
    is_running = in_use(folder.absolute())
    return CorpusStatus(
        making=making,
        n_done=len(done),
        failed=tuple(record for record in records if record.state == FAILED),
        is_running=is_running,
        engine=log.run.engine if log.run is not None else "",
        seconds_left=_seconds_left(log, time.time()) if is_running else None,
        worker_seconds=sum(record.seconds for record in done),
    )


def _seconds_left(log: CorpusLog, now: float) -> float | None:
    """Time until the end of the newest run, from what it has brought about so far."""
    if log.run is None or not log.since:
        return None
    # one more byte each, so that folders of stills, whose size is not known, count as well
    done = sum(record.item.n_bytes + 1 for record in log.since)
    whole = log.run.bytes_left + log.run.n_left
    return max(0.0, (now - log.run.at) * (whole - done) / done)
