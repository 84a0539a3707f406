"""Import of a folder of recordings into a library, as often as it takes.

The recordings go into the library's queue first: what a kill, a crash or a power cut leaves there
is gone on with by the next import of the folder, by `facedyn queue run` or in the window.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.errors import InputError
from facedyn_app.library.importers import (
    Corpus,
    Layout,
    Recording,
    check_permission,
    find_recordings,
)
from facedyn_app.library.library import Library
from facedyn_app.library.names import NearNameError
from facedyn_app.library.work_added import AddedWork
from facedyn_app.library.work_rows import NewWork, WorkItem, WorkKind, WorkState
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.workflows.import_identity import KnownOnes
from facedyn_app.workflows.options import FitOptions, ImportStatement
from facedyn_app.workflows.recording_content import content_with_progress
from facedyn_app.workflows.recordings import is_video, named_flame_file
from facedyn_app.workflows.work_details import WorkDetails
from facedyn_app.workflows.work_items import ItemWorker, WorkTally

POLL_S: Final = 0.2
"""How often is looked whether another program has ended what it has in hand, s."""
DEAD_AFTER_POLLS: Final = 10
"""So often it is looked before another program is thought dead, whose work is taken over then."""


@dataclass(frozen=True, slots=True, eq=False)
class ImportedCorpus:
    """What has come of a corpus into a library.

    Attributes:
        layout: How the corpus lies on disk.
        n_speakers: Its speakers.
        n_added: Sessions that were enrolled.
        n_known: Recordings that were there already.
        n_simulated: Sessions among those added that are simulated.
        n_assumed: Sessions among those added whose frame rate is assumed.
        left_out: What cannot be used: the path and why.
        passed_over: What is no recording: the path and why.
        copies: Recordings that their speaker has already, recoded: the path, and of which.
    """

    layout: Layout
    n_speakers: int
    n_added: int
    n_known: int
    n_simulated: int
    n_assumed: int
    left_out: tuple[tuple[str, str], ...]
    passed_over: tuple[tuple[str, str], ...] = ()
    copies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class QueuedFolder:
    """What of a corpus is in the queue now.

    Attributes:
        n_new: Recordings that wait now and did not before.
        n_done: Those that were done before.
        left_out: What cannot be used: the path and why.
    """

    n_new: int
    n_done: int
    left_out: tuple[tuple[str, str], ...]


def import_folder(
    folder: Path,
    library_folder: Path,
    layout: Layout,
    statement: ImportStatement,
    options: FitOptions,
    on_progress: OnProgress,
) -> ImportedCorpus:
    """Import a corpus; what is in the library already is not read again.

    Args:
        folder: The corpus.
        library_folder: The library; made where there is none.
        layout: How the corpus lies on disk.
        statement: Consent, and permission where the licence asks for one.
        options: How videos are analysed.
        on_progress: Called several times a second; may raise Cancelled. What has come stays, and
            what has not waits in the library's queue.

    Raises:
        ConsentError: Consent or permission is missing.
        InputError: The folder has no recordings, or not one that can be used.
        OutputError: The library cannot be written.
    """
    corpus = find_recordings(folder, layout, content_with_progress(on_progress))
    check_permission(corpus.layout, statement.permission)
    with (
        Library.open(library_folder, file_names=options.file_names) as library,
        library.work.working() as mark,
    ):
        worker = ItemWorker(library, mark)
        recordings = _permitted(library, corpus.recordings, statement, worker.tally)
        for path, sentence in corpus.left_out:
            worker.tally.leave_out(path, sentence)
        named_flame_file(options, [one.path for one in recordings])  # said before anything is read
        head_id = None
        if any(is_video(one.path) for one in recordings):
            head_id = worker.reader.head(options.head, on_progress).head_id
        _note_permission(library, corpus, folder, statement.permission)
        added = _add(library, recordings, corpus.layout, statement, options, head_id)
        worker.tally.n_known += len(added.done)
        todo = [number for number in dict.fromkeys(added.ids) if number not in added.done]
        _work_all(library, worker, todo, on_progress)
    tally = worker.tally
    if not tally.n_added and not tally.n_known and not tally.copies:
        raise InputError(
            f"Not one of the {len(corpus.recordings)} recordings in '{folder}' can be used.",
            tally.left_out[0][1] if tally.left_out else "",
        )
    return ImportedCorpus(
        layout=corpus.layout,
        n_speakers=len({one.speaker for one in recordings}),
        n_added=tally.n_added,
        n_known=tally.n_known,
        n_simulated=tally.n_simulated,
        n_assumed=tally.n_assumed,
        left_out=tuple(tally.left_out),
        passed_over=tuple(_named(corpus.passed_over)),
        copies=tuple(tally.copies),
    )


def queue_folder(
    folder: Path,
    library_folder: Path,
    statement: ImportStatement,
    options: FitOptions,
    on_progress: OnProgress,
) -> QueuedFolder:
    """Put the recordings of a corpus into the queue of a library, for somebody to work it.

    Args:
        folder: The corpus; how it lies on disk is seen by what is in it.
        library_folder: The library; made where there is none.
        statement: Consent.
        options: How videos are analysed.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        ConsentError: Consent or permission is missing.
        InputError: The folder has no recordings.
        OutputError: The library cannot be written.
    """
    corpus = find_recordings(folder, Layout.AUTO, content_with_progress(on_progress))
    check_permission(corpus.layout, statement.permission)
    with Library.open(library_folder, file_names=options.file_names) as library:
        tally = WorkTally()
        recordings = _permitted(library, corpus.recordings, statement, tally)
        # of a file the id is not known yet: then all wait, and the worker finds what is there
        head_id = options.head or DEFAULT_HEAD
        added = _add(library, recordings, corpus.layout, statement, options, head_id)
    return QueuedFolder(
        added.n_new, len(added.done), (*tally.left_out, *_named(corpus.left_out)),
    )  # fmt: skip


def _add(
    library: Library,
    recordings: Sequence[Recording],
    layout: Layout,
    statement: ImportStatement,
    options: FitOptions,
    head_id: str | None,
) -> AddedWork:
    details = WorkDetails(statement, options, faces=layout is Layout.OPENFACE)
    works = [_work_of(one) for one in recordings]
    return library.work.add(details.text(), works, head_id=head_id)


def _named(found: Sequence[tuple[Path, str]]) -> list[tuple[str, str]]:
    return [(str(path), sentence) for path, sentence in found]


def _permitted(
    library: Library,
    recordings: Sequence[Recording],
    statement: ImportStatement,
    tally: WorkTally,
) -> list[Recording]:
    """The recordings of those who may be kept; a folder of no possible name is left out.

    Raises:
        ConsentError: Consent is missing.
    """
    known = KnownOnes(library, statement)
    of_speakers: dict[str, list[Recording]] = {}
    for one in recordings:
        of_speakers.setdefault(one.speaker, []).append(one)
    for speaker, own in sorted(of_speakers.items()):
        try:
            library.check_consent(speaker, statement.consent, statement.terms)
            known.check_name(speaker)
        except InputError as error:
            place = own[0].path.parent
            hint = f" {error.hint}" if isinstance(error, NearNameError) else ""
            tally.leave_out(place, f"'{place}': {error.sentence}{hint}")
            own.clear()
    return [one for own in of_speakers.values() for one in own]


def _work_of(recording: Recording) -> NewWork:
    kind = WorkKind.FIT if is_video(recording.path) else WorkKind.READ
    return NewWork(kind, recording.speaker, recording.path, recording.name, recording.day)


def _work_all(
    library: Library, worker: ItemWorker, ids: Sequence[int], on_progress: OnProgress
) -> None:
    """Work items until all have ended, those too that another program has in hand meanwhile."""
    left, total, n_polls = list(ids), len(ids), 0
    while left:
        found = {item.id: item for item in library.work.items(ids=left)}
        waiting = [item for item in found.values() if item.state is WorkState.WAITING]
        n_before = len(worker.worked)
        worker.work(waiting, on_progress, total - len(left))
        for number in left:
            if number in found and number not in worker.worked:
                _count_others(found[number], worker.tally)
        left = [
            number
            for number, item in found.items()
            if number not in worker.worked and item.state in (WorkState.WAITING, WorkState.RUNNING)
        ]
        if left and len(worker.worked) == n_before:
            on_progress(Progress("waiting for another program", total - len(left), total))
            time.sleep(POLL_S)
            n_polls += 1
            if n_polls % DEAD_AFTER_POLLS == 0:
                library.work.give_back_abandoned()


def _count_others(item: WorkItem, tally: WorkTally) -> None:
    """Count an item that another program has ended."""
    if item.state is WorkState.DONE:
        tally.n_known += 1
    elif item.state in (WorkState.FAILED, WorkState.CANCELLED):
        tally.leave_out(item.what.path, item.reason or f"'{item.what.path}' was cancelled.")


def _note_permission(library: Library, corpus: Corpus, folder: Path, permission: str) -> None:
    if permission.strip():
        name = folder.name if library.file_names else "a folder"
        stated = f"{name}, layout {corpus.layout}, permission stated: {permission.strip()}"
        library.audit.record("import", stated)
