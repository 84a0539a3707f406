"""Folder of a corpus' sessions: a file an item, and the log of what was done."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from facedyn_app.errors import MismatchError, OutputError
from facedyn_app.files import atomic_file
from facedyn_app.library.corpus_items import SESSIONS, CorpusItem
from facedyn_app.library.corpus_log import DONE, FAILED, ItemRecord, LogWriter, RunRecord, read_log
from facedyn_app.library.corpus_making import MAKING, Making, read_making, write_making
from facedyn_app.library.locks import holding
from facedyn_app.path_checks import check_output_folder
from facedyn_app.unfinished import sweep_folder


class CorpusStore:
    """A corpus' folder that this process alone writes into (`open_corpus`).

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._records = dict(read_log(folder).items)
        self._log = LogWriter(folder)

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def left_of(self, items: Sequence[CorpusItem]) -> list[CorpusItem]:
        """The items that are not done; what has failed is tried again.

        Raises:
            MismatchError: An item that is done was made of another recording.
        """
        return [item for item in items if not self._is_done(item)]

    def _is_done(self, item: CorpusItem) -> bool:
        record = self._records.get(item.name)
        if record is None or record.state != DONE:
            return False
        if record.item.path != item.path:
            raise MismatchError(
                f"The session '{item.name}' in '{self.folder}' was made of '{record.item.path}', "
                f"not of '{item.path}'.",
                "Give one of the two another session name, or use another folder.",
            )
        try:
            return (self.folder / item.name).stat().st_size == record.size
        except FileNotFoundError:
            return False

    def begin(self, engine: str, items: Sequence[CorpusItem]) -> None:
        """Note that a run begins.

        Args:
            engine: What does the work, in words.
            items: What it is to do.
        """
        n_bytes = sum(item.n_bytes for item in items)
        self._log.add(RunRecord(engine, len(items), n_bytes, time.time()))

    def keep(self, record: ItemRecord, content: bytes) -> ItemRecord:
        """Write an item's session file, then its line.

        Args:
            record: The item; hash and size are filled in.
            content: The session file.

        Raises:
            OutputError: There is no room left.
        """
        path = self.folder / record.item.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder '{path.parent}' cannot be made: {error.strerror or error}."
            ) from error
        with atomic_file(path) as file:
            file.write(content)
        digest = hashlib.sha256(content).hexdigest()
        return self._add(replace(record, state=DONE, sha256=digest, size=len(content)))

    def note_failure(self, record: ItemRecord) -> ItemRecord:
        """Note why an item has failed.

        Raises:
            OutputError: There is no room left.
        """
        return self._add(replace(record, state=FAILED))

    def _add(self, record: ItemRecord) -> ItemRecord:
        record = replace(record, at=time.time())
        self._log.add(record)
        self._records[record.item.name] = record
        return record


@contextmanager
def open_corpus(folder: Path, making: Making) -> Iterator[CorpusStore]:
    """A corpus' folder, new or one that the same work was begun in, for this process alone.

    Args:
        folder: The folder; made where there is none.
        making: What sessions are made with.

    Raises:
        InputError: Another program works in it, or it is damaged.
        MismatchError: What is in it was made with something else; the sentence says with what.
        OutputError: It cannot be written, or holds something else.
    """
    check_output_folder(folder)
    taken = f"Another program works in the folder '{folder}'."
    try:
        with holding(folder.absolute(), taken):
            _take_up(folder, making)
            store = CorpusStore(folder)
            try:
                yield store
            finally:
                store.close()
    except OSError as error:
        raise OutputError(
            f"The folder '{folder}' cannot be written: {error.strerror or error}."
        ) from error


def _take_up(folder: Path, making: Making) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for place in (folder, *(folder / SESSIONS).rglob("*/")):
        sweep_folder(place)
    if not (folder / MAKING).exists():
        if any(folder.iterdir()):
            raise OutputError(f"'{folder}' holds something else.", "Choose another folder.")
        write_making(folder, making)
        return
    before = read_making(folder)
    if difference := before.difference(making):
        raise MismatchError(
            f"The sessions in '{folder}' are made {difference}: the two do not mix.",
            "Use another folder, or the program, head and settings of before.",
        )
    if (before.shard, before.n_shards) != (making.shard, making.n_shards):
        raise MismatchError(
            f"'{folder}' is shard {before.shard}/{before.n_shards} of its corpus, not "
            f"{making.shard}/{making.n_shards}.",
            "Give every shard a folder of its own.",
        )
    if making.n_shards > 1 and before.items_sha256 != making.items_sha256:
        raise MismatchError(
            f"'{folder}' is a shard of another manifest: its items are divided otherwise.",
            "Use another folder, or the manifest of before.",
        )
    if before != making:
        write_making(folder, making)
