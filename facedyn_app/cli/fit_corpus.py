"""`facedyn fit-corpus`: the faces that a manifest names, to session files, by several workers."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.fit_options import with_fit_options
from facedyn_app.cli.options import AsJson, Permission, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.workflows.options import FitOptions

if TYPE_CHECKING:
    from facedyn_app.workflows.corpus_engine import Engine
    from facedyn_app.workflows.fit_corpus import CorpusPart, FittedCorpus

MOST_NAMED = 20
"""Failures that are named in text."""

app = verb_app()


class EngineKind(StrEnum):
    """What does the work."""

    LOCAL = "local"
    RAY = "ray"


def shard_parts(given: str) -> tuple[int, int]:
    """Which shard of how many.

    Args:
        given: `I/N`.

    Raises:
        typer.BadParameter: It is something else.
    """
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", str(given))
    number, n_shards = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= n_shards:
        raise typer.BadParameter(f"'{given}' is no I/N with I from 1 to N")
    return number, n_shards


@app.command()
@with_fit_options(
    "head",
    "n_shape",
    "n_expression",
    "device",
    "mirrored_mean",
    "optical_flow",
    "max_faces",
    "fps",
    "mirrored",
    "file_names",
)
def fit_corpus(
    manifest: Annotated[
        Path,
        typer.Argument(
            metavar="MANIFEST",
            help="A CSV or Parquet table with the columns path and speaker, and session, face, "
            "date, consent_id, head where they are wanted; or a folder, as for import.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="The folder of the sessions.")
    ],
    *,
    engine: Annotated[EngineKind, typer.Option("--engine", help="What does the work.")] = (
        EngineKind.LOCAL
    ),
    address: Annotated[
        str,
        typer.Option(
            "--address",
            metavar="auto|HOST:PORT",
            help="The Ray cluster; auto: the one that this machine belongs to.",
        ),
    ] = "auto",
    shard: Annotated[
        str,
        typer.Option(
            "--shard", metavar="I/N", help="Do the Ith of N equal parts only, for arrays of jobs."
        ),
    ] = "1/1",
    workers: Annotated[
        int,
        typer.Option(
            "--workers", metavar="N", min=0, show_default="one a core", help="Most workers."
        ),
    ] = 0,
    options: FitOptions,
    permission: Permission = "",
    as_json: AsJson = False,
) -> None:
    """Fit all that a manifest names, a session file each; again, it goes on where it was."""
    number, n_shards = shard_parts(shard)
    with answering(as_json) as answer:
        from facedyn_app.workflows.fit_corpus import CorpusPart
        from facedyn_app.workflows.fit_corpus import fit_corpus as work_off

        part = CorpusPart(number, n_shards)
        worker = _engine(engine, address, workers)
        found = work_off(manifest, out, worker, options, part, permission, answer.on_progress)
        answer.outcome = _outcome(found, part, out)


def _engine(kind: EngineKind, address: str, workers: int) -> Engine:
    if kind is EngineKind.RAY:
        from facedyn_app.cluster.ray_engine import RayEngine

        return RayEngine(address, workers)
    from facedyn_app.workflows.corpus_processes import LocalEngine

    return LocalEngine(workers)


def _outcome(found: FittedCorpus, part: CorpusPart, out: Path) -> Outcome:
    n_failed = len(found.failed)
    facts = {
        "corpus": out,
        "shard": part.number,
        "n_shards": part.n_shards,
        "n_items": found.n_items,
        "n_already_there": found.n_before,
        "n_done": len(found.done),
        "n_failed": n_failed,
        "failed": [{"item": one.item.name, "reason": one.reason} for one in found.failed],
        "passed_over": [{"path": path, "reason": why} for path, why in found.passed_over],
    }
    which = f" of shard {part.number}/{part.n_shards}" if part.n_shards > 1 else ""
    lines = [
        f"fitted: {len(found.done)} of {found.n_items} items{which} into {out}, "
        f"{found.n_before} were there already, {n_failed} failed"
    ]
    lines += [f"  failed: {one.item.name}: {one.reason}" for one in found.failed[:MOST_NAMED]]
    if n_failed > MOST_NAMED:
        lines.append(f"  failed: {n_failed - MOST_NAMED} more; facedyn corpus status names them")
    lines += [f"  passed over: {why}" for _, why in found.passed_over[:MOST_NAMED]]
    return Outcome(facts, "\n".join(lines))
