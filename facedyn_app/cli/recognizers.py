"""`facedyn recognizers`: those of a library, the active one, one from elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import BUILT_IN_NAME, AsJson, LibraryFolder, verb_app
from facedyn_app.cli.output import Outcome, number, run_verb, table
from facedyn_app.progress import OnProgress

if TYPE_CHECKING:
    from facedyn_app.library.recognizers import RecognizerEntry


app = verb_app()


@app.callback(invoke_without_command=True)
def recognizers(context: typer.Context, library: LibraryFolder, as_json: AsJson = False) -> None:
    """List the recognizers of a library, say which one answers, bring in another."""
    if context.invoked_subcommand is None:
        run_verb(_recognizers, library, as_json=as_json)


def _recognizers(folder: Path, _on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.library import recognizers_of

    entries = recognizers_of(folder)
    head = ("recognizer", "active", "head", "speakers", "windows %", "tested", "")
    text = table(head, [_cells(entry) for entry in entries], right=(3, 4, 5))
    return Outcome({"recognizers": [_facts(entry) for entry in entries]}, text)


def _facts(entry: RecognizerEntry) -> dict[str, object]:
    return {**asdict(entry), "name": entry.name or BUILT_IN_NAME}


def _cells(entry: RecognizerEntry) -> list[str]:
    simulated = "simulated" if entry.simulated else ""
    return [
        entry.name or BUILT_IN_NAME,
        "yes" if entry.active else "",
        entry.head_id,
        str(entry.n_speakers),
        number(None if entry.top1 is None else 100 * entry.top1, 1),
        str(entry.n_tested),
        entry.fault or simulated,
    ]


@app.command()
def use(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, or built-in.")],
    library: LibraryFolder,
    as_json: AsJson = False,
) -> None:
    """Let a recognizer answer who somebody is."""
    run_verb(_use, library, name, as_json=as_json)


def _use(folder: Path, name: str, _on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.library import use_recognizer

    use_recognizer(folder, None if name == BUILT_IN_NAME else name)
    return Outcome({"active": name}, f"active: {name}")


@app.command()
def add(
    folder: Annotated[
        Path, typer.Argument(metavar="RECOGNIZER", help="The folder of a trained recognizer.")
    ],
    library: LibraryFolder,
    as_json: AsJson = False,
) -> None:
    """Add a recognizer that was made elsewhere; its folder stays as it is."""
    run_verb(_add, library, folder, as_json=as_json)


def _add(library: Path, source: Path, _on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.library import bring_in_recognizer

    name = bring_in_recognizer(library, source)
    return Outcome({"added": name}, f"added: {name}; make it active with 'recognizers use'")
