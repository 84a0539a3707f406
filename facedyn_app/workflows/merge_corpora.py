"""Merge of shards: the sessions of several folders of a corpus in one, as of a single run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facedyn_app.errors import InputError, MismatchError, unreadable, unusable
from facedyn_app.files import atomic_folder
from facedyn_app.library.corpus_items import items_digest
from facedyn_app.library.corpus_log import DONE, CorpusLog, ItemRecord, LogWriter, read_log
from facedyn_app.library.corpus_making import Making, read_making, write_making
from facedyn_app.library.locks import in_use
from facedyn_app.progress import OnProgress, Progress

MERGING = "merging"


@dataclass(frozen=True, slots=True, eq=False)
class MergedCorpus:
    """What has come of a merge.

    Attributes:
        n_done: Sessions.
        n_failed: Items that have failed, with their reasons.
        n_shards_missing: Shards of the corpus that were not among the folders.
    """

    n_done: int
    n_failed: int
    n_shards_missing: int


def merge_corpora(folders: Sequence[Path], out: Path, on_progress: OnProgress) -> MergedCorpus:
    """Merge folders that `fit_corpus` has filled; the result appears whole or not at all.

    Args:
        folders: The folders.
        out: A new or empty folder.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: A folder holds no corpus, is damaged or not finished, or an item is in two.
        MismatchError: The sessions were made with different programs, heads or settings.
        OutputError: The folder cannot be written, or holds something already.
    """
    makings = [read_making(folder) for folder in folders]
    for folder, making in zip(folders, makings, strict=True):
        if difference := makings[0].difference(making):
            raise MismatchError(
                f"The sessions in '{folders[0]}' are made {difference} in '{folder}': "
                "the two do not mix.",
                "Merge what one program has made with one head and the same settings.",
            )
    logs = [_finished(*pair) for pair in zip(folders, makings, strict=True)]
    _check_once(folders, logs)
    with atomic_folder(out) as new:
        records: list[ItemRecord] = []
        total = sum(len(log.items) for log in logs)
        for folder, log in zip(folders, logs, strict=True):
            for record in log.items.values():
                on_progress(Progress(MERGING, len(records), total))
                if record.state == DONE:
                    _copy(folder, new, record)
                records.append(record)
        _write(new, makings, records)
    there = {making.shard for making in makings}
    n_done = sum(record.state == DONE for record in records)
    return MergedCorpus(n_done, len(records) - n_done, makings[0].n_shards - len(there))


def _finished(folder: Path, making: Making) -> CorpusLog:
    """The log of a shard all of whose items were worked on."""
    if in_use(folder.absolute()):
        raise InputError(f"Another program works in the folder '{folder}'.", "Wait for its end.")
    log = read_log(folder)
    if (n_left := making.n_items - len(log.items)) > 0:
        raise InputError(
            f"'{folder}' is not finished: {n_left} of its {making.n_items} items were not begun.",
            "Give the command that was begun there once more, then merge.",
        )
    return log


def _check_once(folders: Sequence[Path], logs: Sequence[CorpusLog]) -> None:
    places: dict[str, Path] = {}
    for folder, log in zip(folders, logs, strict=True):
        for name in log.items:
            first = places.setdefault(name, folder)
            if first is not folder:
                raise InputError(
                    f"The item '{name}' is in '{first}' and in '{folder}'.",
                    "Each item may be in one folder; two shards of one number are one too many.",
                )


def _copy(folder: Path, new: Path, record: ItemRecord) -> None:
    """Copy a session file, which must be what its record says."""
    path = folder / record.item.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    if hashlib.sha256(content).hexdigest() != record.sha256:
        raise unusable(
            path, "it was changed since it was made", "Delete it and run its shard anew."
        )
    copy = new / record.item.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(content)


def _write(new: Path, makings: Sequence[Making], records: Sequence[ItemRecord]) -> None:
    items = [record.item for record in records]
    whole = replace(
        makings[0],
        items_sha256=items_digest(items),
        n_items=len(items),
        n_bytes=sum(item.n_bytes for item in items),
        shard=1,
        n_shards=1,
    )
    write_making(new, whole)
    log = LogWriter(new)
    for record in sorted(records, key=lambda record: record.item.name):
        log.add(record)
    log.close()
