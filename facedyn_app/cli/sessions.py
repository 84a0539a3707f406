"""`facedyn sessions`: what a library holds of whom and when, and when one was recorded."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson, LibraryFolder, SpeakerName, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import number, table

if TYPE_CHECKING:
    from facedyn_app.library.records import SessionEntry

UNKNOWN = "unknown"


app = verb_app()


@app.callback(invoke_without_command=True)
def sessions(
    context: typer.Context,
    library: LibraryFolder,
    speaker: SpeakerName = None,
    as_json: AsJson = False,
) -> None:
    """List the sessions of a library, each speaker's by their dates; date one of them."""
    if context.invoked_subcommand is not None:
        return
    with answering(as_json) as answer:
        from facedyn_app.workflows.library import list_sessions

        entries = list_sessions(library, speaker)
        head = ("speaker", "session", "recorded", "length/s", "head", "")
        text = table(head, [_cells(entry) for entry in entries], right=(3,))
        answer.outcome = Outcome(
            {"library": library, "sessions": [_facts(entry) for entry in entries]}, text
        )


def _facts(entry: SessionEntry) -> dict[str, object]:
    recorded = entry.recorded_at
    return {
        "speaker": entry.speaker,
        "name": entry.name,
        "recorded_at": None if recorded is None else recorded.isoformat(),
        "added_at": entry.added_at.isoformat(),
        "seconds": entry.seconds,
        "head_id": entry.head_id,
        "simulated": entry.simulated,
    }


def _cells(entry: SessionEntry) -> list[str]:
    made = "simulated" if entry.simulated else ""
    speaker = entry.speaker or "unknown"
    return [speaker, entry.name, entry.date_words, number(entry.seconds, 1), entry.head_id, made]


@app.command("date")
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

    with answering(as_json) as answer:
        from facedyn_app.workflows.library import date_session

        entry = date_session(library, speaker, session, known)
        answer.outcome = Outcome(
            _facts(entry), f"{entry.speaker}, {entry.name}: {entry.date_words}"
        )
