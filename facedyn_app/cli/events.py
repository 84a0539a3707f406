"""`facedyn events`: what is marked in a session, exchanged with tables and ELAN."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, FileNames, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.events import Event, events_to_json
from facedyn_app.formatting import number, table

SessionFile = Annotated[
    Path, typer.Argument(metavar="SESSION.npz", help="The session file, as 'fit' writes it.")
]

app = verb_app()


@app.command("list")
def list_(session: SessionFile, as_json: AsJson = False) -> None:
    """List what is marked in a session: tasks, notes, what is included and excluded."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.events import list_events

        events = list_events(session)
        facts = {"session": session, "events": events_to_json(events)}
        text = table(("start/s", "end/s", "event"), [_cells(one) for one in events], right=(0, 1))
        answer.outcome = Outcome(facts, text if events else "nothing is marked")


@app.command("export")
def export_(
    session: SessionFile,
    out: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="X.csv|X.eaf", help="A table, or a file for ELAN."),
    ],
    file_names: FileNames = True,
    as_json: AsJson = False,
) -> None:
    """Write what is marked as a table or for ELAN."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.events import export_events

        events = export_events(session, out, file_names=file_names)
        facts = {"session": session, "file": out, "n_events": len(events)}
        answer.outcome = Outcome(facts, f"written: {out}, {len(events)} events")


@app.command("import")
def import_(
    session: SessionFile,
    file: Annotated[
        Path, typer.Argument(metavar="X.csv|X.eaf", help="A table of events, or ELAN's file.")
    ],
    add: Annotated[
        bool, typer.Option("--add", help="Keep what is marked already; else it is replaced.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring events into a session: it is written anew with them."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.events import import_events

        found = import_events(session, file, add=add)
        n_events = len(found.session.events)
        facts = {
            "session": session,
            "file": file,
            "n_read": found.n_read,
            "n_before": found.n_before,
            "n_events": n_events,
        }
        before = "added to" if add else "in place of"
        text = f"{file.name}: {found.n_read} events, {before} {found.n_before}"
        answer.outcome = Outcome(facts, f"{text}\nwritten: {session}, {n_events} events")


def _cells(event: Event) -> list[str]:
    return [*(number(time, 3) for time in event.times), event.words]
