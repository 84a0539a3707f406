"""`facedyn restore`: a library made of a backup."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import counted

app = verb_app()


@app.command()
def restore(
    backup: Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")],
    library: Annotated[
        Path, typer.Option("--library", metavar="DIR", help="A new folder, or an empty one.")
    ],
    as_json: AsJson = False,
) -> None:
    """Make a library of a backup, in a new or empty folder, whole or not at all."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.backup import restore as restore_into

        made = restore_into(backup, library, answer.on_progress)
        facts = {
            "backup": backup,
            "library": library,
            **asdict(made.facts),
            "audit_sound": made.audit.sound,
            "audit_faults": made.audit.faults,
        }
        n = made.facts
        who = f"{counted(n.n_sessions, 'session')} of {counted(n.n_speakers, 'speaker')}"
        lines = [f"restored: {who} in {library}"]
        lines += [f"  audit: {fault.what}" for fault in made.audit.faults]
        answer.outcome = Outcome(facts, "\n".join(lines))
