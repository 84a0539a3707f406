"""The verb `sessions`, which lists those of a library by their dates, and the one under it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, LibraryFolder, SpeakerName
from facedyn_app.cli.output import Outcome, run_verb
from facedyn_app.progress import OnProgress

UNKNOWN = "unknown"


def make_sessions_app() -> typer.Typer:
    """The verb `sessions` and the one under it."""
    app = typer.Typer(rich_markup_mode=None)
    app.callback(invoke_without_command=True)(sessions)
    app.command("date")(date_)
    return app


def sessions(
    context: typer.Context,
    library: LibraryFolder,
    speaker: SpeakerName = None,
    as_json: AsJson = False,
) -> None:
    """List the sessions of a library, each speaker's by their dates; date one of them."""
    if context.invoked_subcommand is not None:
        return

    def work(_report: OnProgress) -> Outcome:
        from facedyn_app.cli.sessions import list_sessions

        return list_sessions(library, speaker)

    run_verb(work, as_json=as_json)


def date_(
    speaker: Annotated[str, typer.Argument(metavar="SPEAKER", help="Whose session it is.")],
    session: Annotated[str, typer.Argument(metavar="SESSION", help="Its name.")],
    day: Annotated[
        str, typer.Argument(metavar="YYYY-MM-DD|unknown", help="The day of its recording.")
    ],
    library: LibraryFolder,
    as_json: AsJson = False,
) -> None:
    """Say on which day a session was recorded: speakers' sessions stand in that order."""
    try:
        known = None if day == UNKNOWN else date.fromisoformat(day)
    except ValueError as error:
        raise typer.BadParameter(f"'{day}' is no day such as 2026-03-05, nor 'unknown'") from error

    def work(_report: OnProgress) -> Outcome:
        from facedyn_app.cli.sessions import date_named_session

        return date_named_session(library, speaker, session, known)

    run_verb(work, as_json=as_json)
