"""`facedyn library`: whether a library is sound, and what was left half done in it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson, LibraryFolder, verb_app
from facedyn_app.cli.output import UNUSABLE, Outcome, answering

if TYPE_CHECKING:
    from facedyn_app.library.integrity import LibraryCheck

app = verb_app()


@app.callback()
def library() -> None:
    """Check a library."""


@app.command()
def check(
    library: LibraryFolder,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Delete session files that belong to nobody.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read every session; find files of nobody and what was left half done."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.library_check import check

        found = check(library, sweep=sweep, on_progress=answer.on_progress)
        facts = {"library": library, "sound": found.sound, **asdict(found)}
        code = {} if found.sound else {"exit_code": UNUSABLE}
        answer.outcome = Outcome(facts, _text(found), **code)


def _text(found: LibraryCheck) -> str:
    n = found.n_sessions
    lines = [f"{n} session{'' if n == 1 else 's'}: {'sound' if found.sound else 'not sound'}"]
    for title, items in (
        ("without a file", found.missing),
        ("damaged", found.damaged),
        ("of nobody ('--sweep' deletes them)", found.unreferenced),
        ("half-written, in hand or not a day old", found.unfinished),
        ("unfinished trainings", found.trainings),
        ("swept", found.swept),
    ):
        lines += [f"{title}:", *(f"  {item}" for item in items)] if items else []
    return "\n".join([*lines, *filter(None, [found.shared])])
