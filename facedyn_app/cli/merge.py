"""`facedyn merge`: shards of a corpus in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import counted

app = verb_app()


@app.command()
def merge(
    shards: Annotated[
        list[Path], typer.Argument(metavar="OUT…", help="Folders that fit-corpus has filled.")
    ],
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT2", help="A new or empty folder.")
    ],
    as_json: AsJson = False,
) -> None:
    """Put the shards of a corpus into one folder, as if one run had made them."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.merge_corpora import merge_corpora

        found = merge_corpora(shards, out, answer.on_progress)
        facts = {
            "corpus": out,
            "n_merged": len(shards),
            "n_done": found.n_done,
            "n_failed": found.n_failed,
            "n_shards_missing": found.n_shards_missing,
        }
        text = f"merged: {counted(found.n_done, 'session')} of "
        text += f"{counted(len(shards), 'folder')} into {out}"
        if found.n_failed:
            text += f", failed: {counted(found.n_failed, 'item')}"
        if found.n_shards_missing:
            text += f"; not among them: {counted(found.n_shards_missing, 'shard')} of the corpus"
        answer.outcome = Outcome(facts, text)
