"""`facedyn corpus status`: how far a corpus is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson, verb_app
from facedyn_app.cli.output import Outcome, answering

if TYPE_CHECKING:
    from facedyn_app.workflows.corpus_status import CorpusStatus

MOST_NAMED = 100
"""Failures that are named in text."""

app = verb_app()


@app.callback()
def corpus() -> None:
    """See to the sessions of a corpus."""


@app.command()
def status(
    folder: Annotated[
        Path, typer.Argument(metavar="OUT", help="The folder that fit-corpus was given with -o.")
    ],
    as_json: AsJson = False,
) -> None:
    """Say how far a corpus is, what has failed and why, and how long the rest takes."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.corpus_status import corpus_status

        answer.outcome = _outcome(folder, corpus_status(folder, answer.on_progress))


def _outcome(folder: Path, found: CorpusStatus) -> Outcome:
    making = found.making
    facts = {
        "corpus": folder,
        "shard": making.shard,
        "n_shards": making.n_shards,
        "n_items": making.n_items,
        "n_done": found.n_done,
        "n_failed": len(found.failed),
        "n_waiting": found.n_waiting,
        "is_running": found.is_running,
        "engine": found.engine or None,
        "seconds_left": found.seconds_left,
        "worker_seconds": found.worker_seconds,
        "program": making.program,
        "head_id": making.head_id,
        "head_sha256": making.head_sha256,
        "device": making.device,
        "failed": [
            {"item": one.item.name, "reason": one.reason, "tries": one.tries, "place": one.place}
            for one in found.failed
        ],
    }
    which = f", shard {making.shard}/{making.n_shards}" if making.n_shards > 1 else ""
    share = 100 * found.n_done / making.n_items if making.n_items else 100
    lines = [
        f"{folder}{which}: {found.n_done} of {making.n_items} items done ({share:.0f} %), "
        f"{len(found.failed)} failed, {found.n_waiting} wait; {_now(found)}",
        f"head {making.head_id}, fitted on {making.device}, facedyn {making.program['facedyn']}; "
        f"{_worked(found.worker_seconds)} so far",
    ]
    lines += [f"  failed: {one.item.name}: {one.reason}" for one in found.failed[:MOST_NAMED]]
    return Outcome(facts, "\n".join(lines))


def _worked(seconds: float) -> str:
    """The time of all workers together."""
    if seconds < 3600:
        return f"{seconds / 60:.1f} worker minutes"
    return f"{seconds / 3600:.2f} worker hours"


def _now(found: CorpusStatus) -> str:
    if not found.is_running:
        return "nothing works on it now"
    if found.seconds_left is None:
        return f"running ({found.engine})"
    minutes = round(found.seconds_left / 60)
    left = f"{minutes // 60}:{minutes % 60:02d} hours" if minutes >= 1 else "less than a minute"
    return f"running ({found.engine}), {left} left"
