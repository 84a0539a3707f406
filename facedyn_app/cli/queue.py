"""`facedyn queue`: the recordings that wait to be enrolled; worked, retried, cancelled, cleared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson, LibraryFolder, verb_app
from facedyn_app.cli.output import DONE, UNUSABLE, Outcome, answering
from facedyn_app.formatting import counted

if TYPE_CHECKING:
    from facedyn_app.library.work_rows import WorkItem

MOST_NAMED = 100
"""Items that are named in text."""

app = verb_app()
Items = Annotated[
    list[int] | None,
    typer.Argument(metavar="ITEM…", show_default="all", help="Numbers, as 'list' shows them."),
]
Whose = Annotated[
    str | None,
    typer.Option("--speaker", metavar="NAME", show_default="anybody's", help="Whose recordings."),
]


@app.callback()
def queue() -> None:
    """Recordings that wait to be enrolled, as import and enrol leave them when interrupted."""


@app.command("list")
def list_(library: LibraryFolder, as_json: AsJson = False) -> None:
    """List what waits, runs, has failed and is done, with the reasons."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.work import list_queue

        found = list_queue(library)
        facts = {
            "library": library,
            "counts": {str(state): n for state, n in found.counts},
            "items": [_facts(item) for item in found.items],
        }
        lines = [_line(item) for item in found.items[:MOST_NAMED]]
        if (n_more := len(found.items) - MOST_NAMED) > 0:
            lines.append(f"{n_more} more; --json names them all")
        answer.outcome = Outcome(facts, "\n".join([found.words(), *lines]))


@app.command()
def run(library: LibraryFolder, as_json: AsJson = False) -> None:
    """Read and fit what waits, and enrol it; Ctrl+C stops, and the rest waits on."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.work import run_queue

        found = run_queue(library, answer.on_progress)
        facts = {
            "library": library,
            "n_added": found.n_added,
            "n_already_there": found.n_known,
            "n_waiting": found.n_waiting,
            "copies": [{"path": path, "reason": reason} for path, reason in found.copies],
            "left_out": [{"path": path, "reason": reason} for path, reason in found.left_out],
        }
        lines = [
            f"enrolled: {counted(found.n_added, 'session')}, {found.n_known} were there already, "
            f"{len(found.left_out)} left out, {found.n_waiting} wait"
        ]
        lines += [f"  a copy: {path}: {reason}" for path, reason in found.copies]
        lines += [f"  left out: {reason}" for _, reason in found.left_out]
        code = UNUSABLE if found.useless else DONE
        answer.outcome = Outcome(facts, "\n".join(lines), code)


@app.command()
def retry(
    library: LibraryFolder,
    items: Items = None,
    speaker: Whose = None,
    as_json: AsJson = False,
) -> None:
    """Let what has failed or was cancelled wait again."""
    _change(library, "retry", items, speaker, "again in the queue", as_json=as_json)


@app.command()
def cancel(
    library: LibraryFolder,
    items: Items = None,
    speaker: Whose = None,
    as_json: AsJson = False,
) -> None:
    """Cancel what waits or runs; who works at it stops within seconds."""
    _change(library, "cancel", items, speaker, "cancelled", as_json=as_json)


@app.command()
def clear(
    library: LibraryFolder,
    items: Items = None,
    speaker: Whose = None,
    as_json: AsJson = False,
) -> None:
    """Take what is done, has failed or was cancelled off the list; sessions stay."""
    _change(library, "clear", items, speaker, "taken off the list", as_json=as_json)


def _change(
    library: Path,
    act: str,
    items: list[int] | None,
    speaker: str | None,
    said: str,
    *,
    as_json: bool,
) -> None:
    with answering(as_json) as answer:
        from facedyn_app.workflows.work import QueueAct, change_queue

        n = change_queue(library, QueueAct(act), items or (), speaker)
        text = f"{counted(n, 'recording')} {said}"
        answer.outcome = Outcome({"library": library, "act": act, "n": n}, text)


def _facts(item: WorkItem) -> dict[str, object]:
    return {
        "id": item.id,
        "kind": str(item.what.kind),
        "speaker": item.what.speaker,
        "path": item.what.path,
        "session": item.what.name,
        "state": str(item.state),
        "reason": item.reason,
        "tries": item.tries,
        "worker": item.worker,
        "changed_at": item.changed_at.isoformat(),
    }


def _line(item: WorkItem) -> str:
    told = f": {item.reason}" if item.reason else ""
    told += f", {item.worker}" if item.worker else ""
    return f"  {item.id} {item.state} · {item.what.speaker} · {item.what.path}{told}"
