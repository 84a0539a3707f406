"""Log of a corpus: a line of JSON for every item that was done or has failed, and for every run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from facedyn_app.errors import OutputError, unreadable, unusable
from facedyn_app.files import open_plain
from facedyn_app.library.corpus_items import CorpusItem, item_of

LOG: Final = "log.jsonl"
DONE, FAILED = "done", "failed"


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """What has become of an item.

    Attributes:
        item: The item.
        state: DONE or FAILED.
        reason: Why it has failed, a sentence; empty where it is done.
        sha256: Of its session file; empty where there is none.
        size: Bytes of that.
        seconds: That a worker took for it, s.
        tries: How often it was begun.
        place: The machine that did it.
        at: When it ended, s since 1970.
    """

    item: CorpusItem
    state: str
    reason: str = ""
    sha256: str = ""
    size: int = 0
    seconds: float = 0.0
    tries: int = 1
    place: str = ""
    at: float = 0.0

    def facts(self) -> dict[str, object]:
        """The line's content, as JSON values."""
        return {
            "item": self.item.name,
            "state": self.state,
            **self.item.facts(),
            "reason": self.reason or None,
            "sha256": self.sha256 or None,
            "size": self.size,
            "seconds": round(self.seconds, 3),
            "tries": self.tries,
            "place": self.place,
            "at": round(self.at, 3),
        }


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The beginning of a run.

    Attributes:
        engine: What does the work, in words.
        n_left: Items that it is to do.
        bytes_left: Size of their recordings.
        at: When it began, s since 1970.
    """

    engine: str
    n_left: int
    bytes_left: int
    at: float

    def facts(self) -> dict[str, object]:
        """The line's content, as JSON values."""
        return {"run": self.engine, "n": self.n_left, "n_bytes": self.bytes_left, "at": self.at}


@dataclass(frozen=True, slots=True, eq=False)
class CorpusLog:
    """All that a log says.

    Attributes:
        items: What has become of each item last, by its name.
        run: The newest run; None before the first.
        since: What that run has brought about.
    """

    items: Mapping[str, ItemRecord]
    run: RunRecord | None
    since: tuple[ItemRecord, ...]


def read_log(folder: Path) -> CorpusLog:
    """Read the log of a corpus; a last line that was not written whole counts as none.

    Raises:
        InputError: It cannot be read, or is damaged.
    """
    items: dict[str, ItemRecord] = {}
    run: RunRecord | None = None
    since: list[ItemRecord] = []
    for number, facts in enumerate(_lines(folder / LOG), start=1):
        try:
            if "run" in facts:
                run, since = RunRecord(*(facts[k] for k in ("run", "n", "n_bytes", "at"))), []
                continue
            record = _item_record(facts)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(folder / LOG, number) from error
        items[record.item.name] = record
        since.append(record)
    return CorpusLog(items, run, tuple(since))


def _item_record(facts: Mapping[str, Any]) -> ItemRecord:
    if facts["state"] not in (DONE, FAILED):
        raise ValueError
    return ItemRecord(
        item=item_of(facts),
        state=facts["state"],
        reason=str(facts["reason"] or ""),
        sha256=str(facts["sha256"] or ""),
        size=int(facts["size"]),
        seconds=float(facts["seconds"]),
        tries=int(facts["tries"]),
        place=str(facts["place"]),
        at=float(facts["at"]),
    )


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with open_plain(path) as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    facts = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise _damaged(path, number) from error
                if not isinstance(facts, dict):
                    raise _damaged(path, number)
                yield facts
    except FileNotFoundError:
        return
    except OSError as error:
        raise unreadable(path, error) from error


def _damaged(path: Path, number: int) -> Exception:
    return unusable(path, f"its line {number} is damaged", "Take it out; its item is done again.")


class LogWriter:
    """Adds lines to the log of a corpus, each on the disk before the next work; close it.

    Args:
        folder: Of the corpus.

    Raises:
        OutputError: It cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOG
        try:
            self._handle = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o666)
            self._cut_torn_line()
        except OSError as error:
            raise self._unwritable(error) from error

    def _cut_torn_line(self) -> None:
        """Take away what a killed program had begun to write."""
        self._n_bytes = os.lseek(self._handle, 0, os.SEEK_END)
        place = self._n_bytes
        while place and os.pread(self._handle, 1, place - 1) != b"\n":
            place -= 1
        os.ftruncate(self._handle, place)
        self._n_bytes = place

    def add(self, record: ItemRecord | RunRecord) -> None:
        """Add a line.

        Raises:
            OutputError: There is no room left; the log is as it was.
        """
        left = memoryview(json.dumps(record.facts()).encode("ascii") + b"\n")
        place = self._n_bytes
        try:
            while left:
                n_written = os.pwrite(self._handle, left, place)
                left, place = left[n_written:], place + n_written
            os.fsync(self._handle)
        except OSError as error:
            os.ftruncate(self._handle, self._n_bytes)
            raise self._unwritable(error) from error
        self._n_bytes = place

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(
            f"The file '{self._path}' cannot be written: {error.strerror or error}.",
            "Make room there and give the same command again: what is done stays done.",
        )
