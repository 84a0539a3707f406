"""`facedyn recognizers`: those of a library, the active one, one from elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import (
    BUILT_IN_NAME,
    AsJson,
    LibraryFolder,
    TrainedRecognizer,
    verb_app,
)
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import number, table

if TYPE_CHECKING:
    from facedyn_app.library.recognizers import RecognizerEntry


app = verb_app()


@app.callback(invoke_without_command=True)
def recognizers(context: typer.Context, library: LibraryFolder, as_json: AsJson = False) -> None:
    """List the recognizers of a library, say which one answers, bring in another."""
    if context.invoked_subcommand is not None:
        return
    with answering(as_json) as answer:
        from facedyn_app.workflows.recognizers import recognizers_of

        entries = recognizers_of(library)
        head = ("recognizer", "active", "head", "speakers", "windows %", "tested", "")
        text = table(head, [_cells(entry) for entry in entries], right=(3, 4, 5))
        answer.outcome = Outcome({"recognizers": [_facts(entry) for entry in entries]}, text)


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
    with answering(as_json) as answer:
        from facedyn_app.workflows.recognizers import use_recognizer

        use_recognizer(library, None if name == BUILT_IN_NAME else name)
        answer.outcome = Outcome({"active": name}, f"active: {name}")


@app.command()
def add(
    folder: TrainedRecognizer,
    library: LibraryFolder,
    as_json: AsJson = False,
) -> None:
    """Add a recognizer that was made elsewhere; its folder stays as it is."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.recognizers import bring_in_recognizer

        name, _ = bring_in_recognizer(library, folder)
        answer.outcome = Outcome(
            {"added": name}, f"added: {name}; make it active with 'recognizers use'"
        )
