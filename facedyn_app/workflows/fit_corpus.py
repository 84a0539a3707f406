"""Fit of a corpus: every face that a manifest names to a session file, by whatever engine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.errors import InputError
from facedyn_app.library.corpus_items import CorpusItem, items_digest, shard_of
from facedyn_app.library.corpus_log import ItemRecord
from facedyn_app.library.corpus_making import Making
from facedyn_app.library.corpus_store import CorpusStore, open_corpus
from facedyn_app.path_checks import check_output_folder
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.settings import Settings
from facedyn_app.workflows.corpus_engine import Engine, ItemOutcome
from facedyn_app.workflows.corpus_manifest import Manifest, read_manifest
from facedyn_app.workflows.corpus_worker import CorpusJob, errors_digest, program_versions
from facedyn_app.workflows.heads import read_ready_head
from facedyn_app.workflows.options import FitOptions
from facedyn_app.workflows.session_record import fit_settings_record

FITTING = "fitting the corpus"


@dataclass(frozen=True, slots=True)
class CorpusPart:
    """Which part of a corpus is to be done.

    Attributes:
        number: Which shard, from 1.
        n_shards: Of how many.
    """

    number: int = 1
    n_shards: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class FittedCorpus:
    """What has become of a corpus, or of a shard of it.

    Attributes:
        n_items: Its items.
        n_before: Of them, those that were done before.
        done: What was done now.
        failed: What has failed now, with the reasons.
        passed_over: Of a folder, what is no video: the path and a sentence.
    """

    n_items: int
    n_before: int
    done: tuple[ItemRecord, ...]
    failed: tuple[ItemRecord, ...]
    passed_over: tuple[tuple[str, str], ...]


def fit_corpus(
    manifest: Path,
    out: Path,
    engine: Engine,
    options: FitOptions,
    part: CorpusPart,
    permission: str,
    on_progress: OnProgress,
) -> FittedCorpus:
    """Fit the items of a manifest that are not done yet.

    Args:
        manifest: See `read_manifest`.
        out: The folder of the sessions; what is in it already is not done again.
        engine: What does the work.
        options: How videos are read and fitted; the face is each item's.
        part: Which shard.
        permission: What allows the work where the corpus' licence forbids it.
        on_progress: Called several times a second; may raise Cancelled. What is done stays done.

    Raises:
        InputError: Manifest, head or device cannot be used, the engine cannot be started, or not
            one item could be fitted.
        ConsentError: The corpus' licence asks for a permission, and none is stated.
        MismatchError: What is in the folder was made otherwise, or a worker has another version.
        OutputError: The folder cannot be written.
    """
    check_output_folder(out)
    corpus = read_manifest(manifest, permission, on_progress)
    options = replace(options, head=_head_name(corpus, options))
    with engine:
        device = engine.device(options.device)
        head = read_ready_head(options.head or DEFAULT_HEAD, on_progress)
        job = CorpusJob(head, errors_digest(head), program_versions(), options, device)
        own = shard_of(corpus.items, part.number, part.n_shards)
        making = _making_of(job, corpus, own, part, permission)
        with open_corpus(out, making) as store:
            left = store.left_of(own)
            done, failed = _work_off(store, engine, left, job, len(own), on_progress)
    if own and not done and len(failed) == len(own):
        raise InputError(
            f"Not one of the {len(own)} recordings of '{manifest}' can be fitted.",
            failed[0].reason,
        )
    return FittedCorpus(
        n_items=len(own),
        n_before=len(own) - len(left),
        done=tuple(done),
        failed=tuple(failed),
        passed_over=corpus.passed_over,
    )


def _head_name(corpus: Manifest, options: FitOptions) -> str | None:
    if corpus.head and options.head not in (None, DEFAULT_HEAD, corpus.head):
        raise InputError(
            f"The manifest names the head '{corpus.head}', and --head '{options.head}'.",
            "Name one head for a corpus.",
        )
    return corpus.head or options.head


def _making_of(
    job: CorpusJob,
    corpus: Manifest,
    own: Sequence[CorpusItem],
    part: CorpusPart,
    permission: str,
) -> Making:
    return Making(
        program=job.program,
        head_id=job.head.head_id,
        head_sha256=job.head.sha256 or "",
        head_errors=job.head_errors,
        settings=_settings_record(job.options.settings()),
        device=job.device,
        items_sha256=items_digest(corpus.items),
        n_items=len(own),
        n_bytes=sum(item.n_bytes for item in own),
        shard=part.number,
        n_shards=part.n_shards,
        permission=permission.strip(),
    )


def _settings_record(settings: Settings) -> Mapping[str, Any]:
    """The settings that decide a session's numbers and names, as JSON values."""
    further = {"video": asdict(settings.video), "file_names": settings.privacy.file_names}
    return {**fit_settings_record(settings), **json.loads(json.dumps(further))}


def _work_off(
    store: CorpusStore,
    engine: Engine,
    left: Sequence[CorpusItem],
    job: CorpusJob,
    n_items: int,
    on_progress: OnProgress,
) -> tuple[list[ItemRecord], list[ItemRecord]]:
    """Have items done and keep each as it comes; those that are done and that have failed."""
    done: list[ItemRecord] = []
    failed: list[ItemRecord] = []
    if not left:
        return done, failed
    store.begin(engine.words, left)
    with closing(engine.run(left, job)) as outcomes:
        for outcome in outcomes:
            if outcome is not None and outcome.content:
                done.append(store.keep(_record_of(outcome), outcome.content))
            elif outcome is not None:
                failed.append(store.note_failure(_record_of(outcome)))
            n_ended = n_items - len(left) + len(done) + len(failed)
            on_progress(Progress(FITTING, n_ended, n_items))
    return done, failed


def _record_of(outcome: ItemOutcome) -> ItemRecord:
    return ItemRecord(
        item=outcome.item,
        state="",
        reason=outcome.reason,
        seconds=outcome.seconds,
        tries=outcome.tries,
        place=outcome.place,
    )
