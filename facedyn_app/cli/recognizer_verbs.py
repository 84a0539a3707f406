"""The verb `recognizers`, which lists those of a library, and those under it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, LibraryFolder
from facedyn_app.cli.output import Outcome, run_verb
from facedyn_app.progress import OnProgress


def make_recognizers_app() -> typer.Typer:
    """The verb `recognizers` and those under it."""
    app = typer.Typer(rich_markup_mode=None)
    app.callback(invoke_without_command=True)(recognizers)
    app.command("use")(use)
    app.command("add")(add)
    return app


def recognizers(context: typer.Context, library: LibraryFolder, as_json: AsJson = False) -> None:
    """List the recognizers of a library, say which one answers, bring in another."""
    if context.invoked_subcommand is not None:
        return

    def work(_report: OnProgress) -> Outcome:
        from facedyn_app.cli.recognizers import list_all_recognizers

        return list_all_recognizers(library)

    run_verb(work, as_json=as_json)


def use(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, or built-in.")],
    library: LibraryFolder,
    as_json: AsJson = False,
) -> None:
    """Let a recognizer answer who somebody is."""

    def work(_report: OnProgress) -> Outcome:
        from facedyn_app.cli.recognizers import use_recognizer

        return use_recognizer(library, name)

    run_verb(work, as_json=as_json)


def add(
    folder: Annotated[
        Path, typer.Argument(metavar="RECOGNIZER", help="The folder of a trained recognizer.")
    ],
    library: LibraryFolder,
    as_json: AsJson = False,
) -> None:
    """Add a recognizer that was made elsewhere; its folder stays as it is."""

    def work(_report: OnProgress) -> Outcome:
        from facedyn_app.cli.recognizers import bring_in_recognizer

        return bring_in_recognizer(library, folder)

    run_verb(work, as_json=as_json)
